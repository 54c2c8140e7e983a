"""ZVT's dialogue of commands: the till asks, then the terminal is master and every command of its own is answered. Floor 3.

Over a line that acknowledges frames (serial) or one that does not (TCP). It knows the order of a conversation and
the heads of commands, nothing that is inside them. What breaks the order ends it; a command nobody here knows is
refused and passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.errors import ConfigError
from posrefund.exchanges.contract import Accepted, Answer, Failed, Stale, Write

if TYPE_CHECKING:
    from posrefund.exchanges.contract import Exchange, Step
    from posrefund.framing import Event

__all__ = ["APDU", "APDUExchange"]

_TAKEN, _UNKNOWN = b"\x80\x00\x00", b"\x84\x83\x00"
_YES = (_TAKEN, b"\x84\x00\x00")
_REFUSES, _REPLIES = 0x84, (0x80, 0x84)
_ENDS = frozenset({b"\x06\x0f", b"\x06\x1e"})
_TELLS = frozenset({b"\x04\xff", b"\x04\x0f", b"\x06\xd1", b"\x06\xd3"})
_STRANGE_MAX = 8
"""A terminal that goes on commanding what nobody here knows waits for something that will not come."""


@dataclass(frozen=True, slots=True)
class APDU:
    """How long such a dialogue takes; seconds.

    Attributes:
        reply_s: The terminal says in this time whether it takes a command (T3).
        total_s: No dialogue lasts longer, whatever the terminal goes on saying.

    Raises:
        ConfigError: One of them is no time.

    Source:
        ZVT transport protocol PA00P016: T3 is 5 s. T4, 180 s between two commands of the terminal, comes with the question.
    """

    reply_s: float = 5.0
    total_s: float = 900.0

    def __post_init__(self) -> None:
        if not (self.reply_s > 0 and self.total_s > 0):
            raise ConfigError("exchange: expected a time to reply and one for the whole dialogue")


class _Turn(Enum):
    IDLE = auto()
    ASKED = auto()
    COMMANDED = auto()


class APDUExchange:
    """The end that asks.

    ``Accepted`` is the terminal's ``80 00 00``. Each of its commands is answered at once and is an ``Answer``; the last
    one is ``06 0F`` or ``06 1E``. A refusal, ``84 xx 00``, is the only answer there is to that question.

    Args:
        inner: How frames are exchanged below.
        rules: Times.

    Example:
        >>> from posrefund.exchanges import APDUExchange, BareExchange
        >>> from posrefund.framing import ZVTTCPFramer
        >>> talk = APDUExchange(BareExchange(ZVTTCPFramer()))
        >>> talk.ask(bytes.fromhex("050100"), 0.0, answer_s=180, moves_money=False)
        [Write(is_question=True)]
        >>> talk.take(bytes.fromhex("800000"), 0.1)
        [Accepted()]
        >>> talk.take(bytes.fromhex("060F00"), 0.2)
        [Write(is_question=False), Answer()]
    """

    def __init__(self, inner: Exchange, rules: APDU | None = None) -> None:
        self._inner = inner
        self.rules = rules or APDU()
        self._turn = _Turn.IDLE
        self._answer_s = self._answer_by = self._ends_at = 0.0
        self._last = b""
        self._strange = 0
        self._is_interjected = False

    @property
    def deadline(self) -> float | None:
        """The moment at which ``deadline_passed`` has to be called."""
        return self._inner.deadline

    @closed
    def ask(self, body: bytes, now: float, *, answer_s: float, moves_money: bool) -> list[Step]:
        """Begin with a command of the till's; one that is under way is given up.

        Args:
            body: The command.
            now: The time.
            answer_s: How long the terminal may be silent between two commands of its own (T4).
            moves_money: Whether asking twice could move money twice.

        Raises:
            FramingError: No frame carries it; nothing was sent.
        """
        self._turn, self._last = _Turn.ASKED, b""
        self._strange, self._is_interjected = 0, False
        self._answer_s, self._ends_at = answer_s, now + self.rules.total_s
        steps = self._inner.ask(body, now, answer_s=self.rules.reply_s, moves_money=moves_money)
        return self._read(steps, now)

    @closed
    def interject(self, body: bytes, now: float) -> list[Step]:
        """Say a command while the terminal is master: the only one that may be said then is an abort.

        Nothing, if the terminal is not master. Whether it stops is told by its own next commands.

        Raises:
            FramingError: No frame carries it.
        """
        if self._turn is not _Turn.COMMANDED:
            return []
        self._is_interjected = True
        return self._say(body, now)

    @closed
    def take(self, event: Event, now: float) -> list[Step]:
        """Take what the framer found; it never raises."""
        return self._read(self._inner.take(event, now), now)

    @closed
    def deadline_passed(self, now: float) -> list[Step]:
        """Say what follows from silence."""
        return self._read(self._inner.deadline_passed(now), now)

    def wait_until(self, moment: float) -> None:
        """Wait for the terminal's next command until then, but not beyond the end of the dialogue."""
        self._answer_by = min(moment, self._ends_at)
        if self._turn is _Turn.COMMANDED:
            self._inner.wait_until(self._answer_by)

    def finish(self) -> None:
        """The owner has what it wanted."""
        self._turn, self._last = _Turn.IDLE, b""
        self._inner.finish()

    # --- inside ------------------------------------------------------------------------------

    def _read(self, steps: list[Step], now: float) -> list[Step]:
        """Make of what happened below what it means in the dialogue."""
        read: list[Step] = []
        for step in steps:
            read += self._read_one(step, now)
        return read

    def _read_one(self, step: Step, now: float) -> list[Step]:
        is_asked = self._turn is _Turn.ASKED
        match step:
            case Write(data):
                return [Write(data, is_question=step.is_question and is_asked)]
            case Accepted():
                return []  # of a frame
            case Stale(body) if self._turn is _Turn.COMMANDED and body == self._last:
                return self._say(_TAKEN, now)  # said again: it has not heard our reply
            case Answer(body) | Stale(body) if self._turn is _Turn.COMMANDED:
                return self._commanded(body, now)
            case Answer(body) if is_asked:
                return self._replied(body, now)
            case Answer(body):
                return [Stale(body)]
            case Failed(why):
                self.finish()
                return [step if is_asked else Failed(why, "in_doubt")]
            case _:
                return [step]

    def _replied(self, body: bytes, now: float) -> list[Step]:
        if body in _YES:
            self._turn = _Turn.COMMANDED
            self.wait_until(now + self._answer_s)
            return [Accepted()]
        if body[0] == _REFUSES:
            self.finish()
            return [Accepted(), Answer(body)]
        return self._break()

    def _commanded(self, body: bytes, now: float) -> list[Step]:
        head = body[:2]
        if body[0] in _REPLIES:
            was_interjected, self._is_interjected = self._is_interjected, False
            return [] if was_interjected else self._break()
        if head in _TELLS or head in _ENDS:
            self._last = body
            self.wait_until(now + self._answer_s)
            return [*self._say(_TAKEN, now), Answer(body)]
        self._strange += 1
        return self._break() if self._strange > _STRANGE_MAX else self._say(_UNKNOWN, now)

    def _say(self, body: bytes, now: float) -> list[Step]:
        """Say *body*: never a question that moves money, and no reason to wait longer."""
        left_s = max(0.0, self._answer_by - now)
        return self._read(self._inner.ask(body, now, answer_s=left_s, moves_money=False), now)

    def _break(self) -> list[Step]:
        self.finish()
        return [Failed("out_of_turn", "in_doubt")]
