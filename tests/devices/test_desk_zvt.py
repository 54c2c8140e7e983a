"""The desk before a real driver and its emulated terminal: what a crash left is asked for, and found by its number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from devices.desk_shop import PowerCut, Shop
from devices.zvt_lines import EUROS, rig
from posrefund.devices import DeviceApproved, DeviceInDoubt, DeviceRefund
from posrefund.values import RequestID


def refund(name: str) -> DeviceRefund:
    return DeviceRefund(RequestID(name), EUROS)


@pytest.mark.parametrize(
    ("cut_at", "expected", "booked"),
    [(2, DeviceInDoubt, 1), (3, DeviceApproved, 2)],
    ids=["before the terminal heard of it", "after it answered"],
)
def test_power_cut_between_two_equal_refunds_is_told_apart_by_the_terminals_numbers(
    tmp_path: Path, cut_at: int, expected: type, booked: int
) -> None:
    with rig("tcp") as line:
        driver: Any = line.driver
        shop = Shop(tmp_path / "journal.db", driver)
        first = shop.desk.refund(refund("R-1"))
        shop.cut_at = shop.steps + cut_at
        with pytest.raises(PowerCut):
            shop.desk.refund(refund("R-2"))
        shop.restart()
        found = shop.desk.recover()
        again = shop.desk.refund(refund("R-2"))

        assert isinstance(first, DeviceApproved)
        assert isinstance(found, expected)
        assert again == found
        assert line.booked == booked
        shop.close()
