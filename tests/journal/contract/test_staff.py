"""People in the journal: each guard of the database, what the chain says of them, and what it never says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from engine.builders import NOW
from journal.builders import KEY
from posrefund.engine.delegation import Delegation
from posrefund.engine.staff import Operator
from posrefund.errors import (
    InvalidRequestError,
    JournalCorruptError,
    JournalError,
    JournalWriteError,
)
from posrefund.journal import SQLiteFleet
from posrefund.values import TerminalID

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from journal.backends import Backend
    from posrefund.journal import Journal

BOSS = Operator("09", "Zhao Wei", "manager")
LI = Operator("02", "Li Na", "supervisor", must_change_pin=True)
CHEN = Operator("03", "Chen", "cashier")
PIN, LI_PIN = "482915", "739104826"
LENT = Delegation(1, "02", "03", "09", NOW, NOW + timedelta(days=7))


@pytest.fixture
def shop(journal: Journal) -> Journal:
    """A journal that knows three people."""
    for who, pin in ((BOSS, PIN), (LI, LI_PIN), (CHEN, "590318")):
        journal.enrol(who, pin, by="09", at=NOW)
    return journal


def refused(
    journal: Journal, backend: Backend, call: Callable[[], object], kind: type[Exception]
) -> str:
    before = backend.dump()
    with pytest.raises(kind) as caught:
        call()
    assert backend.dump() == before
    journal.verify()
    return str(caught.value)


# --- what is written -----------------------------------------------------------------------------


def test_people_are_read_as_they_were_written(shop: Journal) -> None:
    locked = LI.with_(locked_until=NOW + timedelta(minutes=30), lockouts=1)
    shop.change_operator(locked, "tried", by="02", at=NOW)

    assert shop.staff() == [locked, CHEN, BOSS]
    assert shop.verify() == 4
    assert [(row.kind, row.subject) for row in shop.rows()] == [
        ("staff", "09"),
        ("staff", "02"),
        ("staff", "03"),
        ("staff", "02"),
    ]
    told = shop.rows()[3].facts
    assert (told["event"], told["by"]) == ("tried", "02")
    assert told["operator"] == {
        "number": "02",
        "role": "supervisor",
        "is_active": 1,
        "must_change_pin": 1,
        "failures": 0,
        "lockouts": 1,
        "locked_until": "2026-03-09T02:30:00+00:00",
        "revision": 2,
    }


def test_pin_is_known_again_and_only_by_its_own_number(shop: Journal) -> None:
    assert shop.pin_is("09", PIN)
    assert shop.pin_is("02", LI_PIN)
    assert not shop.pin_is("02", PIN)
    for typed in ("", "48291", PIN + "0", PIN + "\n", "\ud800", "x" * 10_000):
        assert not shop.pin_is("09", typed)


def test_new_pin_takes_the_place_of_the_old_one(shop: Journal) -> None:
    shop.change_operator(LI.with_(must_change_pin=False), "pin_set", by="02", at=NOW, pin="615203")

    assert (shop.pin_is("02", LI_PIN), shop.pin_is("02", "615203")) == (False, True)
    shop.verify()


def test_people_survive_the_end_of_the_process(backend: Backend, shop: Journal) -> None:
    tried = LI.with_(failures=2)
    shop.change_operator(tried, "tried", by="02", at=NOW)
    backend.crash(shop)
    with backend.open() as again:
        assert again.staff() == [tried, CHEN, BOSS]
        assert again.pin_is("02", LI_PIN)
        again.verify()


def test_pin_fits_after_the_journal_key_was_rotated(shop: Journal, backend: Backend) -> None:
    shop.rotate_key(KEY[::-1], NOW)
    assert shop.pin_is("02", LI_PIN)
    shop.change_operator(LI.with_(failures=1), "tried", by="02", at=NOW)
    shop.verify()
    shop.close()
    with backend.open(key=KEY[::-1]) as again:
        assert again.pin_is("02", LI_PIN)
        again.verify()


def test_neither_pin_nor_digest_nor_name_stands_in_the_chain(
    shop: Journal, backend: Backend
) -> None:
    shop.change_operator(LI.with_(), "pin_set", by="02", at=NOW, pin="615203")
    chained = repr(shop.rows())

    for secret in (PIN, LI_PIN, "615203", "scrypt", "Zhao", "Li Na"):
        assert secret not in chained
    for secret in (PIN, LI_PIN, "615203"):
        assert not any(secret in line for line in backend.dump())
        assert secret not in repr(shop.staff()) + repr(vars(shop))


def test_two_terminals_of_one_file_have_each_their_own_people(tmp_path: Path) -> None:
    with SQLiteFleet(tmp_path / "fleet.db") as fleet:
        here = fleet.journal(TerminalID("12345678"), key=KEY)
        there = fleet.journal(TerminalID("87654321"), key=KEY)
        here.enrol(BOSS, PIN, by="09", at=NOW)
        assert there.staff() == []
        there.enrol(replace(BOSS, name="Somebody else"), LI_PIN, by="09", at=NOW)
        assert (here.pin_is("09", LI_PIN), there.pin_is("09", LI_PIN)) == (False, True)
        assert (here.verify(), there.verify()) == (1, 1)


# --- what is refused, whatever the code does -----------------------------------------------------


@pytest.mark.parametrize("number", ["9", "09", "009"])
def test_number_is_one_person_s(shop: Journal, backend: Backend, number: str) -> None:
    again = replace(BOSS, number=number)
    refused(shop, backend, lambda: shop.enrol(again, LI_PIN, by="09", at=NOW), JournalWriteError)


def test_letters_of_a_number_count_once(shop: Journal, backend: Backend) -> None:
    shop.enrol(replace(CHEN, number="aB"), "590318", by="09", at=NOW)
    again = replace(CHEN, number="Ab")
    refused(shop, backend, lambda: shop.enrol(again, "590318", by="09", at=NOW), JournalError)


def test_pin_that_may_not_be_chosen_is_not_written(shop: Journal, backend: Backend) -> None:
    new = replace(CHEN, number="04")
    for pin in ("123456", "1"):
        enrol = partial(shop.enrol, new, pin, by="09", at=NOW)
        refused(shop, backend, enrol, InvalidRequestError)
        change = partial(shop.change_operator, LI.with_(), "pin_set", by="02", at=NOW, pin=pin)
        refused(shop, backend, change, InvalidRequestError)


def test_of_two_steps_from_the_same_one_counts(shop: Journal, backend: Backend) -> None:
    """Two tries at the same time are two tries."""
    shop.change_operator(LI.with_(failures=1), "tried", by="02", at=NOW)

    said = refused(
        shop,
        backend,
        lambda: shop.change_operator(LI.with_(failures=1), "tried", by="02", at=NOW),
        JournalWriteError,
    )
    assert said.endswith("changed meanwhile")


def test_there_is_always_a_manager(journal: Journal, backend: Backend) -> None:
    said = refused(
        journal, backend, lambda: journal.enrol(LI, PIN, by="02", at=NOW), JournalWriteError
    )
    assert said.endswith("there would be no manager")
    journal.enrol(BOSS, PIN, by="09", at=NOW)
    for change in ({"is_active": False}, {"role": "cashier"}):
        step = partial(journal.change_operator, BOSS.with_(**change), "x", by="09", at=NOW)
        refused(journal, backend, step, JournalWriteError)


def test_operator_who_is_not_there_is_not_changed(shop: Journal, backend: Backend) -> None:
    nobody = replace(CHEN, number="77").with_()
    refused(
        shop, backend, lambda: shop.change_operator(nobody, "x", by="09", at=NOW), JournalWriteError
    )
    with pytest.raises(JournalCorruptError, match="operator 77 is not in the table"):
        shop.pin_is("77", PIN)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM staff",
        "UPDATE staff SET failures = -1",
        "UPDATE staff SET is_active = 2",
        "UPDATE staff SET revision = 0",
        "UPDATE staff SET number = '9' WHERE number = '02'",
        "UPDATE staff SET pin = ''",
    ],
)
def test_table_of_people_refuses(shop: Journal, backend: Backend, statement: str) -> None:
    before = backend.dump()
    with pytest.raises(backend.broken):
        backend.execute(statement)
    assert backend.dump() == before


# --- what is found -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE staff SET failures = 1 WHERE number = '02'",
        "UPDATE staff SET lockouts = 1 WHERE number = '02'",
        "UPDATE staff SET locked_until = '2026-03-09T06:00:00+00:00' WHERE number = '02'",
        "UPDATE staff SET role = 'manager' WHERE number = '02'",
        "UPDATE staff SET is_active = 0 WHERE number = '02'",
        "UPDATE staff SET must_change_pin = 0 WHERE number = '02'",
        "UPDATE staff SET revision = 7 WHERE number = '02'",
        "UPDATE staff SET name = 'Somebody' WHERE number = '02'",
        "UPDATE staff SET pin = (SELECT pin FROM staff AS s WHERE s.number = '03') WHERE number = '02'",
    ],
)
def test_table_that_says_otherwise_than_the_chain_is_found(
    shop: Journal, backend: Backend, statement: str
) -> None:
    backend.execute(statement)
    with pytest.raises(JournalCorruptError, match=r"operator 02 is not what its rows say"):
        shop.verify()


def test_person_who_was_put_in_beside_the_chain_is_found(shop: Journal, backend: Backend) -> None:
    backend.execute(
        "INSERT INTO staff SELECT terminal, '08', name, role, is_active, must_change_pin, failures,"
        " lockouts, locked_until, revision, pin FROM staff WHERE number = '09'"
    )
    with pytest.raises(JournalCorruptError, match=r"operator 08 is not what its rows say"):
        shop.verify()


def test_digest_that_was_swapped_is_found_and_fits_no_pin(shop: Journal, backend: Backend) -> None:
    """Whoever writes to the database copies his own digest into the manager's row, and types his own PIN."""
    backend.execute(
        "UPDATE staff SET pin = (SELECT pin FROM staff AS s WHERE s.number = '02') WHERE number = '09'"
    )

    assert not shop.pin_is("09", LI_PIN)
    assert not shop.pin_is("09", PIN)
    with pytest.raises(JournalCorruptError, match=r"operator 09 is not what its rows say"):
        shop.verify()


