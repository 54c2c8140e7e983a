"""What the customer is told, and when something new is to be told: exactly once for each change he can see. Floor 4.

Several states mean the same to a customer: somebody is looking into it. So a notice follows not from a step but from
what the request was last said to be. A sale is not told of: the customer stands there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.engine.table import State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from posrefund.engine.attempt import Attempt

__all__ = ["Notice", "NoticeKind", "notice_due", "status_of"]


class NoticeKind(StrEnum):
    """What a customer is told about a refund."""

    ACCEPTED = "accepted"
    """The acquirer took it; no word of money that came."""
    DECLINED = "declined"
    """The host said no."""
    CHECKING = "checking"
    """Nobody knows yet; it is looked into, and must not be made again."""
    CONFIRMED = "confirmed"
    """A settlement file showed it."""
    BOUNCED = "bounced"
    """The money came back; the shop gets in touch."""
    NOT_REFUNDED = "not_refunded"
    """What was in doubt turned out not to have been booked."""


_STATUS: Mapping[State, NoticeKind | None] = MappingProxyType(
    {
        State.DRAFT: None,
        State.CHECKED: None,
        State.AWAITING_APPROVAL: None,
        State.CLEARED: None,
        State.CANCELLED: None,
        State.EXPIRED: None,
        State.INTENT: None,
        State.SENT: None,  # the first time nothing is known, later it is still looked into
        State.NOT_SENT: None,  # it may be made again, and the clerk does
        State.ACCEPTED: NoticeKind.ACCEPTED,
        State.DECLINED: NoticeKind.DECLINED,
        State.IN_DOUBT: NoticeKind.CHECKING,
        State.REVERSING: NoticeKind.CHECKING,
        State.MANUAL: NoticeKind.CHECKING,
        State.MISMATCHED: NoticeKind.CHECKING,
        State.REVERSED: NoticeKind.NOT_REFUNDED,
        State.RELEASED: NoticeKind.NOT_REFUNDED,
        State.CONFIRMED: NoticeKind.CONFIRMED,
        State.BOUNCED: NoticeKind.BOUNCED,
    }
)


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell about one request, whoever it goes to and however often it is sent.

    Attributes:
        request_id: Whose.
        sequence: 1, 2, 3… within the request, without a gap.
        kind: What it says.
        attempt_id: The attempt whose step it follows from.
        at: When that step was.
    """

    request_id: str
    sequence: int
    kind: NoticeKind
    attempt_id: str
    at: datetime

    @property
    def notice_id(self) -> str:
        """Its name, the same however often it is delivered: who has seen it has seen it."""
        return f"{self.request_id}:{self.sequence}"


def status_of(attempt: Attempt) -> NoticeKind | None:
    """Return what a customer can see of *attempt*; None where it says nothing to him."""
    if attempt.kind == "sale":
        return None
    if attempt.state is State.DECLINED and attempt.facts.get("evidence") == "people":
        return NoticeKind.NOT_REFUNDED  # no host said so: it was in doubt, and a document ended it
    return _STATUS[attempt.state]


def notice_due(attempt: Attempt, last: NoticeKind | None) -> NoticeKind | None:
    """Return what is to be told now that *attempt* stands as it does, or None.

    Args:
        attempt: After its step.
        last: What was told last about its request.
    """
    status = status_of(attempt)
    if status == last:
        return None
    if (last, status) == (NoticeKind.BOUNCED, NoticeKind.CHECKING):
        return None  # it was handed to people, as the customer was told
    return status
