"""A listening port as a stream: each opening waits for the next caller. Floor 9."""

from __future__ import annotations

import selectors
import socket

from posrefund.errors import LinkOpenError
from posrefund.link._sockets import SocketStream

__all__ = ["ListeningStream"]


class ListeningStream(SocketStream):
    """The device's end of a TCP line; one caller at a time, the next waits. For the loopback.

    Args:
        address: Where to listen; port 0 takes a free one.

    Raises:
        OSError: The address cannot be used.
    """

    def __init__(self, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        super().__init__()
        self._listener = socket.create_server(address)
        self._listener.settimeout(0)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self._listener.getsockname()[:2]
        return str(host), int(port)

    @property
    def name(self) -> str:
        """``host:port`` of the listening port."""
        return "{}:{}".format(*self.address)

    def stop(self) -> None:
        """Hang up and listen no more; harmless when it has stopped already."""
        self.close()
        self._listener.close()

    def _connect(self, timeout_s: float) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._listener, selectors.EVENT_READ)
                called = selector.select(timeout_s)
            if not called:
                raise LinkOpenError("nobody called in time")
            self._socket = self._listener.accept()[0]
        except (OSError, ValueError):
            raise LinkOpenError("the port listens no more") from None
        self._socket.settimeout(0)
