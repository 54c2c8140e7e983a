"""Power fails between any two steps: nothing is refunded twice, nothing is lost.

In-process: every commit, every send and every receive of a working day is a place where the world can
end; each is tried, just before and just after. What comes back up is a new terminal on the same files.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from posrefund.cli.books import compare, difference
from posrefund.engine import OPEN_STATES, InDoubt, State
from posrefund.errors import RefusedError
from shop import Shop, refund, sale
from terminal.power import Fuse, PowerCut, wire

if TYPE_CHECKING:
    from pathlib import Path


_BLOCKED = {"original_in_doubt", "original_unknown", "nothing_remaining", "over_remaining"}


def morning(shop: Shop) -> None:
    """What the shop wants done on day 1; asked again after every restart, with the same ids."""
    for request in (
        refund("R-1", "S-1", 2_800),
        refund("R-2", "S-1", 10_000),
        sale("S-2", 700),
        refund("V-2", "S-2"),
        sale("S-3", 900),
    ):
        try:
            if hasattr(request, "original"):
                shop.terminal.refund(request)  # type: ignore[arg-type]
            else:
                shop.terminal.sale(request)
        except RefusedError as refused:
            if refused.code not in _BLOCKED:
                raise


def open_shop(folder: Path) -> Shop:
    folder.mkdir()
    shop = Shop(folder)
    shop.terminal.sale(sale("S-1", 12_800))
    shop.to(1, 10)
    return shop


def count_steps(folder: Path) -> int:
    shop = open_shop(folder)
    fuse = Fuse(blow_at=0)
    wire(shop, fuse)
    morning(shop)
    shop.terminal.close()
    return fuse.steps


def check_end(shop: Shop) -> None:
    """At most one effect per request, equal books, an honest journal."""
    for day in range(4):
        shop.settle(day)
    assert sum(shop.booked("refund")) <= 12_800
    assert sorted(shop.booked("refund")) in ([], [2_800], [10_000], [2_800, 10_000])
    assert len(shop.booked("void")) <= 1
    for attempt in shop.terminal.journal.attempts():
        assert attempt.state not in OPEN_STATES - {State.MANUAL}, attempt
    shop.terminal.journal.verify()
    lines = compare(shop.terminal.journal.attempts(), shop.host.ledger.as_data())
    assert difference(lines) == 0, lines


@pytest.mark.parametrize("fault", [None, "drop_reply", "drop_request", "bad_mac", "booked_code"])
def test_power_may_fail_at_any_step_of_a_morning(tmp_path: Path, fault: str | None) -> None:
    steps = count_steps(tmp_path / "dry")
    assert steps > 30
    for blow_at in range(1, steps + 1):
        shop = open_shop(tmp_path / f"{blow_at}")
        if fault:
            shop.fault(fault)
        wire(shop, Fuse(blow_at))
        with suppress(PowerCut):
            morning(shop)
        shop.terminal.close()
        shop.terminal = shop.open()
        morning(shop)  # the shop opens again and asks for the same
        shop.terminal.resolve_doubts()
        check_end(shop)
        shop.terminal.close()


def test_power_may_fail_again_while_recovering(tmp_path: Path) -> None:
    """A cut, then a second cut at each step of what follows; the end is the same."""
    for first in (3, 4, 5, 6):
        for second in range(1, 12):
            shop = open_shop(tmp_path / f"{first}-{second}")
            for blow_at in (first, second):
                wire(shop, Fuse(blow_at))
                with suppress(PowerCut):
                    morning(shop)
                shop.terminal.close()
                shop.terminal = shop.open()
            morning(shop)
            shop.terminal.resolve_doubts()
            check_end(shop)
            shop.terminal.close()


def test_recovering_twice_changes_nothing(next_day: Shop) -> None:
    next_day.fault("drop_reply")
    next_day.terminal.refund(refund("R-1", "S-1", 100))
    next_day.restart()
    rows = len(next_day.terminal.journal.rows())

    next_day.restart()

    assert len(next_day.terminal.journal.rows()) == rows


def test_what_was_sent_when_power_failed_is_in_doubt_after_the_restart(next_day: Shop) -> None:
    next_day.link.sent.clear()
    wire(
        next_day, Fuse(6)
    )  # after the commit and the anchor, after the host has it, before the answer is read
    with pytest.raises(PowerCut):
        next_day.terminal.refund(refund("R-1", "S-1", 100))
    next_day.terminal.close()
    next_day.terminal = next_day.open()

    outcome = next_day.terminal.refund(refund("R-1", "S-1", 100))

    assert isinstance(outcome, InDoubt)
    assert outcome.reason == "restart"
    assert len(next_day.link.sent) == 1
    assert next_day.booked("refund") == [100]
