"""The host on a real loopback port."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from emulators.host_peer import Fields, Peer, make_host
from posrefund.emulators.host import EmulatedHost, Fault, HostServer
from posrefund.framing import LengthPrefix

SIGN_IN = bytes.fromhex(
    "600003000060310031100308000020000000C00010000021"
    "3132333435363738313233343536373839303132333435"
    "0011000000010030"
)


@pytest.fixture
def server() -> Iterator[HostServer]:
    host, _ = make_host()
    with HostServer(host) as server:
        yield server


def connect(server: HostServer) -> socket.socket:
    return socket.create_connection(server.address, timeout=5)


def receive(line: socket.socket) -> bytes:
    """Return one whole frame without its length, or b"" if the host hung up."""
    prefix = _exactly(line, 2)
    return _exactly(line, int.from_bytes(prefix, "big")) if prefix else b""


def _exactly(line: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = line.recv(size - len(data))
        if not chunk:
            return b""
        data += chunk
    return data


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


class WirePeer(Peer):
    """A peer that talks through a socket instead of calling the core."""

    line: socket.socket

    def send(self, message: bytes) -> Fields:
        self.last_sent = message
        self.line.sendall(framed(message))
        return self.open(receive(self.line))


def wire_peer(host: EmulatedHost, line: socket.socket) -> WirePeer:
    peer = WirePeer(host)
    peer.line = line
    return peer


def test_many_messages_go_over_one_connection(server: HostServer) -> None:
    host = server.host
    with connect(server) as line:
        peer = wire_peer(host, line)
        peer.sign_in()
        sale = peer.sale(1_000)
        with server.lock:
            host.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]  # reason: HostTime
        assert [peer.refund(sale, 600)[39], peer.refund(sale, 600)[39]] == ["00", "61"]


def test_message_may_come_byte_by_byte_and_two_at_once(server: HostServer) -> None:
    silent = Peer(server.host)
    silent.sign_in()
    first = framed(silent.sealed("0200", silent.money_fields("22", 1, "6200000000000005")))
    second = framed(silent.sealed("0200", silent.money_fields("22", 2, "6200000000000005")))
    with connect(server) as line:
        for place in range(len(first)):
            line.sendall(first[place : place + 1])
        assert silent.open(receive(line))[4] == "000000000001"
        line.sendall(second + second)
        assert [silent.open(receive(line))[39] for _ in range(2)] == ["00", "94"]


def test_unreadable_message_ends_the_connection(server: HostServer) -> None:
    with connect(server) as line:
        line.sendall(framed(b"rubbish"))
        assert receive(line) == b""
    assert server.host.unreadable_count == 1


def test_length_that_is_too_large_ends_the_connection(server: HostServer) -> None:
    with connect(server) as line:
        line.sendall(b"\xff\xff")
        assert receive(line) == b""


@pytest.mark.parametrize(
    ("kind", "hangs_up"), [("close_before_reply", True), ("drop_reply", False)]
)
def test_lost_answer_ends_the_connection_or_not(
    server: HostServer,
    kind: str,
    hangs_up: bool,
) -> None:
    peer = Peer(server.host)
    peer.sign_in()
    server.host.faults.add(Fault(kind, mti="0200"))
    message = framed(peer.sealed("0200", peer.money_fields("22", 1, "6200000000000005")))
    with connect(server) as line:
        line.sendall(message)
        if not hangs_up:
            line.sendall(message)
            assert peer.open(receive(line))[39] == "94"
        else:
            assert receive(line) == b""
    assert len(server.host.ledger.entries()) == 1


def test_delayed_answer_comes_late(server: HostServer) -> None:
    server.host.faults.add(Fault("delay", mti="0800", seconds=0.03))
    started = time.monotonic()
    with connect(server) as line:
        assert wire_peer(server.host, line).sign_in()[39] == "00"
    assert time.monotonic() - started >= 0.03


def test_close_does_not_wait_for_a_delayed_answer() -> None:
    host, _ = make_host()
    host.faults.add(Fault("delay", mti="0800", seconds=60))
    server = HostServer(host)
    with connect(server) as line, connect(server) as idle:
        line.sendall(framed(SIGN_IN))
        while not host.log or len(server._peers) < 2:  # who still waits to be let in is reset
            threading.Event().wait(0.001)
        started = time.monotonic()
        server.close()
        assert time.monotonic() - started < 0.5
        assert receive(line) == b""
        assert receive(idle) == b""
    server.close()


def test_nothing_listens_after_close(server: HostServer) -> None:
    port = server.port
    server.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_peer_can_be_dropped_and_come_again(server: HostServer) -> None:
    with connect(server) as line:
        wire_peer(server.host, line).sign_in()
        server.drop_connections()
        assert receive(line) == b""
    with connect(server) as line:
        assert wire_peer(server.host, line).sign_in()[39] == "00"


def test_many_terminals_at_once_over_refund_nothing(server: HostServer) -> None:
    host = server.host
    peer = Peer(host)
    peer.sign_in()
    sale = peer.sale(1_000)
    host.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]  # reason: HostTime
    messages = [framed(peer.sealed("0220", peer.refund_fields(sale, 300))) for _ in range(8)]
    codes: list[str] = []

    def refund(message: bytes) -> None:
        with connect(server) as line:
            line.sendall(message)
            codes.append(peer.open(receive(line))[39])

    threads = [threading.Thread(target=refund, args=(message,)) for message in messages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["00"] * 3 + ["61"] * 5


def test_connections_beyond_the_bound_are_hung_up_on(
    server: HostServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("posrefund.emulators.host.server._CONNECTIONS_MAX", 1)
    with connect(server) as line:
        peer = wire_peer(server.host, line)
        peer.sign_in()
        with connect(server) as second:
            assert receive(second) == b""
        assert peer.sale()[39] == "00"


@pytest.mark.parametrize(
    ("prefix", "length", "trailer"),
    [
        (LengthPrefix(encoding="bcd"), lambda size: bytes.fromhex(f"{size:04d}"), b""),
        (LengthPrefix(size=4, encoding="ascii"), lambda size: b"%04d" % size, b""),
        (
            LengthPrefix(size=4, encoding="hex", counts_itself=True),
            lambda size: b"%04X" % (size + 4),
            b"",
        ),
        (LengthPrefix(trailer=b"\x03"), lambda size: bytes([0, size + 1]), b"\x03"),
        (LengthPrefix(size=4), lambda size: bytes([0, 0, 0, size]), b""),
    ],
    ids=["bcd", "ascii", "hex", "trailer", "four"],
)
def test_any_length_prefix_is_spoken(
    prefix: LengthPrefix, length: Callable[[int], bytes], trailer: bytes
) -> None:
    host, _ = make_host()
    with HostServer(host, prefix=prefix) as server, connect(server) as line:
        line.sendall(length(55) + SIGN_IN + trailer)
        answer = line.recv(4096)

    around = len(length(55)) + len(trailer)
    assert answer.startswith(length(len(answer) - around) + bytes.fromhex("6000000003"))
    assert answer.endswith(trailer)


def test_keep_alive_is_answered_with_the_same_where_the_prefix_tells() -> None:
    host, _ = make_host()
    tells = LengthPrefix(keep_alive="tell")
    with HostServer(host, prefix=tells) as server, connect(server) as line:
        line.sendall(b"\x00\x00")
        assert _exactly(line, 2) == b"\x00\x00"
        line.sendall(framed(SIGN_IN))
        assert receive(line)
