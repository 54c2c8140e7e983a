"""Many terminals in one file: one ceiling for a sale, one sync for several commits, nobody sees half a unit."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from engine.builders import NOW
from journal.builders import HELD_BY_US, KEY, know, move, opening
from posrefund.engine import Event, Note, State
from posrefund.errors import JournalCorruptError, JournalError, JournalWriteError
from posrefund.journal import SQLiteFleet, SQLiteJournal
from posrefund.values import TerminalID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.journal import FleetJournal

TERMINALS = [TerminalID(f"{n:08d}") for n in range(1, 17)]


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[SQLiteFleet]:
    with SQLiteFleet(tmp_path / "fleet.db") as made:
        yield made


def opened(fleet: SQLiteFleet) -> list[FleetJournal]:
    return [fleet.journal(terminal, key=KEY) for terminal in TERMINALS]


def refund_of(journal: FleetJournal, name: str, stan: str, minor: int, original: str) -> list[Any]:
    action = opening(name, stan, minor, original_id=original, terminal=journal._terminal)
    return [action, *move(f"{name}/1", Event.SEND)]


# --- one ceiling ---------------------------------------------------------------------------------


def test_terminals_that_refund_the_same_sales_at_once_never_pass_their_amounts(
    fleet: SQLiteFleet,
) -> None:
    journals = opened(fleet)
    sales = [f"S-{n}" for n in range(20)]
    journals[0].commit([know(name, 1_000, stan=f"{n:06d}") for n, name in enumerate(sales, 1)])

    def work(index: int) -> int:
        journal, done = journals[index], 0
        for n, sale in enumerate(sales):
            name = f"R-{index}-{n}"
            try:
                journal.commit(refund_of(journal, name, f"{n + 1:06d}", 400, sale))
            except JournalWriteError:
                continue  # the ceiling, or another's attempt is still open
            journal.commit(move(f"{name}/1", Event.ACCEPT))
            done += 1
        return done

    with ThreadPoolExecutor(len(journals)) as threads:
        booked = sum(threads.map(work, range(len(journals))))

    sums = {sale.original_id: sale.accepted_minor for sale in journals[0].all_originals()}
    assert sum(sums.values()) == 400 * booked
    assert max(sums.values()) <= 1_000
    assert booked > len(sales)  # most sales were refunded twice
    for journal in journals:
        journal.verify()


def test_request_id_is_one_for_all_terminals(fleet: SQLiteFleet) -> None:
    first, second, *_ = opened(fleet)
    first.commit([know()])
    first.commit(refund_of(first, "R-1", "000001", 100, "S-1"))

    with pytest.raises(JournalWriteError):
        second.commit(refund_of(second, "R-1", "000001", 100, "S-1"))
    assert second.last_attempt("R-1") == first.last_attempt("R-1")


# --- one sync -----------------------------------------------------------------------------------


def test_commits_that_come_together_share_syncs_and_each_has_lasted_when_it_returns(
    fleet: SQLiteFleet, tmp_path: Path
) -> None:
    journals = opened(fleet)
    before, together = fleet.commits, threading.Barrier(len(journals))

    def work(journal: FleetJournal) -> None:
        together.wait(10)
        for n in range(20):
            journal.commit([Note("bench", NOW, {"n": str(n)})])

    with ThreadPoolExecutor(len(journals)) as threads:
        list(threads.map(work, journals))

    assert fleet.commits - before < 20 * len(journals)
    assert [len(journal.rows()) for journal in journals] == [20] * len(journals)


def test_unit_that_fails_leaves_the_others_of_its_group(fleet: SQLiteFleet) -> None:
    journals = opened(fleet)
    journals[0].commit([know(minor=100)])

    def work(index: int) -> bool:
        journal = journals[index]
        try:
            journal.commit(
                [Note("mine", NOW, {}), *refund_of(journal, f"R-{index}", "000001", 100, "S-1")]
            )
        except JournalWriteError:
            return False
        return True

    with ThreadPoolExecutor(len(journals)) as threads:
        done = list(threads.map(work, range(len(journals))))

    assert done.count(True) == 1
    for index, journal in enumerate(journals):
        assert len(journal.notes("mine")) == done[index]
        journal.verify()


def test_nobody_reads_what_has_not_lasted(fleet: SQLiteFleet) -> None:
    writer, reader, *_ = opened(fleet)
    seen: list[int] = []

    def slowly() -> Iterator[Any]:
        yield know()
        seen.append(len(reader.originals("S-1")))
        yield Note("after", NOW, {})

    writer.commit(slowly())

    assert seen == [0]
    assert len(reader.originals("S-1")) == 1


# --- the file -----------------------------------------------------------------------------------


def test_terminal_is_open_once_and_can_be_opened_again_once_it_is_closed(
    fleet: SQLiteFleet,
) -> None:
    journal = fleet.journal(TERMINALS[0], key=KEY)
    with pytest.raises(JournalError, match=r"^this terminal's journal is open already$"):
        fleet.journal(TERMINALS[0], key=KEY)
    journal.close()
    fleet.journal(TERMINALS[0], key=KEY).close()


def test_file_of_a_fleet_has_one_process(fleet: SQLiteFleet, tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=HELD_BY_US):
        SQLiteFleet(tmp_path / "fleet.db")


def test_closed_fleet_closes_its_journals(fleet: SQLiteFleet) -> None:
    journal = fleet.journal(TERMINALS[0], key=KEY)
    fleet.close()
    fleet.close()

    for call in (
        lambda: journal.commit([]),
        journal.rows,
        lambda: fleet.journal(TERMINALS[1], key=KEY),
    ):
        with pytest.raises(JournalError, match=r"^the journal is closed$"):
            call()


def test_journal_of_one_terminal_is_no_fleet_and_the_other_way_round(tmp_path: Path) -> None:
    SQLiteJournal(tmp_path / "one.db", key=KEY, terminal=TERMINALS[0]).close()
    SQLiteFleet(tmp_path / "many.db").close()

    with pytest.raises(JournalError, match=r"^this is the journal of one terminal$"):
        SQLiteFleet(tmp_path / "one.db")
    with pytest.raises(JournalError, match=r"^this is the journal of many terminals$"):
        SQLiteJournal(tmp_path / "many.db", key=KEY, terminal=TERMINALS[0])


def test_key_of_another_terminal_opens_nothing_and_leaves_the_terminal_free(
    fleet: SQLiteFleet,
) -> None:
    fleet.journal(TERMINALS[0], key=KEY).close()
    with pytest.raises(JournalError, match="another key"):
        fleet.journal(TERMINALS[0], key=bytes(32))
    fleet.journal(TERMINALS[0], key=KEY).close()


def test_a_crash_leaves_each_terminal_what_it_was_told(tmp_path: Path) -> None:
    fleet = SQLiteFleet(tmp_path / "fleet.db")
    journals = opened(fleet)
    journals[0].commit([know(minor=10_000)])
    journals[3].commit(refund_of(journals[3], "R-1", "000001", 100, "S-1"))
    fleet._store._db.close()
    fleet._store._lock.release()

    with SQLiteFleet(tmp_path / "fleet.db") as again:
        journal = again.journal(TERMINALS[3], key=KEY)
        assert journal.attempt("R-1/1").state is State.SENT
        assert [each.verify() for each in (journal, again.journal(TERMINALS[0], key=KEY))] == [2, 1]


def test_backup_of_a_fleet_while_it_commits_is_one_moment_of_every_terminal(
    fleet: SQLiteFleet, tmp_path: Path
) -> None:
    journals, stop = opened(fleet), threading.Event()

    def work(journal: FleetJournal) -> int:
        count = 0
        while not stop.is_set():
            journal.commit([Note("pair", NOW, {"of": "a"}), Note("pair", NOW, {"of": "b"})])
            count += 2
        return count

    with ThreadPoolExecutor(len(journals)) as threads:
        working = [threads.submit(work, journal) for journal in journals]
        try:
            rows = fleet.backup(tmp_path / "copy.db")
        finally:
            stop.set()
        written = [each.result(10) for each in working]

    assert rows <= sum(written) == fleet.verify()
    with SQLiteFleet(tmp_path / "copy.db") as copy:
        found = [journal.verify() for journal in opened(copy)]
    assert sum(found) == rows
    assert all(count % 2 == 0 for count in found)


def test_close_while_others_wait_ends_their_units_and_refuses_those_that_come_later(
    fleet: SQLiteFleet, tmp_path: Path
) -> None:
    journals, together = opened(fleet), threading.Barrier(len(TERMINALS) + 1)

    def work(journal: FleetJournal) -> tuple[int, str]:
        together.wait(10)
        for count in range(1_000_000):
            try:
                journal.commit([Note("mine", NOW, {})])
            except JournalError as error:
                return count, str(error)
        return -1, ""

    with ThreadPoolExecutor(len(journals)) as threads:
        working = [threads.submit(work, journal) for journal in journals]
        together.wait(10)
        while fleet.commits < 50:
            pass
        fleet.close()
        ends = [each.result(10) for each in working]

    assert {said for _, said in ends} == {"the journal is closed"}
    with SQLiteFleet(tmp_path / "fleet.db") as again:
        assert [j.verify() for j in opened(again)] == [count for count, _ in ends]


def test_changed_row_is_named_in_the_chain_of_its_terminal_alone(
    fleet: SQLiteFleet, tmp_path: Path
) -> None:
    first, second, *_ = opened(fleet)
    for journal in (first, second):
        journal.commit([Note("mine", NOW, {"a": "b"})])
    db = fleet._store._db
    db.execute("DROP TRIGGER chain_is_append_only_1")
    db.execute("UPDATE chain SET body = '{}' WHERE terminal = ? AND seq = 1", (second._terminal,))

    assert first.verify() == 1
    with pytest.raises(JournalCorruptError, match="row 1"):
        second.verify()


def test_tables_are_those_of_one_terminal_with_the_terminal_in_them(
    fleet: SQLiteFleet, tmp_path: Path
) -> None:
    one = SQLiteJournal(tmp_path / "one.db", key=KEY, terminal=TERMINALS[0])
    listed = "SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p"

    def columns(db: Any) -> set[tuple[str, str]]:
        return set(db.execute(f"{listed} WHERE m.type = 'table'").fetchall())

    assert columns(fleet._store._db) - columns(one._db) == {
        ("meta", "terminal"),
        ("chain", "terminal"),
        ("originals", "learned_by"),
    }
    assert columns(one._db) <= columns(fleet._store._db)
    one.close()


def test_commit_that_fails_at_the_disk_is_told_to_every_unit_of_the_group(
    fleet: SQLiteFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    journals = opened(fleet)
    real = fleet._group._db

    class Broken:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def execute(self, sql: str, *values: Any) -> Any:
            if sql == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            return real.execute(sql, *values)

    monkeypatch.setattr(fleet._group, "_db", Broken())

    def work(journal: FleetJournal) -> str:
        try:
            journal.commit([Note("mine", NOW, {})])
        except JournalWriteError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(len(journals)) as threads:
        said = set(threads.map(work, journals))
    assert all("disk I/O error" in each for each in said)
    monkeypatch.undo()
    for journal in journals:
        assert journal.rows() == []
        journal.commit([Note("mine", NOW, {})])
        assert journal.verify() == 1
