"""The loop of a task with threads beside it, TLS, and what people decide: nothing of it may lose a doubt."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from aio.gates import Gate, InProcess
from aio.tills import till
from link.certificates import CA
from posrefund.aio import AsyncTCPLink
from posrefund.aio.loop import run
from posrefund.emulators.host import AsyncHostServer
from posrefund.engine import Approved, InDoubt, NotSent
from posrefund.errors import RefusedError
from posrefund.link import TLSSettings
from posrefund.terminal.line import Close, Open
from shop import Shop, refund

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.terminal.line import Steps

WISH = refund("R-1", "S-1", 100)


def test_task_that_is_cancelled_while_a_thread_works_waits_for_it_and_leaves_a_doubt(
    shop: Shop,
) -> None:
    """The thread stands in the commit of the intent when the task is cancelled."""
    inside, go_on = threading.Event(), threading.Event()

    async def story() -> None:
        with ThreadPoolExecutor(2) as threads:
            terminal = till(shop, InProcess(shop.link), executor=threads)
            journal: Any = terminal.journal
            real = journal.commit

            def slow(actions: Any) -> None:
                real(actions)
                inside.set()
                assert go_on.wait(30)

            journal.commit = slow
            task = asyncio.create_task(terminal.refund(WISH))
            await asyncio.get_running_loop().run_in_executor(threads, inside.wait, 30)
            task.cancel()
            await asyncio.sleep(0)
            assert not task.done()
            go_on.set()
            with pytest.raises(asyncio.CancelledError):
                await task
            attempt = journal.attempt("R-1/1")
            assert (attempt.state, attempt.facts["reason"]) == ("IN_DOUBT", "interrupted")
            assert isinstance(await terminal.refund(WISH), InDoubt)
            await terminal.close()

    asyncio.run(story())
    assert shop.booked("refund") == []


def test_loop_that_ends_with_a_refund_under_way_leaves_a_doubt(shop: Shop) -> None:
    async def story() -> None:
        gate = Gate(InProcess(shop.link), "receive")
        terminal = till(shop, gate)
        shop.terminal = terminal  # type: ignore[assignment]  # reason: looked at below
        asyncio.get_running_loop().create_task(terminal.refund(WISH))
        await gate.reached.wait()

    asyncio.run(story())  # cancels what is left
    journal = shop.terminal.journal
    assert journal.attempt("R-1/1").facts["reason"] == "interrupted"
    journal.close()
    shop.terminal = shop.open()


def test_coroutine_that_nobody_awaits_any_more_ends_its_procedure() -> None:
    ended: list[str] = []

    class Link:
        async def open(self, timeout_s: float) -> None:
            await asyncio.sleep(0)

        def close(self) -> None:
            ended.append("hung up")

    def procedure() -> Steps[None]:
        try:
            yield Open(1.0)
            yield Close()
        finally:
            ended.append("over")

    link: Any = Link()
    coroutine = run(procedure(), link)
    coroutine.send(None)
    coroutine.close()
    assert ended == ["hung up", "over"]


def test_desk_lends_what_needs_no_line(shop: Shop) -> None:
    async def story() -> None:
        terminal = till(shop, InProcess(shop.link))
        assert await terminal.at_desk(lambda desk: desk.pending_approvals()) == []
        with pytest.raises(RefusedError):
            await terminal.at_desk(lambda desk: desk.withdraw("R-9", by="02"))
        assert isinstance(await terminal.refund(WISH), Approved)
        assert (await terminal.close_batch()).batch
        await terminal.sign_in()
        await terminal.resolve_doubts()
        await terminal.close()

    asyncio.run(story())


@pytest.mark.parametrize(("name", "outcome"), [("127.0.0.1", Approved), ("other.example", NotSent)])
def test_tls_is_verified_by_name(shop: Shop, tmp_path: Path, name: str, outcome: type) -> None:
    ca = CA(tmp_path)
    issued = ca.issue(name)

    async def story() -> None:
        async with AsyncHostServer(shop.host, tls=issued.server_context()) as server:
            settings = TLSSettings(ca=ca.file, pins=(issued.pin,))
            terminal = till(shop, AsyncTCPLink(server.address, tls=settings, keep_open_s=30))
            assert isinstance(await terminal.refund(WISH), outcome)
            await terminal.close()
            await asyncio.sleep(0.01)

    asyncio.run(story())
    assert shop.booked("refund") == ([100] if outcome is Approved else [])


def test_tls_with_another_pin_or_an_unknown_ca_sends_nothing(shop: Shop, tmp_path: Path) -> None:
    ca, other = CA(tmp_path), CA(tmp_path, "other")
    issued = ca.issue("127.0.0.1")

    async def story() -> None:
        async with AsyncHostServer(shop.host, tls=issued.server_context()) as server:
            for settings in (TLSSettings(ca=ca.file, pins=("0" * 64,)), TLSSettings(ca=other.file)):
                terminal = till(shop, AsyncTCPLink(server.address, tls=settings))
                assert isinstance(await terminal.refund(WISH), NotSent)
                await terminal.close()

    asyncio.run(story())
    assert shop.booked("refund") == []
