"""The counter over the door: screens as data, a key for the screen that was seen, a refund that goes on without its clerk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.clerk import SIGNED, Clerk, confirmed, readers
from gateway.lines import SECRETS, Counter
from posrefund.gateway import Token, Tokens, digest_of
from posrefund.gateway.counter_door import SeatData

if TYPE_CHECKING:
    from shop import Shop


def test_a_refund_is_made_screen_by_screen(shop: Shop) -> None:
    async def day() -> list[dict[str, Any]]:
        seen = []
        async with Counter(shop, **readers()) as counter:
            clerk = Clerk(counter)
            await confirmed(clerk)
            seen.append(clerk.screen)
            await clerk.do(SIGNED)
            seen.append(clerk.screen)
            assert (
                msgspec.convert(clerk.data, SeatData).screen.name == "slip"
            )  # the published shape
        return seen

    confirmation, slip = asyncio.run(day())
    assert confirmation["step"] <= confirmation["steps"] <= 6
    assert (slip["name"], slip["tone"]) == ("slip", "good")
    assert shop.booked("refund") == [2_800]


def test_a_key_of_a_screen_that_is_gone_is_nothing(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, **readers()) as counter:
            clerk = Clerk(counter)
            await confirmed(clerk)
            seen = clerk.data["version"]
            pressed = await asyncio.gather(*(clerk.send(SIGNED, version=seen) for _ in range(5)))
            assert sorted(pressed) == [False, False, False, False, True]
            await clerk.settle()
            assert not await clerk.send(SIGNED, version=seen)
            assert clerk.screen["name"] == "slip"

    asyncio.run(day())
    assert shop.booked("refund") == [2_800]


def test_a_refund_goes_on_when_its_clerk_has_gone(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, **readers()) as counter:
            clerk = Clerk(counter)
            await confirmed(clerk)
            counter.link.gate.clear()
            counter.link.waits.clear()
            await clerk.send(SIGNED)
            await counter.link.waits.wait()  # the message is out
            assert clerk.screen["is_busy"]
            assert clerk.screen["choices"] == []
            counter.link.gate.set()
            await counter.app.state.door.drained()
            await clerk.look()
            assert clerk.screen["name"] == "slip"

    asyncio.run(day())
    assert shop.booked("refund") == [2_800]


def test_nobody_sits_on_somebody_elses_seat(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, **readers()) as counter:
            clerk = Clerk(counter)
            await clerk.sit()
            path = f"/counter/{clerk.data['seat']}"
            for answer in (
                await counter.get(path, role="admin"),
                await counter.post(path, {"version": 1, "key": "1"}, role="admin"),
                await counter.get("/counter/nobody"),
            ):
                assert answer.status_code == 404
                assert answer.json()["error"]["code"] == "seat_unknown"
            assert (await counter.get(path, role="monitor")).status_code == 403

    asyncio.run(day())


@pytest.mark.parametrize(
    "body", [{"version": 1}, {"version": 1, "key": "1", "text": "1"}, {"version": 0, "key": "1"}]
)
def test_a_press_is_one_key_or_one_text_of_one_screen(shop: Shop, body: dict[str, Any]) -> None:
    async def day() -> None:
        async with Counter(shop, **readers()) as counter:
            clerk = Clerk(counter)
            await clerk.sit()
            answer = await counter.post(f"/counter/{clerk.data['seat']}", body)
            assert answer.status_code == 422

    asyncio.run(day())


def test_without_a_reader_no_card_is_made_up(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:  # no training, no reader
            clerk = Clerk(counter)
            await clerk.sit()
            await clerk.do({"key": "1"})
            assert clerk.screen["tone"] == "bad"

    asyncio.run(day())
    assert shop.booked("refund") == []


def test_a_token_of_one_operator_sits_down_as_nobody_else(shop: Shop) -> None:
    bound = Tokens([Token("one", "till", digest_of(SECRETS["till"]), operator="07")])

    async def day() -> None:
        async with Counter(shop, tokens=bound) as counter:
            assert (await counter.post("/counter", {"operator": "08"})).status_code == 403
            answer = await counter.post("/counter", {})
            assert "07" in answer.json()["screen"]["footer"]

    asyncio.run(day())


def test_the_page_runs_its_own_script_and_nothing_else(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            page = await counter.http.get("/counter")
            assert page.status_code == 200
            policy = page.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; connect-src 'self'")
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert "http" not in page.text.replace("http://www.w3.org/2000/svg", "")
            assert "innerHTML" not in page.text

    asyncio.run(day())


def test_who_opens_many_counters_takes_nobody_elses_away(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, **readers()) as counter:
            clerk = Clerk(counter)
            await clerk.sit()
            for _ in range(100):
                await counter.post("/counter", {}, role="admin")
            await clerk.do({"key": "1"})
            assert clerk.screen["name"] == "card"

    asyncio.run(day())


def test_who_opens_many_counters_loses_the_one_that_he_used_longest_ago(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, **readers()) as counter:
            first, last = Clerk(counter), Clerk(counter)
            await first.sit()
            for _ in range(40):
                await last.sit()
            gone = await counter.get(f"/counter/{first.data['seat']}")
            assert gone.json()["error"]["code"] == "seat_unknown"
            await last.do({"key": "1"})

    asyncio.run(day())


def test_what_breaks_behind_a_refund_that_was_sent_is_a_doubt_and_no_refusal(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def day() -> None:
        async with Counter(shop, **readers()) as counter:
            clerk = Clerk(counter)
            await confirmed(clerk)
            refund = counter.terminal.refund

            async def broken(*words: Any, **more: Any) -> None:
                await refund(*words, **more)
                raise RuntimeError

            monkeypatch.setattr(counter.terminal, "refund", broken)
            await clerk.do(SIGNED)
            assert clerk.screen["name"] == "doubt"
            assert "¥28.00" in str(clerk.screen["facts"])

    asyncio.run(day())
    assert shop.booked("refund") == [2_800]
