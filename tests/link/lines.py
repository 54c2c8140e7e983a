"""Every kind of line that the stream contract is tried on, with a plain far end that shares no code with ours."""

from __future__ import annotations

import contextlib
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import pytest

from link.certificates import CA
from posrefund.link import SerialStream, Stream, TCPStream, TLSSettings, TLSStream
from posrefund.testing import FaultyStream, PTYPair, RecordingStream, pipe

LONG_S = 60
"""Nothing that works waits for it; on a busy machine it is still not reached."""


def soon() -> float:
    return time.monotonic() + LONG_S


class Far(Protocol):
    """The other end of a line."""

    def send(self, data: bytes) -> None: ...
    def receive(self, size: int) -> bytes: ...
    def hang_up(self) -> None: ...


class SocketFar:
    def __init__(self, line: socket.socket) -> None:
        self.line = line
        line.settimeout(LONG_S)

    def send(self, data: bytes) -> None:
        self.line.sendall(data)

    def receive(self, size: int) -> bytes:
        found = b""
        while len(found) < size and (chunk := self.line.recv(size - len(found))):
            found += chunk
        return found

    def hang_up(self) -> None:
        self.line.close()


class StreamFar:
    """For a pipe and for a pseudo terminal, whose other end is one of ours."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._ahead = b""

    def send(self, data: bytes) -> None:
        self.stream.write(data, soon())

    def receive(self, size: int) -> bytes:
        while len(self._ahead) < size and (chunk := self.stream.read_some(soon())):
            self._ahead += chunk
        found, self._ahead = self._ahead[:size], self._ahead[size:]
        return found

    def hang_up(self) -> None:
        self.stream.close()


class Line:
    """A stream under test and how its far end comes about.

    Attributes:
        hangs_up: The far end can close, and be told apart from silence.
        fills_up: A far end that does not read stops the writer, and the writer can say so.
        keeps_last_words: What was sent right before closing arrives.
    """

    hangs_up = fills_up = keeps_last_words = True

    def __init__(self, near: Stream, answer: Callable[[], Far]) -> None:
        self.near = near
        self._answer = answer
        self._fars: list[Far] = []

    def dial(self) -> Far:
        with ThreadPoolExecutor(1) as other:
            answered = other.submit(self._answer)
            self.near.open(LONG_S)
            far = answered.result()
        self._fars.append(far)
        return far

    def end(self) -> None:
        self.near.close()
        for far in self._fars:
            far.hang_up()


@contextlib.contextmanager
def _listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LONG_S)
        yield server


@contextlib.contextmanager
def tcp_line(_: Path) -> Iterator[Line]:
    with _listener() as server:
        near = TCPStream("127.0.0.1", server.getsockname()[1])
        yield Line(near, lambda: SocketFar(server.accept()[0]))


@contextlib.contextmanager
def _tls_line(folder: Path, newest: ssl.TLSVersion) -> Iterator[Line]:
    ca = CA(folder)
    context = ca.issue("127.0.0.1").server_context()
    context.maximum_version = newest
    with _listener() as server:
        inner = TCPStream("127.0.0.1", server.getsockname()[1])
        near = TLSStream(inner, TLSSettings(ca=ca.file), server_name="127.0.0.1")
        yield Line(
            near, lambda: SocketFar(context.wrap_socket(server.accept()[0], server_side=True))
        )


def tls12_line(folder: Path) -> contextlib.AbstractContextManager[Line]:
    return _tls_line(folder, ssl.TLSVersion.TLSv1_2)


def tls13_line(folder: Path) -> contextlib.AbstractContextManager[Line]:
    return _tls_line(folder, ssl.TLSVersion.TLSv1_3)


@contextlib.contextmanager
def pipe_line(_: Path) -> Iterator[Line]:
    near, far = pipe()
    yield Line(near, lambda: _opened(far))


def _opened(stream: Stream) -> StreamFar:
    stream.open(LONG_S)
    return StreamFar(stream)


@contextlib.contextmanager
def faulty_line(folder: Path) -> Iterator[Line]:
    with pipe_line(folder) as line:
        line.near = FaultyStream(line.near)
        yield line


@contextlib.contextmanager
def recording_line(folder: Path) -> Iterator[Line]:
    with tcp_line(folder) as line:
        line.near = RecordingStream(line.near)
        yield line


@contextlib.contextmanager
def pty_line(_: Path) -> Iterator[Line]:
    pytest.importorskip("pty", reason="this system has no pseudo terminals")
    with PTYPair() as pair:
        line = Line(SerialStream(pair.port), lambda: StreamFar(pair.device))
        line.keeps_last_words = False  # a plug that is pulled takes them along
        yield line


@contextlib.contextmanager
def socket_url_line(_: Path) -> Iterator[Line]:
    with _listener() as server:
        near = SerialStream(f"socket://127.0.0.1:{server.getsockname()[1]}")
        yield Line(near, lambda: SocketFar(server.accept()[0]))


@contextlib.contextmanager
def loop_url_line(_: Path) -> Iterator[Line]:
    near = SerialStream("loop://", baud=921_600)
    line = Line(near, lambda: Echo(near))
    line.hangs_up = line.fills_up = False
    yield line


class Echo:
    """``loop://`` has no far end: what is written comes back."""

    def __init__(self, near: Stream) -> None:
        self._near = near

    def send(self, data: bytes) -> None:
        self._near.write(data, soon())

    def receive(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            found += self._near.read_some(soon())
        return found

    def hang_up(self) -> None:
        pass


@contextlib.contextmanager
def rfc2217_line(_: Path) -> Iterator[Line]:
    with _listener() as server:
        near = SerialStream(f"rfc2217://127.0.0.1:{server.getsockname()[1]}")
        line = Line(near, lambda: RemotePort(server.accept()[0]))
        # pyserial's client knows no time limit for a write, and forgets what it has read when the line goes.
        line.fills_up = line.keeps_last_words = False
        yield line


class RemotePort:
    """A serial server: pyserial's own side of RFC 2217, before a port that is not there."""

    def __init__(self, line: socket.socket) -> None:
        import serial
        import serial.rfc2217

        self._line = line
        self._sending = threading.Lock()
        self._came: queue.Queue[bytes] = queue.Queue()
        port = serial.serial_for_url("loop://")
        self._manager = serial.rfc2217.PortManager(port, self)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """What the port manager answers with."""
        with self._sending, contextlib.suppress(OSError):
            self._line.sendall(data)

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._line.recv(4096):
                for byte in self._manager.filter(data):
                    self._came.put(byte)

    def send(self, data: bytes) -> None:
        self.write(b"".join(self._manager.escape(data)))

    def receive(self, size: int) -> bytes:
        return b"".join(self._came.get(timeout=LONG_S) for _ in range(size))

    def hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join(LONG_S)
        self._line.close()


LINES: dict[str, Callable[[Path], contextlib.AbstractContextManager[Line]]] = {
    "pipe": pipe_line,
    "tcp": tcp_line,
    "tls-1.2": tls12_line,
    "tls-1.3": tls13_line,
    "pty": pty_line,
    "socket-url": socket_url_line,
    "loop-url": loop_url_line,
    "rfc2217-url": rfc2217_line,
    "faulty": faulty_line,
    "recording": recording_line,
}
