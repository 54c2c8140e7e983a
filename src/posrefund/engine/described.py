"""A sale that this journal does not know, as its slip describes it. Floor 4.

Only a profile with ``ceiling = "host_only"`` refunds one, and only after a second person's yes. A sale that the
journal does know keeps its ceiling, however it is described.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from posrefund.engine.refusals import refuse
from posrefund.engine.requests import DescribedSale, Original, RefundRequest
from posrefund.errors import InvalidRequestError, RequestConflictError
from posrefund.values import Amount, infer_year

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from posrefund.engine.plan import Occasion
    from posrefund.engine.view import TerminalView

__all__ = ["Found", "find", "same_sale"]

_UNKNOWN_MINOR = 10**12 - 1
"""As much as DE4 can say: nobody here knows what was paid."""


@dataclass(frozen=True, slots=True)
class Found:
    """The sale that a refund is about.

    Attributes:
        original: It.
        is_new: Whether the journal has to learn it first.
    """

    original: Original
    is_new: bool = False


def find(
    request: RefundRequest, known: Sequence[Original], view: TerminalView, occasion: Occasion
) -> Found:
    """Return the sale that *request* names: one the journal knows, or, where the profile allows it, one described.

    Args:
        request: Of a refund.
        known: What the journal has under that name, or under that RRN and date.
        view: The terminal now.
        occasion: Whose card it is, and when.

    Raises:
        RefusedError: None (``original_unknown``), or more than one (``original_ambiguous``).
        RequestConflictError: It was described otherwise before.
        InvalidRequestError: Its date is no day of the last 365.
    """
    is_host_only = view.dialect.policy.ceiling == "host_only"
    named = request.original
    found = [sale for sale in known if is_host_only or sale.ceiling == "journal"]
    if not isinstance(named, DescribedSale):
        return Found(_only(found))
    described = _describe(named, request, view, occasion)
    same = [sale for sale in found if same_sale(sale, described)]
    if not same and is_host_only:
        return Found(described, is_new=True)
    sale = _only(same)
    if sale.ceiling == "host_only" and _said(sale) != _said(described):
        raise RequestConflictError(described.original_id)
    return Found(sale)


def same_sale(one: Original, other: Original) -> bool:
    """Say whether two sales are one by what a slip shows: merchant, RRN and date."""
    return (one.merchant, one.rrn, one.transaction_date) == (
        other.merchant,
        other.rrn,
        other.transaction_date,
    )


def _only(found: Sequence[Original]) -> Original:
    if len(found) != 1:
        raise refuse("original_ambiguous" if found else "original_unknown")
    return found[0]


def _describe(
    named: DescribedSale, request: RefundRequest, view: TerminalView, occasion: Occasion
) -> Original:
    """The sale of a slip: no ceiling, no settlement day but its own, and of no terminal that we know."""
    if request.amount is None:
        raise InvalidRequestError([("amount", "an amount: nobody here knows what is left")])
    day = _day(named, _last_day(view, occasion.now))
    merchant = re.sub("[^0-9A-Za-z]", "-", view.merchant)
    rrn = named.rrn.replace(" ", "-")
    return Original(
        original_id=f"sale:{day:%Y%m%d}:{rrn}:{merchant[:8]}-{merchant[8:]}",
        terminal=f"?{named.rrn}",  # of which one we do not know, and no two sales are one for that
        merchant=view.merchant,
        batch=named.batch,
        stan=named.stan,
        rrn=named.rrn,
        transaction_date=day,
        settlement_date=day,
        amount=Amount(_UNKNOWN_MINOR, request.amount.currency),
        auth_code=named.auth_code,
        card_fingerprint=occasion.card_fingerprint,
        organisation=named.organisation,
        ceiling="host_only",
    )


def _last_day(view: TerminalView, now: datetime) -> date:
    """The host's day, or the next where its clock may be past midnight already: a slip of just now is not a year old."""
    return view.host_clock.at(now + timedelta(seconds=view.dialect.clock_tolerance_s)).date()


def _day(named: DescribedSale, today: date) -> date:
    """The day of the sale with its year. The message says month and day alone: the host has to read the same year."""
    said = named.day
    day = infer_year(named.mmdd, not_after=today)
    if isinstance(said, date) and said != day:
        raise InvalidRequestError([("original.day", "a day in the last 365 days")])
    return day


def _said(sale: Original) -> tuple[str | None, ...]:
    return sale.batch, sale.stan, sale.auth_code, sale.organisation
