"""Terminals that a process keeps: opened in the background, lent, let go and opened again, each for itself."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from aio.tills import till
from posrefund.aio import AsyncTCPLink
from posrefund.emulators.host import AsyncHostServer
from posrefund.engine import Approved, InDoubt
from posrefund.errors import ConfigError, JournalWriteError, LocalProtocolError
from posrefund.gateway import TerminalElsewhereError, TerminalNotOpenError
from posrefund.gateway.chores import Chores
from posrefund.gateway.health import is_ready, readiness, terminals_data
from posrefund.gateway.kept import KeptTerminals, Pace
from shop import TERMINAL, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from posrefund.aio import AsyncTerminal
    from posrefund.terminal.desk import Desk

QUICK = Pace(elsewhere_s=0.01, failed_s=0.01, failed_most_s=0.02, standby_s=0.05)
IDLE = Chores(every_s=0.01, sign_in_s=0, resolve_s=0)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A sale S-1 of ¥128.00 on day 0; now it is 10:00 of day 1, and nobody has the terminal open."""
    made = Shop(tmp_path)
    made.terminal.sale(sale("S-1", 12_800))
    made.to(1, 10)
    made.terminal.close()
    return made


def opened(shop: Shop, server: AsyncHostServer, threads: ThreadPoolExecutor) -> AsyncTerminal:
    return till(shop, AsyncTCPLink(server.address), executor=threads)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.005)


def in_loop(story: Callable[[ThreadPoolExecutor], Awaitable[None]]) -> None:
    async def told() -> None:
        with ThreadPoolExecutor(4) as threads:
            await story(threads)

    asyncio.run(told())


def states(kept: KeptTerminals) -> list[str]:
    return [each.state.value for each in kept.standings()]


def test_terminal_is_opened_in_the_background_lent_and_closed(shop: Shop) -> None:
    async def story(threads: ThreadPoolExecutor) -> None:
        async with AsyncHostServer(shop.host) as server:
            openings = {str(TERMINAL): lambda: opened(shop, server, threads)}
            kept = KeptTerminals(openings, executor=threads, chores=IDLE, pace=QUICK)
            with pytest.raises(TerminalNotOpenError, match="being opened"):
                await kept.lend(TERMINAL)
            async with kept:
                await kept.settled()
                terminal = await kept.lend(TERMINAL)
                done = await terminal.refund(refund("R-1", "S-1", 2_800))
                assert isinstance(done, Approved)
                assert is_ready(kept)
            with pytest.raises(TerminalNotOpenError, match="being stopped"):
                await kept.lend(TERMINAL)
            with pytest.raises(LocalProtocolError):
                await kept.lend("99999999")

    in_loop(story)
    shop.terminal = shop.open()  # closed: anybody may have it
    assert shop.booked("refund") == [2_800]


def test_terminal_that_cannot_be_opened_keeps_no_other_from_working(shop: Shop) -> None:
    is_mended = threading.Event()

    async def story(threads: ThreadPoolExecutor) -> None:
        async with AsyncHostServer(shop.host) as server:

            def bad() -> AsyncTerminal:
                raise ConfigError("keys.json cannot be read")

            def odd() -> AsyncTerminal:
                raise ZeroDivisionError(
                    "6200000000000005"
                )  # of a library: nobody knows what it says

            def mended() -> AsyncTerminal:
                return opened(shop, server, threads) if is_mended.is_set() else bad()

            openings = {"00000001": bad, "00000002": odd, str(TERMINAL): mended}
            kept = KeptTerminals(openings, executor=threads, chores=IDLE, pace=QUICK)
            async with kept:
                await kept.settled()
                assert states(kept) == ["failed"] * 3
                assert not is_ready(kept)
                is_mended.set()
                await until(lambda: states(kept)[2] == "open")
                assert (await kept.lend(TERMINAL)).journal.verify()
                said = terminals_data(kept)
                assert said[0]["reason"] == "ConfigError: keys.json cannot be read"
                assert said[1]["reason"] == "ZeroDivisionError"
                assert readiness(kept) == {
                    "ready": True,
                    "terminals": {
                        "opening": 0,
                        "open": 1,
                        "elsewhere": 0,
                        "failed": 2,
                        "closed": 0,
                    },
                }
                with pytest.raises(TerminalNotOpenError, match=r"ConfigError: keys\.json"):
                    await kept.lend("00000001")

    in_loop(story)


@pytest.mark.slow
def test_terminal_that_hangs_is_not_waited_for_for_ever_and_the_others_are_open_by_then(
    shop: Shop,
) -> None:
    hangs = threading.Event()

    async def story(threads: ThreadPoolExecutor) -> None:
        async with AsyncHostServer(shop.host) as server:

            def hanging() -> AsyncTerminal:
                assert hangs.wait(60)
                raise ConfigError("too late")

            openings = {"00000001": hanging, str(TERMINAL): lambda: opened(shop, server, threads)}
            kept = KeptTerminals(openings, executor=threads, chores=IDLE)
            async with kept:
                await kept.settled(2)
                assert states(kept) == ["opening", "open"]
                hangs.set()
                await kept.settled()
                assert states(kept) == ["failed", "open"]

    in_loop(story)


