"""``posrefund serve`` whose settings name a PIN pad: cards for the counter in a browser, and none that wait for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from gateway.fleet_site import DoorProcess, Site, ask, ready, refund_of
from posrefund.crypto import Key, Purpose
from posrefund.emulators.device import DeviceServer, ListeningStream
from posrefund.emulators.pinpad import EmulatedPinPad, PadKeys
from shop import TMK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.fleet_site import Reply

pytestmark = pytest.mark.slow
FIRST, SECOND = "00000001", "00000002"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "with_pin.toml").write_text(
        'name = "house"\nbase = "unionpay"\n[messages]\nrefund.pin = "required"\n'
    )
    made = Site(tmp_path, 2, 'file = "{id}.db"')
    yield made
    made.server.close()


@pytest.fixture
def pad() -> EmulatedPinPad:
    """The terminal's master key is its seventh."""
    return EmulatedPinPad(keys=PadKeys(pin_masters={7: Key(TMK, Purpose.KEK)}))


def settings(site: Site, where: str, dialect: str) -> Path:
    """The first terminal has a pad, the second none."""
    config = site.write("pads.toml")
    text = config.read_text().replace('"unionpay"', f'"{dialect}"')
    text = text.replace(f'id = "{FIRST}"', f'id = "{FIRST}"\npad = "{where}"')
    config.write_text(text.replace("[keys]", "[pad]\nmaster_key = 7\n[keys]"))
    return config


class Seat:
    """A clerk at a door's counter, over HTTP."""

    def __init__(self, door: DoorProcess, terminal: str) -> None:
        self._door, self._at = door, f"/v1/terminals/{terminal}/counter"
        self.data: dict[str, Any] = {}

    @property
    def screen(self) -> dict[str, Any]:
        screen: dict[str, Any] = self.data["screen"]
        return screen

    def _take(self, reply: Reply | None) -> None:
        assert reply is not None
        assert reply.status == 200, reply.data
        self.data = reply.data

    async def sit(self) -> None:
        self._take(await ask(self._door.address, "POST", self._at, {"language": "en"}))
        await self.settle()

    async def press(self, key: str) -> None:
        body = {"version": self.data["version"], "key": key}
        self._take(await ask(self._door.address, "POST", f"{self._at}/{self.data['seat']}", body))

    async def look(self) -> None:
        self._take(await ask(self._door.address, "GET", f"{self._at}/{self.data['seat']}"))

    async def settle(self) -> None:
        while self.screen["is_busy"]:
            await self.look()
            await asyncio.sleep(0.02)

    async def do(self, *keys: str) -> None:
        for key in keys:
            await self.press(key)
            await self.settle()


def test_a_refund_at_the_counter_has_its_card_and_pin_from_the_pad_of_its_terminal(
    site: Site, pad: EmulatedPinPad
) -> None:
    line = ListeningStream(("127.0.0.1", 0))

    async def story(door: DoorProcess) -> str:
        await ready(door.address, 2)
        seat = Seat(door, FIRST)
        await seat.sit()
        await seat.do("1")
        assert seat.screen["name"] == "original", seat.screen
        await seat.do("1", "enter", "enter", "1")
        assert seat.screen["name"] == "slip", seat.screen
        without = Seat(door, SECOND)
        await without.sit()
        await without.do("1")
        (objection,) = without.screen["objections"]
        return str(objection["hint"])

    with DeviceServer(pad, line), DoorProcess(settings(site, line.name, "with_pin.toml")) as door:
        said = asyncio.run(story(door))
    line.stop()
    assert site.refunded() == [1_000_000]
    assert [each for each in pad.inside.did if each.startswith(("GCX", "GPN"))] == [
        "GCX000",
        "GPN000",
    ]
    assert "[pad]" in said  # where to name one


def test_a_seat_that_waits_for_a_card_keeps_no_money_waiting_and_no_stop(
    site: Site, pad: EmulatedPinPad
) -> None:
    pad.inside.card = None
    line = ListeningStream(("127.0.0.1", 0))

    async def story(door: DoorProcess) -> None:
        await ready(door.address, 2)
        seat, other = Seat(door, FIRST), Seat(door, FIRST)
        await seat.sit()
        await other.sit()
        await seat.press("1")
        while pad.deadline is None:  # it does not ask for a card yet
            await asyncio.sleep(0.01)
        await other.do("1")
        assert [each["code"] for each in other.screen["objections"]] == ["busy"]
        await other.do("esc")
        await seat.look()
        assert seat.screen["is_busy"]
        reply = await ask(door.address, "POST", *refund_of(SECOND, "R-2", 300))
        assert reply is not None
        assert reply.data["type"] == "Approved"
        await seat.press("esc")
        await seat.settle()
        assert [each["code"] for each in seat.screen["objections"]] == ["cancelled"]
        await seat.press("1")  # and waits again, when the door is stopped
        await seat.look()
        assert seat.screen["is_busy"]

    with DeviceServer(pad, line), DoorProcess(settings(site, line.name, "unionpay")) as door:
        asyncio.run(story(door))
        door.terminate()
        assert door.wait(20) == 0  # a pad waits for a card for a minute
    line.stop()
    assert site.refunded() == [300]
