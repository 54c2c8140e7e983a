"""Bytes over a connected socket, whatever kind it is. Floor 5."""

from __future__ import annotations

import socket

from posrefund.link.waiting import READ_BYTES, WaitingStream

__all__ = ["SocketStream"]


class SocketStream(WaitingStream):
    """What TCP and the pipe of ``posrefund.testing`` have in common; connecting is their own."""

    def __init__(self) -> None:
        super().__init__()
        self._socket: socket.socket | None = None

    def _descriptor(self) -> int:
        return self._line().fileno()

    def _take(self) -> bytes | None:
        try:
            return self._line().recv(READ_BYTES)
        except BlockingIOError:
            return None

    def _give(self, data: memoryview) -> int:
        try:
            return self._line().send(data)
        except BlockingIOError:
            return 0

    def _line(self) -> socket.socket:
        assert self._socket is not None, "inside an open door"
        return self._socket

    def _free(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
