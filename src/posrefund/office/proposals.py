"""Rules that find refunds to make: a sale made twice, an order that was cancelled. Floor 8.

A rule proposes; nothing is sent for it, and no card number is taken out of where it is sealed for it. A proposal becomes
a request when the customer is there with the card (decision 0052). Running a rule again proposes nothing twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from posrefund.closed import closed
from posrefund.engine import Dismissal, State
from posrefund.engine.proposals import is_untouched, propose
from posrefund.errors import DecodeError, InvalidRequestError, LocalProtocolError
from posrefund.office.feed_rows import read_rows
from posrefund.office.sale_rows import is_order_ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from posrefund.engine import DuplicateRule, Original, Proposal, RefundRequest
    from posrefund.journal import Journal
    from posrefund.office.feed_rows import Encoding
    from posrefund.values import BackToPayer, CardRead

__all__ = [
    "Proposed",
    "Standing",
    "StandingState",
    "dismiss_proposal",
    "list_proposals",
    "propose_cancelled",
    "propose_duplicates",
    "read_order_refs",
    "take_proposal",
]

StandingState = Literal["open", "taken", "dismissed", "moot"]
"""Waits for the customer; its request was made; somebody said no; or something was given back by another way meanwhile."""

_ONE_DAY = timedelta(days=1)
_NOT_MADE = {State.DECLINED, State.NOT_SENT, State.REVERSED, State.RELEASED}
_ORDER_COLUMN = ("order_ref", "订单号")


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a run of a rule has found.

    Attributes:
        new: Proposals that were written down now.
        known: How many more it found that were there already.
        unknown: Orders of which no sale is known.
    """

    new: tuple[Proposal, ...]
    known: int
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """A proposal, and what has become of it by now.

    Attributes:
        proposal: It.
        state: As the journal says now.
        sale: What it is about.
    """

    proposal: Proposal
    state: StandingState
    sale: Original


def propose_duplicates(
    journal: Journal, rule: DuplicateRule, *, merchant: str, since: date, now: datetime
) -> Proposed:
    """Propose to give back each sale that repeats another, of the transaction date *since* or later.

    Args:
        journal: Of a terminal of the merchant's.
        rule: What counts as a repetition.
        merchant: Whose sales.
        since: The first day of the later sale.
        now: The time.

    Raises:
        JournalWriteError: Nothing was proposed.
    """
    day_before = since - _ONE_DAY if since > date.min else since
    sales = journal.repeated_sales(merchant, day_before)
    pairs = [
        (first.original_id, sale)
        for first, sale in rule.pairs(sales)
        if sale.transaction_date >= since
    ]
    terminal = journal.terminal_facts()["terminal"]
    return _written(journal, propose("duplicate_sale", pairs, terminal=terminal, now=now))


def propose_cancelled(
    journal: Journal, order_refs: Iterable[str], *, merchant: str, now: datetime
) -> Proposed:
    """Propose to give back what is left of every sale of an order that was cancelled.

    Args:
        journal: Of a terminal of the merchant's.
        order_refs: The shop's numbers of the orders; see ``read_order_refs``.
        merchant: Whose sales.
        now: The time.

    Raises:
        JournalWriteError: Nothing was proposed.
    """
    found: list[tuple[str, Original]] = []
    unknown = []
    for order_ref in dict.fromkeys(order_refs):
        sales = journal.sales_of_order(merchant, order_ref)
        found += [(order_ref, sale) for sale in sales if _has_something_left(sale)]
        if not sales:
            unknown.append(order_ref)
    terminal = journal.terminal_facts()["terminal"]
    made = propose("cancelled_order", found, terminal=terminal, now=now)
    return _written(journal, made, tuple(unknown))