@pytest.mark.slow
def test_patience_is_counted_from_the_last_try_that_ended(shop: Shop) -> None:
    """However many there are: as long as one after the other is opened, it is worth waiting."""
    turns = [threading.Event() for _ in range(4)]

    def opening(number: int) -> Callable[[], AsyncTerminal]:
        def bad() -> AsyncTerminal:
            assert turns[number].wait(60)
            raise ConfigError("no keys")

        return bad

    async def story(threads: ThreadPoolExecutor) -> None:
        openings = {f"{number:08d}": opening(number) for number in range(4)}
        async with KeptTerminals(openings, executor=threads, chores=IDLE) as kept:
            waiting = asyncio.create_task(kept.settled(3))
            for turn in turns:
                await asyncio.sleep(1)
                assert not waiting.done()
                turn.set()
            await asyncio.wait_for(waiting, 10)
            assert states(kept) == ["failed"] * 4

    in_loop(story)


def test_terminal_of_another_process_is_asked_for_until_it_is_free(shop: Shop) -> None:
    is_free = threading.Event()

    async def story(threads: ThreadPoolExecutor) -> None:
        async with AsyncHostServer(shop.host) as server:

            def opening() -> AsyncTerminal:
                if not is_free.is_set():
                    raise TerminalElsewhereError(TERMINAL, 90)
                return opened(shop, server, threads)

            pace = Pace(elsewhere_s=0.2)
            kept = KeptTerminals({str(TERMINAL): opening}, executor=threads, chores=IDLE, pace=pace)
            async with kept:
                await kept.settled()
                with pytest.raises(TerminalElsewhereError) as caught:
                    await kept.lend(TERMINAL)
                assert caught.value.retry_after_s == 1
                assert caught.value.retry_is_safe
                is_free.set()
                await until(lambda: states(kept) == ["open"])
                assert kept.taken_over == 1

    in_loop(story)


def test_terminal_of_another_process_by_plan_is_left_to_it_for_a_while(shop: Shop) -> None:
    asked = []

    async def story(threads: ThreadPoolExecutor) -> None:
        async with AsyncHostServer(shop.host) as server:

            def opening() -> AsyncTerminal:
                asked.append(states(kept))
                return opened(shop, server, threads)

            kept = KeptTerminals(
                {str(TERMINAL): opening},
                executor=threads,
                chores=IDLE,
                standby=[str(TERMINAL)],
                pace=QUICK,
            )
            async with kept:
                await kept.settled()
                assert asked == []
                with pytest.raises(TerminalElsewhereError):
                    await kept.lend(TERMINAL)
                await until(lambda: states(kept) == ["open"])

    in_loop(story)
    assert asked == [["elsewhere"]]


def test_terminal_that_was_taken_over_is_let_go_at_once_and_opened_again(shop: Shop) -> None:
    async def story(threads: ThreadPoolExecutor) -> None:
        async with AsyncHostServer(shop.host) as server:
            chores = Chores(every_s=60, sign_in_s=0, resolve_s=0)  # it does not wait for a look
            openings = {str(TERMINAL): lambda: opened(shop, server, threads)}
            async with KeptTerminals(openings, executor=threads, chores=chores, pace=QUICK) as kept:
                await kept.settled()
                first = await kept.lend(TERMINAL)
                first.journal.is_gone = True
                with pytest.raises(TerminalElsewhereError):
                    await kept.lend(TERMINAL)
                await until(lambda: states(kept) == ["open"])
                second = await kept.lend(TERMINAL)
                assert second is not first
                assert kept.lost == 1
                assert isinstance(await second.refund(refund("R-1", "S-1", 100)), Approved)

    in_loop(story)
    assert shop.booked("refund") == [100]


def test_terminal_whose_keys_are_not_the_last_ones_signs_in_by_itself(
    shop: Shop,
) -> None:
    async def story(threads: ThreadPoolExecutor) -> None:
        async with AsyncHostServer(shop.host) as server:
            chores = Chores(every_s=0.01, resolve_s=0, sign_in_s=0.01)
            openings = {str(TERMINAL): lambda: opened(shop, server, threads)}
            async with KeptTerminals(openings, executor=threads, chores=chores, pace=QUICK) as kept:
                await kept.settled()
                terminal = await kept.lend(TERMINAL)
                before = await terminal.at_desk(lambda desk: desk.view().signed_in_at)
                # The journal has signed in under keys that this key file does not have.
                await terminal.at_desk(
                    lambda desk: desk.journal.remember(shop.clock(), "signed_in", key_set_id="x")
                )
                async with asyncio.timeout(10):
                    while await terminal.at_desk(_last_key_set) == "x":
                        await asyncio.sleep(0.005)
                after = await terminal.at_desk(lambda desk: desk.view().signed_in_at)
                assert before == after  # the clock of the shop stands still
                async with asyncio.timeout(10):
                    while terminals_data(kept)[0]["signed_in"] is not True:
                        await kept.look()
                        await asyncio.sleep(0.005)

    in_loop(story)


