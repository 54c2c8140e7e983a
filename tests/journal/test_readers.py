"""Connections that are lent to read: as many as look at once, none that holds an old moment of the file."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest

from posrefund.errors import JournalError
from posrefund.journal import SQLiteFleet
from posrefund.journal.readers import Readers
from posrefund.values import TerminalID


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "file.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE t (n)")
        db.execute("INSERT INTO t VALUES (1), (2)")
    return file


def test_one_look_after_the_other_takes_one_connection(path: Path) -> None:
    readers = Readers(path)
    with readers.lent() as first:
        pass
    with readers.lent() as second:
        assert second is first
        with readers.lent() as third:
            assert third is not first
    readers.close()


def test_nothing_is_written_over_a_connection_that_is_lent(path: Path) -> None:
    readers = Readers(path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"), readers.lent() as db:
        db.execute("INSERT INTO t VALUES (3)")
    readers.close()


def test_a_look_that_failed_half_way_leaves_no_old_moment_behind(path: Path) -> None:
    readers = Readers(path)
    with suppress(KeyboardInterrupt), readers.lent() as db:
        half = db.execute("SELECT n FROM t")
        half.fetchone()
        raise KeyboardInterrupt
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("INSERT INTO t VALUES (3)")
    with readers.lent() as again:
        assert again.execute("SELECT count(*) FROM t").fetchone() == (3,)
    readers.close()


def test_what_is_out_when_the_file_is_closed_is_closed_when_it_comes_back(path: Path) -> None:
    readers = Readers(path)
    with readers.lent() as db:
        readers.close()
        assert db.execute("SELECT count(*) FROM t").fetchone() == (2,)
    with pytest.raises(sqlite3.ProgrammingError):
        db.execute("SELECT 1")
    with pytest.raises(JournalError, match=r"^the journal is closed$"), readers.lent():
        pass
    readers.close()


def test_a_hundred_terminals_that_look_one_after_the_other_share_one_connection(
    tmp_path: Path,
) -> None:
    with SQLiteFleet(tmp_path / "fleet.db") as fleet:
        journals = [
            fleet.journal(TerminalID(f"{number:08d}"), key=bytes(32)) for number in range(100)
        ]
        assert [journal.terminal_facts()["terminal"] for journal in journals] == [
            f"{number:08d}" for number in range(100)
        ]
        assert len(fleet._readers._idle) == 1


def test_threads_that_look_at_once_have_a_connection_each(path: Path) -> None:
    readers, meet = Readers(path), threading.Barrier(4)
    found: list[int] = []

    def look() -> None:
        with readers.lent() as db:
            meet.wait(30)
            found.append(id(db))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == len(readers._idle) == 4
    readers.close()


def test_a_file_that_was_moved_or_replaced_is_not_read_and_none_is_made(path: Path) -> None:
    readers = Readers(path)
    with readers.lent():
        path.rename(path.with_name("moved.db"))
        with pytest.raises(JournalError, match="moved"), readers.lent():
            pass
        assert not path.exists()
        path.write_bytes(b"")
        with pytest.raises(JournalError, match="in its place"), readers.lent():
            pass
    readers.close()
