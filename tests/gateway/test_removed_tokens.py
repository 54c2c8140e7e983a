"""A token that is taken away, or becomes another, while somebody listens or sits under it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from gateway.clerk import Clerk, readers
from gateway.lines import SECRETS, Counter, refund_body, tokens
from gateway.test_events import Listener
from posrefund.gateway import Token, Tokens, digest_of

if TYPE_CHECKING:
    from shop import Shop


def others(*, but: str, become: Token | None = None) -> list[Token]:
    """All tokens of the tests without the one named *but*, or with another in its place."""
    kept = [each for each in tokens()._by_digest.values() if each.name != but]
    return [*kept, become] if become else kept


MONITOR = digest_of(SECRETS["monitor"])
ANOTHER = {
    "gone": None,
    "of other terminals": Token("monitor", "monitor", MONITOR, terminals=("87654321",)),
    "of another role": Token("monitor", "supervisor", MONITOR),
}


async def listening(counter: Counter) -> Listener:
    listener = Listener(counter)
    while not counter.app.state.door.news._listening:
        await asyncio.sleep(0)
    return listener


@pytest.mark.parametrize("become", ANOTHER.values(), ids=ANOTHER.keys())
def test_a_stream_ends_when_its_token_is_another(shop: Shop, become: Token | None) -> None:
    async def day() -> None:
        async with Counter(shop, poll_s=0.01) as counter:
            listener = await listening(counter)
            counter.options.tokens.become(others(but="monitor", become=become))
            async with asyncio.timeout(5):
                assert await listener.take(1) == []
                await listener._task
            assert counter.app.state.door.news.streams_of("monitor") == 0

    asyncio.run(day())


@pytest.mark.slow
def test_it_ends_within_about_a_second_as_a_door_is_by_itself(shop: Shop) -> None:
    async def day() -> float:
        async with Counter(shop) as counter:
            listener = await listening(counter)
            loop = asyncio.get_running_loop()
            counter.options.tokens.become(others(but="monitor"))
            began = loop.time()
            await listener._task
            return loop.time() - began

    assert asyncio.run(day()) < 3  # a second, and a machine with neighbours


def test_nothing_is_told_between_the_removal_and_the_end_of_the_stream(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, poll_s=3600.0) as counter:  # nobody looks: it ends by what happens
            listener = await listening(counter)
            counter.options.tokens.become(others(but="monitor"))
            await counter.post("/refunds", refund_body("R-1", 100))
            assert await listener.take(1) == []

    asyncio.run(day())
    assert shop.booked("refund") == [100]


def test_a_stream_goes_on_while_other_tokens_come_and_go(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, poll_s=0.001) as counter:
            listener = await listening(counter)
            for number in range(50):
                new = Token(f"new-{number}", "till", digest_of(f"prt_{number}"))
                counter.options.tokens.become([*others(but="admin"), new])
                await asyncio.sleep(0.001)
            await counter.post("/refunds", refund_body("R-1", 100))
            assert len(await listener.take(3)) == 3
            await listener.hang_up()

    asyncio.run(day())


def test_a_busy_terminal_keeps_no_stream_of_a_removed_token_open(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, poll_s=0.01) as counter:
            listener = await listening(counter)
            counter.link.gate.clear()
            counter.link.waits.clear()
            asked = asyncio.ensure_future(counter.post("/refunds", refund_body("R-1", 100)))
            await counter.link.waits.wait()  # the terminal is at its host
            counter.options.tokens.become(others(but="monitor"))
            async with asyncio.timeout(5):
                await listener._task
            assert not asked.done()
            counter.link.gate.set()
            assert (await asked).status_code == 200

    asyncio.run(day())


def test_who_waits_at_a_counter_is_sent_away_when_his_token_is_gone(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, poll_s=0.01, **readers()) as counter:
            clerk = Clerk(counter)
            await clerk.sit()
            path, after = f"/counter/{clerk.data['seat']}", {"after": str(clerk.data["version"])}
            waiting = asyncio.ensure_future(counter.get(path, params=after))
            await asyncio.sleep(0.05)
            assert not waiting.done()  # nothing has changed: it may take 25 seconds
            counter.options.tokens.become(others(but="till"))
            async with asyncio.timeout(5):
                answer = await waiting
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "seat_unknown")
            again = await counter.post("/counter", {})
            assert (again.status_code, again.json()["error"]["code"]) == (401, "token_needed")

    asyncio.run(day())


@pytest.mark.parametrize(
    "then",
    [
        Token("till", "till", digest_of(SECRETS["till"])),  # it approves nothing any more
        Token("till", "admin", digest_of(SECRETS["till"]), operator="07"),
    ],
    ids=["a smaller role", "one operator's"],
)
def test_nobody_keeps_at_his_seat_what_his_token_was_allowed(shop: Shop, then: Token) -> None:
    known = Tokens([Token("till", "admin", digest_of(SECRETS["till"]))])

    async def day() -> None:
        async with Counter(shop, tokens=known, **readers()) as counter:
            clerk = Clerk(counter)
            await clerk.sit()
            path, body = f"/counter/{clerk.data['seat']}", _key(clerk)
            known.become([then])
            for answer in (await counter.get(path), await counter.post(path, body)):
                assert answer.json()["error"]["code"] == "seat_unknown"
            await clerk.sit()  # anew, as what it is now
            assert await clerk.send({"key": "1"})
            assert then.operator in clerk.screen["footer"]

    asyncio.run(day())


def _key(clerk: Clerk) -> dict[str, Any]:
    return {"version": clerk.data["version"], "key": "1"}


def test_a_token_is_known_as_it_is_and_no_other_way() -> None:
    one = Token("a", "till", digest_of("prt_1"))
    known = Tokens([one])
    assert known.knows(Token("a", "till", digest_of("prt_1")))
    assert not known.knows(Token("a", "till", digest_of("prt_2")))
    assert not known.knows(Token("a", "admin", digest_of("prt_1")))
    known.become([])
    assert not known.knows(one)
