"""One device on one line: the loop that performs an exchange's steps on a stream. Floor 6.

The only place of this room that reads, writes or looks at the clock. After a failure the line is *spent*: it has to
be opened again, so that an answer still on its way cannot be taken for the next one's.
"""

from __future__ import annotations

import time
from collections import deque
from math import inf
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.errors import (
    DeviceBusyError,
    LinkClosedError,
    LinkTimeoutError,
    LocalProtocolError,
    PosRefundError,
    RemoteProtocolError,
)
from posrefund.exchanges import Accepted, Answer, Failed, Stale, Write
from posrefund.framing import Control, Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from posrefund.errors import Effect
    from posrefund.exchanges import Exchange, Step
    from posrefund.framing import Event, Framer
    from posrefund.link import Stream

__all__ = ["DeviceLine"]

_WRITE_S = 5.0
_UNASKED_EVENTS_MAX = 512
"""A device that only chatters is given up, though its line never falls silent."""

_WORDS = {
    "no_ack": "the device did not acknowledge in time",
    "no_answer": "the device did not answer in time",
    "refused": "the device did not take the question",
    "busy": "the device is busy",
    "ended": "the device ended the conversation",
    "damaged": "the device's answer came damaged, each time",
    "out_of_turn": "the device broke the order of the conversation",
}