@pytest.mark.parametrize(
    "kept", ["x", "scrypt$1$8$3$00$00", "scrypt$1048577$8$3$" + "00" * 16 + "$" + "00" * 32]
)
def test_digest_that_is_none_is_damage(shop: Journal, backend: Backend, kept: str) -> None:
    backend.execute(f"UPDATE staff SET pin = '{kept}' WHERE number = '02'")
    with pytest.raises(JournalCorruptError, match="what is kept of the PIN of 02 was changed"):
        shop.pin_is("02", LI_PIN)


@pytest.mark.parametrize("change", ["name = ''", "role = 'X'", "locked_until = 'noon'"])
def test_person_who_cannot_be_is_damage(shop: Journal, backend: Backend, change: str) -> None:
    backend.execute(f"UPDATE staff SET {change} WHERE number = '02'")
    with pytest.raises(JournalCorruptError, match="a stored operator cannot be read"):
        shop.staff()


# --- rights that are lent --------------------------------------------------------------------------


def test_delegation_is_read_as_it_was_written_and_ended(shop: Journal, backend: Backend) -> None:
    shop.delegate(LENT, NOW)
    assert shop.delegations() == [LENT]
    shop.verify()
    shop.end_delegation(1, by="02", at=NOW)

    assert shop.delegations() == [LENT.ended("02")]
    assert [row.kind for row in shop.rows()[3:]] == ["delegated", "delegation_ended"]
    shop.verify()
    for number in (1, 2):
        end = partial(shop.end_delegation, number, by="09", at=NOW)
        refused(shop, backend, end, JournalWriteError)
    refused(shop, backend, lambda: shop.delegate(LENT, NOW), JournalWriteError)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE delegations SET taker = '2'",
        "UPDATE delegations SET taker = '9'",
        "UPDATE delegations SET taker = '04'",
        "UPDATE delegations SET until = '2099-01-01T00:00:00+00:00'",
        "UPDATE delegations SET ended_by = ''",
    ],
)
def test_table_of_delegations_refuses(shop: Journal, backend: Backend, statement: str) -> None:
    shop.delegate(LENT, NOW)
    shop.end_delegation(1, by="02", at=NOW)
    before = backend.dump()
    with pytest.raises(backend.broken):
        backend.execute(statement)
    assert backend.dump() == before


