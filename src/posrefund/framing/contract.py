"""What every framing offers, and what comes off a line besides frames. Floor 2: pure bytes.

Two kinds of line. On a *serial* line a boundary can be found again: damage is an event among the frames,
so that an exchange can answer NAK, and ``feed`` never raises. On a *stream* (TCP) nothing tells where the
next frame begins once a length is wrong: ``feed`` raises ``FramingError``, and the line must be closed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from posrefund.errors import ConfigError, FramingError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "BODY_BYTES_MAX",
    "Control",
    "Damaged",
    "Event",
    "Framer",
    "Progress",
    "Reason",
    "require",
    "require_body",
]

BODY_BYTES_MAX = 4096
"""No POS message comes near it; what announces more is noise or an attack (decision 0008)."""

Reason = Literal["noise", "check", "empty", "escape", "length", "control", "end", "too long", "cut"]


class Control(IntEnum):
    """A byte that the link layer says between frames."""

    EOT = 0x04
    ENQ = 0x05
    ACK = 0x06
    NAK = 0x15
    CAN = 0x18


@dataclass(frozen=True, slots=True)
class Progress:
    """What a terminal shows its customer meanwhile; it has no check and wants no answer.

    Attributes:
        text: As it came.
    """

    text: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Damaged:
    """Bytes of a serial line that are no frame. They are not kept: they may hold a card number.

    Attributes:
        reason: ``noise``: nothing began there. ``check``: the check bytes are others. ``empty``: a frame
            of nothing. ``escape``: a wrong escape. ``length``: no length, or too much. ``control``: a
            code that no text holds, or half a control frame. ``end``: no end where the length says.
            ``too long``: no end within the bound. ``cut``: another frame began, or the line fell silent.
        offset_bytes: Where they began, in the stream since the framer was made.
        length_bytes: How many they were; of a frame that is too long, how many had been held.
    """

    reason: Reason
    offset_bytes: int
    length_bytes: int


Event: TypeAlias = bytes | Control | Progress | Damaged
"""The body of a good frame, or what else came."""


class Framer(Protocol):
    """One end of one line: it writes frames and reads what comes back."""

    @property
    def pending_bytes(self) -> int:
        """How many bytes of something unfinished are held."""

    @property
    def held_bytes_max(self) -> int:
        """More than this is never held between two calls."""

    def frame(self, body: bytes) -> bytes:
        """Return the bytes that carry *body*.

        Raises:
            FramingError: No frame can carry it; nothing was sent.
        """

    def feed(self, chunk: bytes) -> Sequence[Event]:
        """Take bytes as they come; return what is complete now, in order.

        Raises:
            FramingError: On a stream: no boundary is known any more.
        """

    def end(self) -> Sequence[Event]:
        """Nothing more comes: the line fell silent or was closed. Return what that completes.

        Raises:
            FramingError: On a stream: something is unfinished.
        """


def require(fact: object, expected: str) -> None:
    """Refuse a configuration.

    Raises:
        ConfigError: *fact* is false.
    """
    if not fact:
        raise ConfigError(f"framing: expected {expected}")


def require_body(fact: object, expected: str) -> None:
    """Refuse to write a frame.

    Raises:
        FramingError: *fact* is false; nothing was sent.
    """
    if not fact:
        refusal = FramingError(expected, offset_bytes=0)
        refusal.effect = "nothing_sent"
        raise refusal
