"""One message out and whatever comes back, in an envelope, watched by whoever asked to. Floor 7."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.errors import LinkClosedError, LinkTimeoutError
from posrefund.framing import Envelope

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.link import Link

__all__ = ["Line", "Tap"]

Tap = "Callable[[str, bytes], None]"
"""Called with ``"sent"`` or ``"received"`` and the whole message; it holds card data: mask it."""


class Line:
    """A link and the envelope this terminal uses on it.

    Args:
        link: To the host.
        envelope: TPDU and header of every request.
        tap: Sees every message; must not raise.

    Attributes:
        envelope: As given.
        received_in: TPDU and header of the last answer.
        set_aside: Takes an answer that came and was for another message, so that nothing is dropped.
    """

    def __init__(
        self, link: Link, envelope: Envelope, tap: Callable[[str, bytes], None] | None
    ) -> None:
        self._link = link
        self.envelope = envelope
        self.received_in = envelope
        self._tap = tap
        self.set_aside: Callable[[bytes, Envelope], object] = lambda _body, _envelope: None
        self._deadline = 0.0
        self.processing_request = 0
        """Header digit 6 of the last answer: what the host wants done next (3: sign in again)."""

    def open(self, timeout_s: float) -> None:
        """Connect afresh, so that no late answer of an earlier exchange can be read in this one.

        Raises:
            LinkOpenError: Nothing was sent.
        """
        self._link.open(timeout_s)

    def wrap(self, body: bytes) -> bytes:
        """Return the message that ``send`` would send for *body*."""
        return self.envelope.wrap(body)

    @staticmethod
    def within(seconds: float) -> float:
        """Return the moment *seconds* from now, for ``send``."""
        return time.monotonic() + seconds

    @closed
    def send(self, message: bytes, *, answer_s: float, by: float | None = None) -> None:
        """Send once; answers may come until *answer_s* from now.

        Args:
            message: In its envelope.
            answer_s: How long answers are waited for.
            by: The moment after which nothing may leave any more; None for what moves no money.

        Raises:
            LinkClosedError: ``effect`` says whether a byte may have left.
            FramingError: The message is too long for the frame; nothing was sent.
        """
        if by is not None and time.monotonic() > by:
            raise LinkClosedError("this process stood still too long", effect="nothing_sent")
        if self._tap:
            self._tap("sent", message)
        self._link.send(message)
        self._deadline = time.monotonic() + answer_s

    @closed
    def receive(self) -> bytes:
        """Return the body of the next answer.

        Raises:
            LinkTimeoutError: None before the deadline.
            LinkClosedError: The host hung up.
            FramingError: What came is no message.
        """
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise LinkTimeoutError("no answer in time")
        message = self._link.receive(left_s)
        if self._tap:
            self._tap("received", message)
        ours = self.envelope
        self.received_in, body = Envelope.unwrap(message, len(ours.tpdu), len(ours.header))
        self.processing_request = self.received_in.processing_request
        return body

    def close(self) -> None:
        """Hang up."""
        self._link.close()
