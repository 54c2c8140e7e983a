"""What a self-check says of the host, over real sockets: a dead port, a black hole and a slow one are three things."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from posrefund.engine.selfcheck import SelfCheckPolicy
from posrefund.link import TCPLink
from shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = SelfCheckPolicy(connect_s=0.3, answer_s=0.3, space_low_bytes=1, space_full_bytes=1)


def of_host(shop: Shop, port: int, policy: SelfCheckPolicy = QUICK) -> tuple[str, str]:
    """Verdict and reason of the host check with a terminal that dials *port*."""
    shop.terminal.close()
    shop.other_link, shop.checks = TCPLink("127.0.0.1", port), policy
    with shop.open() as terminal:
        report = terminal.selfcheck()
    host = report.check("host")
    assert report.failing == ((host.code,) if host.reason else ())
    return host.verdict, host.reason


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@contextmanager
def answering(shop: Shop, after_s: float) -> Iterator[int]:
    """Serve one connection of the shop's host, each answer so much later."""

    def serve(server: socket.socket) -> None:
        line, _ = server.accept()
        with line:
            length = int.from_bytes(line.recv(2, socket.MSG_WAITALL), "big")
            delivery = shop.host.respond(line.recv(length, socket.MSG_WAITALL))
            time.sleep(after_s)
            for reply in delivery.replies:
                line.sendall(len(reply).to_bytes(2, "big") + reply)
            line.recv(1)

    with listening() as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_a_dead_port_refuses(shop: Shop) -> None:
    with listening() as server:
        port = server.getsockname()[1]

    assert of_host(shop, port) == ("block", "refused")


def test_a_host_that_takes_everything_and_says_nothing_is_a_black_hole(shop: Shop) -> None:
    with listening() as server:  # the system accepts for it
        assert of_host(shop, server.getsockname()[1]) == ("block", "black_hole")


def test_an_address_that_swallows_calls_is_a_black_hole(shop: Shop) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        address = server.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for line in waiting:  # its queue is full: what comes now is dropped
            line.setblocking(False)
            line.connect_ex(address)
        try:
            assert of_host(shop, address[1]) == ("block", "black_hole")
        finally:
            for line in waiting:
                line.close()


def test_a_host_that_answers_late_is_slow(shop: Shop) -> None:
    policy = SelfCheckPolicy(
        connect_s=5, answer_s=30, answer_slow_ms=200, space_low_bytes=1, space_full_bytes=1
    )
    with answering(shop, 0.25) as port:
        assert of_host(shop, port, policy) == ("warn", "slow")


def test_a_host_that_answers_soon_is_well(shop: Shop) -> None:
    policy = SelfCheckPolicy(
        connect_s=5, answer_s=30, answer_slow_ms=30_000, space_low_bytes=1, space_full_bytes=1
    )
    with answering(shop, 0) as port:
        assert of_host(shop, port, policy) == ("ok", "")


def test_a_host_that_hangs_up_refuses_or_mumbles(checked: Shop) -> None:
    checked.fault("close_before_reply", mti="0820")
    assert checked.terminal.selfcheck().failing == ("host.hung_up",)
    checked.link.on_reply = lambda reply: reply[:20]
    assert checked.terminal.selfcheck().failing == ("host.garbled",)
    checked.link.on_reply = None
    checked.fault("code", mti="0820", code="97")
    assert checked.terminal.selfcheck().failing == ("host.said_no",)
