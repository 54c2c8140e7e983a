"""What the desk keeps of a result and makes of it again, and how it is told to people. Floor 6.

Nothing that could be a card number is kept, whatever a driver let through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from posrefund.devices.results import (
    DeviceApproved,
    DeviceDeclined,
    DeviceInDoubt,
    DeviceNotSent,
    DeviceReason,
    DeviceResult,
    DeviceSettled,
)
from posrefund.engine.notes import is_note
from posrefund.errors import JournalCorruptError

if TYPE_CHECKING:
    from posrefund.journal.device_questions import DeviceQuestion

__all__ = ["DeskResult", "facts_of", "result_of", "told"]

DeskResult: TypeAlias = DeviceResult | DeviceSettled

_LINES_MAX = 200
"""A receipt is some forty lines; a device that prints more is not kept whole."""
_HIDDEN = "***"


def facts_of(result: DeviceResult) -> dict[str, Any]:
    """Return what the journal keeps of *result*.

    Example:
        >>> from posrefund.devices import DeviceDeclined, DeviceReason
        >>> from posrefund.devices.memory import facts_of
        >>> from posrefund.values import Amount
        >>> said = DeviceDeclined(request_id="R-1", amount=Amount(1), raw_code="05", reason=DeviceReason.UNKNOWN)
        >>> facts_of(said)
        {'raw_code': '05', 'reference': '', 'reason': 'unknown'}
    """
    facts: dict[str, Any] = {
        "raw_code": _kept(result.raw_code),
        "reference": _kept(result.reference),
    }
    if isinstance(result, DeviceApproved):
        return {**facts, "receipt": [_kept(line) for line in result.receipt[:_LINES_MAX]]}
    facts["reason"] = str(result.reason)
    if isinstance(result, DeviceInDoubt):
        facts["seen"] = [_kept(words) for words in result.seen[:_LINES_MAX]]
        facts["after"] = _kept(result.after)
    return facts


def result_of(question: DeviceQuestion) -> DeskResult:
    """Return the result that stands in the journal; of a question that nobody answered it is a doubt.

    Raises:
        JournalCorruptError: What stands there is none.
    """
    facts = question.facts
    who: Any = {
        "request_id": question.request_id,
        "amount": question.amount,
        "raw_code": facts.get("raw_code", ""),
        "reference": facts.get("reference", ""),
    }
    try:
        reason = DeviceReason(facts.get("reason", "unknown"))
        match question.state:
            case "APPROVED":
                return DeviceApproved(**who, receipt=tuple(facts["receipt"]))
            case "DECLINED":
                return DeviceDeclined(**who, reason=reason)
            case "NOT_SENT":
                return DeviceNotSent(**who, reason=reason)
            case "OPEN":
                return DeviceInDoubt(
                    **who,
                    reason=reason,
                    seen=tuple(facts.get("seen", ())),
                    after=facts.get("after", ""),
                )
            case "BOOKED" | "NOT_BOOKED" as state:
                people, document = tuple(facts["people"]), facts["document"]
                is_booked = state == "BOOKED"
                return DeviceSettled(**who, is_booked=is_booked, people=people, document=document)
    except (KeyError, TypeError, ValueError):
        pass
    raise JournalCorruptError("a stored device result cannot be read")


def told(result: DeskResult) -> tuple[str, str]:
    """Return what people are told, in Chinese and in English: whose word it is, and never more than it says.

    Example:
        >>> from posrefund.devices import DeviceApproved
        >>> from posrefund.devices.memory import told
        >>> from posrefund.values import Amount
        >>> print(told(DeviceApproved(request_id="R-1", amount=Amount(500)))[1])
        ¥5.00: the device says that it was accepted; no host has confirmed it to us
    """
    zh, en = _words(result)
    code = f" [{result.raw_code}]" if result.raw_code else ""
    return f"{result.amount}：{zh}{code}", f"{result.amount}: {en}{code}"


def _words(result: DeskResult) -> tuple[str, str]:
    match result:
        case DeviceApproved():
            return (
                "设备称已受理，尚无主机凭证",
                "the device says that it was accepted; no host has confirmed it to us",
            )
        case DeviceDeclined(reason=reason):
            return "设备称未办成", f"the device says that it was not done ({reason})"
        case DeviceNotSent():
            return "未发送到设备，可以重试", "it never reached the device; it may be tried again"
        case DeviceInDoubt():
            return (
                "结果未知：请查询，勿重复办理",
                "whether it was done is not known: ask the device, and do not do it again",
            )
        case DeviceSettled(people=people, is_booked=is_booked):
            names, was_zh = ", ".join(people), "已" if is_booked else "未"
            was_en = "was" if is_booked else "was not"
            return (
                f"{names} 凭单据确认{was_zh}入账",
                f"{names} said, on a document, that it {was_en} booked",
            )


def _kept(text: str) -> str:
    return text if is_note(text) else _HIDDEN
