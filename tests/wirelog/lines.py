"""A log in memory, a clock that counts, and a stream that gives what it is told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from posrefund.errors import LinkClosedError
from posrefund.wirelog import MemorySink, WireLog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posrefund.errors import Effect
    from posrefund.wirelog import Entry

__all__ = ["NOW", "Script", "Ticks", "in_memory", "seen"]

NOW = datetime(2026, 3, 9, 10, 30, tzinfo=UTC)


class Ticks:
    """A millisecond goes by whenever somebody asks."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


class Script:
    """A stream without a line: it takes what is written and gives what stands in its list."""

    name = "script"

    def __init__(self, answers: Iterable[bytes] = (), *, breaks: Effect | None = None) -> None:
        self.answers = list(answers)
        self.written: list[bytes] = []
        self.calls: list[str] = []
        self._breaks = breaks

    def open(self, timeout_s: float) -> None:
        self.calls.append("open")

    def write(self, data: bytes, deadline: float) -> None:
        if self._breaks:
            raise LinkClosedError("sending failed: by the test", effect=self._breaks)
        self.written.append(data)

    def read_some(self, deadline: float) -> bytes:
        return self.answers.pop(0) if self.answers else b""

    def peer_closed(self) -> bool:
        self.calls.append("peer_closed")
        return False

    def cancel(self) -> None:
        self.calls.append("cancel")

    def close(self) -> None:
        self.calls.append("close")


def in_memory() -> tuple[WireLog, list[Entry]]:
    kept = MemorySink()
    return WireLog([kept], Ticks()), kept.entries


def seen(entries: list[Entry]) -> list[tuple[str, str, int, str]]:
    """What the entries say, without their times and bytes."""
    return [(entry.what, entry.way, entry.length_bytes, entry.note) for entry in entries]
