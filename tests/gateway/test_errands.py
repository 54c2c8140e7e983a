"""What the host wants besides money, over the door: what its headers ask for, and signatures."""

from __future__ import annotations

import asyncio
import random
from functools import partial
from typing import TYPE_CHECKING

from gateway.lines import Counter, refund_body
from posrefund.engine import Signature
from posrefund.office.signatures import draw, keep
from posrefund.office.slips import SlipSettings
from shop import TERMINAL

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.terminal.desk import Desk
    from shop import Shop


def test_what_a_header_asks_for_is_listed_until_somebody_has_done_it(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            assert (await counter.get("/host-requests")).json() == {"host_requests": []}
            shop.host.terminals[TERMINAL].asks = 6
            await counter.post("/echo")
            shop.host.terminals[TERMINAL].asks = 0
            (asked,) = (await counter.get("/host-requests", "monitor")).json()["host_requests"]
            assert asked["name"] == "software"
            assert asked["since"].startswith("2026-03-10T")
            done = await counter.post("/host-requests/software/done", {"by": "07"})
            assert done.json() == {"done": True}
            assert (await counter.get("/host-requests")).json() == {"host_requests": []}
            twice = await counter.post("/host-requests/software/done", {"by": "07"})
            assert (twice.status_code, twice.json()["error"]["code"]) == (409, "not_now")

    asyncio.run(day())


def _sign(request_id: str, signature: Signature, desk: Desk) -> None:
    desk.sign(request_id, signature)


def test_signatures_wait_until_they_are_up(shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "signatures"
    strokes = [[(random.Random(7).randrange(300), y) for y in range(20, 100, 20)]]
    signed = keep(draw(strokes), folder)

    async def day() -> None:
        async with Counter(shop, slip=SlipSettings(signatures=folder)) as counter:
            for number, signature in enumerate([signed, Signature.of("bitmap", b"lost")], 1):
                await counter.post("/refunds", refund_body(f"R-{number}", 100 + number))
                await counter.terminal.at_desk(partial(_sign, f"R-{number}", signature))
            assert (await counter.get("/signatures")).json() == {"waiting": ["R-1", "R-2"]}
            told = (await counter.post("/signatures/upload", {})).json()
            assert told == {
                "signatures": [
                    {"attempt_id": "R-1/1", "result": "uploaded", "code": "00"},
                    {"attempt_id": "R-2/1", "result": "no_picture", "code": None},
                ],
                "waiting": ["R-2"],
            }

    asyncio.run(day())
