"""What is asked about an attempt, and what somebody answered: values, on the line or by another way. Floor 4."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from posrefund.engine.notes import is_note
from posrefund.errors import InvalidRequestError
from posrefund.values import RRN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from posrefund.engine.attempt import Attempt, Kind
    from posrefund.errors import Fault
    from posrefund.values import Amount

__all__ = [
    "Inquirer",
    "InquiryAnswer",
    "InquiryFacts",
    "InquiryVerdict",
    "check_moment",
    "facts_of",
]

InquiryVerdict = Literal["processed", "in_progress", "not_found", "unclear"]
"""What an answer says: done, with a result; under way; not found; nothing that can be understood."""

_CLOCKS = timedelta(minutes=5)
"""By so much the moment of an answer may be ahead of the terminal's clock."""


@dataclass(frozen=True, slots=True)
class InquiryFacts:
    """By what a provider can find an attempt; no card data.

    Attributes:
        request_id: The shop's.
        attempt: 1 for the first attempt of the request, then up.
        kind: Which message it is.
        terminal: DE41.
        merchant: DE42.
        batch: Its batch.
        stan: DE11.
        amount: DE4 and DE49.
        sent_at: When its last copy was written down to be sent.
        host_day: The host's settlement day then.
        original_id: The sale that it gives back of; empty for a sale.
        rrn: The host's number of it, where an answer has told it; else empty.
        order_ref: The shop's order; empty where none was said.
    """

    request_id: str
    attempt: int
    kind: Kind
    terminal: str
    merchant: str
    batch: str
    stan: str
    amount: Amount
    sent_at: datetime
    host_day: date
    original_id: str
    rrn: str
    order_ref: str


@dataclass(frozen=True, slots=True)
class InquiryAnswer:
    """What somebody who knows the host's books said about an attempt.

    Attributes:
        verdict: ``processed``, ``in_progress``, ``not_found`` or ``unclear``.
        code: Of ``processed``: the response code of the attempt itself, in the words of the dialect (``"00"``).
        authenticated: Whether it is proven who said it: a valid MAC, a signature, TLS with the provider's
            certificate. An answer that is not moves nothing.
        seen_at: When the books were looked at, aware.
        rrn: The host's number of the attempt, where it was told.
        auth_code: DE38, where it was told.
        amount: What was booked, where it was told; another one than was asked for proves nothing.
        source: Who said it: a provider's name; ``"line"`` is the host itself.

    Raises:
        InvalidRequestError: Every fault at once: ``processed`` without a code, a moment without a zone…

    Example:
        >>> from datetime import UTC, datetime
        >>> from posrefund.engine import InquiryAnswer
        >>> InquiryAnswer("processed", "00", authenticated=True, seen_at=datetime(2026, 3, 9, 2, tzinfo=UTC)).verdict
        'processed'
    """

    verdict: InquiryVerdict
    code: str = ""
    authenticated: bool = field(kw_only=True)
    seen_at: datetime = field(kw_only=True)
    rrn: str = field(default="", kw_only=True)
    auth_code: str = field(default="", kw_only=True)
    amount: Amount | None = field(default=None, kw_only=True)
    source: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        faults = tuple(_faults(self))
        if faults:
            raise InvalidRequestError(faults)


class Inquirer(Protocol):
    """Asks somebody who knows: a provider with an HTTP interface, a back office, a person at a desk."""

    def ask(self, facts: InquiryFacts) -> InquiryAnswer:
        """Return what is said of the attempt that *facts* name.

        Raises:
            PosRefundError: Nobody answered; nothing is concluded from that.
        """


def facts_of(attempt: Attempt) -> InquiryFacts:
    """Return by what a provider can find *attempt*."""
    return InquiryFacts(
        request_id=attempt.request_id,
        attempt=attempt.number,
        kind=attempt.kind,
        terminal=attempt.terminal,
        merchant=attempt.merchant,
        batch=attempt.batch,
        stan=attempt.stan,
        amount=attempt.amount,
        sent_at=attempt.last_sent_at,
        host_day=attempt.host_day,
        original_id=attempt.original_id or "",
        rrn=attempt.facts.get("rrn", ""),
        order_ref=attempt.facts.get("order_ref", ""),
    )


def check_moment(answer: InquiryAnswer, attempt: Attempt, now: datetime) -> None:
    """Refuse an answer of before the last copy left, or of a time that has not come.

    Raises:
        InvalidRequestError: It is one.
    """
    if not attempt.last_sent_at <= answer.seen_at <= now + _CLOCKS:
        raise InvalidRequestError(
            [("seen_at", "a moment after the last copy was sent, and not ahead")]
        )


def _faults(answer: InquiryAnswer) -> Iterator[Fault]:
    if answer.verdict not in get_args(InquiryVerdict):
        yield "verdict", f"one of {', '.join(get_args(InquiryVerdict))}"
    if not re.fullmatch("[0-9A-Za-z]{0,3}", answer.code):
        yield "code", "a response code of the dialect"
    elif answer.verdict == "processed" and not answer.code:
        yield "code", "the response code of what was processed"
    if answer.seen_at.tzinfo is None:
        yield "seen_at", "a moment with its zone"
    if answer.rrn and not _is_rrn(answer.rrn):
        yield "rrn", "12 letters, digits or spaces"
    if answer.auth_code and not re.fullmatch("[0-9A-Za-z ]{6}", answer.auth_code):
        yield "auth_code", "6 letters, digits or spaces"
    if not is_note(answer.source):
        yield "source", "words, no card number"


def _is_rrn(text: str) -> bool:
    try:
        RRN(text)
    except InvalidRequestError:
        return False
    return True
