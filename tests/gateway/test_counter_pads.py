"""Seats at one PIN pad: one reads at a time, each stops its own wait alone, and nobody's money waits for a card."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from gateway.clerk import Clerk
from gateway.lines import Counter, refund_body, served
from gateway.test_removed_tokens import others
from posrefund.counter import PadReader
from posrefund.devices.abecs import AbecsPinPad
from posrefund.devices.abecs.codes import refused
from posrefund.errors import DeviceRefusedError
from posrefund.gateway.counter_turns import SeatReader, Turn
from posrefund.values import PAN, CardRead
from shop import TERMINAL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from posrefund.emulators.pinpad import EmulatedPinPad
    from posrefund.testing import ServedDevice
    from shop import Shop

pytest_plugins = ["posrefund.testing.fixtures"]

CARD = CardRead("051", PAN("6200000000000005"), expiry="3012", sequence_number="001")


class HeldReader:
    """A reader before which nobody stands, until somebody does or its wait is stopped."""

    cards: Sequence[str] = ()

    def __init__(self) -> None:
        self.waits, self._ends = threading.Event(), threading.Event()
        self._is_stopped = False
        self.reads = self.stops = 0

    def read(self, which: int) -> CardRead:
        self.reads += 1
        self._is_stopped = False
        self.waits.set()
        assert self._ends.wait(20), "nobody ended it"
        self._ends.clear()
        self.waits.clear()
        if self._is_stopped:
            raise refused("cancelled")
        return CARD

    def show_card(self) -> None:
        self._ends.set()

    def stop(self) -> None:
        self.stops += 1
        self._is_stopped = True
        self._ends.set()


@asynccontextmanager
async def waiting(
    shop: Shop, reader: HeldReader, **options: Any
) -> AsyncIterator[tuple[Counter, Clerk]]:
    """A counter at which one clerk waits for a card; whoever still waits at the end is let go."""
    async with Counter(shop, readers={TERMINAL: reader}, **options) as counter:
        clerk = Clerk(counter)
        await clerk.sit()
        await clerk.send({"key": "1"})
        await begun(reader)
        yield counter, clerk
        reader.show_card()
        await counter.app.state.door.drained()


async def begun(reader: HeldReader) -> None:
    async with asyncio.timeout(10):
        while not reader.waits.is_set():
            await asyncio.sleep(0.001)


async def sat(counter: Counter, **body: Any) -> Clerk:
    clerk = Clerk(counter)
    await clerk.sit(**body)
    return clerk


# --- whose turn it is -------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "said"), [("en", "another counter"), ("zh", "另一个柜台")])
def test_a_second_seat_is_told_that_the_pad_is_taken(shop: Shop, language: str, said: str) -> None:
    reader = HeldReader()

    async def day() -> None:
        async with waiting(shop, reader) as (counter, first):
            second = await sat(counter, language=language)
            await second.do({"key": "1"})
            (objection,) = second.screen["objections"]
            assert (second.screen["name"], objection["code"]) == ("refused", "busy")
            assert said in objection["hint"]
            assert reader.reads == 1
            reader.show_card()
            await first.look()
            await first.settle()
            assert first.screen["name"] == "original"
            await second.send({"key": "1"})  # again: it is free now
            await begun(reader)
            reader.show_card()
            await second.settle()
            assert second.screen["name"] == "original"

    asyncio.run(day())


def test_each_seat_stops_its_own_wait_and_no_other(shop: Shop) -> None:
    reader = HeldReader()

    async def day() -> None:
        async with waiting(shop, reader) as (counter, first):
            second = await sat(counter)
            await second.do({"key": "1"}, {"key": "esc"})  # refused, and back to the menu
            assert second.screen["name"] == "menu"
            assert reader.stops == 0
            await seen(counter, first)
            assert first.screen["is_busy"]
            await first.send({"key": "esc"})
            await first.settle()
            assert reader.stops == 1
            (objection,) = first.screen["objections"]
            assert objection["code"] == "cancelled"

    asyncio.run(day())


def test_a_stop_of_who_does_not_read_reaches_no_reader() -> None:
    reader = HeldReader()
    turn = Turn(reader)
    first, second = SeatReader(turn), SeatReader(turn)
    ended: list[str] = []

    def read() -> None:
        try:
            first.read(0)
        except DeviceRefusedError as error:
            ended.append(error.reason)

    thread = threading.Thread(target=read)
    thread.start()
    assert reader.waits.wait(10)
    with pytest.raises(DeviceRefusedError):
        second.read(0)
    second.stop()  # it was refused: it has no wait
    assert reader.stops == 0
    first.stop()
    thread.join(10)
    assert (ended, reader.stops) == (["cancelled"], 1)
    first.stop()
    assert reader.stops == 1  # nor has it any more


def test_who_breaks_off_gives_his_turn_back() -> None:
    turn = Turn(HeldReader())
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turn.of("seat"):
            raise ZeroDivisionError
    turn.end()
    with pytest.raises(DeviceRefusedError), turn.of("seat"):
        pass


# --- what does not wait -----------------------------------------------------------------------------


def test_a_refund_goes_through_while_a_seat_waits_for_a_card(shop: Shop) -> None:
    async def day() -> None:
        async with waiting(shop, HeldReader()) as (counter, clerk):
            answer = await counter.post("/refunds", refund_body("R-1", 100))
            assert answer.json()["type"] == "Approved"
            await seen(counter, clerk)
            assert clerk.screen["is_busy"]

    asyncio.run(day())
    assert shop.booked("refund") == [100]


@pytest.mark.slow
def test_a_door_that_closes_waits_for_no_card(shop: Shop) -> None:
    reader = HeldReader()

    async def day() -> None:
        async with Counter(shop, readers={TERMINAL: reader}) as counter:
            async with asyncio.timeout(15), served(counter):
                clerk = await sat(counter)
                await clerk.send({"key": "1"})
                await begun(reader)
            assert reader.stops == 1
            assert not reader.waits.is_set()

    asyncio.run(day())


def test_the_pad_is_free_again_when_who_waits_at_it_loses_his_token(shop: Shop) -> None:
    reader = HeldReader()

    async def day() -> None:
        async with waiting(shop, reader, poll_s=0.01) as (counter, clerk):
            path, after = f"/counter/{clerk.data['seat']}", {"after": str(clerk.data["version"])}
            looking = asyncio.ensure_future(counter.get(path, params=after))
            while clerk.data["seat"] not in counter.app.state.door.news._listening:
                await asyncio.sleep(0)
            counter.options.tokens.become(others(but="till"))
            assert (await looking).json()["error"]["code"] == "seat_unknown"
            await counter.app.state.door.drained()
            assert reader.stops == 1

    asyncio.run(day())


async def seen(counter: Counter, clerk: Clerk) -> None:
    """Let *clerk* see what is shown now, whether he knows it or not."""
    clerk.data = (await counter.get(f"/counter/{clerk.data['seat']}")).json()


async def is_refused(counter: Counter, clerk: Clerk) -> bool:
    """Whether it was *clerk* who came second; he is told at once."""
    for _ in range(100):
        await seen(counter, clerk)
        if not clerk.screen["is_busy"]:
            return True
        await asyncio.sleep(0.005)
    return False


# --- a pad ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_card_comes_from_a_pad_after_one_try_that_was_stopped(
    shop: Shop, emulated_pinpad: ServedDevice[EmulatedPinPad]
) -> None:
    commands = emulated_pinpad.device.inside

    async def day() -> None:
        with AbecsPinPad(emulated_pinpad.stream) as pad:
            readers = {TERMINAL: PadReader(pad, shop.clock)}
            async with Counter(shop, readers=readers) as counter:
                with emulated_pinpad.lock:
                    card, commands.card = commands.card, None
                first, second = await sat(counter), await sat(counter)
                await first.send({"key": "1"})
                await second.send({"key": "1"})
                async with asyncio.timeout(20):
                    if not await is_refused(counter, second):
                        first, second = second, first  # it was quicker
                        assert await is_refused(counter, second)
                    assert [each["code"] for each in second.screen["objections"]] == ["busy"]
                    while first.screen["is_busy"]:  # Esc may come before the pad waits
                        await first.send({"key": "esc"})
                        await asyncio.sleep(0.05)
                        await seen(counter, first)
                assert [each["code"] for each in first.screen["objections"]] == ["cancelled"]
                with emulated_pinpad.lock:
                    commands.card = card
                await first.do({"key": "1"})  # again
                assert first.screen["name"] == "original"
                await first.do({"key": "1"}, {"text": "28.00"}, {"key": "enter"}, {"key": "1"})
                assert first.screen["name"] == "slip"

    asyncio.run(day())
    assert shop.booked("refund") == [2_800]
