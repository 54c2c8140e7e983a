"""Two doors on one database, and one of them is killed in the middle: nothing is lost, nothing is done twice.

It is killed where it hurts most: the host has booked a refund of its, and nobody is left to hear of it. Clients do what
a till does: they ask again under the same id, at the other door if the first one is gone or speaks for the terminal no
more. What is in doubt in the end is there for a reason, and the host's file resolves it.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from gateway.fleet_site import DoorProcess, Reply, Site, ask, ready, refund_of
from journal.server import dsn_of_tests
from posrefund.cli.books import difference
from posrefund.engine import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TERMINALS, REFUNDS = 4, 25
LEASE_S = 9.0
"""Twice an exchange of 1 s and 3 s, and a little."""
Wish = tuple[str, str, int, int]
"""Terminal, request id, amount, and which of its sales: a doubt blocks its own sale, and no other."""


@pytest.fixture
def dsn() -> Iterator[str]:
    """A database of its own."""
    server = dsn_of_tests()
    import psycopg
    from psycopg.conninfo import make_conninfo

    name = f"d_{secrets.token_hex(8)}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}".encode())
    yield make_conninfo(server, dbname=name)
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


class Doors:
    """Two of them, and a till that knows both."""

    def __init__(self, first: DoorProcess, second: DoorProcess, own: set[str]) -> None:
        self._first, self._second, self._own = first, second, own
        self.refused: list[int] = []

    async def insist(self, wish: Wish) -> Reply:
        """Ask until there is an outcome, under one id, at one door and then at the other."""
        doors = [self._first, self._second]
        if wish[0] not in self._own:
            doors.reverse()
        async with asyncio.timeout(90):
            while True:
                for door in doors:
                    try:
                        reply = await ask(door.address, "POST", *refund_of(*wish))
                    except OSError:
                        continue  # dead, or it died of this one
                    assert reply is not None
                    if reply.status in (200, 202):
                        return reply
                    self.refused.append(reply.status)
                await asyncio.sleep(0.1)


def _strike(site: Site, victim: DoorProcess, own: set[str], after: int) -> list[str]:
    """Kill *victim* once the host has booked that many of its refunds, before it answers the last; return which."""
    respond, struck, seen = site.host.respond, list[str](), [0]

    def respond_and_strike(message: bytes) -> Any:
        delivery = respond(message)
        last = site.host.ledger.entries()[-1]
        if last.kind == "refund" and last.terminal in own and not struck:
            seen[0] += 1
            if seen[0] == after:
                victim.kill()
                victim.wait()
                struck.append(f"{last.terminal}/{last.stan}")
        return delivery

    site.host.respond = respond_and_strike  # type: ignore[method-assign]
    return struck


@pytest.mark.slow
def test_one_of_two_doors_is_killed_and_the_other_goes_on_with_its_terminals(
    tmp_path: Path, dsn: str
) -> None:
    site = Site(
        tmp_path, TERMINALS, f'dsn = "{dsn}"\nlease_s = {LEASE_S}', answer_s=3, sales=REFUNDS
    )
    mine, theirs = site.names[:2], site.names[2:]
    first_config = site.write("first.toml", standby=theirs, standby_s=1000)
    second_config = site.write("second.toml", standby=mine, standby_s=0.5, elsewhere_s=0.5)
    wanted = [
        (str(name), f"R-{name}-{turn}", 100 * number + turn, turn)
        for turn in range(1, REFUNDS + 1)
        for number, name in enumerate(site.names, 1)
    ]
    with DoorProcess(first_config) as first:
        asyncio.run(ready(first.address, 2))  # its own terminals are its own before the other comes
        with DoorProcess(second_config) as second:
            heard, refused = asyncio.run(_story(site, first, second, wanted))
            second.terminate()
            assert second.wait() == 0
            assert "Traceback" not in second.errors()
        assert not first.is_alive

    assert refused, "nobody was ever told to wait"
    assert set(refused) <= {503}
    _check_outcomes(site, wanted, heard)
    site.server.close()


async def _story(
    site: Site, first: DoorProcess, second: DoorProcess, wanted: list[Wish]
) -> tuple[dict[str, Reply], list[int]]:
    await ready(second.address, 2)
    own = {str(name) for name in site.names[:2]}
    struck = _strike(site, first, own, after=REFUNDS // 2)
    doors = Doors(first, second, own)
    replies = await asyncio.gather(*map(doors.insist, wanted))
    assert len(struck) == 1
    counted = await ready(second.address, TERMINALS)
    assert counted["open"] == TERMINALS, "the survivor speaks for all of them"
    return dict(zip((wish[1] for wish in wanted), replies, strict=True)), doors.refused


def _check_outcomes(site: Site, wanted: list[Wish], heard: dict[str, Reply]) -> None:
    """Every request has an outcome or a doubt, the host booked none twice, and its files resolve what it booked."""
    doubts = [name for name, reply in heard.items() if reply.data["type"] == "InDoubt"]
    assert {reply.data["type"] for reply in heard.values()} == {"Approved", "InDoubt"}
    assert 1 <= len(doubts) <= 2, "one refund at each of its terminals can have been out"
    booked = site.refunded()
    lacking = {name for _, name, minor, _ in wanted if minor not in booked}
    assert len(booked) == len(set(booked)) == len(wanted) - len(lacking), "each once"
    assert lacking <= set(doubts), "what was accepted is in the host's books"
    assert set(doubts) - lacking, "the one that was booked when the door died"
    for terminal in site.terminals():
        journal, name = terminal.journal, terminal.view().terminal
        before = [a for a in journal.attempts() if a.state is State.IN_DOUBT]
        assert {a.request_id for a in before} == {d for d in doubts if f"-{name}-" in d}
        site.settle(terminal)
        states = {a.request_id: a.state for a in journal.attempts()}
        mine = {request_id for at, request_id, _, _ in wanted if at == name}
        assert {states[each] for each in mine - lacking} == {State.CONFIRMED}
        # Killed between the commit and the first byte: the files show none, so people say what became of it.
        assert {states[each] for each in mine & lacking} <= {State.MANUAL}
        lines = site.books(terminal)
        assert len(lines) == 2 * REFUNDS
        assert difference(lines) == 0
        journal.verify()