def _last_key_set(desk: Desk) -> str:
    return desk.journal.terminal_facts()["key_set_id"]


def test_doubt_is_worked_on_while_the_terminal_is_idle(shop: Shop) -> None:
    shop.fault("drop_reply", mti="0200")

    async def story(threads: ThreadPoolExecutor) -> None:
        async with AsyncHostServer(shop.host) as server:
            chores = Chores(every_s=0.01, sign_in_s=0, resolve_s=0.02)
            openings = {
                str(TERMINAL): lambda: till(
                    shop,
                    AsyncTCPLink(server.address),
                    executor=threads,
                    dialect=_impatient(shop),
                )
            }
            async with KeptTerminals(openings, executor=threads, chores=chores, pace=QUICK) as kept:
                await kept.settled()
                terminal = await kept.lend(TERMINAL)
                assert isinstance(await terminal.sale(sale("S-2", 500)), InDoubt)
                assert shop.booked("sale") == [12_800, 500]
                await until(lambda: shop.booked("sale") == [12_800])  # reversed, unasked
                await until(lambda: not terminal.is_busy)
                await kept.look()
                assert terminals_data(kept)[0]["in_doubt"] == 0
                tally = kept.tally(TERMINAL).moves
                assert tally["sale", "IN_DOUBT"] == tally["sale", "REVERSED"] == 1

    in_loop(story)


def _impatient(shop: Shop) -> Any:
    from dataclasses import replace

    known = shop.dialect
    return known.derive(known.name, timers=replace(known.timers, answer_s=0.2))


def test_chore_that_fails_says_so_and_is_tried_again_later(shop: Shop) -> None:
    async def story(threads: ThreadPoolExecutor) -> None:
        async with AsyncHostServer(shop.host) as server:
            terminal = opened(shop, server, threads)
            calls = []

            async def fails() -> None:
                calls.append(1)
                raise JournalWriteError("disk full")

            routine = Chores(every_s=0.01, sign_in_s=0, resolve_s=0).routine(terminal)
            routine._due[0]._work = fails
            assert await routine.go() == "JournalWriteError: disk full"
            assert await routine.go() == "JournalWriteError: disk full"
            assert len(calls) == 1, "not before its pause is over"
            await terminal.close()

    in_loop(story)


def test_host_that_asks_for_a_sign_in_is_obeyed_once_nobody_has_asked_for_two_minutes(
    shop: Shop,
) -> None:
    """Not before: somebody may stand at the pad, with a PIN under the keys of now."""
    quiet_s = [0.0]

    async def story(threads: ThreadPoolExecutor) -> None:
        async with AsyncHostServer(shop.host) as server:
            terminal = opened(shop, server, threads)
            chores = Chores(sign_in_s=0, resolve_s=0, obey_s=1e-6)
            routine = chores.routine(terminal, lambda: quiet_s[0])
            shop.host.terminals[TERMINAL].asks = 3
            await terminal.echo()
            before = await terminal.at_desk(_last_key_set)
            for quiet_s[0], is_obeyed in ((0.0, False), (119.0, False), (120.0, True)):
                assert await routine.go() == ""
                assert (await terminal.at_desk(_last_key_set) != before) is is_obeyed
            assert shop.host.terminals[TERMINAL].asks == 0
            await terminal.close()

    in_loop(story)


def test_who_only_watches_a_terminal_leaves_it_idle(shop: Shop) -> None:
    async def story(threads: ThreadPoolExecutor) -> None:
        async with AsyncHostServer(shop.host) as server:
            openings = {str(TERMINAL): lambda: opened(shop, server, threads)}
            async with KeptTerminals(openings, executor=threads, chores=IDLE, pace=QUICK) as kept:
                await kept.settled()
                keeper = kept._keeper(TERMINAL)
                asked_at = keeper._asked_at
                await kept.lend(TERMINAL, is_watching=True)
                assert keeper._asked_at == asked_at
                await kept.lend(TERMINAL)
                assert keeper._asked_at > asked_at
                assert keeper._quiet_s() < 60

    in_loop(story)


def test_chore_that_is_done_never_is_none(shop: Shop) -> None:
    async def story(threads: ThreadPoolExecutor) -> None:
        async with AsyncHostServer(shop.host) as server:
            terminal = opened(shop, server, threads)
            routine = Chores(sign_in_s=0, resolve_s=0, obey_s=0, remind_s=0).routine(terminal)
            assert len(routine._due) == 1  # the lease
            await terminal.close()

    in_loop(story)
