"""How the emulated terminal's commands get on the line and the till's off it: both forms of ZVT, with an ARQ of its own. Floor 9.

Serial: every frame is acknowledged; one that is not is said again, three times in all. TCP: commands bare.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from posrefund.emulators.device import Say
from posrefund.errors import FramingError
from posrefund.framing import Control, Damaged, ZVTSerialFramer, ZVTTCPFramer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from posrefund.framing import Event

__all__ = ["Form", "Mouth"]

Form = Literal["serial", "tcp", "auto"]
"""``auto``: the first bytes of a till tell: a serial line begins with DLE."""

_DLE = 0x10
_SAYS_MAX = 3


@dataclass(slots=True)
class Mouth:
    """One conversation's.

    Attributes:
        form: Of the line.
        ack_s: A frame is acknowledged in this time.
        deadline: When a frame has to be said again.
    """

    form: Form = "auto"
    ack_s: float = 5.0
    deadline: float | None = None
    _framer: ZVTSerialFramer | ZVTTCPFramer | None = None
    _first: bytes = b""
    _unsaid: list[bytes] = field(default_factory=list)
    _frame: bytes = b""
    _says: int = 0

    def hear(self, chunk: bytes, now: float) -> tuple[list[bytes], list[Say]]:
        """Return the commands that are complete, and what the line layer says to them."""
        bodies: list[bytes] = []
        says: list[Say] = []
        for event in self._events(chunk):
            if isinstance(event, bytes):
                bodies.append(event)
                says += self._acknowledge(now)
            else:
                says += self._controlled(event, now)
        return bodies, says

    def say(self, body: bytes, now: float) -> list[Say]:
        """Say *body* when what was said before it has been acknowledged."""
        self._unsaid.append(body)
        return self._next(now)

    def deadline_passed(self, now: float) -> list[Say]:
        """Say an unacknowledged frame again."""
        if self.deadline is None or now < self.deadline:
            return []
        return self._again(now)

    def forget(self) -> None:
        """Nothing is on its way any more."""
        self._unsaid, self._frame, self.deadline = [], b"", None

    # --- inside ------------------------------------------------------------------------------

    def _events(self, chunk: bytes) -> Sequence[Event]:
        if self._framer is None:
            self._first += chunk
            chunk = self._first
            if not self._choose(chunk):
                return []
        assert self._framer is not None
        try:
            return self._framer.feed(chunk)
        except FramingError:
            self._framer = ZVTTCPFramer()
            return []

    def _choose(self, first: bytes) -> bool:
        """Make the framer of this line; whether it is known yet."""
        if self.form == "auto" and first[0] != _DLE and len(first) < 2:
            return False
        is_serial = self.form == "serial" or (self.form == "auto" and _DLE in first[:2])
        self._framer = ZVTSerialFramer() if is_serial else ZVTTCPFramer()
        return True

    @property
    def _is_serial(self) -> bool:
        return isinstance(self._framer, ZVTSerialFramer)

    def _acknowledge(self, now: float) -> list[Say]:
        """A command came: it was heard, and who commands has heard us."""
        if not self._is_serial:
            return []
        ack = Say(bytes((Control.ACK,)), "control")
        return [ack, *self._acknowledged(now)]

    def _acknowledged(self, now: float) -> list[Say]:
        self._frame, self.deadline = b"", None
        return self._next(now)

    def _controlled(self, event: Event, now: float) -> Iterable[Say]:
        match event:
            case Control.ACK if self._frame:
                return self._acknowledged(now)
            case Control.NAK if self._frame:
                return self._again(now)
            case Damaged(reason=reason) if reason != "noise":
                return [Say(bytes((Control.NAK,)), "control")]
            case _:
                return []

    def _next(self, now: float) -> list[Say]:
        if self._frame or not self._unsaid:
            return []
        body = self._unsaid.pop(0)
        if not self._is_serial:
            return [Say(body), *self._next(now)]
        self._frame, self._says = ZVTSerialFramer().frame(body), 0
        return self._again(now)

    def _again(self, now: float) -> list[Say]:
        self._says += 1
        if self._says > _SAYS_MAX:
            self.forget()
            return []
        self.deadline = now + self.ack_s
        return [Say(self._frame)]
