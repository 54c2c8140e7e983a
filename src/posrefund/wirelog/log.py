"""The log of a program: its sinks, and what becomes of one that fails. Floor 6.

A sink that fails once is not used again and stands in ``failed``: half a log would look like a whole one. The line
never notices.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from posrefund.wirelog.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from posrefund.framing import Framer, Redactor
    from posrefund.wirelog.entry import Entry

__all__ = ["Sink", "WireLog"]


class Sink(Protocol):
    """Where entries go."""

    @property
    def name(self) -> str:
        """What it is, for people."""

    def write(self, entry: Entry) -> None:
        """Keep *entry*; whatever it raises ends its use."""


class WireLog:
    """Entries of any number of lines, to every sink that works.

    Args:
        sinks: Each gets every entry.
        clock: Says the time, with its zone.
        on_failure: Is told once of each sink that fails: its name and the kind of error.

    Attributes:
        failed: Sinks that are used no more, by name, and why: the kind of error alone.

    Example:
        >>> from datetime import UTC, datetime
        >>> from posrefund.framing import LengthPrefixFramer, redact_all
        >>> from posrefund.wirelog import MemorySink, WireLog
        >>> kept = MemorySink()
        >>> log = WireLog([kept], clock=lambda: datetime(2026, 3, 9, tzinfo=UTC))
        >>> watch = log.watch("iso8583", LengthPrefixFramer, redact_all)
        >>> watch.passed("sent", bytes.fromhex("00 02 02 20"))
        >>> kept.entries[0].data.hex()
        '00020000'
    """

    def __init__(
        self,
        sinks: Iterable[Sink],
        clock: Callable[[], datetime],
        *,
        on_failure: Callable[[str, str], object] = lambda _name, _why: None,
    ) -> None:
        self._sinks = list(sinks)
        self.clock = clock
        self._on_failure = on_failure
        self.failed: dict[str, str] = {}
        self._conversations = 0
        self._lock = threading.Lock()

    def watch(
        self,
        line: str,
        make: Callable[[], Framer],
        redactor: Redactor,
        *,
        silence_s: float | None = None,
    ) -> Watch:
        """Return the watch for one line.

        Args:
            line: What is spoken there, for the log.
            make: A framer of this line; called for each direction of each conversation.
            redactor: Of the bodies, in both directions.
            silence_s: What is unfinished after so long a silence is given up, as the line's own timer does.
        """
        return Watch(self, line, make, redactor, silence_s=silence_s)

    def next_conversation(self) -> int:
        """Return a number that no other conversation of this log has."""
        with self._lock:
            self._conversations += 1
            return self._conversations

    def write(self, entry: Entry) -> None:
        """Give *entry* to every sink that works; never raises."""
        with self._lock:
            for sink in tuple(self._sinks):
                try:
                    sink.write(entry)
                except Exception as error:  # noqa: BLE001 — the line goes on, whatever a disk does
                    self._sinks.remove(sink)
                    self.failed[sink.name] = type(error).__name__
                    self._on_failure(sink.name, self.failed[sink.name])
