"""Two hundred clients who ask for the same refunds again and again, and hang up: the host booked each of them once."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from gateway.fleet_site import DoorProcess, Reply, Site, ask, ready, refund_of
from posrefund.cli.books import difference

if TYPE_CHECKING:
    from pathlib import Path

TERMINALS, REFUNDS, CLIENTS = 5, 12, 200
"""So many refunds at each terminal."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("journal", "more"),
    [('file = "{id}.db"', {}), ('file = "{id}.db"', {"shared_connection": True})],
    ids=["a line each", "one line for all"],
)
def test_refunds_asked_again_and_again_by_two_hundred_clients_are_made_once_each(
    tmp_path: Path, journal: str, more: dict[str, Any]
) -> None:
    site = Site(tmp_path, TERMINALS, journal)
    config = site.write("load.toml", **more)
    random = Random(8583)
    wanted = [
        (name, f"R-{name}-{turn}", 100 * number + turn)
        for number, name in enumerate(site.names, 1)
        for turn in range(1, REFUNDS + 1)
    ]
    # The first of each may be the one that hangs up; one of each stays and hears.
    asks = [
        (wish, turn > 0 and random.random() < 0.3)
        for wish in wanted
        for turn in range(random.randint(3, 5))
    ]
    random.shuffle(asks)
    assert len(asks) >= CLIENTS

    async def load(address: tuple[str, int]) -> dict[str, list[Reply]]:
        await ready(address, TERMINALS)
        heard: dict[str, list[Reply]] = {request_id: [] for _, request_id, _ in wanted}
        gate = asyncio.Semaphore(CLIENTS)

        async def one(wish: tuple[str, str, int], hang_up: bool) -> None:
            async with gate:
                reply = await ask(address, "POST", *refund_of(*wish), hang_up=hang_up)
            if reply is not None:
                heard[wish[1]].append(reply)

        await asyncio.gather(*(one(*each) for each in asks))
        await _check_metrics(address)
        return heard

    with DoorProcess(config) as door:
        heard = asyncio.run(load(door.address))
        door.terminate()
        assert door.wait() == 0
        assert "Traceback" not in door.errors()

    for replies in heard.values():
        assert {reply.status for reply in replies} == {200}
        assert {reply.data["type"] for reply in replies} == {"Approved"}
        assert len({reply.data["rrn"] for reply in replies}) == 1
    assert sum(len(replies) for replies in heard.values()) == len(
        [hung for _, hung in asks if not hung]
    )
    assert site.refunded() == sorted(minor for _, _, minor in wanted)
    for terminal in site.terminals():
        lines = site.books(terminal)
        assert len(lines) == 1 + REFUNDS
        assert difference(lines) == 0
        assert terminal.journal.verify()
    site.server.close()


async def _check_metrics(address: tuple[str, int]) -> None:
    """What was counted is what stands in the journals: a refund that was asked for five times is one."""
    from prometheus_client.parser import text_string_to_metric_families

    async with asyncio.timeout(60):
        while True:
            reply = await ask(address, "GET", "/metrics")
            assert reply is not None
            assert reply.status == 200
            families = {each.name: each for each in text_string_to_metric_families(reply.data)}
            moves = {
                (s.labels["kind"], s.labels["state"]): s.value
                for s in families["posrefund_attempts"].samples
                if s.labels["terminal"] == "00000001"
            }
            done = sum(
                s.value
                for s in families["posrefund_attempts"].samples
                if s.labels["state"] == "ACCEPTED"
            )
            if done == TERMINALS * REFUNDS:  # those of clients that hung up, too
                break
            await asyncio.sleep(0.05)
    assert moves == {("refund", "SENT"): REFUNDS, ("refund", "ACCEPTED"): REFUNDS}
    exchanges = {
        s.labels["result"]: s.value
        for s in families["posrefund_host_exchange_seconds"].samples
        if s.name.endswith("_count")
    }
    assert exchanges["answered"] >= TERMINALS * REFUNDS
    assert exchanges["silent"] == 0
    asked = {
        (s.labels["route"], s.labels["status"]) for s in families["posrefund_http_requests"].samples
    }
    assert ("/v1/terminals/{terminal}/refunds", "200") in asked
    assert "R-0000" not in reply.data
    assert "6200000" not in reply.data
