"""One line of a wire log: what passed, redacted already. Floor 6: no I/O here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["WAYS", "WHAT", "Entry", "Way", "What"]

Way: TypeAlias = Literal["sent", "received", ""]
"""Empty for what has no direction, and where a capture does not say it."""
What: TypeAlias = Literal[
    "open", "frame", "control", "progress", "damage", "broken", "close", "bytes"
]
WAYS: tuple[Way, ...] = ("sent", "received", "")
WHAT: tuple[What, ...] = (
    "open", "frame", "control", "progress", "damage", "broken", "close", "bytes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """What passed.

    Attributes:
        time: When it was seen, with its zone.
        line: What is spoken there: ``"iso8583"``, ``"abecs"``.
        conversation: Which opening of the line, counted from 1 in each run of the program.
        what: ``open`` and ``close`` of the line. ``frame``: a whole one. ``control``: ACK and its like.
            ``progress``: a text for the customer, never kept. ``damage``: bytes that are no frame, never
            kept. ``broken``: a write that failed. ``bytes``: a piece of a capture, uncut.
        way: Seen from here.
        length_bytes: Of the body, the text, the damage, or what should have been written.
        data: The frame around the redacted body, the control, the piece; empty where nothing was kept.
        note: To whom the line leads; which control; what is wrong; whether a byte may have left.
    """

    time: datetime
    line: str
    conversation: int
    what: What
    way: Way = ""
    length_bytes: int = 0
    data: bytes = field(default=b"", repr=False)
    note: str = ""
