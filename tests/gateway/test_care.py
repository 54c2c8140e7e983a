"""What keeps a terminal going, over the door; and what it prints."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING

from gateway.lines import Counter, refund_body
from posrefund.engine.calendar import Arrival
from posrefund.office.cases import watch
from posrefund.office.slips import SlipSettings
from shop import TERMINAL

if TYPE_CHECKING:
    from shop import Shop


def test_a_slip_is_the_one_of_its_own_shop(shop: Shop) -> None:
    others = SlipSettings(merchant_name="Somebody")
    slips = {TERMINAL: SlipSettings(merchant_name="Noodle House")}
    late = {TERMINAL: Arrival(most_days=90)}

    async def day() -> None:
        async with Counter(shop, slip=others, slips=slips, arrivals=late) as counter:
            made = (await counter.post("/refunds", refund_body("R-1", 1_000))).json()
            text = (await counter.post("/requests/R-1/slip", {})).json()["text"]
            assert "Noodle House" in text
            assert "Somebody" not in text
            assert made["expected_by"] > "2026-05"

    asyncio.run(day())


def test_a_slip_is_counted_before_it_goes_out(shop: Shop) -> None:
    async def day() -> None:
        slips = {TERMINAL: SlipSettings(merchant_name="Noodle House")}
        async with Counter(
            shop, slip=SlipSettings(merchant_name="Head Office"), slips=slips
        ) as counter:
            await counter.post("/refunds", refund_body("R-1", 1_000))
            first = (await counter.post("/requests/R-1/slip", {"copy": "customer"})).json()
            again = (await counter.post("/requests/R-1/slip", {"copy": "customer"})).json()
            wide = (
                await counter.post("/requests/R-1/slip", {"columns": 48, "language": "zh"})
            ).json()

            assert "Noodle House" in first["text"]
            assert "10.00" in first["text"]
            assert first["content"]["marks"] == []
            assert again["content"]["marks"] != []
            assert wide["content"]["marks"] == []  # the merchant's first
            assert "620000******0005" in wide["text"]
            assert "620000" not in first["text"]  # the customer's shows four digits
            unknown = await counter.post("/requests/R-9/slip", {})
            assert unknown.json()["error"]["code"] == "request_unknown"

    asyncio.run(day())


def test_a_day_of_care(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            assert (await counter.post("/echo")).json() == {"done": True}
            checked = (await counter.post("/selfcheck")).json()
            assert checked["verdict"] in ("ok", "warn")
            opened = (
                await counter.post("/faults", {"kind": "printer", "detail": "no paper"})
            ).json()
            assert [each["kind"] for each in (await counter.get("/faults")).json()["faults"]] == [
                "printer"
            ]
            closed = await counter.post(
                f"/faults/{opened['fault']}/close", {"by": "07", "done": "new roll"}
            )
            assert closed.json()["closed_by"] == "07"
            assert (await counter.get("/faults")).json() == {"faults": []}
            everything = await counter.get("/faults", params={"all": "true"})
            assert len(everything.json()["faults"]) == 1
            twice = await counter.post(
                f"/faults/{opened['fault']}/close", {"by": "07", "done": "new roll"}
            )
            assert (twice.status_code, twice.json()["error"]["code"]) == (409, "not_now")
            looked = await counter.post("/maintained", {"by": "07", "what": "new battery"})
            assert looked.json() == {"done": True}
            signed = (await counter.post("/sign-in", {"operator": "07"})).json()
            assert signed["keys"] == "new"

    asyncio.run(day())


def test_a_batch_is_closed_by_who_may(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            await counter.post("/refunds", refund_body("R-1", 1_000))
            assert (await counter.post("/close-batch", {})).status_code == 403
            closed = (await counter.post("/close-batch", {}, "admin")).json()
            assert closed["verdict"] == "balanced"
            assert closed["doubts"] == closed["late"] == []
            assert "10.00" in closed["slip_en"]

    asyncio.run(day())


def test_a_host_that_says_nothing_is_no_fault_of_the_caller(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            counter.link._inner.is_down = True
            down = await counter.post("/echo")
            assert (down.status_code, down.json()["error"]["code"]) == (502, "host_unreachable")
            counter.link._inner.is_down = False
            shop.fault("drop_reply", mti="0820")
            silent = await counter.post("/echo")
            assert (silent.status_code, silent.json()["error"]["code"]) == (504, "host_silent")
            assert silent.json()["error"]["effect"] == "nothing_sent"

    asyncio.run(day())


def test_what_the_settlement_file_lacks_is_a_case(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            await counter.post("/refunds", refund_body("R-1", 1_000))
            assert (await counter.get("/cases")).json() == {"cases": []}
            await counter.terminal.at_desk(
                lambda desk: watch(desk.journal, today=date(2026, 3, 15), now=shop.clock())
            )
            (case, *_) = (await counter.get("/cases")).json()["cases"]
            assert case["next_en"]
            assert case["closed_at"] is None

    asyncio.run(day())