@closed_class
class DeviceLine:
    """A stream, a framing and an exchange, put together.

    Args:
        stream: To the device.
        talk: Makes a framer and an exchange over it, for a fresh conversation.
        inter_byte_s: So long may a frame pause between two bytes before it is given up.

    Attributes:
        stale_bodies: How many answers came that were for nobody, since the line was made.
        damaged: How many times something came that was no frame.
    """

    def __init__(
        self,
        stream: Stream,
        talk: Callable[[], tuple[Framer, Exchange]],
        *,
        inter_byte_s: float = 0.2,
    ) -> None:
        self._stream = stream
        self._talk = talk
        self._inter_byte_s = inter_byte_s
        self._framer, self._exchange = talk()
        self._answers: deque[bytes] = deque()
        self._is_ready = self._is_accepted = self._has_left = False
        self._unasked_events = 0
        self._heard_at = 0.0
        self.stale_bodies = self.damaged = 0

    @property
    def name(self) -> str:
        """What the line leads to."""
        return self._stream.name

    def open(self, timeout_s: float) -> None:
        """Open the line afresh; what an older conversation left on it is gone.

        Raises:
            LinkOpenError: It did not work; nothing was sent.
        """
        self._is_ready = False
        self._stream.open(timeout_s)
        self._framer, self._exchange = self._talk()
        self._answers.clear()
        self._is_ready = True

    def ask(self, body: bytes, *, answer_s: float, moves_money: bool = False) -> None:
        """Send a question and return when the device says that it has it.

        Args:
            body: The question.
            answer_s: How long its first answer may take from then on.
            moves_money: Whether asking twice could move money twice.

        Raises:
            LocalProtocolError: The line is not open, or it is spent; nothing was sent.
            FramingError: No frame carries it, and nothing was sent; or what came is none.
            LinkClosedError: The line failed; ``effect`` says whether a byte may have left.
            LinkTimeoutError: The device did not say that it has it.
            RemoteProtocolError: It refused it; ``effect`` says whether it proved to have thrown it away.
            DeviceBusyError: It is busy; nothing was taken.
        """
        self._check_ready()
        self._is_accepted = self._has_left = False
        with _Spending(self):
            self._drop_stale()
            steps = self._exchange.ask(body, _now(), answer_s=answer_s, moves_money=moves_money)
            self._perform(steps)
            while not self._is_accepted:
                self._listen()

    def receive(self) -> bytes:
        """Return the next answer to the question.

        Raises:
            LocalProtocolError: The line is not open, or it is spent.
            LinkTimeoutError: None in time.
            LinkClosedError: The line failed.
            FramingError: What came is no frame, on a line where no next one can be found.
            RemoteProtocolError: What came could not be read, or was out of turn.
        """
        self._check_ready()
        with _Spending(self):
            while not self._answers:
                self._listen()
        return self._answers.popleft()

    def receive_within(self, seconds: float) -> bytes | None:
        """Return the next answer, or nothing after *seconds*; the answer's own time goes on meanwhile.

        For who has to look at something else from time to time. It raises what ``receive`` raises.
        """
        self._check_ready()
        moment = _now() + seconds
        with _Spending(self):
            while not self._answers and _now() < moment:
                self._listen(moment)
        return self._answers.popleft() if self._answers else None

    def perform(self, say: Callable[[float], Iterable[Step]]) -> None:
        """Let the exchange say something of its own kind in the middle of a conversation: an abort, say.

        Args:
            say: Takes the time and returns what to do; nothing in it is a question.

        Raises:
            LocalProtocolError: The line is not open, or it is spent.
            LinkClosedError: The line failed.
        """
        self._check_ready()
        with _Spending(self):
            self._perform(say(_now()))

    def wait_until(self, moment: float) -> None:
        """Wait for the next answer until then, a moment of ``time.monotonic()``."""
        self._exchange.wait_until(moment)

    def write(self, data: bytes) -> None:
        """Put bytes on the line that are no question: a control that this kind of device knows.

        Raises:
            LocalProtocolError: The line is not open, or it is spent.
            LinkClosedError: The line failed.
        """
        self._check_ready()
        with _Spending(self):
            self._stream.write(data, _now() + _WRITE_S)

    def control(self, deadline: float, wanted: Control | None = None) -> Control | None:
        """Return the next control byte between questions, whatever else comes meanwhile; None at the deadline.

        Args:
            deadline: A moment of ``time.monotonic()``.
            wanted: Pass over every other one.

        Raises:
            LocalProtocolError: The line is not open, or it is spent.
            LinkClosedError: The line failed.
            FramingError: What came is no frame.
        """
        self._check_ready()
        with _Spending(self):
            while True:
                said = [it for it in self._hear(deadline) if isinstance(it, Control)]
                found = next((it for it in said if wanted in (None, it)), None)
                if found is not None or _now() >= deadline:
                    return found

    def settle(self, quiet_s: float, deadline: float) -> None:
        """Pass over whatever comes between questions until it was silent for *quiet_s*, or until *deadline*.

        Raises:
            LocalProtocolError: The line is not open, or it is spent.
            LinkClosedError: The line failed.
        """
        self._check_ready()
        with _Spending(self):
            while self._stream.read_some(min(_now() + quiet_s, deadline)) and _now() < deadline:
                pass
            list(self._framer.end())

    def finish(self) -> None:
        """What was wanted is here: the line may be used for the next question."""
        self._exchange.finish()
        self._answers.clear()

    def spend(self) -> None:
        """Use this conversation no more: something about it is not what it should be."""
        self._is_ready = False
        self._exchange.finish()

    def cancel(self) -> None:
        """End the conversation from any thread."""
        self._stream.cancel()

    def close(self) -> None:
        """Hang up; harmless when it is closed already."""
        self.spend()
        self._stream.close()

    # --- inside ------------------------------------------------------------------------------

    def _check_ready(self) -> None:
        if not self._is_ready:
            raise LocalProtocolError(
                "the line to the device is not open, or has to be opened afresh"
            )

    def _drop_stale(self) -> None:
        """What is there before a question is nobody's answer."""
        self._unasked_events = 0
        while self._take(self._hear(0.0)):
            pass  # bounded: who sends without end is given up
        self._answers.clear()
        self._unasked_events = 0

    def _listen(self, moment: float = inf) -> None:
        """Wait for something to happen, until *moment* at the latest, and perform what follows from it."""
        deadline = self._exchange.deadline
        if deadline is None:
            raise LocalProtocolError("nothing was asked")
        if self._take(self._hear(min(deadline, moment))):
            return
        if (
            _now() >= deadline
        ):  # no time is left for what is unfinished: it is noise behind what is held
            self._take(self._framer.end())
        self._perform(self._exchange.deadline_passed(_now()))

    def _hear(self, deadline: float) -> list[Event]:
        """Return what came, or what silence between two bytes makes of it."""
        pause_ends = self._heard_at + self._inter_byte_s
        is_inside = self._framer.pending_bytes > 0
        try:
            chunk = self._stream.read_some(min(deadline, pause_ends) if is_inside else deadline)
        except LinkClosedError:
            completed = self._framer.end() if is_inside else ()
            if not completed:
                raise
            return list(completed)  # where nothing else ends a message, this does
        if chunk:
            self._heard_at = _now()
            return list(self._framer.feed(chunk))
        is_waiting = is_inside and _now() < pause_ends
        return [] if is_waiting else list(self._framer.end())

    def _take(self, events: Iterable[Event]) -> bool:
        """Let the exchange judge *events*; say whether there were any."""
        has_come = False
        for event in events:
            has_come = True
            self._count(event)
            self._perform(self._exchange.take(event, _now()))
        return has_come

    def _count(self, event: Event) -> None:
        self.damaged += isinstance(event, Damaged)
        self._unasked_events += 1
        if self._unasked_events > _UNASKED_EVENTS_MAX:
            raise RemoteProtocolError("the device sends without end")

    def _perform(self, steps: Iterable[Step]) -> None:
        for step in steps:
            match step:
                case Write(data, is_question):
                    self._write(data, is_question=is_question)
                case Accepted():
                    self._is_accepted = True
                case Answer(body):
                    self._unasked_events = 0
                    self._answers.append(body)
                case Stale():
                    self.stale_bodies += 1
                case Failed(why, effect):
                    self._has_left = effect == "in_doubt"
                    raise _failure(why)

    def _write(self, data: bytes, *, is_question: bool) -> None:
        if not is_question:
            self._stream.write(data, _now() + _WRITE_S)
            return
        had_left = self._has_left
        if self._stream.peer_closed():
            raise LinkClosedError("the device closed the line", effect="nothing_sent")
        self._has_left = True
        try:
            self._stream.write(data, _now() + _WRITE_S)
        except LinkClosedError as error:
            self._has_left = had_left or error.effect == "in_doubt"
            raise

    @property
    def effect(self) -> Effect:
        """What has to be believed of the last question if nothing else is known."""
        return "in_doubt" if self._has_left else "nothing_sent"


class _Spending:
    """Whatever leaves by an error leaves the line spent, and says whether the question may have left."""

    def __init__(self, line: DeviceLine) -> None:
        self._line = line

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> None:
        if kind is not None:
            self._line.spend()
        if isinstance(error, PosRefundError):
            error.effect = self._line.effect
            error.retry_is_safe = error.effect == "nothing_sent"


def _failure(why: str) -> PosRefundError:
    """Return the error of our tree that says it; its effect is set by who knows what has left."""
    text = _WORDS[why]
    match why:
        case "ended":
            return LinkClosedError(text, effect="in_doubt")
        case "busy":
            return DeviceBusyError(text)
        case "no_ack" | "no_answer":
            return LinkTimeoutError(text)
        case _:
            return RemoteProtocolError(text)


def _now() -> float:
    return time.monotonic()
