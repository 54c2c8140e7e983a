"""Whole messages over a stream: a ``Link`` made of any stream and any framing. Floor 5.

A line that the other side has closed is noticed before the first byte is written, without writing (a
half-open line accepts a write and loses it). The only thing that is written unasked is the answer to a keep-alive.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.errors import FramingError, LinkClosedError, LinkTimeoutError
from posrefund.framing import Damaged, LengthPrefixFramer
from posrefund.link.tcp import TCPStream
from posrefund.link.tls import TLSSettings, TLSStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.framing import Event, Framer
    from posrefund.link.stream import Stream

__all__ = ["StreamLink", "TCPLink", "TLSLink"]

_SEND_S = 10.0
"""A message is a few hundred bytes: a line that does not take it in this time takes nothing."""
_LOOKS_MAX = 64
"""A line that never falls silent is not idle."""


class StreamLink:
    r"""Messages over *stream*.

    Of a serial framing only whole frames are messages: a damaged one is a ``FramingError``, and a control byte
    is passed over, for nobody here answers it. Where the framing tells of keep-alives (``LengthPrefix`` with
    ``keep_alive="tell"``) each is answered with the same.

    Args:
        stream: To the host or the device.
        framer: Makes the framer of each conversation; two bytes of length, if left out.

    Example:
        >>> from posrefund.framing import LengthPrefix, LengthPrefixFramer
        >>> from posrefund.link import SerialStream, StreamLink
        >>> digits = LengthPrefix(size=4, encoding="ascii")
        >>> port = SerialStream("/dev/ttyUSB0", baud=9600)
        >>> StreamLink(port, lambda: LengthPrefixFramer(digits)).name
        '/dev/ttyUSB0'
    """

    def __init__(self, stream: Stream, framer: Callable[[], Framer] = LengthPrefixFramer) -> None:
        self._stream = stream
        self._make_framer = framer
        self._framer = framer()
        self._waiting: deque[bytes | Damaged] = deque()
        self._is_echo_due = False

    @property
    def name(self) -> str:
        """What the stream leads to."""
        return self._stream.name

    def open(self, timeout_s: float) -> None:
        """Connect; a link that is open already is closed first.

        Raises:
            LinkOpenError: It did not work, and why; nothing was sent.
        """
        self.close()
        self._stream.open(timeout_s)

    @closed
    def send(self, message: bytes) -> None:
        """Send one message once.

        Raises:
            LinkClosedError: ``effect`` is ``"nothing_sent"`` only if no byte was taken.
            FramingError: It does not fit a frame; nothing was sent.
        """
        if self._stream.peer_closed():
            raise LinkClosedError("the host closed the line", effect="nothing_sent")
        self._stream.write(self._framer.frame(message), time.monotonic() + _SEND_S)

    @closed
    def receive(self, timeout_s: float) -> bytes:
        """Return the next message; the deadline is for all of it, however it trickles in.

        Raises:
            LinkTimeoutError: None came in time.
            LinkClosedError: The host closed the line before a whole message.
            FramingError: What came is no frame.
        """
        deadline = time.monotonic() + timeout_s
        while not self._waiting:
            self._read(deadline)
            if not self._waiting and time.monotonic() >= deadline:  # however much it chatters
                raise LinkTimeoutError("no answer in time")
        event = self._waiting.popleft()
        if isinstance(event, Damaged):
            raise FramingError("a whole frame", offset_bytes=event.offset_bytes)
        return event

    def look(self) -> tuple[bool, bool]:
        """Look, without waiting, at a line that lies idle; keep-alives are answered and are nothing.

        Returns:
            Whether the other side has closed it (or it broke), and whether something has come that was not read.
        """
        try:
            if self._stream.peer_closed():
                return True, False
            for _ in range(_LOOKS_MAX):
                if not self._read(0.0):
                    return False, bool(self._waiting or self._framer.pending_bytes)
        except LinkClosedError:
            return True, False
        except FramingError:
            pass
        return False, True

    def keep_alive(self) -> bool:
        """Send a frame of nothing; return False if the framing has none. Not while a question is open.

        Raises:
            LinkClosedError: The line is closed or did not take it.
        """
        try:
            nothing = self._framer.frame(b"")
        except FramingError:
            return False
        self._stream.write(nothing, time.monotonic() + _SEND_S)
        self._is_echo_due = True
        return True

    def cancel(self) -> None:
        """End the conversation from any thread; it stays ended until the link is opened again."""
        self._stream.cancel()

    def close(self) -> None:
        """Hang up."""
        self._stream.close()
        self._framer = self._make_framer()
        self._waiting.clear()
        self._is_echo_due = False

    def _read(self, deadline: float) -> bool:
        """Take what comes until *deadline*; return whether anything did."""
        chunk = self._stream.read_some(deadline)
        for event in self._framer.feed(chunk):
            self._take(event)
        return bool(chunk)

    def _take(self, event: Event) -> None:
        if event == b"":
            self._answer_keep_alive()
        elif isinstance(event, bytes | Damaged):
            self._waiting.append(event)

    def _answer_keep_alive(self) -> None:
        if self._is_echo_due:  # it is the echo of ours; echoes of echoes would never end
            self._is_echo_due = False
            return
        try:
            self._stream.write(self._framer.frame(b""), time.monotonic() + _SEND_S)
        except LinkClosedError as error:  # says nothing about the message before it
            raise LinkClosedError(error.reason, effect="in_doubt") from None


class TCPLink(StreamLink):
    """Messages over TCP.

    Args:
        host: Name or address.
        port: TCP port.
        framer: Makes the framer of each conversation; two bytes of length, if left out.

    Example:
        >>> from posrefund.link import TCPLink
        >>> TCPLink("127.0.0.1", 9).close()
    """

    def __init__(
        self, host: str, port: int, *, framer: Callable[[], Framer] = LengthPrefixFramer
    ) -> None:
        super().__init__(TCPStream(host, port), framer)


class TLSLink(StreamLink):
    """Messages over TLS.

    Args:
        host: Name or address; its certificate has to show it, unless *settings* names another.
        port: TCP port.
        settings: Whom to trust; the CAs of the system, if left out.
        framer: Makes the framer of each conversation; two bytes of length, if left out.

    Raises:
        ConfigError: A file of *settings* cannot be read or is not what it should be.

    Example:
        >>> from posrefund.link import TLSLink
        >>> TLSLink("pos.acquirer.example", 8583).close()
    """

    def __init__(
        self,
        host: str,
        port: int,
        settings: TLSSettings | None = None,
        *,
        framer: Callable[[], Framer] = LengthPrefixFramer,
    ) -> None:
        inner = TCPStream(host, port)
        super().__init__(TLSStream(inner, settings or TLSSettings(), server_name=host), framer)
