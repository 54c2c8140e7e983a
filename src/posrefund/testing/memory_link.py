"""A link without a line: messages go straight to a host in the same process. Floor 10.

Time does not pass in it: an answer is there at once or never. What goes out and comes back can be
changed on the way, and power can fail at any point of it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from posrefund.closed import closed
from posrefund.errors import LinkClosedError, LinkOpenError, LinkTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Delivery", "MemoryLink"]


class Delivery(Protocol):
    """What a host gives back for one message; ``posrefund.emulators.host`` returns this."""

    @property
    def replies(self) -> Sequence[bytes]:
        """Messages, in order; none is silence."""

    @property
    def close(self) -> bool:
        """Whether the host hangs up afterwards."""


class MemoryLink:
    """Hands each message to *respond* and its replies to the caller.

    Attributes:
        sent: Every message that left, oldest first.
        on_reply: Changes a reply on the way; None leaves it alone.
        is_down: Refuse to open.
        cut_before_send: Fail the next send before a byte leaves.
        cut_after_send: Fail the next send after the host has received it all.

    Example:
        >>> from posrefund.testing import MemoryLink
        >>> MemoryLink.silent().sent
        []
    """

    def __init__(self, respond: Callable[[bytes], Delivery]) -> None:
        self._respond = respond
        self._waiting: deque[bytes] = deque()
        self._is_closed = False
        self.sent: list[bytes] = []
        self.on_reply: Callable[[bytes], bytes] | None = None
        self.is_down = False
        self.cut_before_send = False
        self.cut_after_send = False

    @classmethod
    def silent(cls) -> MemoryLink:
        """Return a link whose host never answers."""
        return cls(lambda _: _Silence())

    def open(self, timeout_s: float) -> None:
        """Begin a conversation.

        Raises:
            LinkOpenError: The link is down.
        """
        self.close()
        if self.is_down:
            raise LinkOpenError("the memory link is down")
        self._is_closed = False

    @closed
    def send(self, message: bytes) -> None:
        """Hand *message* to the host.

        Raises:
            LinkClosedError: As it was told to fail.
        """
        if self.cut_before_send:
            self.cut_before_send = False
            raise LinkClosedError("cut before the first byte", effect="nothing_sent")
        self.sent.append(message)
        delivery = self._respond(message)
        if self.cut_after_send:
            self.cut_after_send = False
            raise LinkClosedError("cut after the last byte", effect="in_doubt")
        self._waiting.extend(delivery.replies)
        self._is_closed = delivery.close

    @closed
    def receive(self, timeout_s: float) -> bytes:
        """Return the next reply.

        Raises:
            LinkTimeoutError: There is none.
            LinkClosedError: There is none, and the host hung up.
        """
        if self._waiting:
            reply = self._waiting.popleft()
            return self.on_reply(reply) if self.on_reply else reply
        if self._is_closed:
            raise LinkClosedError("the host closed the line without an answer", effect="in_doubt")
        raise LinkTimeoutError("no answer in time")

    def close(self) -> None:
        """End the conversation; what was not read is gone."""
        self._waiting.clear()


class _Silence:
    replies: Sequence[bytes] = ()
    close = False
