"""ENQ, ACK, frame, ACK, EOT, and the same the other way round for the answer: Concert. Floor 3."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.exchanges.contract import Accepted, Answer, Failed, Stale, Write
from posrefund.exchanges.rules import at_most, require_rules
from posrefund.framing import Control, Damaged

if TYPE_CHECKING:
    from posrefund.errors import Effect
    from posrefund.exchanges.contract import ControlFramer, Step, Why
    from posrefund.framing import Event

__all__ = ["ENQ", "ENQExchange"]


@dataclass(frozen=True, slots=True)
class ENQ:
    """How such a line is spoken; times in seconds.

    Attributes:
        signal_s: ACK, EOT and the frame behind an ACK come in this time.
        bids_max: ENQ is said at most so often before somebody listens, 1 to 10.
        sends_max: One frame leaves at most so often, 1 to 10.
        nak_discards: Whether the paper says that a frame answered by NAK was thrown away. Without it NAK proves
            nothing, and a question that moves money is not sent again.
        naks_max: A damaged answer is asked for again at most so often, 0 to 10.
        quiet_s: An answer is acknowledged and believed after so much silence behind it: an XOR cannot see that it
            was cut short where its end should not have been.

    Raises:
        ConfigError: One of them is something else.
    """

    signal_s: float = 1.0
    bids_max: int = 3
    sends_max: int = 3
    nak_discards: bool = False
    naks_max: int = 3
    quiet_s: float = 0.0

    def __post_init__(self) -> None:
        require_rules(
            (
                (self.signal_s > 0, "a time for a signal"),
                (self.bids_max in at_most(1), "1 to 10 bids"),
                (self.sends_max in at_most(1), "1 to 10 sends"),
                (self.naks_max in at_most(0), "0 to 10 NAKs"),
                (self.quiet_s >= 0, "no negative silence"),
            )
        )


class _Turn(Enum):
    IDLE = auto()
    BIDDING = auto()
    ASKED = auto()
    LISTENING = auto()
    RECEIVING = auto()
    HOLDING = auto()
    ENDING = auto()


class ENQExchange:
    """The end that asks first.

    Until somebody listens, nothing but ENQ has left. An answer is told after the other side's EOT, or when that
    does not come: what was acknowledged was whole. Whoever speaks while we bid has something to tell of
    an older question: we give way, and nothing of ours was sent.

    Args:
        framer: Of this line; only its frames and controls are used, never what it holds.
        rules: How the line is spoken.

    Example:
        >>> from posrefund.exchanges import ENQExchange
        >>> from posrefund.framing import Control, STXETXFramer
        >>> talk = ENQExchange(STXETXFramer())
        >>> [step.data.hex() for step in talk.ask(b"0100", 0.0, answer_s=10, moves_money=False)]
        ['05']
        >>> [step.data.hex() for step in talk.take(Control.ACK, 0.1)]
        ['02303130300302']
        >>> talk.take(Control.ACK, 0.2)
        [Write(is_question=False), Accepted()]
    """

    def __init__(self, framer: ControlFramer, rules: ENQ | None = None) -> None:
        self._framer = framer
        self.rules = rules or ENQ()
        self._turn = _Turn.IDLE
        self._deadline: float | None = None
        self._frame = self._held = b""
        self._bids = self._sends = self._naks = 0
        self._moves_money = False
        self._answer_s = self._answer_by = 0.0

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
        self._frame, self._held = self._framer.frame(body), b""
        self._bids = self._sends = self._naks = 0
        self._moves_money, self._answer_s = moves_money, answer_s
        return self._bid(now)

    @closed
    def take(self, event: Event, now: float) -> list[Step]:
        """Take what the framer found; it never raises."""
        if self._turn is _Turn.HOLDING:
            return self._disturbed(event, now)
        match event:
            case Damaged():
                is_theirs = self._turn is _Turn.RECEIVING and event.reason != "noise"
                return self._damaged(now) if is_theirs else []
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
            case _Turn.BIDDING:
                return self._bid(now) if self._bids < self.rules.bids_max else self._fail("no_ack")
            case _Turn.ASKED:
                return self._not_acknowledged(now)
            case _Turn.HOLDING:
                return self._receipt(now)
            case _Turn.ENDING:
                return self._believe()
            case _Turn.RECEIVING if now < self._answer_by:
                self._listen()
                return []
            case _:
                return self._fail("damaged" if self._naks else "no_answer")

    def wait_until(self, moment: float) -> None:
        """Wait for the next answer until then."""
        self._answer_by = moment
        if self._turn is _Turn.LISTENING:
            self._deadline = moment

    def finish(self) -> None:
        """The owner has what it wanted."""
        self._turn, self._deadline = _Turn.IDLE, None
        self._frame = self._held = b""

    # --- the question ------------------------------------------------------------------------

    def _bid(self, now: float) -> list[Step]:
        self._bids += 1
        self._wait(_Turn.BIDDING, now)
        return [self._signal(Control.ENQ)]

    def _send(self, now: float) -> list[Step]:
        self._sends += 1
        self._wait(_Turn.ASKED, now)
        return [Write(self._frame, is_question=True)]

    def _controlled(self, said: Control, now: float) -> list[Step]:
        match self._turn:
            case _Turn.BIDDING:
                return self._heard_while_bidding(said, now)
            case _Turn.ASKED:
                return self._heard_of_the_question(said, now)
            case _Turn.ENDING if said is Control.EOT:
                return self._believe()
            case _Turn.RECEIVING if said is Control.EOT:
                self._listen()
            case _Turn.LISTENING | _Turn.RECEIVING if said is Control.ENQ:
                self._wait(_Turn.RECEIVING, now)
                return [self._signal(Control.ACK)]
            case _Turn.ENDING if said is Control.ENQ:  # they begin again: they did not hear our ACK
                self._wait(_Turn.ENDING, now)
                return [self._signal(Control.ACK)]
            case _:
                pass
        return []

    def _heard_while_bidding(self, said: Control, now: float) -> list[Step]:
        match said:
            case Control.ACK:
                return self._send(now)
            case Control.ENQ | Control.NAK:
                return self._fail("busy")
            case Control.EOT:
                return self._fail("ended")
            case _:
                return []

    def _heard_of_the_question(self, said: Control, now: float) -> list[Step]:
        match said:
            case Control.ACK:
                self._answer_by = now + self._answer_s
                self._listen()
                return [self._signal(Control.EOT), Accepted()]
            case Control.NAK:
                return self._refused(now)
            case Control.ENQ:  # of an answer, but to what? its ACK never came
                return self._fail("out_of_turn", "in_doubt")
            case Control.EOT:
                return self._fail("ended", "in_doubt")
            case _:
                return []

    def _refused(self, now: float) -> list[Step]:
        is_thrown_away = self.rules.nak_discards
        if (is_thrown_away or not self._moves_money) and self._sends < self.rules.sends_max:
            return self._send(now)
        effect: Effect = "nothing_sent" if is_thrown_away else "in_doubt"
        return [self._signal(Control.EOT), *self._fail("refused", effect)]

    def _not_acknowledged(self, now: float) -> list[Step]:
        """Silence proves nothing: the ACK may be what was lost."""
        if self._moves_money or self._sends >= self.rules.sends_max:
            return [self._signal(Control.EOT), *self._fail("no_ack", "in_doubt")]
        return self._send(now)

    # --- the answer --------------------------------------------------------------------------

    def _told(self, body: bytes, now: float) -> list[Step]:
        match self._turn:
            case _Turn.IDLE | _Turn.BIDDING | _Turn.ASKED | _Turn.LISTENING:
                return [Stale(body)]  # nobody gave them the word
            case _Turn.ENDING if body == self._held:
                self._wait(_Turn.ENDING, now)
                return [self._signal(Control.ACK)]  # they did not hear the first one
            case _Turn.ENDING:
                return self._fail("out_of_turn", "in_doubt")
            case _:
                self._held = body
                self._turn, self._deadline = _Turn.HOLDING, now + self.rules.quiet_s
                return [] if self.rules.quiet_s else self._receipt(now)

    def _disturbed(self, event: Event, now: float) -> list[Step]:
        """Something came right behind the answer: only the same again leaves it what it seemed to be."""
        if event != self._held:
            return self._damaged(now)
        self._deadline = now + self.rules.quiet_s
        return []

    def _receipt(self, now: float) -> list[Step]:
        self._wait(_Turn.ENDING, now)
        return [self._signal(Control.ACK)]

    def _believe(self) -> list[Step]:
        body, self._held, self._naks = self._held, b"", 0
        self._listen()
        return [Answer(body)]

    def _damaged(self, now: float) -> list[Step]:
        """Ask for the answer again: that asks nobody to act again."""
        if self._naks >= self.rules.naks_max:
            return [self._signal(Control.EOT), *self._fail("damaged", "in_doubt")]
        self._naks, self._held = self._naks + 1, b""
        self._wait(_Turn.RECEIVING, now)
        return [self._signal(Control.NAK)]

    # --- both --------------------------------------------------------------------------------

    def _wait(self, turn: _Turn, now: float) -> None:
        self._turn, self._deadline = turn, now + self.rules.signal_s

    def _listen(self) -> None:
        self._turn, self._deadline = _Turn.LISTENING, self._answer_by

    def _signal(self, said: Control) -> Write:
        return Write(self._framer.control(said))

    def _fail(self, why: Why, effect: Effect | None = None) -> list[Step]:
        effect = effect or ("in_doubt" if self._sends else "nothing_sent")
        self.finish()
        return [Failed(why, effect)]
