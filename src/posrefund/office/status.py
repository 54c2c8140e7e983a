"""How a refund stands, in the words of a shop: what happened, what is expected when, and what is overdue. Floor 8.

The words are honest: *accepted* until a settlement file shows the money, and a doubt has no "again".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.engine import State
from posrefund.engine.notices import NoticeKind, status_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from posrefund.engine import Attempt
    from posrefund.engine.calendar import Arrival, Expected
    from posrefund.journal import Journal
    from posrefund.office.paper import Language

__all__ = ["RefundStatus", "ShopStatus", "of_attempt", "refund_status"]


class ShopStatus(StrEnum):
    """How a refund stands."""

    WAITING = "waiting"
    """A second person has to say yes."""
    APPROVED = "approved"
    """A second person said yes; nothing was sent yet."""
    SENDING = "sending"
    NOT_SENT = "not_sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CHECKING = "checking"
    """Nobody knows; it is being looked into."""
    CONFIRMED = "confirmed"
    BOUNCED = "bounced"
    NOT_REFUNDED = "not_refunded"
    """What was in doubt is proven not to have been booked."""
    WITHDRAWN = "withdrawn"
    """It was taken back, or waited too long, before anything was sent."""


_Words = tuple[str, str, str, str]
"""What it is and what the clerk does now: Chinese, English, Chinese, English."""

WORDS: Mapping[ShopStatus, _Words] = MappingProxyType(
    {
        ShopStatus.WAITING: (
            "待复核，未发出",
            "waits for a second person, nothing was sent",
            "请另一人复核",
            "have another person look at it",
        ),
        ShopStatus.APPROVED: (
            "已复核，未发出",
            "approved by a second person, nothing was sent",
            "请用同一单号重新提交",
            "make it again under the same id",
        ),
        ShopStatus.SENDING: ("正在发送", "on its way", "请等候", "wait"),
        ShopStatus.NOT_SENT: (
            "未发出",
            "nothing was sent",
            "请检查网络后用同一单号重试",
            "check the line, then make it again under the same id",
        ),
        ShopStatus.ACCEPTED: (
            "已受理",
            "accepted",
            "请顾客留意预计日期，不要重做",
            "tell the customer the expected day; do not make it again",
        ),
        ShopStatus.DECLINED: (
            "未受理",
            "declined",
            "请按应答码的提示处理",
            "do what the response code says",
        ),
        ShopStatus.CHECKING: (
            "结果未知，正在核查",
            "result unknown, being looked into",
            "不要重做，等对账结果",
            "do not make it again: the settlement file will tell",
        ),
        ShopStatus.CONFIRMED: (
            "已入账（对账确认）",
            "settled, as the settlement file shows",
            "无须处理",
            "nothing to do",
        ),
        ShopStatus.BOUNCED: (
            "退回：款项未能入账",
            "returned: it could not be credited",
            "请联系顾客另行办理",
            "get in touch with the customer about another way",
        ),
        ShopStatus.NOT_REFUNDED: (
            "已证实未退款",
            "proven not to have been refunded",
            "如仍需退款，请重新办理",
            "make a new refund if it is still wanted",
        ),
        ShopStatus.WITHDRAWN: (
            "已撤回，未发出",
            "taken back, nothing was sent",
            "如仍需退款，请重新办理",
            "ask again if it is still wanted",
        ),
    }
)

_OF_NOTICES: Mapping[NoticeKind, ShopStatus] = MappingProxyType(
    {kind: ShopStatus(kind.value) for kind in NoticeKind}
)
_OF_STATES: Mapping[State, ShopStatus] = MappingProxyType(
    {
        State.INTENT: ShopStatus.SENDING,
        State.SENT: ShopStatus.SENDING,
        State.NOT_SENT: ShopStatus.NOT_SENT,
    }
)
_OF_APPROVALS: Mapping[State, ShopStatus] = MappingProxyType(
    {
        State.AWAITING_APPROVAL: ShopStatus.WAITING,
        State.CLEARED: ShopStatus.APPROVED,
        State.CANCELLED: ShopStatus.WITHDRAWN,
        State.EXPIRED: ShopStatus.WITHDRAWN,
    }
)


@dataclass(frozen=True, slots=True)
class RefundStatus:
    """How one refund stands.

    Attributes:
        request_id: Its own number.
        status: In a shop's words.
        attempt: The last one; None where nothing was sent.
        expected: When the customer should see the money; only of what was accepted.
        is_overdue: Whether that day has passed and no settlement file has shown it.
    """

    request_id: str
    status: ShopStatus
    attempt: Attempt | None = None
    expected: Expected | None = None
    is_overdue: bool = False

    def text(self, language: Language) -> str:
        """Return what it is, for a person."""
        zh, en, _, _ = WORDS[self.status]
        return zh if language == "zh" else en

    def advice(self, language: Language) -> str:
        """Return what the clerk does now."""
        if self.is_overdue:
            return (
                "已过预计日期：请联系收单机构查询"
                if language == "zh"
                else "the expected day has passed: ask the acquirer"
            )
        _, _, zh, en = WORDS[self.status]
        return zh if language == "zh" else en


def refund_status(
    journal: Journal, request_id: str, *, today: date, arrival: Arrival
) -> RefundStatus | None:
    """Return how the refund of *request_id* stands, from the journal alone; None if it is unknown or is a sale.

    Args:
        journal: The terminal's.
        request_id: Its own number.
        today: The host's day.
        arrival: How long a refund takes to the customer's account.

    Raises:
        JournalError: The journal cannot be read.
    """
    attempt = journal.last_attempt(request_id)
    if attempt is not None:
        return None if attempt.kind == "sale" else of_attempt(attempt, today, arrival)
    asked = journal.last_approval(request_id)
    return RefundStatus(request_id, _OF_APPROVALS[asked.state]) if asked else None


def of_attempt(attempt: Attempt, today: date, arrival: Arrival) -> RefundStatus:
    """Return how the refund or void of *attempt* stands."""
    told = status_of(attempt)
    status = _OF_NOTICES[told] if told else _OF_STATES[attempt.state]
    if status is not ShopStatus.ACCEPTED:
        return RefundStatus(attempt.request_id, status, attempt)
    expected = arrival.expected(attempt.host_day)
    return RefundStatus(attempt.request_id, status, attempt, expected, expected.is_overdue(today))
