"""ACK or NAK for every frame: ABECS, Transbank, ZVT's serial line, the Chinese MIS tills. Floor 3."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.exchanges.contract import Accepted, Answer, Failed, Stale, Write
from posrefund.exchanges.rules import at_most, require_rules
from posrefund.framing import Control, Damaged

if TYPE_CHECKING:
    from posrefund.exchanges.contract import ControlFramer, Step, Why
    from posrefund.framing import Event

__all__ = ["AckNak", "AckNakExchange"]


@dataclass(frozen=True, slots=True)
class AckNak:
    """How such a line is spoken; times in seconds.

    Attributes:
        ack_s: A frame is acknowledged in this time.
        sends_max: One frame leaves at most so often, 1 to 10.
        nak_discards: Whether the paper says that a frame answered by NAK was thrown away. Without it NAK proves
            nothing, and a question that moves money is not sent again.
        acknowledges: Whether answers are acknowledged, too.
        naks_max: A damaged answer is asked for again at most so often, 0 to 10.
        quiet_s: An answer is believed after so much silence behind it: an XOR cannot see that it was cut short
            where its end should not have been.

    Raises:
        ConfigError: One of them is something else.
    """

    ack_s: float = 2.0
    sends_max: int = 3
    nak_discards: bool = False
    acknowledges: bool = True
    naks_max: int = 3
    quiet_s: float = 0.0

    def __post_init__(self) -> None:
        require_rules(
            (
                (self.ack_s > 0, "a time to acknowledge"),
                (self.sends_max in at_most(1), "1 to 10 sends"),
                (self.naks_max in at_most(0), "0 to 10 NAKs"),
                (self.quiet_s >= 0, "no negative silence"),
            )
        )


class _Turn(Enum):
    IDLE = auto()
    ASKED = auto()
    LISTENING = auto()
    HOLDING = auto()


class AckNakExchange:
    """The end that asks.

    Args:
        framer: Of this line; only its frames and controls are used, never what it holds.
        rules: How the line is spoken.

    Example:
        >>> from posrefund.exchanges import AckNak, AckNakExchange
        >>> from posrefund.framing import ABECSFramer, Control
        >>> talk = AckNakExchange(ABECSFramer(), AckNak(acknowledges=False))
        >>> [step.data.hex() for step in talk.ask(b"OPN", 0.0, answer_s=10, moves_money=False)]
        ['164f504e17a8a9']
        >>> talk.take(Control.ACK, 0.1), talk.take(b"OPN000", 0.2)
        ([Accepted()], [Answer()])
    """

    def __init__(self, framer: ControlFramer, rules: AckNak | None = None) -> None:
        self._framer = framer
        self.rules = rules or AckNak()
        self._turn = _Turn.IDLE
        self._deadline: float | None = None
        self._frame = b""
        self._sends = self._naks = 0
        self._may_repeat = self._moves_money = self._was_silent = False
        self._answer_s = self._answer_by = 0.0
        self._held = self._last = b""

    @property
    def deadline(self) -> float | None:
        """The moment at which ``deadline_passed`` has to be called."""
        return self._deadline

    @closed
    def ask(self, body: bytes, now: float, *, answer_s: float, moves_money: bool) -> list[Step]:
        """Begin with a question; one that is under way is given up.

        Raises:
            FramingError: No frame carries it; nothing was sent.
        """
        self._frame = self._framer.frame(body)
        self._sends = self._naks = 0
        self._may_repeat, self._was_silent = True, False
        self._moves_money, self._answer_s = moves_money, answer_s
        self._held = self._last = b""
        return self._send(now)

    @closed
    def take(self, event: Event, now: float) -> list[Step]:
        """Take what the framer found; it never raises."""
        match event:
            case Damaged(reason="noise") if self._turn is not _Turn.HOLDING:
                return []
            case Damaged():
                return self._damaged(now)
            case Control():
                return self._controlled(event, now)
            case bytes():
                return self._told(event, now)
            case _:
                return []  # progress

    @closed
    def deadline_passed(self, now: float) -> list[Step]:
        """Say what follows from silence."""
        if self._deadline is None or now < self._deadline:
            return []
        match self._turn:
            case _Turn.ASKED:
                return self._not_acknowledged(now)
            case _Turn.HOLDING:
                return self._believe()
            case _:
                return self._fail("damaged" if self._naks else "no_answer")

    def wait_until(self, moment: float) -> None:
        """Wait for the next answer until then."""
        self._answer_by = moment
        if self._turn is _Turn.LISTENING:
            self._deadline = moment

    def finish(self) -> None:
        """The owner has what it wanted."""
        self._turn, self._deadline, self._frame = _Turn.IDLE, None, b""
        self._held = self._last = b""

    # --- the question ------------------------------------------------------------------------

    def _send(self, now: float) -> list[Step]:
        self._sends += 1
        self._turn, self._deadline = _Turn.ASKED, now + self.rules.ack_s
        return [Write(self._frame, is_question=True)]

    def _controlled(self, said: Control, now: float) -> list[Step]:
        if self._turn is _Turn.IDLE:
            return []
        if said is Control.EOT:
            return self._fail("ended")
        if self._turn is not _Turn.ASKED:
            return []
        if said is Control.ACK:
            self._turn, self._answer_by = _Turn.LISTENING, now + self._answer_s
            self._deadline = self._answer_by
            return [Accepted()]
        return self._refused(now) if said is Control.NAK else []

    def _refused(self, now: float) -> list[Step]:
        is_thrown_away = self.rules.nak_discards and not self._was_silent
        if not self._may_repeat or not (is_thrown_away or not self._moves_money):
            return self._fail("refused")
        if self._sends >= self.rules.sends_max:
            return self._fail("refused", is_thrown_away=is_thrown_away)
        return self._send(now)

    def _not_acknowledged(self, now: float) -> list[Step]:
        """Silence proves nothing: the ACK may be what was lost."""
        self._was_silent = True
        if self._moves_money or not self._may_repeat or self._sends >= self.rules.sends_max:
            return self._fail("no_ack")
        return self._send(now)

    # --- the answer --------------------------------------------------------------------------

    def _told(self, body: bytes, now: float) -> list[Step]:
        if self._turn is _Turn.IDLE or self._turn is _Turn.ASKED:
            self._may_repeat = False  # they may be at work: this could be its answer, its ACK lost
            return [*self._acknowledge(), Stale(body)]
        if self._turn is _Turn.HOLDING:
            return [*self._believe(), *self._told(body, now)]
        if body == self._last:
            return self._acknowledge()  # our ACK was lost
        self._held = body
        if not self.rules.quiet_s:
            return self._believe()
        self._turn, self._deadline = _Turn.HOLDING, now + self.rules.quiet_s
        return []

    def _believe(self) -> list[Step]:
        self._turn, self._deadline = _Turn.LISTENING, self._answer_by
        self._last, self._held, self._naks = self._held, b"", 0
        return [*self._acknowledge(), Answer(self._last)]

    def _acknowledge(self) -> list[Step]:
        return [Write(self._framer.control(Control.ACK))] if self.rules.acknowledges else []

    def _damaged(self, now: float) -> list[Step]:
        """Ask for the answer again: that asks nobody to act again."""
        if self._turn is _Turn.IDLE or self._turn is _Turn.ASKED:
            return []
        if self._naks >= self.rules.naks_max:
            return self._fail("damaged")
        self._naks += 1
        self._turn, self._held = _Turn.LISTENING, b""
        self._deadline = self._answer_by
        return [Write(self._framer.control(Control.NAK))]

    def _fail(self, why: Why, *, is_thrown_away: bool = False) -> list[Step]:
        self.finish()
        return [Failed(why, "nothing_sent" if is_thrown_away else "in_doubt")]
