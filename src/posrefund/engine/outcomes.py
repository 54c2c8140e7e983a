"""The four ways a request can stand. None of them is true or false. Floor 4.

``if terminal.refund(request):`` is the bug this library exists to prevent, so asking an outcome for
its truth raises ``TypeError``; use ``match``. A host's yes means *accepted*; money is said to have
moved only after the settlement file showed it (``confirmed``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from posrefund.dialects import look_up
from posrefund.engine.table import State

if TYPE_CHECKING:
    from posrefund.dialects import Dialect
    from posrefund.engine.attempt import Attempt

__all__ = ["Approved", "Declined", "InDoubt", "NotSent", "Outcome", "outcome_of"]


@dataclass(frozen=True, slots=True, repr=False)
class _Outcome:
    attempt: Attempt

    def __bool__(self) -> NoReturn:
        message = "an outcome is not true or false; match on Approved, Declined, InDoubt, NotSent"
        raise TypeError(message)

    def __repr__(self) -> str:
        attempt = self.attempt
        what = f"{attempt.attempt_id} {attempt.kind} {attempt.amount}, {attempt.state}"
        return f"{type(self).__name__}({what})"


@dataclass(frozen=True, slots=True, repr=False)
class Approved(_Outcome):
    """The host accepted it.

    Attributes:
        attempt: All that is known.
        rrn: The host's number of this transaction.
        confirmed: Whether a settlement file showed it.
        text_zh: For the customer: 已受理.
        text_en: For the customer: accepted.
        clerk_zh: What the clerk does now.
        clerk_en: The same in English.
    """

    rrn: str
    confirmed: bool
    text_zh: str
    text_en: str
    clerk_zh: str
    clerk_en: str


@dataclass(frozen=True, slots=True, repr=False)
class Declined(_Outcome):
    """The host did not book it; no money moved.

    Attributes:
        attempt: All that is known.
        code: The response code; ``"reversed"`` for one that was undone by our reversal, ``"released"`` for one whose
            absence was proven, ``"closed"`` for one that people closed by a document.
        authenticated: Whether the answer carried a valid MAC, or the host was asked by a way that proves who it is.
        may_retry: Whether a new attempt under the same request id makes sense.
        sign_in_first: Whether that needs a sign-in before it.
        text_zh: What the code says.
        text_en: The same in English.
        clerk_zh: What the clerk does now.
        clerk_en: The same in English.
    """

    code: str
    authenticated: bool
    may_retry: bool
    sign_in_first: bool
    text_zh: str
    text_en: str
    clerk_zh: str
    clerk_en: str


@dataclass(frozen=True, slots=True, repr=False)
class InDoubt(_Outcome):
    """Nobody here knows. The terminal keeps working on it; nobody may simply try again.

    Attributes:
        attempt: All that is known.
        reason: ``no_reply``, ``closed``, ``bad_mac``, ``no_mac``, ``unreadable``, ``mismatch``, ``code_NN``,
            ``declined_after_repeat``, ``received`` (the host has a copy, and
            does not say what became of it), ``restart``, ``interrupted``, ``journal_behind`` or ``contradiction``.
        needs_people: Whether nothing automatic is left to try.
    """

    reason: str
    needs_people: bool

    clerk_zh = "结果未知：不要重做，等对账结果"
    clerk_en = "result unknown: do not repeat it, the settlement file will tell"


@dataclass(frozen=True, slots=True, repr=False)
class NotSent(_Outcome):
    """No byte left this terminal; the same request may be made again.

    Attributes:
        attempt: All that is known.
        reason: Why: ``unreachable``, ``closed``, ``not_anchored``, ``cancelled`` or ``expired``.
    """

    reason: str

    clerk_zh = "未发出：请检查网络后重试"
    clerk_en = "nothing was sent: check the line and try again"


Outcome = Approved | Declined | InDoubt | NotSent


def outcome_of(attempt: Attempt, dialect: Dialect) -> Outcome:
    """Say in one of four words how *attempt* stands; the same answer for ever, also after a restart."""
    match attempt.state:
        case State.ACCEPTED | State.CONFIRMED:
            return _approved(attempt, dialect)
        case State.DECLINED if attempt.facts.get("evidence") == "people":
            return _closed(attempt)
        case State.DECLINED:
            return _declined(attempt, dialect)
        case State.REVERSED | State.RELEASED:
            return _undone(attempt)
        case State.NOT_SENT:
            return NotSent(attempt, attempt.facts.get("reason", "unreachable"))
        case State.CANCELLED | State.EXPIRED:
            return NotSent(attempt, attempt.state.lower())
        case State.MANUAL | State.MISMATCHED | State.BOUNCED:
            reason = attempt.facts.get("reason", "contradiction")
            return InDoubt(attempt, reason, needs_people=True)
        case _:
            return InDoubt(attempt, attempt.facts.get("reason", "no_reply"), needs_people=False)


def _approved(attempt: Attempt, dialect: Dialect) -> Approved:
    code = look_up(dialect.codes, attempt.facts.get("code") or dialect.approval)
    confirmed = attempt.state is State.CONFIRMED
    clerk_zh, clerk_en = code.clerk(is_by_code=attempt.is_by_code)
    return Approved(
        attempt,
        rrn=attempt.facts.get("rrn", ""),
        confirmed=confirmed,
        text_zh="已入账（对账确认）" if confirmed else "已受理",
        text_en="settled" if confirmed else "accepted",
        clerk_zh=clerk_zh,
        clerk_en=clerk_en,
    )


def _declined(attempt: Attempt, dialect: Dialect) -> Declined:
    code = look_up(dialect.codes, attempt.facts.get("code", ""))
    clerk_zh, clerk_en = code.clerk(is_by_code=attempt.is_by_code)
    by_inquiry = attempt.facts.get("evidence") == "inquiry"  # only an authentic one moves anything
    return Declined(
        attempt,
        code=code.code,
        authenticated=attempt.facts.get("mac") == "valid" or by_inquiry,
        may_retry=code.may_retry,
        sign_in_first=code.sign_in_first,
        text_zh=code.zh,
        text_en=code.en,
        clerk_zh=clerk_zh,
        clerk_en=clerk_en,
    )


def _closed(attempt: Attempt) -> Declined:
    """People are believed, and the request is over: if they are wrong, it must not have been made again."""
    return Declined(
        attempt,
        code="closed",
        authenticated=False,
        may_retry=False,
        sign_in_first=False,
        text_zh="收单机构书面确认未入账",
        text_en="not booked, by a document of the acquirer",
        clerk_zh="本单已结；如须退款请用新单号",
        clerk_en="this request is over; a refund needs a new one",
    )


def _undone(attempt: Attempt) -> Declined:
    released = attempt.state is State.RELEASED
    return Declined(
        attempt,
        code="released" if released else "reversed",
        authenticated=released or attempt.facts.get("reversal_mac") == "valid",
        may_retry=True,
        sign_in_first=False,
        text_zh="已证实未入账" if released else "已冲正",
        text_en="proven not booked" if released else "undone by a reversal",
        clerk_zh="可以重新发起",
        clerk_en="it may be made again",
    )
