"""The same dialogue with a terminal in a thread and one in an event loop; a PIN pad, and a card that nobody shows."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from aio.gates import InProcess
from aio.tills import till
from counter.desk import Clerk
from posrefund.counter import (
    CardsToPractise,
    Counter,
    Dialogue,
    Effect,
    Failed,
    PadReader,
    perform,
    perform_async,
)
from posrefund.counter.refund_effects import ReadCard, StopReading
from posrefund.crypto import Key, Purpose
from posrefund.devices.abecs import AbecsPinPad, WorkingKey
from posrefund.devices.abecs.codes import refused
from posrefund.emulators.device import DeviceServer
from posrefund.emulators.pinpad import EmulatedPinPad, PadKeys
from posrefund.testing import pipe
from shop import TMK

if TYPE_CHECKING:
    from shop import Shop

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_event_loop_goes_the_same_way_as_a_thread(shop: Shop) -> None:
    shop.terminal.close()
    reader = CardsToPractise()

    async def story() -> str:
        terminal = till(shop, InProcess(shop.link))
        dialogue = Dialogue(Counter(new_id=lambda: "C-1", language="en", cards=reader.cards))

        async def follow(effect: Effect | None) -> None:
            while effect is not None:
                effect = dialogue.resume(await perform_async(effect, terminal, reader))

        await follow(dialogue.start())
        for key in ("1", "1", "2", "enter", "enter", "1"):
            await follow(dialogue.press(key))
        await terminal.close()
        return dialogue.screen.name

    assert asyncio.run(story()) == "slip"
    assert shop.booked("refund") == [12_800]


def test_card_comes_from_a_pin_pad(shop: Shop) -> None:
    near, far = pipe()
    with DeviceServer(EmulatedPinPad(), far), AbecsPinPad(near) as pad:
        clerk = Clerk(shop.terminal, reader=PadReader(pad, lambda: NOON))
        screen = clerk.press("1")

        assert screen.name == "original"
        clerk.press("2", "enter", "enter", "1")
    assert shop.booked("refund") == [12_800]


def test_pad_asks_for_the_pin_where_one_is_wanted_and_it_leaves_encrypted(shop: Shop) -> None:
    near, far = pipe()
    keys = PadKeys(pin_masters={1: Key(TMK, Purpose.KEK)})
    wrapped = shop.open_keys().wrapped_pik()
    assert wrapped is not None
    with DeviceServer(EmulatedPinPad(keys=keys), far), AbecsPinPad(near) as pad:
        reader = PadReader(pad, lambda: NOON, lambda: WorkingKey(1, wrapped))
        card = perform(ReadCard(), shop.terminal, reader)

    assert card.pin_block is not None
    assert "1234" not in repr(card)


def test_wait_for_a_card_is_stopped_by_a_key_and_offers_another_try(shop: Shop) -> None:
    near, far = pipe()
    emulated = EmulatedPinPad(card=None)
    with DeviceServer(emulated, far), AbecsPinPad(near) as pad:
        reader = PadReader(pad, lambda: NOON)
        clerk = Clerk(shop.terminal, reader=reader)
        effect = clerk.dialogue.press("1")
        assert isinstance(effect, ReadCard)
        assert list(clerk.screen.keys) == ["0", "esc"]
        results: list[Any] = []
        waiting = threading.Thread(
            target=lambda: results.append(perform(effect, shop.terminal, reader))
        )
        waiting.start()
        stop = clerk.dialogue.press("esc")
        assert isinstance(stop, StopReading)
        while waiting.is_alive():  # it may not have begun to wait
            perform(stop, shop.terminal, reader)
            waiting.join(0.05)
        clerk.dialogue.resume(results[0])

    assert clerk.screen.name == "refused"
    assert list(clerk.screen.keys) == ["1", "0", "esc"]


def test_effect_of_no_kind_is_the_driver_s_own_fault(shop: Shop) -> None:
    with pytest.raises(TypeError, match="no effect of any kind"):
        perform(Effect(), shop.terminal, CardsToPractise())


def test_who_waits_for_a_card_takes_no_thread_that_others_need(shop: Shop) -> None:
    shop.terminal.close()

    class Patient:
        """Nobody shows a card."""

        cards = ()

        def __init__(self) -> None:
            self.waits, self._ends = threading.Event(), threading.Event()

        def read(self, which: int) -> Any:
            self.waits.set()
            assert self._ends.wait(20)
            raise refused("cancelled")

        def stop(self) -> None:
            self._ends.set()

    async def story() -> list[Any]:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))  # names of hosts are looked up there
        terminal, readers = till(shop, InProcess(shop.link)), [Patient() for _ in range(20)]
        reading = [
            asyncio.ensure_future(perform_async(ReadCard(), terminal, each)) for each in readers
        ]
        async with asyncio.timeout(10):
            while not all(each.waits.is_set() for each in readers):
                await asyncio.sleep(0.001)
            assert await asyncio.to_thread(lambda: "looked up") == "looked up"
            for each in readers:
                await perform_async(StopReading(), terminal, each)
            results = await asyncio.gather(*reading)
        await terminal.close()
        return results

    results = asyncio.run(story())
    assert [type(each) for each in results] == [Failed] * 20
