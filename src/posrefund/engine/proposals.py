"""A refund that a rule proposes: no request yet, and never one without the card. Floor 4.

Which sales a rule is about follows from the sales alone; its number follows from the sale, so that a rule may run any
number of times. What is proposed becomes a request when the customer is there with the card.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from posrefund.engine.notes import is_note
from posrefund.engine.requests import Reason, RefundRequest
from posrefund.errors import InvalidRequestError, LocalProtocolError
from posrefund.values import Amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from posrefund.engine.requests import Original
    from posrefund.values import BackToPayer, CardRead

__all__ = ["Dismissal", "DuplicateRule", "Proposal", "Rule", "is_untouched", "propose"]

Rule = Literal["duplicate_sale", "cancelled_order"]

_PREFIX: dict[Rule, str] = {"duplicate_sale": "DUP-", "cancelled_order": "CXL-"}
_REASON: dict[Rule, Reason] = {
    "duplicate_sale": Reason.DUPLICATE,
    "cancelled_order": Reason.NOT_DELIVERED,
}
_ID_CHARACTERS_MAX = 64
_MINUTES_MAX = 24 * 60
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""A digest without digits: a request id may not have 13 of them in a row."""


@dataclass(frozen=True, slots=True)
class DuplicateRule:
    """The same card paid the same amount twice within a short time, and neither was given back.

    Attributes:
        minutes: How near the second is to the first, 1 to 1440.
        same_terminal: Whether both have to be of one terminal; else of one merchant.

    Raises:
        InvalidRequestError: Minutes that are none.
    """

    minutes: int = 10
    same_terminal: bool = True

    def __post_init__(self) -> None:
        if type(self.minutes) is not int or not 1 <= self.minutes <= _MINUTES_MAX:
            raise InvalidRequestError([("minutes", f"1 to {_MINUTES_MAX}")])

    def pairs(self, sales: Sequence[Original]) -> Iterator[tuple[Original, Original]]:
        """Yield each sale that was made again, after the one that it repeats, oldest first.

        A sale of which something was given back, or that is in doubt, is neither. What is paired once as a repetition
        is no first one for the next: of three, the second and the third repeat the first.

        Args:
            sales: In any order, each of them once; those without a time or a card's fingerprint are left out.
        """
        firsts: dict[tuple[object, ...], Original] = {}
        for sale in sorted(filter(_may_be_one_of_two, sales), key=_when):
            where = sale.terminal if self.same_terminal else ""
            what = where, sale.merchant, sale.card_fingerprint, sale.amount
            first = firsts.get(what)
            if first is None or _when(sale)[0] - _when(first)[0] > timedelta(minutes=self.minutes):
                firsts[what] = sale
            else:
                yield first, sale


@dataclass(frozen=True, slots=True)
class Dismissal:
    """Somebody's no to a proposal.

    Attributes:
        by: Operator number.
        why: In free words, no card number.
        at: When.
        terminal: At which terminal.

    Raises:
        InvalidRequestError: Nobody, or no reason.
    """

    by: str
    why: str
    at: datetime
    terminal: str

    def __post_init__(self) -> None:
        faults = []
        if not (self.by.isascii() and self.by.isalnum() and len(self.by) <= 3):
            faults.append(("by", "1 to 3 letters or digits"))
        if not self.why.strip() or not is_note(self.why):
            faults.append(("why", "1 to 200 characters, no card number"))
        if faults:
            raise InvalidRequestError(faults)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A refund that a rule proposes.

    Attributes:
        proposal_id: It becomes the request id, so that what is proposed is refunded once at most.
        terminal: In whose journal it stands.
        rule: Which rule.
        original_id: The sale.
        amount: What was left of it then.
        because: The sale that it repeats, or the order that was cancelled.
        proposed_at: When.
        dismissal: Somebody's no; None while there is none.
    """

    proposal_id: str
    terminal: str
    rule: Rule
    original_id: str
    amount: Amount
    because: str
    proposed_at: datetime
    dismissal: Dismissal | None = None

    @property
    def reason(self) -> Reason:
        """Why, as the slip says it."""
        return _REASON[self.rule]

    def draft(
        self, card: CardRead | BackToPayer, *, operator: str = "01", note: str = ""
    ) -> RefundRequest:
        """Return the request, for whoever has the customer's card in the reader now, or for what was paid by a code.

        All that is left of the sale; every rule of a refund is still to be passed, a second person's yes among them.

        Raises:
            LocalProtocolError: It was dismissed.
            InvalidRequestError: As of any request.
        """
        if self.dismissal is not None:
            raise LocalProtocolError("the proposal was dismissed")
        return RefundRequest(
            self.proposal_id,
            original=self.original_id,
            card=card,
            reason=self.reason,
            operator=operator,
            note=note,
            order_ref=self.because if self.rule == "cancelled_order" else "",
        )


def propose(
    rule: Rule, found: Iterable[tuple[str, Original]], *, terminal: str, now: datetime
) -> list[Proposal]:
    """Return the proposals of *rule* for the sales it found, each with its reason.

    Args:
        rule: Which.
        found: Why, and the sale.
        terminal: Who proposes it.
        now: The time.
    """
    return [
        Proposal(
            proposal_id=_name(rule, sale.original_id),
            terminal=terminal,
            rule=rule,
            original_id=sale.original_id,
            amount=Amount(sale.remaining_minor, sale.amount.currency),
            because=because,
            proposed_at=now,
        )
        for because, sale in found
    ]


def is_untouched(sale: Original) -> bool:
    """Say whether nothing of *sale* was given back, nor may have been."""
    is_whole = sale.remaining_minor == sale.amount.minor
    return is_whole and not (sale.is_voided or sale.has_open_attempt or sale.has_case)


def _name(rule: Rule, original_id: str) -> str:
    name = f"{_PREFIX[rule]}{original_id}"
    if len(name) <= _ID_CHARACTERS_MAX:
        return name
    digest = hashlib.sha256(original_id.encode()).hexdigest()
    return f"{_PREFIX[rule]}{digest[:32].translate(_LETTERS)}"


def _may_be_one_of_two(sale: Original) -> bool:
    return bool(sale.made_at and sale.card_fingerprint) and is_untouched(sale)


def _when(sale: Original) -> tuple[datetime, str]:
    assert sale.made_at is not None
    return sale.made_at, sale.original_id
