"""The host on a port that speaks TLS, to a client of the standard library."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulators.host_peer import make_host
from emulators.test_host_server import SIGN_IN, framed, receive
from link.certificates import CA
from posrefund.emulators.host import HostServer


@pytest.fixture
def ca(tmp_path: Path) -> CA:
    return CA(tmp_path)


@pytest.fixture
def server(ca: CA) -> Iterator[HostServer]:
    host, _ = make_host()
    with HostServer(host, tls=ca.issue("127.0.0.1").server_context()) as server:
        yield server


def connect(server: HostServer, ca: CA) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=ca.file)
    line = socket.create_connection(server.address, timeout=60)
    return context.wrap_socket(line, server_hostname="127.0.0.1")


def heard(line: socket.socket) -> bytes:
    """Return what comes until the other side hangs up, in whatever way."""
    found = b""
    with contextlib.suppress(OSError):
        while chunk := line.recv(4096):
            found += chunk
    return found


def test_messages_go_over_a_verified_connection(server: HostServer, ca: CA) -> None:
    with connect(server, ca) as line:
        for _ in range(2):
            line.sendall(framed(SIGN_IN))
            assert receive(line)[11:13].hex() == "0810"


def test_peer_without_tls_gets_nothing_and_the_next_one_is_served(
    server: HostServer, ca: CA
) -> None:
    with socket.create_connection(server.address, timeout=60) as plain:
        plain.sendall(framed(SIGN_IN))
        assert heard(plain)[:1] in (b"", b"\x15")  # nothing but an alert of TLS
    with connect(server, ca) as line:
        line.sendall(framed(SIGN_IN))
        assert receive(line)


def test_closing_ends_peers_in_the_middle_of_a_handshake_and_of_a_conversation(
    server: HostServer, ca: CA
) -> None:
    with (
        connect(server, ca) as line,
        socket.create_connection(server.address, timeout=60) as undecided,
    ):
        line.sendall(framed(SIGN_IN))
        assert receive(line)
        server.close()
        assert undecided.recv(1) == b""
        assert heard(line) == b""


def test_dropped_peer_may_come_again(server: HostServer, ca: CA) -> None:
    with connect(server, ca) as line:
        line.sendall(framed(SIGN_IN))
        assert receive(line)
        server.drop_connections()
    with connect(server, ca) as line:
        line.sendall(framed(SIGN_IN))
        assert receive(line)
