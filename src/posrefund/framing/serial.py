"""What the framings of a serial line share: hunting for a beginning, and giving up a frame. Floor 2: pure bytes.

Damage never raises. After the end mark exactly as many check bytes are consumed as there are, whatever they
look like; then the hunt goes on behind them: what lay inside a damaged frame is never read a second time.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.framing.contract import Control, Damaged, require_body

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posrefund.framing.contract import Event, Reason

__all__ = ["NOISE_BYTES_MAX", "SerialFramer"]

NOISE_BYTES_MAX = 4096
"""Noise is told at the next beginning, and at the latest after so much of it."""


class SerialFramer(ABC):
    """Finds frames and link-control bytes between noise.

    Args:
        starts: Bytes that may begin something.
        controls: What is said in a byte of its own.
        mark_at_max: The end mark begins here at the latest, counted from the beginning of the frame.
        tail_bytes: Length of the end mark and the check bytes.
    """

    def __init__(
        self, starts: bytes, controls: Iterable[Control], *, mark_at_max: int, tail_bytes: int
    ) -> None:
        self._controls = frozenset(controls)
        wake = re.escape(starts + bytes(self._controls))
        self._wake = re.compile(b"[" + wake + b"]")
        self._mark_at_max = mark_at_max
        self._tail_bytes = tail_bytes
        self._held = bytearray()
        self._consumed_bytes = self._noise_bytes = 0
        self._inside = self._skipping = False
        self._seen_bytes = 0

    @closed
    def feed(self, chunk: bytes) -> list[Event]:
        """Take bytes as they come; return what is complete now, in order. It never raises."""
        self._held += chunk
        events: list[Event] = []
        while self._held and (self._read(events) if self._inside else self._hunt(events)):
            pass
        return events

    @closed
    def end(self) -> list[Event]:
        """The line fell silent: give up what is unfinished, so that the next byte begins afresh.

        To be called when the timer between two bytes runs out: nothing else ends a frame whose end was lost.
        """
        events: list[Event] = []
        self._tell_noise(events)
        if self._held:
            self._give_up("cut", len(self._held), events)
        self._inside = self._skipping = False
        return events

    def control(self, said: Control) -> bytes:
        """Return the bytes that say it.

        Raises:
            FramingError: This line does not know it.
        """
        require_body(said in self._controls, "a control of this line")
        return bytes((said,))

    @property
    def pending_bytes(self) -> int:
        """How many bytes of an unfinished frame are waiting."""
        return len(self._held)

    @property
    def held_bytes_max(self) -> int:
        """One byte less than the longest frame."""
        return self._mark_at_max + self._tail_bytes - 1

    @abstractmethod
    def _open(self, events: list[Event]) -> bool:
        """Look at a byte that may begin something; whether there is more to look at."""

    @abstractmethod
    def _find_mark(self) -> int:
        """Return where the mark is that ends this frame or begins another, or -1; note what was seen."""

    def _restarts(self, mark_at: int) -> bool:
        """Whether that mark begins another frame: where no data can look like a beginning."""
        return False

    @abstractmethod
    def _judge(self, mark_at: int, end: int) -> bytes | Reason:
        """Return the body of the frame that is held up to *end*, or what is wrong with it."""

    # --- between frames ------------------------------------------------------------------------------

    def _hunt(self, events: list[Event]) -> bool:
        found = self._wake.search(self._held)
        self._skip_noise(found.start() if found else len(self._held), events)
        return found is not None and self._open(events)

    def _skip_noise(self, count: int, events: list[Event]) -> None:
        self._drop(count)
        self._noise_bytes += count
        while self._noise_bytes >= NOISE_BYTES_MAX:
            at = self._consumed_bytes - self._noise_bytes
            events.append(Damaged("noise", at, NOISE_BYTES_MAX))
            self._noise_bytes -= NOISE_BYTES_MAX

    def _tell_noise(self, events: list[Event]) -> None:
        if self._noise_bytes:
            at = self._consumed_bytes - self._noise_bytes
            events.append(Damaged("noise", at, self._noise_bytes))
            self._noise_bytes = 0

    def _say(self, event: Event, count: int, events: list[Event]) -> bool:
        self._tell_noise(events)
        events.append(event)
        self._drop(count)
        return True

    def _begin(self, mark_bytes: int, events: list[Event]) -> bool:
        self._tell_noise(events)
        self._inside, self._seen_bytes = True, mark_bytes
        return True

    # --- inside a frame ------------------------------------------------------------------------------

    def _read(self, events: list[Event]) -> bool:
        mark_at = self._find_mark()
        if mark_at < 0:
            return self._read_on(events)
        end = mark_at + self._tail_bytes
        if self._restarts(mark_at):
            return self._give_up("cut", mark_at, events)
        if len(self._held) < end:
            return False
        found = "too long" if self._skipping else self._judge(mark_at, end)
        if isinstance(found, str):
            return self._give_up(found, end, events)
        events.append(found)
        self._drop(end)
        self._inside = False
        return True

    def _read_on(self, events: list[Event]) -> bool:
        """No mark yet: wait, unless the bound is passed; then skip to the mark and keep nothing."""
        if self._skipping:
            skipped_bytes, self._seen_bytes = self._seen_bytes, 0
            self._drop(skipped_bytes)
            return skipped_bytes > 0
        if self._seen_bytes > self._mark_at_max:
            events.append(Damaged("too long", self._consumed_bytes, self._seen_bytes))
            self._drop(self._seen_bytes)
            self._seen_bytes, self._skipping = 0, True
            return True
        return False

    def _give_up(self, reason: Reason, count: int, events: list[Event]) -> bool:
        if not self._skipping:  # else it was told when it grew too long
            events.append(Damaged(reason, self._consumed_bytes, count))
        self._drop(count)
        self._inside = self._skipping = False
        return True

    def _drop(self, count: int) -> None:
        del self._held[:count]
        self._consumed_bytes += count
