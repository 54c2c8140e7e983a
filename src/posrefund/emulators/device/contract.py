"""What an emulated device is: bytes in, frames out, the time as an argument. Floor 9."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["EmulatedDevice", "Say"]


@dataclass(frozen=True, slots=True)
class Say:
    """One frame or control that a device puts on the line.

    Attributes:
        data: The whole of it, framed.
        kind: Whether it is a ``body`` or a ``control`` (ACK, NAK, ENQ, EOT).
        after_s: So long after the one before it.
    """

    data: bytes = field(repr=False)
    kind: Literal["body", "control"] = "body"
    after_s: float = 0.0


class EmulatedDevice(Protocol):
    """The device's side of a line. Right as it is: what goes wrong is put between it and the line."""

    def connect(self) -> None:
        """A fresh conversation begins; what the device remembers of earlier ones stays."""

    def receive(self, chunk: bytes, now: float) -> Sequence[Say]:
        """Take bytes as they come; return what the device says to them. It never raises."""

    def deadline_passed(self, now: float) -> Sequence[Say]:
        """Say what the device does of itself (it repeats, it gives up); nothing, if it is too early."""

    @property
    def deadline(self) -> float | None:
        """When ``deadline_passed`` has to be called; None while the device only listens."""
