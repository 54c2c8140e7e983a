"""Cuts what passes over a line into frames, redacts them, and writes entries. Floor 6.

It sees what has passed already and changes nothing. Nothing is kept of what cannot be cut, of what the redactor
or the framer refuses, and of what a terminal shows its customer: only how long it was.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from posrefund.closed import closed
from posrefund.errors import FramingError
from posrefund.framing import Control, Damaged, Progress
from posrefund.wirelog.entry import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from posrefund.errors import Effect
    from posrefund.framing import Event, Framer, Redactor
    from posrefund.wirelog.entry import Way, What
    from posrefund.wirelog.log import WireLog

__all__ = ["NOT_KEPT", "Watch"]

NOT_KEPT = "not kept"
"""Notes a frame of which only the length is known."""
_P = ParamSpec("_P")


def _silent(
    method: Callable[Concatenate[Watch, _P], None],
) -> Callable[Concatenate[Watch, _P], None]:
    """Return *method*, but what goes wrong in it stays in it: a log is no part of the line."""

    @wraps(method)
    def quiet(self: Watch, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        with self._lock:
            try:
                method(self, *args, **kwargs)
            except Exception:  # noqa: BLE001 — a framer or a clock of anybody's
                self.faults += 1

    return quiet


class _Side:
    """One direction of a conversation: a framer, and what it could not cut."""

    def __init__(self, framer: Framer) -> None:
        self.framer = framer
        self.fed_bytes = self.lost_bytes = 0
        self.is_lost = False
        self.last: datetime | None = None


class Watch:
    """One line of a log; made by ``WireLog.watch``.

    For a stream there is ``LoggedStream``; whoever carries bytes otherwise calls these in the order of the line.

    Attributes:
        faults: How often something here went wrong, so that entries may be missing.
    """

    def __init__(
        self,
        log: WireLog,
        line: str,
        make: Callable[[], Framer],
        redactor: Redactor,
        *,
        silence_s: float | None,
    ) -> None:
        self._log, self._line = log, line
        self._make, self._redactor = make, redactor
        self._silence = None if silence_s is None else timedelta(seconds=silence_s)
        self._writer = make()
        self._number = 0
        self._sides: dict[Way, _Side] = {}
        self._lock = threading.Lock()
        self.faults = 0

    @_silent
    def opened(self, peer: str) -> None:
        """Begin a conversation with *peer*."""
        self._begin()
        self._write("open", note=peer)

    @_silent
    @closed
    def passed(self, way: Way, data: bytes) -> None:
        """Take what went over the line, in any pieces."""
        if not self._sides:
            self._begin()
        now = self._log.clock()
        self._fall_silent(way, now)
        side = self._sides[way]
        side.last = now
        side.fed_bytes += len(data)
        if side.is_lost:
            side.lost_bytes += len(data)
            return
        try:
            self._tell(way, side.framer.feed(data))
        except FramingError as error:
            self._lose(way, side.fed_bytes - error.offset_bytes)

    @_silent
    def broken(self, length_bytes: int, effect: Effect) -> None:
        """Note that a write of so many bytes failed; *effect* says whether one may have left."""
        self._write("broken", "sent", length_bytes, note=effect)

    @_silent
    def ended(self) -> None:
        """End the conversation; harmless when it is over already."""
        if self._sides:
            for way in self._sides:
                self._end(way)
            self._sides = {}
            self._write("close")

    # --- inside --------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._sides = {"sent": _Side(self._make()), "received": _Side(self._make())}
        self._number = self._log.next_conversation()

    def _fall_silent(self, way: Way, now: datetime) -> None:
        """End what silence ends: tagged text when the other side speaks, anything after a long pause."""
        for each, side in self._sides.items():
            if each != way and getattr(side.framer, "may_end", False):
                self._end(each)
        last = self._sides[way].last
        if self._silence is not None and last is not None and now - last > self._silence:
            self._end(way)

    def _end(self, way: Way) -> None:
        side = self._sides[way]
        if side.is_lost:
            self._lose(way, side.lost_bytes)
            return
        pending_bytes = side.framer.pending_bytes
        try:
            self._tell(way, side.framer.end())
        except FramingError as error:
            self._lose(way, max(pending_bytes, side.fed_bytes - error.offset_bytes))

    def _lose(self, way: Way, length_bytes: int) -> None:
        """Tell of bytes behind a lost boundary; from here on they are counted only."""
        side = self._sides[way]
        if length_bytes:
            self._write("damage", way, length_bytes, note="boundary")
        side.lost_bytes, side.is_lost = 0, True

    def _tell(self, way: Way, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case Control():
                    self._write("control", way, 1, self._control(event), event.name)
                case Progress():
                    self._write("progress", way, len(event.text))
                case Damaged():
                    self._write("damage", way, event.length_bytes, note=event.reason)
                case _:
                    framed = self._redacted(event)
                    self._write("frame", way, len(event), framed, "" if framed else NOT_KEPT)

    def _control(self, said: Control) -> bytes:
        spell = getattr(self._writer, "control", None)
        return bytes(spell(said)) if spell else bytes((said,))

    def _redacted(self, body: bytes) -> bytes:
        """Return the frame around what may be kept of *body*, or nothing if nothing may."""
        try:
            left: object = self._redactor(body)
            if isinstance(left, bytes) and len(left) == len(body):
                return self._writer.frame(left)
        except Exception:  # noqa: BLE001 — a redactor of anybody's
            return b""
        return b""

    def _write(
        self, what: What, way: Way = "", length_bytes: int = 0, data: bytes = b"", note: str = ""
    ) -> None:
        self._log.write(
            Entry(self._log.clock(), self._line, self._number, what, way, length_bytes, data, note)
        )
