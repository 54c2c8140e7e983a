"""Bytes over TCP. Floor 5."""

from __future__ import annotations

import socket

from posrefund.errors import LinkOpenError
from posrefund.link._sockets import SocketStream
from posrefund.link.waiting import why

__all__ = ["TCPStream"]


class TCPStream(SocketStream):
    """A TCP connection; nothing is held back for more (``TCP_NODELAY``).

    Looking up a name is bounded by the system, not by the time given to ``open``.

    Args:
        host: Name or address.
        port: TCP port.

    Example:
        >>> from posrefund.link import TCPStream
        >>> TCPStream("127.0.0.1", 9).name
        '127.0.0.1:9'
    """

    def __init__(self, host: str, port: int) -> None:
        super().__init__()
        self._address = (host, port)

    @property
    def name(self) -> str:
        """Host and port."""
        host, port = self._address
        return f"{host}:{port}"

    def _connect(self, timeout_s: float) -> None:
        try:
            self._socket = socket.create_connection(self._address, timeout=timeout_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.settimeout(0)
        except (OSError, ValueError, OverflowError) as error:  # the last two: no such address
            self._free()
            reason = why(error) if isinstance(error, OSError) else "no address"
            raise LinkOpenError(f"no connection to {self.name}: {reason}") from None
