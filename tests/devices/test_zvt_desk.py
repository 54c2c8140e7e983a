"""The desk before a ZVT terminal: which transaction was the last one is in the journal before money is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devices.desk_shop import PowerCut, Shop
from devices.still_line import VirtualStream
from devices.zvt_lines import REFUND
from posrefund.devices import DeviceApproved, DeviceInDoubt, DeviceRefund, TellsLast
from posrefund.devices.zvt import ZVTSettings, ZvtTerminal
from posrefund.emulators.device import Scene as ZVTScene
from posrefund.emulators.device import Script
from posrefund.emulators.zvt import EmulatedZVT
from posrefund.values import RequestID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAME_AGAIN = DeviceRefund(RequestID("R-2"), REFUND.amount)
LATE = ZVTScene(seconds=400)


class Counter:
    """A shop whose device is an emulated ZVT terminal."""

    def __init__(self, path: Path, scenes: Script, patch: pytest.MonkeyPatch) -> None:
        self.terminal = EmulatedZVT(scenes)
        self.stream = VirtualStream(self.terminal)
        self.stream.patch(patch)
        self.driver = ZvtTerminal(self.stream, ZVTSettings(), serial=True)
        self.shop = Shop(path / "journal.db", self.driver)  # type: ignore[arg-type]


@pytest.fixture
def counter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Counter]:
    made = Counter(tmp_path, request.param, monkeypatch)
    yield made
    made.shop.close()


def scenes(*then: ZVTScene) -> pytest.MarkDecorator:
    script = Script()
    for scene in then:
        script.then(scene)
    return pytest.mark.parametrize("counter", [script], indirect=True)


def test_a_zvt_terminal_tells_its_last_transaction() -> None:
    assert isinstance(ZvtTerminal.on_tcp("192.0.2.7"), TellsLast)


@scenes(ZVTScene(), LATE)
def test_a_doubt_is_recovered_though_an_equal_refund_stands_before_it(counter: Counter) -> None:
    desk = counter.shop.desk
    assert isinstance(desk.refund(REFUND), DeviceApproved)
    doubt = desk.refund(SAME_AGAIN)
    assert isinstance(doubt, DeviceInDoubt)
    assert doubt.after == "000122/0044"
    found = desk.recover()
    assert isinstance(found, DeviceApproved)
    assert found.reference == "000123/0045"
    assert isinstance(desk.refund(SAME_AGAIN), DeviceApproved)  # told, not asked again
    assert counter.terminal.money_asked == 2


@scenes(ZVTScene(), ZVTScene(seconds=400, does_act=False))
def test_a_doubt_about_what_was_not_booked_stays_one(counter: Counter) -> None:
    desk = counter.shop.desk
    desk.refund(REFUND)
    desk.refund(SAME_AGAIN)
    for _ in range(2):  # as often as one likes: what it was asked after is not forgotten
        found = desk.recover()
        assert isinstance(found, DeviceInDoubt)
        assert found.after == "000122/0044"
    assert counter.terminal.money_asked == 2


@scenes(ZVTScene(), ZVTScene())
def test_after_a_power_cut_in_the_middle_the_number_before_it_is_known(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = counter.shop
    shop.desk.refund(REFUND)
    whole = counter.driver.refund

    def refund(request: DeviceRefund) -> object:
        whole(request)
        raise PowerCut

    monkeypatch.setattr(counter.driver, "refund", refund)
    with pytest.raises(PowerCut):
        shop.desk.refund(SAME_AGAIN)
    monkeypatch.undo()
    counter.stream.patch(monkeypatch)
    shop.restart()
    asked = shop.desk.in_doubt()
    assert asked is not None
    assert asked.after == "000122/0044"
    found = shop.desk.recover()
    assert isinstance(found, DeviceApproved)
    assert found.reference == "000123/0045"
    assert counter.terminal.money_asked == 2
