"""How a terminal has been, counted from its journal."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from posrefund.engine.selfcheck import SelfCheckPolicy
from posrefund.office import health
from shop import Shop

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2026, 3, 9)


def test_faults_checks_and_maintenance_are_counted_by_the_hosts_day(tmp_path: Path) -> None:
    shop = Shop(tmp_path, checks=SelfCheckPolicy(space_low_bytes=1, space_full_bytes=1))
    terminal = shop.terminal
    terminal.selfcheck()
    shop.clock.advance(timedelta(hours=10))  # 00:05 of the next day, host time
    shop.link.is_down = True
    terminal.selfcheck()
    terminal.selfcheck()
    terminal.open_fault("printer", "no paper")
    terminal.maintained("cleaned the reader", by="07")

    found = health(terminal.journal, terminal.dialect, now=shop.clock(), days=2)

    assert found.days == (DAY, DAY + timedelta(days=1))
    assert found.checks == {DAY: 1, DAY + timedelta(days=1): 2}
    assert found.blocked == {DAY: 0, DAY + timedelta(days=1): 2}
    assert found.opened == {DAY + timedelta(days=1): {"host.unreachable": 1, "printer": 1}}
    assert found.open_now == ("host.unreachable", "printer")
    assert found.maintained == {DAY + timedelta(days=1): ("cleaned the reader",)}
    assert found.trend == 2

    later = health(terminal.journal, terminal.dialect, now=shop.clock() + timedelta(days=2), days=4)
    assert later.trend == -2  # it has become better
    assert len(later.days) == 4
    none = health(terminal.journal, terminal.dialect, now=shop.clock() + timedelta(days=9), days=3)
    assert (none.checks, none.trend) == ({}, 0)
    terminal.close()
