"""What an ABECS status means, for programs and for clerks. Floor 6, data.

A status that is not here is ``unknown``, never a yes.
"""

from __future__ import annotations

from typing import NamedTuple

from posrefund.devices.results import DeviceReason
from posrefund.errors import DeviceRefusedError

__all__ = ["refusal", "refused"]


class _Meaning(NamedTuple):
    reason: DeviceReason
    zh: str
    en: str


_CANCELLED = _Meaning(
    DeviceReason.CANCELLED,
    "顾客按了取消，请询问后重试",
    "the customer pressed cancel: ask, then begin again",
)
_TIMEOUT = _Meaning(
    DeviceReason.TIMEOUT,
    "等待顾客操作超时，请重试",
    "the customer did nothing in time: begin again",
)
_BUSY = _Meaning(
    DeviceReason.BUSY,
    "密码键盘暂时不能输入密码，请稍候",
    "the PIN pad takes no PIN for a while: wait a little",
)
_KEYS = _Meaning(
    DeviceReason.KEYS_MISSING,
    "密码键盘里没有这把密钥，请联系维护",
    "the PIN pad does not have that key: call service",
)
_AMOUNT = _Meaning(
    DeviceReason.AMOUNT, "密码键盘不接受该金额", "the PIN pad does not take this amount"
)
_UNREADABLE = _Meaning(
    DeviceReason.CARD_REFUSED,
    "读卡失败，请再刷一次或插卡",
    "the card could not be read: swipe it again, or insert it",
)
_REMOVED = _Meaning(
    DeviceReason.CARD_REFUSED,
    "没有卡，或卡已拔出，请重新插卡",
    "no card there, or it was taken out: insert it again",
)
_REFUSED = _Meaning(
    DeviceReason.CARD_REFUSED,
    "该卡不能使用，请换一张卡",
    "this card cannot be used: take another one",
)
_OTHER_WAY = _Meaning(
    DeviceReason.CARD_REFUSED,
    "请改用插卡或刷卡",
    "present the card in another way: insert or swipe it",
)
_PROTOCOL = _Meaning(
    DeviceReason.PROTOCOL,
    "密码键盘不认识这条指令，请联系维护",
    "the PIN pad does not know this command: call service",
)
_FAULT = _Meaning(
    DeviceReason.DEVICE_FAULT, "密码键盘故障，请联系维护", "the PIN pad is faulty: call service"
)
_UNKNOWN = _Meaning(
    DeviceReason.UNKNOWN,
    "密码键盘报告了未知状态",
    "the PIN pad says something that is not in its paper",
)

_MEANINGS = {
    **dict.fromkeys(("003", "009", "010", "011", "019"), _PROTOCOL),
    **dict.fromkeys(("020", "021", "040", "045", "046", "051", "100", "101", "102"), _FAULT),
    **dict.fromkeys(("041", "061", "069", "080", "081"), _UNREADABLE),
    **dict.fromkeys(("043", "060"), _REMOVED),
    **dict.fromkeys(("067", "068", "070", "071", "078", "079", "082", "083"), _REFUSED),
    **dict.fromkeys(("076", "084", "085", "086", "087"), _OTHER_WAY),
    "012": _TIMEOUT,
    "013": _CANCELLED,
    "042": _KEYS,
    "044": _BUSY,
    "077": _AMOUNT,
}


def refusal(status: str) -> DeviceRefusedError:
    """Return the error that says what *status* says.

    Source:
        ABECS PIN pad protocol 2.12, 3.1.1.

    Example:
        >>> from posrefund.devices.abecs.codes import refusal
        >>> refusal("013").reason, refusal("999").reason
        (<DeviceReason.CANCELLED: 'cancelled'>, <DeviceReason.UNKNOWN: 'unknown'>)
    """
    return _error(_MEANINGS.get(status, _UNKNOWN), status)


def refused(why: str) -> DeviceRefusedError:
    """Return the error of something that this driver finds itself: ``insert``, ``unreadable`` or ``cancelled``."""
    return _error(_OURS[why], "")


_OURS = {"insert": _OTHER_WAY, "unreadable": _UNREADABLE, "cancelled": _CANCELLED}


def _error(meaning: _Meaning, status: str) -> DeviceRefusedError:
    return DeviceRefusedError(meaning.reason, status, hint_zh=meaning.zh, hint_en=meaning.en)
