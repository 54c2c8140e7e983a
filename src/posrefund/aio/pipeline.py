"""Many open requests on one connection, and whose each answer is. Floor 8, but pure: no line, no clock.

An answer belongs to the one open request whose key it repeats: class of the MTI, terminal and STAN. It proves
nothing yet; the terminal judges it. What belongs to none is late or a stranger's, and is never dropped: the caller
hands it on. Nothing is ever sent again: a request leaves the machine answered, given up, or with what is known of
its first byte.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

from posrefund.closed import closed
from posrefund.errors import CodecError, FramingError, LinkClosedError
from posrefund.framing import Envelope

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.dialects import Dialect
    from posrefund.errors import Effect

__all__ = ["Key", "Matcher", "Pipeline", "Request", "acquirer_matcher"]

Key: TypeAlias = tuple[str, str, str]
"""Class of the MTI, DE41, DE11; the last is empty where a host leaves it out of an answer."""

_ANSWER_DIGIT = {"0": "1", "2": "3", "4": "5", "8": "9", "1": "1", "3": "3", "5": "5", "9": "9"}
"""Third digit of an MTI: that of its answer; an answer's own stays (ISO 8583:1987, message function)."""


class Matcher(Protocol):
    """Reads the key of a message, a request's or an answer's; None if it has none."""

    def __call__(self, message: bytes) -> Key | None:
        """Return the key of *message*."""


def acquirer_matcher(dialect: Dialect, envelope: Envelope | None = None) -> Matcher:
    """Return what reads keys of messages of *dialect*.

    Args:
        dialect: What the host speaks.
        envelope: TPDU and header, the dialect's if None.

    Example:
        >>> from posrefund.aio import acquirer_matcher
        >>> from posrefund.dialects import dialect
        >>> acquirer_matcher(dialect("unionpay"))(b"no message") is None
        True
    """
    ours = envelope or Envelope(dialect.tpdu, dialect.header)
    tpdu_bytes, header_bytes = len(ours.tpdu), len(ours.header)

    @closed
    def key(message: bytes) -> Key | None:
        try:
            fields = dialect.codec.decode(Envelope.unwrap(message, tpdu_bytes, header_bytes)[1])
        except (CodecError, FramingError):
            return None
        mti = fields["t"]
        digit = _ANSWER_DIGIT.get(mti[2])
        terminal = fields.get("41", "")
        return (f"{mti[:2]}{digit}", terminal, fields.get("11", "")) if digit and terminal else None

    return key


@dataclass(eq=False, slots=True)
class Request:
    """One open request.

    Attributes:
        key: What its answer has to repeat.
        framed: Its bytes, until they are written.
        asked_at: When it was handed over.
        answers: What came for it, oldest first.
        ended: Set when the connection is over: what is known of its first byte.
        wake: Called when something changes.
    """

    key: Key
    framed: bytes = field(repr=False)
    asked_at: float
    wake: Callable[[], None] = field(repr=False)
    answers: deque[bytes] = field(default_factory=deque, repr=False)
    ended: Effect | None = None

    @property
    def has_left(self) -> bool:
        """Whether a byte of it may have been written."""
        return not self.framed


class Pipeline:
    """What one connection carries at this moment; one for each connection.

    Args:
        matcher: Reads keys.
        open_max: More requests than this are not taken.

    Example:
        >>> from posrefund.aio import Pipeline
        >>> pipeline = Pipeline(lambda message: ("021", "12345678", message[-6:].decode()))
        >>> request = pipeline.ask(b"..000001", b"framed", 100.0, lambda: None)
        >>> pipeline.next_to_write() is request, pipeline.received(b"late: 000009"), pipeline.oldest_s(103.5)
        (True, None, 3.5)
        >>> pipeline.take_bytes(), pipeline.received(b"yes: 000001") is request
        (b'framed', True)
    """

    def __init__(self, matcher: Matcher, open_max: int = 10_000) -> None:
        self._matcher, self._open_max = matcher, open_max
        self._open: dict[Key, Request] = {}
        self._unwritten: deque[Request] = deque()

    @closed
    def ask(self, message: bytes, framed: bytes, now: float, wake: Callable[[], None]) -> Request:
        """Take a request in; it waits to be written.

        Raises:
            LinkClosedError: It has no key, a request with the same is open, or too many are; nothing was sent.
        """
        key = self._matcher(message)
        if key is None or not key[2]:
            raise LinkClosedError("a request without a key of its own", effect="nothing_sent")
        if key in self._open:
            raise LinkClosedError("a request with the same key is open", effect="nothing_sent")
        if len(self._open) >= self._open_max:
            raise LinkClosedError("too many requests are open", effect="nothing_sent")
        request = self._open[key] = Request(key, framed, now, wake)
        self._unwritten.append(request)
        return request

    def next_to_write(self) -> Request | None:
        """Return the request whose bytes are next."""
        return self._unwritten[0] if self._unwritten else None

    def take_bytes(self) -> bytes:
        """Return the bytes of the next request; from here on it may have left."""
        request = self._unwritten.popleft()
        framed, request.framed = request.framed, b""
        request.wake()
        return framed

    @closed
    def received(self, message: bytes) -> Request | None:
        """Give *message* to the request that it answers and return that; None if it answers none that is open."""
        key = self._matcher(message)
        request = self._owner(key) if key is not None else None
        if request is None or not request.has_left:
            return None
        request.answers.append(message)
        request.wake()
        return request

    def give_up(self, request: Request) -> list[bytes]:
        """Nobody waits for *request* any more; return the answers that nobody took.

        It is not sent if it was not yet; what comes from now on is late.
        """
        if self._open.get(request.key) is request:
            del self._open[request.key]
        if not request.has_left and request in self._unwritten:
            self._unwritten.remove(request)
        unread = list(request.answers)
        request.answers.clear()
        return unread

    def lost(self) -> None:
        """The connection is over: each open request learns what is known of its first byte."""
        ended, self._open = self._open, {}
        self._unwritten.clear()
        for request in ended.values():
            request.ended = "in_doubt" if request.has_left else "nothing_sent"
            request.wake()

    def oldest_s(self, now: float) -> float:
        """Return for how long the oldest open request has been waiting; 0 if none is."""
        waiting = (now - each.asked_at for each in self._open.values() if not each.answers)
        return max(waiting, default=0.0)

    def __len__(self) -> int:
        return len(self._open)

    def _owner(self, key: Key) -> Request | None:
        kind, terminal, stan = key
        if stan:
            return self._open.get(key)
        fitting = [each for each in self._open.values() if each.key[:2] == (kind, terminal)]
        return fitting[0] if len(fitting) == 1 else None
