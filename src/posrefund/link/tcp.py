"""Bytes over TCP. Floor 5."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
from typing import Any

from posrefund.errors import LinkOpenError
from posrefund.link._sockets import SocketStream
from posrefund.link.opening import cannot_open, word_for
from posrefund.link.waiting import why

__all__ = ["TCPStream"]

_PORTS = 65_536
_UNDER_WAY = (0, errno.EINPROGRESS, errno.EWOULDBLOCK)


class TCPStream(SocketStream):
    """A TCP connection; nothing is held back for more (``TCP_NODELAY``).

    A name that stands for several addresses is tried at each of them, within the one time given to ``open``. Looking
    it up is bounded by the system alone.

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
        deadline = time.monotonic() + timeout_s
        reason, word = "no address", word_for(None)
        found = self._look_up()
        for place, (family, kind, protocol, _, address) in enumerate(found):
            share_s = max(0.0, deadline - time.monotonic()) / (len(found) - place)
            try:
                self._socket = socket.socket(family, kind, protocol)
                self._reach(self._socket, address, time.monotonic() + share_s)
            except OSError as error:
                self._free()
                reason, word = why(error), word_for(error)
            except BaseException:
                self._free()
                raise
            else:
                return
        raise cannot_open(f"no connection to {self.name}: {reason}", word)

    def _look_up(self) -> list[Any]:
        host, port = self._address
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise LinkOpenError(f"no connection to {self.name}: {why(error)}") from None
        except (ValueError, OverflowError):
            found = []
        return found if 0 < port < _PORTS else []  # some systems take the last sixteen bits of more

    def _reach(self, line: socket.socket, address: Any, deadline: float) -> None:
        """Connect without blocking, so that another thread can end it.

        Raises:
            OSError: It did not work.
            LinkClosedError: Somebody cancelled.
        """
        line.settimeout(0)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        code = line.connect_ex(address)
        if code in _UNDER_WAY:
            with self._open_door("nothing_sent") as door:
                if not door.wait(line.fileno(), selectors.EVENT_WRITE, deadline, "nothing_sent"):
                    raise TimeoutError(errno.ETIMEDOUT, "timed out")
            code = line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, _words(code))


def _words(code: int) -> str:
    table: dict[int, str] = getattr(socket, "errorTab", {})  # Windows has names of its own for them
    return table.get(code) or os.strerror(code)
