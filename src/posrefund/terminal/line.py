"""What a procedure does on the line, as steps that somebody else performs. Floor 7.

A procedure is a generator: it yields steps, is given what came of each, and returns its result. It never
touches a link, so that one and the same procedure runs in a thread (``Terminal``) and in asyncio (``posrefund.aio``).
What a step raises is raised where it was yielded.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from posrefund.closed import closed
from posrefund.errors import LinkClosedError, LinkTimeoutError
from posrefund.framing import Envelope

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Close", "Line", "Open", "Receive", "Send", "Step", "Steps", "Tap"]

_Result = TypeVar("_Result")

Tap = "Callable[[str, bytes], None]"
"""Called with ``"sent"`` or ``"received"`` and the whole message; it holds card data: mask it."""


@dataclass(frozen=True, slots=True)
class Open:
    """Connect; what an earlier exchange left on the line is gone.

    Attributes:
        timeout_s: How long that may take.
    """

    timeout_s: float


@dataclass(frozen=True, slots=True)
class Send:
    """Send once.

    Attributes:
        message: In its envelope.
        by: The moment after which nothing may leave any more; None for what moves no money.
    """

    message: bytes = field(repr=False)
    by: float | None = None

    def check(self) -> None:
        """Look at the clock, with nothing between this and the write that could take long.

        Raises:
            LinkClosedError: Too late; nothing was sent.
        """
        if self.by is not None and time.monotonic() > self.by:
            raise LinkClosedError("this process stood still too long", effect="nothing_sent")


@dataclass(frozen=True, slots=True)
class Receive:
    """Wait for the next message.

    Attributes:
        deadline: Until when, as ``time.monotonic()`` has it.
    """

    deadline: float

    def left_s(self) -> float:
        """Return how long is left.

        Raises:
            LinkTimeoutError: Nothing.
        """
        left_s = self.deadline - time.monotonic()
        if left_s <= 0:
            raise LinkTimeoutError("no answer in time")
        return left_s


@dataclass(frozen=True, slots=True)
class Close:
    """Hang up."""


Step: TypeAlias = Open | Send | Receive | Close
Steps: TypeAlias = Generator[Step, bytes | None, _Result]
"""A procedure; only ``Receive`` is answered with a message."""


class Line:
    """The steps of one terminal, and the envelope that it uses.

    Args:
        envelope: TPDU and header of every request.
        tap: Sees every message; must not raise.

    Attributes:
        envelope: As given.
        received_in: TPDU and header of the last answer.
        set_aside: Takes an answer that came and was for another message, so that nothing is dropped.
    """

    def __init__(self, envelope: Envelope, tap: Callable[[str, bytes], None] | None) -> None:
        self.envelope = envelope
        self.received_in = envelope
        self._tap = tap
        self.set_aside: Callable[[bytes, Envelope], object] = lambda _body, _envelope: None
        self._deadline = 0.0
        self.open_s = self.answer_s = 0.0
        """How long the last opening and the last wait for an answer took."""
        self._sent_at = 0.0
        self.asked: list[int] = []
        """Header digit 6 of answers that were ours: what the host wants done next (3: sign in again)."""

    def open(self, timeout_s: float) -> Steps[None]:
        """Connect afresh, so that no late answer of an earlier exchange can be read in this one.

        Raises:
            LinkOpenError: Nothing was sent.
        """
        began = time.monotonic()
        yield Open(timeout_s)
        self.open_s = time.monotonic() - began

    def wrap(self, body: bytes) -> bytes:
        """Return the message that ``send`` would send for *body*."""
        return self.envelope.wrap(body)

    @staticmethod
    def within(seconds: float) -> float:
        """Return the moment *seconds* from now, for ``send``."""
        return time.monotonic() + seconds

    @closed
    def send(self, message: bytes, *, answer_s: float, by: float | None = None) -> Steps[None]:
        """Send once; answers may come until *answer_s* from now.

        Args:
            message: In its envelope.
            answer_s: How long answers are waited for.
            by: The moment after which nothing may leave any more; None for what moves no money.

        Raises:
            LinkClosedError: ``effect`` says whether a byte may have left.
            FramingError: The message is too long for the frame; nothing was sent.
        """
        step = Send(message, by)
        step.check()
        if self._tap:
            self._tap("sent", message)
        yield step
        self._sent_at = time.monotonic()
        self._deadline = self._sent_at + answer_s

    @closed
    def receive(self) -> Steps[bytes]:
        """Return the body of the next answer.

        Raises:
            LinkTimeoutError: None before the deadline.
            LinkClosedError: The host hung up.
            FramingError: What came is no message.
        """
        message = yield Receive(self._deadline)
        self.answer_s = time.monotonic() - self._sent_at
        assert message is not None, "what answers this step"
        if self._tap:
            self._tap("received", message)
        ours = self.envelope
        self.received_in, body = Envelope.unwrap(message, len(ours.tpdu), len(ours.header))
        return body

    def heed(self) -> None:
        """Keep what the header of the last answer asks for: it is an answer to us."""
        asked = self.received_in.processing_request
        if asked and asked not in self.asked:
            self.asked.append(asked)

    def hung_up_after(self, talk: Steps[_Result]) -> Steps[_Result]:
        """Go through *talk* and hang up, however it ends.

        Where nobody performs steps any more (the generator is closed), whoever did hangs up.
        """
        try:
            result = yield from talk
        except GeneratorExit:
            raise
        except BaseException:
            yield Close()
            raise
        yield Close()
        return result
