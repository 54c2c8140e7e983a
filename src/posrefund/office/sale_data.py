"""Sales as data for a program: what a look-up found, and why. Floor 8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.engine import receipt_code
from posrefund.errors import InvalidRequestError

if TYPE_CHECKING:
    from posrefund.engine import FoundSales, Original

__all__ = ["found_as_data", "sale_as_data"]

_SAID = ("terminal", "batch", "stan", "rrn", "auth_code", "card_last4", "order_ref", "ceiling")


def found_as_data(found: FoundSales) -> dict[str, Any]:
    """Return what fits a query, the best first; ``only`` is its id where it is exactly one."""
    return {
        "candidates": [
            {"rank": one.rank, "why": list(one.why), **sale_as_data(one.sale)}
            for one in found.candidates
        ],
        "is_complete": found.is_complete,
        "only": found.only.original_id if found.only else None,
    }


def sale_as_data(sale: Original) -> dict[str, Any]:
    """Return a sale as the journal knows it, with what is left of it."""
    return {"sale": sale.original_id, "code": _code_of(sale)} | {
        **{name: getattr(sale, name) for name in _SAID},
        "date": sale.transaction_date.isoformat(),
        "settlement_date": sale.settlement_date.isoformat(),
        "time": sale.made_at.isoformat() if sale.made_at else None,
        "amount_minor": sale.amount.minor,
        "currency": sale.amount.currency,
        "remaining_minor": sale.remaining_minor,
        "is_voided": sale.is_voided,
        "has_open_attempt": sale.has_open_attempt,
        "has_case": sale.has_case,
    }


def _code_of(sale: Original) -> str | None:
    try:
        return receipt_code(sale)
    except InvalidRequestError:
        return None
