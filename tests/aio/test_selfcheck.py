"""A self-check in an event loop: the same report, the same words for a line that is dead, silent or gone."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from aio.far_end import FarEnd
from aio.tills import till
from posrefund.aio import AsyncTCPLink
from posrefund.engine.selfcheck import SelfCheck, SelfCheckPolicy
from posrefund.errors import LinkOpenError, RefusedError
from posrefund.link import HostLink, TCPLink
from shop import Shop, refund

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POLICY = SelfCheckPolicy(connect_s=0.3, answer_s=0.3, space_low_bytes=1, space_full_bytes=1)


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port whose queue is full: calls are dropped."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for line in waiting:
            line.setblocking(False)
            line.connect_ex(server.getsockname())
        yield server.getsockname()[1]
        for line in waiting:
            line.close()


def checked(shop: Shop, *addresses: tuple[str, int], threads: bool = False) -> SelfCheck:
    async def go() -> SelfCheck:
        with ThreadPoolExecutor(1) as pool:
            link = AsyncTCPLink(*addresses)
            async with till(
                shop, link, checks=POLICY, executor=pool if threads else None
            ) as terminal:
                return await terminal.selfcheck()

    shop.terminal.close()
    return asyncio.run(go())


def test_dead_and_silent_lines_have_the_words_they_have_in_a_thread(
    tmp_path: Path, closed_port: int, silent_port: int
) -> None:
    shop = Shop(tmp_path)

    assert checked(shop, ("127.0.0.1", closed_port)).failing == ("host.refused",)
    assert checked(shop, ("127.0.0.1", silent_port)).failing == ("host.black_hole",)
    both = checked(shop, ("127.0.0.1", closed_port), ("127.0.0.1", silent_port), threads=True)
    assert both.failing == ("host.unreachable",)  # each of them for another reason


def test_a_host_that_answers_and_a_refund_that_waits_for_the_check(tmp_path: Path) -> None:
    async def go() -> tuple[str, SelfCheck]:
        async with FarEnd(shop.host.respond) as far_end:
            link = AsyncTCPLink(far_end.address)
            relaxed = SelfCheckPolicy(space_low_bytes=1, space_full_bytes=1)
            async with till(shop, link, checks=relaxed) as terminal:
                with pytest.raises(RefusedError) as caught:
                    await terminal.refund(refund("R-1", "S-1", 100))
                return caught.value.code, await terminal.selfcheck()

    shop = Shop(tmp_path)
    shop.terminal.close()
    code, report = asyncio.run(go())

    assert code == "selfcheck_failed"
    assert report.failing == ()
    assert report.check("host").verdict == "ok"


def test_a_link_of_several_addresses_has_the_word_that_all_of_them_share(
    closed_port: int, silent_port: int
) -> None:
    def word(*ports: int) -> str:
        link = HostLink([TCPLink("127.0.0.1", port) for port in ports])
        with pytest.raises(LinkOpenError) as caught:
            link.open(0.4)
        return caught.value.why

    assert word(closed_port, closed_port) == "refused"
    assert word(silent_port) == "silent"
    assert word(closed_port, silent_port) == ""
