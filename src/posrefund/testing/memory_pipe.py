"""Two streams that lead to each other without a port: one dials, the other takes the call. Floor 10."""

from __future__ import annotations

import contextlib
import queue
import socket  # noqa: TID251 — a pair of them, connected to each other and to nothing else

from posrefund.errors import LinkOpenError
from posrefund.link._sockets import SocketStream
from posrefund.link.waiting import why

__all__ = ["pipe"]


def pipe() -> tuple[SocketStream, SocketStream]:
    """Return the end that dials and the end that takes the call, both closed.

    Each ``open`` of the first is a new conversation; ``open`` of the second waits for it.

    Example:
        >>> from posrefund.testing import pipe
        >>> near, far = pipe()
        >>> near.open(1), far.open(1), near.write(b"ping", 0)
        (None, None, None)
        >>> far.read_some(0)
        b'ping'
        >>> near.close(), far.close()
        (None, None)
    """
    calls = _Calls()
    return _Dialling(calls), _Answering(calls)


class _Calls(queue.Queue[socket.socket]):
    """Calls that nobody has taken yet."""

    def hang_up(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self.get_nowait().close()


class _Dialling(SocketStream):
    name = "pipe"

    def __init__(self, calls: _Calls) -> None:
        super().__init__()
        self._calls = calls

    def _connect(self, timeout_s: float) -> None:
        self._calls.hang_up()
        try:
            self._socket, other = socket.socketpair()
        except OSError as error:
            raise LinkOpenError(f"no pipe: {why(error)}") from None
        self._socket.settimeout(0)
        self._calls.put(other)

    def _free(self) -> None:
        self._calls.hang_up()  # nobody took it
        super()._free()


class _Answering(SocketStream):
    name = "pipe"

    def __init__(self, calls: _Calls) -> None:
        super().__init__()
        self._calls = calls

    def _connect(self, timeout_s: float) -> None:
        try:
            self._socket = self._calls.get(timeout=timeout_s)
        except queue.Empty:
            raise LinkOpenError("nobody opened the other end of the pipe in time") from None
        self._socket.settimeout(0)