@pytest.mark.parametrize("pair", [("'2', '02', '09'"), ("'02', '09', '9'")])
def test_nobody_lends_to_himself_whatever_writes(
    shop: Journal, backend: Backend, pair: str
) -> None:
    with pytest.raises(backend.broken):
        backend.execute(
            f"INSERT INTO delegations VALUES ('12345678', 1, {pair},"
            " '2026-03-09T00:00:00+00:00', '2026-03-10T00:00:00+00:00', '')"
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE delegations SET ended_by = '02'",
        "DELETE FROM delegations",
        (
            "INSERT INTO delegations VALUES ('12345678', 2, '02', '03', '09',"
            " '2026-03-09T00:00:00+00:00', '2026-03-10T00:00:00+00:00', '')"
        ),
    ],
)
def test_delegation_that_is_not_what_the_chain_says_is_found(
    shop: Journal, backend: Backend, statement: str
) -> None:
    shop.delegate(LENT, NOW)
    backend.execute(statement)
    with pytest.raises(JournalCorruptError, match=r"delegation [12] is not what its rows say"):
        shop.verify()


def test_delegation_that_cannot_be_is_damage(shop: Journal, backend: Backend) -> None:
    backend.execute(
        "INSERT INTO delegations VALUES ('12345678', 1, '02', '03', '09', 'a', 'b', '')"
    )
    with pytest.raises(JournalCorruptError, match="a stored delegation cannot be read"):
        shop.delegations()