@closed
def read_order_refs(
    data: bytes, *, encoding: Encoding = "utf-8", columns: Mapping[str, str] | None = None
) -> list[str]:
    """Return the orders of a feed of cancelled ones: its column ``order_ref`` (订单号), whatever else it has.

    Raises:
        DecodeError: No such file, or a row without an order; the line is named.

    Example:
        >>> from posrefund.office import read_order_refs
        >>> read_order_refs(b"order_ref,why" + bytes([10]) + b"A-17,sold out")
        ['A-17']
    """
    names = [*_ORDER_COLUMN, *(name for name, to in (columns or {}).items() if to == "order_ref")]
    found = []
    for row in read_rows(data, encoding=encoding):
        said = [row.values[name] for name in names if name in row.values]
        if len(said) != 1 or not is_order_ref(said[0]):
            raise DecodeError(f"line {row.line}", "one order_ref, as text", offset_bytes=0)
        found.append(str(said[0]))
    return found


def list_proposals(journal: Journal) -> list[Standing]:
    """Return every proposal with what has become of it, oldest first."""
    return [_standing(journal, proposal) for proposal in journal.proposals()]


def take_proposal(
    journal: Journal,
    proposal_id: str,
    card: CardRead | BackToPayer,
    *,
    operator: str = "01",
    note: str = "",
) -> RefundRequest:
    """Return the request that a proposal becomes, for the card that is in the reader now or ``BackToPayer()``; hand it to ``refund``.

    Raises:
        InvalidRequestError: No such proposal, or no such request.
        LocalProtocolError: It is not open: its request was made, somebody said no, or the sale, or the one that it
            repeats, was given back by another way.
    """
    standing = _standing(journal, _known(journal, proposal_id))
    if standing.state != "open":
        message = f"the proposal is {standing.state}"
        raise LocalProtocolError(message)
    return standing.proposal.draft(card, operator=operator, note=note)


def dismiss_proposal(
    journal: Journal, proposal_id: str, *, by: str, why: str, now: datetime
) -> Proposal:
    """Say no to a proposal, for good; return it as it stands now.

    Raises:
        InvalidRequestError: No such proposal, nobody who says so, or no reason.
        LocalProtocolError: It was taken or dismissed before: nothing was written.
        JournalWriteError: Somebody else dismissed it at this moment: nothing was written.
    """
    terminal = journal.terminal_facts()["terminal"]
    standing = _standing(journal, _known(journal, proposal_id))
    if standing.state in ("taken", "dismissed"):
        message = f"the proposal is {standing.state}"
        raise LocalProtocolError(message)
    return journal.dismiss(proposal_id, Dismissal(by, why, now, terminal))


def _written(journal: Journal, made: list[Proposal], unknown: tuple[str, ...] = ()) -> Proposed:
    new = journal.propose(made)
    return Proposed(tuple(new), len(made) - len(new), unknown)


def _known(journal: Journal, proposal_id: str) -> Proposal:
    found = journal.proposal(proposal_id)
    if found is None:
        raise InvalidRequestError([("proposal_id", "a proposal that is known")])
    return found


def _standing(journal: Journal, proposal: Proposal) -> Standing:
    (sale,) = journal.originals(proposal.original_id)
    attempt = journal.last_attempt(proposal.proposal_id)
    is_taken = attempt is not None and attempt.state not in _NOT_MADE
    if proposal.dismissal is not None:
        return Standing(proposal, "dismissed", sale)
    if is_taken:
        return Standing(proposal, "taken", sale)
    return Standing(proposal, "open" if _is_due(journal, proposal, sale) else "moot", sale)


def _is_due(journal: Journal, proposal: Proposal, sale: Original) -> bool:
    """Whether giving it back still does what was proposed: of two equal sales one has to stay."""
    if proposal.rule == "cancelled_order":
        return _has_something_left(sale)
    return is_untouched(sale) and all(map(is_untouched, journal.originals(proposal.because)))


def _has_something_left(sale: Original) -> bool:
    is_bounded = sale.ceiling == "journal"
    return is_bounded and not sale.is_voided and sale.remaining_minor > 0
