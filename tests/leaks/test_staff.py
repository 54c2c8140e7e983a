"""An operator's PIN is typed right, wrong and too often: no error, log, file, row or screen holds it or its digest."""

from __future__ import annotations

import logging
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from canary import PIN, everything_in, leaks_in
from posrefund.dialects import Policy
from posrefund.errors import PosRefundError
from shop import UNIONPAY, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from posrefund.journal import Row

BOSS_PIN = "482915"
LOG = logging.getLogger("leaks")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    dialect = UNIONPAY.derive("unionpay", policy=Policy(approval_from_minor=1))
    made = Shop(tmp_path, dialect=dialect)
    made.terminal.sale(sale("S-1", 12_800))
    made.to(1, 10)
    staff = made.terminal.staff
    staff.add_first("09", "Zhao", BOSS_PIN)
    staff.add("02", "Li", "supervisor", "190283", by="09", pin=BOSS_PIN)
    staff.set_pin("02", PIN, by="02", pin="190283")
    return made


def failures(shop: Shop) -> dict[str, Callable[[], object]]:
    """Everything that a PIN can meet and not pass, the marked one at each of its places."""
    terminal, staff = shop.terminal, shop.terminal.staff
    wish = refund("R-1", "S-1", 100)
    doubled = PIN * 2

    def yes() -> object:
        (waiting,) = terminal.pending_approvals()
        return terminal.approve("R-1", checker="09", digest=waiting.digest, pin=PIN)

    def too_often() -> None:
        for _ in range(3):
            try:
                terminal.prove("02", doubled)
            except PosRefundError:
                LOG.exception("a try")

    def full(*_: object, **__: object) -> object:
        raise sqlite3.OperationalError("database or disk is full")

    def on_a_full_disk() -> object:
        journal = terminal.journal
        real, journal._run = journal._run, full  # type: ignore[method-assign, assignment]  # reason: a fault
        try:
            return staff.set_pin("02", "615203", by="02", pin=PIN)
        finally:
            journal._run = real  # type: ignore[method-assign]  # reason: the fault is over

    def of_a_damaged_row() -> object:
        terminal.journal._db.execute("UPDATE staff SET pin = 'x' WHERE number = '02'")
        return terminal.prove("02", PIN)

    return {
        "of nobody": lambda: terminal.prove("77", PIN),
        "wrong": lambda: terminal.prove("09", PIN),
        "no number": lambda: terminal.prove("no number", PIN),
        "weak": lambda: staff.set_pin("02", "123456", by="02", pin=PIN),
        "the same": lambda: staff.set_pin("02", PIN, by="02", pin=PIN),
        "too long": lambda: staff.set_pin("02", doubled, by="02", pin=PIN),
        "taken": lambda: staff.add("02", "x", "cashier", PIN, by="09", pin=BOSS_PIN),
        "no name": lambda: staff.add("05", "", "cashier", PIN, by="09", pin=BOSS_PIN),
        "no manager": lambda: staff.deactivate("02", by="02", pin=PIN),
        "first again": lambda: staff.add_first("05", "x", PIN),
        "asking unknown": lambda: terminal.refund(wish, pin=PIN),
        "asking": lambda: terminal.refund(replace(wish, operator="02"), pin=PIN),
        "yes": yes,
        "full": on_a_full_disk,
        "too often": too_often,
        "locked": lambda: terminal.prove("02", PIN),
        "unlocked": lambda: staff.unlock("02", by="09", pin=BOSS_PIN),
        "damaged": of_a_damaged_row,
        "closed": lambda: (terminal.journal.close(), terminal.prove("02", PIN)),
    }


def test_pin_stands_nowhere_however_it_fails(
    shop: Shop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    seen: dict[str, str] = {}
    rows: list[Row] = []
    for name, act in failures(shop).items():
        if name == "damaged":
            rows = shop.terminal.journal.rows()
        try:
            act()
        except PosRefundError as error:
            LOG.exception("%s failed", name)
            seen[name] = everything_in(error)
    shown = repr(shop.terminal.staff) + repr(vars(shop.terminal.staff)) + repr(rows)

    passed = {"too often", "unlocked"}
    assert set(seen) == set(failures(shop)) - passed
    assert {name: leaks_in(text) for name, text in seen.items() if leaks_in(text)} == {}
    assert len(rows) > 20
    for path in tmp_path.iterdir():
        assert leaks_in(path.read_bytes()) == set()
    assert leaks_in(shown) | leaks_in(caplog.text) == set()
    for text in (shown, caplog.text, *seen.values()):
        assert "scrypt$" not in text
