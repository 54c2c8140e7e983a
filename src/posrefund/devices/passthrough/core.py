"""The relay's side of the line to a terminal: what is acknowledged, passed on, said again or refused. Floor 6.

No I/O and no clock. Every question is answered once; the same frame again gets the same answer, and a money message
that was handed over before never leaves a second time, whatever random number it comes with.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from posrefund.closed import closed
from posrefund.devices.passthrough.messages import answer_body, random_of, read_question
from posrefund.devices.passthrough.results import RelayInDoubt, RelayNotSent, RelayRefused
from posrefund.errors import DecodeError, FramingError
from posrefund.exchanges import Write
from posrefund.framing import Control, Damaged, STXETXFramer

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from posrefund.devices.passthrough.messages import Question
    from posrefund.devices.passthrough.results import RelayResult
    from posrefund.devices.passthrough.settings import RelaySettings
    from posrefund.dialects import Dialect
    from posrefund.framing import Event

__all__ = ["Ended", "Fate", "PassOn", "RelayCore", "RelayStep"]

_SAYS_MAX = 3
"""So often a damaged frame is asked for again, and an answer that arrived damaged is said again."""
_WAITING_MAX = 64
"""Events that come while the host is asked; a terminal that chatters on is not listened to."""

Fate: TypeAlias = Literal["left", "not_sent"]
"""Whether a message with this digest may have left for the host."""


@dataclass(frozen=True, slots=True)
class PassOn:
    """Ask the host, and come back with ``ended``."""

    question: Question


@dataclass(frozen=True, slots=True)
class Ended:
    """A frame that needs no host has been answered.

    Attributes:
        result: What became of it.
        digest: Of its message; empty where there is none.
    """

    result: RelayRefused | RelayNotSent
    digest: str = ""


RelayStep: TypeAlias = Write | PassOn | Ended


@dataclass(slots=True)
class _Said:
    """The last answer, as long as it is remembered."""

    asked: str
    frame: bytes = field(repr=False)
    until: float = 0.0
    says: int = 1


class RelayCore:
    """One terminal's line.

    Args:
        settings: How it is spoken.
        dialect: What the messages are written in.
        digest: By which bytes are known again.
        fates: Digests of messages handed over before, and what became of them; it is kept up to date.
    """

    def __init__(
        self,
        settings: RelaySettings,
        dialect: Dialect,
        digest: Callable[[bytes], str],
        fates: MutableMapping[str, Fate],
    ) -> None:
        self._settings, self._dialect, self._digest = settings, dialect, digest
        self._fates = fates
        self._said: _Said | None = None
        self.connect()

    def connect(self) -> None:
        """The line was opened afresh; what was answered is remembered."""
        self._framer = STXETXFramer(self._settings.line)
        self._waiting: deque[Event] = deque(maxlen=_WAITING_MAX)
        self._asked: tuple[str, Question] | None = None
        self._naks = 0

    @property
    def is_inside(self) -> bool:
        """Whether half a frame is there."""
        return self._framer.pending_bytes > 0

    @closed
    def take(self, chunk: bytes, now: float) -> list[RelayStep]:
        """Take what came from the terminal; it never raises."""
        self._waiting.extend(self._framer.feed(chunk))
        return self._go_on(now)

    def silence(self, now: float) -> list[RelayStep]:
        """The terminal fell silent within a frame."""
        self._waiting.extend(self._framer.end())
        return self._go_on(now)

    @closed
    def ended(self, result: RelayResult, now: float, *, message: bytes = b"") -> list[RelayStep]:
        """Answer the terminal: with the host's *message*, or with what *result* says in a code of ours."""
        assert self._asked is not None, "after PassOn"
        asked, question = self._asked
        self._asked = None
        self._fates[question.digest] = "not_sent" if isinstance(result, RelayNotSent) else "left"
        waiting = list(self._waiting)
        self._waiting.clear()
        copies = [event for event in waiting if self._is(asked, event)]
        return [
            *(self._acknowledge() * len(copies)),
            self._answer(asked, question.random, now, self._code_of(result), message),
            *(step for event in waiting for step in self._refuse_other(asked, event, now)),
        ]

    # --- inside ------------------------------------------------------------------------------

    def _go_on(self, now: float) -> list[RelayStep]:
        steps: list[RelayStep] = []
        while self._waiting and self._asked is None:
            steps += self._react(self._waiting.popleft(), now)
        return steps

    def _react(self, event: Event, now: float) -> list[RelayStep]:
        match event:
            case Damaged(reason="noise"):
                return []
            case Damaged():
                return self._damaged()
            case Control.NAK:
                return self._say_again()
            case bytes():
                self._naks = 0
                return [*self._acknowledge(), *self._told(event, now)]
            case _:
                return []

    def _told(self, body: bytes, now: float) -> list[RelayStep]:
        asked = self._digest(body)
        said = self._said
        if said is not None and said.asked == asked and now < said.until:
            said.says = 1
            return [Write(said.frame), Ended(RelayRefused(why="again"))]
        try:
            question = read_question(body, self._settings, self._dialect, self._digest)
        except DecodeError:
            code, random = self._settings.unreadable, random_of(body, self._settings)
            refused = RelayRefused(why="unreadable")
            return [self._answer(asked, random, now, code), Ended(refused)]
        if question.moves_money and self._fates.get(question.digest) == "left":
            known = question.mti, question.stan, question.terminal, question.amount
            refused = RelayRefused(*known, why="repeated")
            answer = self._answer(asked, question.random, now, self._settings.repeated)
            return [answer, Ended(refused, question.digest)]
        self._asked = asked, question
        return [PassOn(question)]

    def _is(self, asked: str, event: Event) -> bool:
        return isinstance(event, bytes) and self._digest(event) == asked

    def _refuse_other(self, asked: str, event: Event, now: float) -> list[RelayStep]:
        """One at a time: what came while the host was asked may have been given up by now, and does not leave."""
        if not isinstance(event, bytes) or self._is(asked, event):
            return []
        random = random_of(event, self._settings)
        answer = self._answer(self._digest(event), random, now, self._settings.not_sent)
        ended = Ended(RelayNotSent(why="another message was under way"))
        return [*self._acknowledge(), answer, ended]

    def _code_of(self, result: RelayResult) -> str:
        match result:
            case RelayNotSent():
                return self._settings.not_sent
            case RelayInDoubt():
                return self._settings.in_doubt
            case _:
                return ""

    def _answer(
        self, asked: str, random: bytes, now: float, code: str, message: bytes = b""
    ) -> Write:
        settings = self._settings
        try:
            frame = self._framer.frame(answer_body(random, settings, message=message, result=code))
        except FramingError:  # the host said more than this line carries
            result = settings.in_doubt
            frame = self._framer.frame(answer_body(random[:8], settings, result=result))
        self._said = _Said(asked, frame, now + settings.memory_s)
        return Write(frame)

    def _acknowledge(self) -> list[RelayStep]:
        return [self._control(Control.ACK)] if self._settings.acknowledges else []

    def _damaged(self) -> list[RelayStep]:
        if not self._settings.acknowledges or self._naks >= _SAYS_MAX:
            return []
        self._naks += 1
        return [self._control(Control.NAK)]

    def _say_again(self) -> list[RelayStep]:
        said = self._said
        if said is None or said.says > _SAYS_MAX:
            return []
        said.says += 1
        return [Write(said.frame)]

    def _control(self, said: Control) -> Write:
        return Write(self._framer.control(said))
