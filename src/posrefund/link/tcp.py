"""A link over TCP: connect, send whole frames, receive them against one deadline. Floor 5.

It never reconnects on its own and never repeats a byte. A line that the other side has closed is noticed
before the first byte is written, without writing (a half-open line accepts a write and loses it).
"""

from __future__ import annotations

import socket
import time
from collections import deque

from posrefund.closed import closed
from posrefund.errors import Effect, LinkClosedError, LinkOpenError, LinkTimeoutError
from posrefund.framing import LengthPrefixFramer, frame

__all__ = ["TCPLink"]

_READ_BYTES = 8192


class TCPLink:
    """Messages with a two-byte length over TCP.

    Args:
        host: Name or address.
        port: TCP port.

    Example:
        >>> from posrefund.link import TCPLink
        >>> TCPLink("127.0.0.1", 9).close()
    """

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None
        self._framer = LengthPrefixFramer()
        self._waiting: deque[bytes] = deque()

    def open(self, timeout_s: float) -> None:
        """Connect; a link that is open already is closed first.

        Raises:
            LinkOpenError: Refused, unreachable or too slow; nothing was sent.
        """
        self.close()
        try:
            self._socket = socket.create_connection(self._address, timeout=timeout_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, UnicodeError, OverflowError) as error:  # the last two: no such address
            host, port = self._address
            why = _why(error) if isinstance(error, OSError) else "no address"
            raise LinkOpenError(f"no connection to {host}:{port}: {why}") from None

    @closed
    def send(self, message: bytes) -> None:
        """Send one message once.

        Raises:
            LinkClosedError: ``effect`` is ``"nothing_sent"`` only if no byte was taken.
        """
        line = self._line()
        data = memoryview(frame(message))
        if self._peer_has_closed(line):
            raise LinkClosedError("the host closed the line", effect="nothing_sent")
        sent_bytes = 0
        try:
            while sent_bytes < len(data):
                sent_bytes += line.send(data[sent_bytes:])
        except OSError as error:
            effect: Effect = "in_doubt" if sent_bytes else "nothing_sent"
            raise LinkClosedError(f"sending failed: {_why(error)}", effect=effect) from None

    @closed
    def receive(self, timeout_s: float) -> bytes:
        """Return the next message; the deadline is for all of it, however it trickles in.

        Raises:
            LinkTimeoutError: None came in time.
            LinkClosedError: The host closed the line before a whole message.
            FramingError: What came is no frame.
        """
        line = self._line(effect="in_doubt")
        deadline = time.monotonic() + timeout_s
        while not self._waiting:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise LinkTimeoutError("no answer in time")
            line.settimeout(left_s)
            self._waiting.extend(self._framer.feed(_read(line)))
        return self._waiting.popleft()

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._framer = LengthPrefixFramer()
        self._waiting.clear()

    def _line(self, effect: Effect = "nothing_sent") -> socket.socket:
        if self._socket is None:
            raise LinkClosedError("the link is not open", effect=effect)
        return self._socket

    def _peer_has_closed(self, line: socket.socket) -> bool:
        """Look without writing and without waiting."""
        timeout_s = line.gettimeout()
        line.settimeout(0)
        try:
            return line.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            line.settimeout(timeout_s)


def _read(line: socket.socket) -> bytes:
    try:
        chunk = line.recv(_READ_BYTES)
    except TimeoutError:
        raise LinkTimeoutError("no answer in time") from None
    except OSError as error:
        raise LinkClosedError(f"receiving failed: {_why(error)}", effect="in_doubt") from None
    if not chunk:
        raise LinkClosedError("the host closed the line without an answer", effect="in_doubt")
    return chunk


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__
