"""What a device says happened, as types that are neither true nor false. Floor 6.

A device's word is evidence of a class of its own, ``device``: below an answer with the host's MAC, for nothing
proves that the device told the host, or that nobody changed its words on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, NoReturn, TypeAlias

if TYPE_CHECKING:
    from posrefund.values import Amount

__all__ = [
    "DeviceApproved",
    "DeviceDeclined",
    "DeviceInDoubt",
    "DeviceNotSent",
    "DeviceReason",
    "DeviceResult",
    "DeviceSettled",
]


class DeviceReason(StrEnum):
    """Why not, in words that are the same for every device; the raw code is kept beside them."""

    ALREADY_REFUNDED = "already_refunded"
    AMOUNT = "amount"
    BATCH_FULL = "batch_full"
    BUSY = "busy"
    CANCELLED = "cancelled"
    CARD_MISMATCH = "card_mismatch"
    CARD_REFUSED = "card_refused"
    CURRENCY = "currency"
    DEVICE_FAULT = "device_fault"
    HOST_REFUSED = "host_refused"
    HOST_UNREACHABLE = "host_unreachable"
    KEYS_MISSING = "keys_missing"
    LINK = "link"
    NOT_ALLOWED = "not_allowed"
    NOT_REFUNDABLE = "not_refundable"
    NOT_SIGNED_ON = "not_signed_on"
    ORIGINAL_NOT_FOUND = "original_not_found"
    PRINTER = "printer"
    PROTOCOL = "protocol"
    TIMEOUT = "timeout"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """What all of them carry.

    Attributes:
        request_id: Of whoever asked.
        amount: What was asked for.
        raw_code: The device's own code, as text; empty where it said none.
        reference: The device's own number of the transaction (receipt, trace, operation), or empty.
    """

    evidence: ClassVar[str] = "device"
    request_id: str
    amount: Amount
    raw_code: str = ""
    reference: str = ""

    def __bool__(self) -> NoReturn:
        message = "a device's result is not true or false; match on its four kinds"
        raise TypeError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceApproved(_Result):
    """The device says that it was done, and everything it echoed is what was asked for.

    Attributes:
        receipt: Lines that it asked to print, card numbers already masked.
    """

    receipt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceDeclined(_Result):
    """The device says that it was not done.

    Attributes:
        reason: Why, as far as its code says so.
    """

    reason: DeviceReason


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceNotSent(_Result):
    """The question never reached the device, or the device proved that it threw it away.

    Attributes:
        reason: Why.
    """

    reason: DeviceReason


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInDoubt(_Result):
    """It may or may not have been done; ask ``recover`` first, and never simply ask again.

    Attributes:
        reason: What went wrong.
        seen: What was heard since the question left, in words that hold no data.
        after: The device's own number of the transaction before this one, where it told: the request needs it to be
            recovered.
    """

    reason: DeviceReason
    seen: tuple[str, ...] = ()
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSettled(_Result):
    """People say how a question in doubt ended; the device could not.

    Attributes:
        is_booked: What they say.
        people: Who says so.
        document: What they rest it on.
    """

    evidence: ClassVar[str] = "people"
    is_booked: bool
    people: tuple[str, ...]
    document: str


DeviceResult: TypeAlias = DeviceApproved | DeviceDeclined | DeviceNotSent | DeviceInDoubt
