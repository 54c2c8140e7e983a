"""Whole messages over a stream: a ``Link`` made of any stream and a framer. Floor 5.

A line that the other side has closed is noticed before the first byte is written, without writing (a
half-open line accepts a write and loses it).
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.errors import LinkClosedError, LinkTimeoutError
from posrefund.framing import LengthPrefixFramer, frame
from posrefund.link.tcp import TCPStream
from posrefund.link.tls import TLSSettings, TLSStream

if TYPE_CHECKING:
    from posrefund.link.stream import Stream

__all__ = ["StreamLink", "TCPLink", "TLSLink"]

_SEND_S = 10.0
"""A message is a few hundred bytes: a line that does not take it in this time takes nothing."""


class StreamLink:
    """Messages with a two-byte length over *stream*.

    Args:
        stream: To the host or the device.

    Example:
        >>> from posrefund.link import SerialStream, StreamLink
        >>> StreamLink(SerialStream("/dev/ttyUSB0", baud=9600)).close()
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._framer = LengthPrefixFramer()
        self._waiting: deque[bytes] = deque()

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
        self._stream.write(frame(message), time.monotonic() + _SEND_S)

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
            chunk = self._stream.read_some(deadline)
            self._waiting.extend(self._framer.feed(chunk))
            if not self._waiting and time.monotonic() >= deadline:  # however much it chatters
                raise LinkTimeoutError("no answer in time")
        return self._waiting.popleft()

    def cancel(self) -> None:
        """End the conversation from any thread; it stays ended until the link is opened again."""
        self._stream.cancel()

    def close(self) -> None:
        """Hang up."""
        self._stream.close()
        self._framer = LengthPrefixFramer()
        self._waiting.clear()


class TCPLink(StreamLink):
    """Messages with a two-byte length over TCP.

    Args:
        host: Name or address.
        port: TCP port.

    Example:
        >>> from posrefund.link import TCPLink
        >>> TCPLink("127.0.0.1", 9).close()
    """

    def __init__(self, host: str, port: int) -> None:
        super().__init__(TCPStream(host, port))


class TLSLink(StreamLink):
    """Messages with a two-byte length over TLS.

    Args:
        host: Name or address; its certificate has to show it, unless *settings* names another.
        port: TCP port.
        settings: Whom to trust; the CAs of the system, if left out.

    Raises:
        ConfigError: A file of *settings* cannot be read or is not what it should be.

    Example:
        >>> from posrefund.link import TLSLink
        >>> TLSLink("pos.acquirer.example", 8583).close()
    """

    def __init__(self, host: str, port: int, settings: TLSSettings | None = None) -> None:
        inner = TCPStream(host, port)
        super().__init__(TLSStream(inner, settings or TLSSettings(), server_name=host))
