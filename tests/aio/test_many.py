"""A hundred terminals in one loop: each refund stands once in the host's books, however the lines are shared."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from posrefund.aio import AsyncTCPLink, AsyncTerminal, SharedConnection, acquirer_matcher
from posrefund.crypto import Key, Purpose
from posrefund.emulators.host import (
    AsyncHostServer,
    EmulatedHost,
    HostProfile,
    HostTime,
    TerminalRecord,
)
from posrefund.engine import Approved
from posrefund.journal import SQLiteFleet
from posrefund.testing import ManualClock
from posrefund.values import MerchantID, TerminalID
from shop import HOST_ZONE, TMK, UNIONPAY, refund, sale
from terminal.memory_store import MemoryKeyStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from pathlib import Path

    from posrefund.aio import AsyncLink

COUNT = 100
NAMES = [TerminalID(f"{number:08d}") for number in range(1, COUNT + 1)]
MERCHANT = MerchantID("123456789012345")
START = datetime(2026, 3, 9, 14, 5, tzinfo=HOST_ZONE)


class Site:
    """A host, and every terminal that it knows."""

    def __init__(self, folder: Path) -> None:
        records = [TerminalRecord(name, MERCHANT, Key(TMK, Purpose.KEK)) for name in NAMES]
        self.host_time = HostTime(START)
        self.clock = ManualClock(START.astimezone(UTC))
        self.host = EmulatedHost(HostProfile(), records, clock=self.host_time)
        self.fleet = SQLiteFleet(folder / "fleet.db")

    def terminals(
        self, link: Callable[[], AsyncLink], executor: Executor | None
    ) -> list[AsyncTerminal]:
        return [
            AsyncTerminal(
                name,
                MERCHANT,
                dialect=UNIONPAY,
                keystore=MemoryKeyStore(Key(TMK, Purpose.KEK)),
                journal=self.fleet.journal(name, key=bytes(32)),
                link=link(),
                clock=self.clock,
                executor=executor,
            )
            for name in NAMES
        ]

    def next_day(self) -> None:
        self.host_time.set(START + timedelta(days=1))
        self.clock.set((START + timedelta(days=1)).astimezone(UTC))

    async def day(self, link: Callable[[], AsyncLink], executor: Executor | None) -> int:
        """Sell on one day and give back on the next, all at once; return how many refunds were accepted."""
        terminals = self.terminals(link, executor)
        at_once = asyncio.gather
        await at_once(*(each.sign_in() for each in terminals))
        await at_once(*(each.sale(sale(f"S-{n}", 12_800)) for n, each in enumerate(terminals)))
        self.next_day()
        await at_once(*(each.sign_in() for each in terminals))
        wishes = [refund(f"R-{n}", f"S-{n}", 100 + n) for n in range(COUNT)]
        outcomes = await at_once(
            *(
                each.refund(wish)
                for each, wish in zip(terminals, wishes, strict=True)
                for _ in range(2)  # the same request twice at once is one refund
            )
        )
        for each in terminals:
            each.journal.verify()
        await at_once(*(each.close() for each in terminals))
        return sum(isinstance(outcome, Approved) for outcome in outcomes)


def booked(site: Site) -> list[int]:
    return sorted(e.amount_minor for e in site.host.ledger.entries() if e.kind == "refund")


@pytest.mark.parametrize("kind", ["own", "shared", "shared, in threads"])
@pytest.mark.slow
def test_hundred_terminals_give_back_once_each(tmp_path: Path, kind: str) -> None:
    site = Site(tmp_path)
    strangers: list[bytes] = []

    async def story() -> int:
        async with AsyncHostServer(site.host) as server:
            shared = SharedConnection(
                server.address, matcher=acquirer_matcher(UNIONPAY), on_late=strangers.append
            )
            with ThreadPoolExecutor(16) as threads:
                own = kind == "own"
                link = (
                    (lambda: AsyncTCPLink(server.address, keep_open_s=60)) if own else shared.link
                )
                done = await site.day(link, threads if "threads" in kind else None)
            assert shared.open_requests == 0
            assert server.connections <= 1 or own
            shared.close()
            return done

    assert asyncio.run(story()) == 2 * COUNT
    assert booked(site) == [100 + n for n in range(COUNT)]
    assert strangers == []
    site.fleet.close()
