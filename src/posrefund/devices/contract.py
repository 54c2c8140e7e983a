"""What a driver of an integrated terminal offers, and what it can do. Floor 6."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from posrefund.devices.results import DeviceResult
    from posrefund.values import Amount, RequestID

__all__ = [
    "Can",
    "DeviceRefund",
    "DeviceRequest",
    "DeviceVoid",
    "IntegratedTerminal",
    "TellsLast",
]


class Can(Flag):
    """What a device can do; a refund is no void. What is not among them is refused before anything is sent."""

    NOTHING = 0
    REFUND_UNLINKED = auto()
    """Give money back to a card, whatever was sold."""
    VOID_BY_REFERENCE = auto()
    """Undo one transaction of the open batch, named by the device's own number."""
    REVERSE_LAST = auto()
    """Undo the last transaction."""
    RECOVER_LAST = auto()
    """Say how the last transaction ended."""
    ABORT = auto()
    """Be stopped while it waits for a card."""
    PRINT_LINES = auto()
    """Hand over its receipt."""


@dataclass(frozen=True, slots=True)
class DeviceRefund:
    """Give *amount* back to a card.

    Attributes:
        request_id: The shop's own, unique for ever.
        amount: How much.
    """

    request_id: RequestID
    amount: Amount


@dataclass(frozen=True, slots=True)
class DeviceVoid:
    """Undo one transaction of the open batch.

    Attributes:
        request_id: The shop's own, unique for ever.
        amount: What the transaction was of.
        reference: The device's own number of it.
    """

    request_id: RequestID
    amount: Amount
    reference: str


DeviceRequest: TypeAlias = DeviceRefund | DeviceVoid


class IntegratedTerminal(Protocol):
    """A terminal that talks to its host itself; the till only says what is wanted.

    One question at a time, one thread; ``cancel`` may come from any other. A driver remembers nothing: that the
    same request never goes twice, and nothing goes while one is in doubt, is the business of ``DeviceDesk``.
    """

    @property
    def can(self) -> Can:
        """What this kind of device can do."""

    def refund(self, request: DeviceRefund) -> DeviceResult:
        """Give money back.

        Raises:
            RefusedError: This kind of device cannot (``device_cannot``); nothing was sent.
        """

    def void(self, request: DeviceVoid) -> DeviceResult:
        """Undo a transaction of the open batch.

        Raises:
            RefusedError: This kind of device cannot (``device_cannot``); nothing was sent.
        """

    def recover(self, request: DeviceRequest) -> DeviceResult:
        """Ask how the last money question ended, *request*; it moves nothing, and may be asked again.

        Returns:
            ``DeviceInDoubt`` still, if the device cannot say, or what it remembers is not *request*.
        """

    def cancel(self) -> None:
        """End the conversation from any thread; whoever waits gets his result within half a second."""

    def close(self) -> None:
        """Hang up; harmless when it is closed already."""


@runtime_checkable
class TellsLast(Protocol):
    """A terminal that numbers its transactions and says which was the last: what came after it is told from it.

    Whoever keeps that number from before the question can recover even after the process has ended.
    """

    def last_reference(self) -> str:
        """Return the number of its last transaction, empty where it tells none; it moves nothing.

        Raises:
            LinkError: The line failed.
            ProtocolError: It is busy, or broke the order.
            FramingError: What came is no frame.
        """

    def refund(self, request: DeviceRefund, *, after: str | None = None) -> DeviceResult:
        """Give money back; *after* is what ``last_reference`` said before."""

    def void(self, request: DeviceVoid, *, after: str | None = None) -> DeviceResult:
        """Undo a transaction; as ``refund``."""

    def recover(self, request: DeviceRequest, *, after: str | None = None) -> DeviceResult:
        """Ask how *request* ended: only what is not *after* can be it."""
