"""A sale that was made elsewhere, before it is taken in: with no history, and with nothing of a card in it. Floor 4."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from posrefund.engine.proposals import is_untouched
from posrefund.errors import InvalidRequestError
from posrefund.values import Voucher
from posrefund.values.method import Wallet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posrefund.engine.requests import Original

__all__ = ["check_made_elsewhere"]


def check_made_elsewhere(sales: Sequence[Original]) -> None:
    """Refuse what no journal may take in.

    Raises:
        InvalidRequestError: Path ``original``: something of it was given back, so nobody knows its ceiling. Path
            ``wallet`` or ``voucher``: none, or a card number, which would stand in the journal as it is.
    """
    for sale in sales:
        if not is_untouched(sale):
            raise _unlike("original", "a sale of which nothing was given back yet")
        if sale.wallet not in ("", *get_args(Wallet)):
            raise _unlike("wallet", f"one of {', '.join(get_args(Wallet))}")
        if sale.voucher:
            Voucher.of_paper(sale.voucher)


def _unlike(path: str, expected: str) -> InvalidRequestError:
    return InvalidRequestError([(path, expected)])
