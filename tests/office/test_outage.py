"""A host that is gone for a day and a night: nothing is lost, nothing is made twice, and it all ends in the books."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from posrefund.engine import Approved, Declined, InDoubt, NotSent, State
from shop import Shop, refund, sale

if TYPE_CHECKING:
    from pathlib import Path

HOURS = 24


def test_day_without_a_host_ends_with_every_refund_in_both_books_once(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    for number in range(1, 5):
        shop.terminal.sale(sale(f"S-{number}", 1_000 * number))
    shop.to(1, 10)
    terminal = shop.terminal

    shop.fault("drop_reply")  # it booked, and nobody heard
    assert isinstance(terminal.refund(refund("R-1", "S-1")), InDoubt)
    shop.fault("drop_request")  # it never saw it
    assert isinstance(terminal.refund(refund("R-2", "S-2")), InDoubt)
    shop.link.is_down = True
    for hour in range(HOURS):
        assert isinstance(terminal.refund(refund("R-3", "S-3")), NotSent)
        assert isinstance(
            terminal.refund(refund("R-1", "S-1")), InDoubt
        )  # asked for again: it stays so
        terminal.resolve_doubts()
        shop.clock.advance(timedelta(hours=1))
        shop.host_time.advance(timedelta(hours=1))
        if hour == HOURS // 2:
            shop.restart()
            terminal = shop.terminal
    assert shop.booked("refund") == [1_000]

    shop.link.is_down = False
    terminal.sign_in()
    assert isinstance(terminal.refund(refund("R-3", "S-3")), Approved)
    for day in range(4):
        shop.settle(day)
    assert isinstance(terminal.status("R-1"), Approved)
    stands = terminal.status("R-2")
    assert isinstance(stands, InDoubt)
    assert stands.needs_people
    released = terminal.release("R-2", people=("02", "03"), evidence="three files without it")
    assert isinstance(released, Declined)
    shop.to(4, 10)
    assert isinstance(terminal.refund(refund("R-2", "S-2")), Approved)
    shop.settle(4)

    assert sorted(shop.booked("refund")) == [1_000, 2_000, 3_000]
    ends = {name: terminal.journal.last_attempt(name) for name in ("R-1", "R-2", "R-3")}
    assert [each.state for each in ends.values() if each] == 3 * [State.CONFIRMED]
    assert terminal.journal.open_attempts() == []
    assert terminal.journal.verify()
    terminal.close()
