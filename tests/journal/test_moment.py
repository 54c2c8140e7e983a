"""One moment of a file: read beside its writer, and nothing but read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from journal.builders import fill, know, open_journal
from posrefund.errors import JournalCorruptError, JournalError
from posrefund.journal import Moment, SQLiteFleet, SQLiteJournal
from posrefund.values import TerminalID

if TYPE_CHECKING:
    from pathlib import Path

COUNT = "SELECT count(*) AS n FROM attempts"


def test_it_reads_what_its_writer_has_committed(path: Path, filled: SQLiteJournal) -> None:
    with Moment(path) as moment:
        assert moment.ask(COUNT) == (("n",), [(3,)])
        assert moment.terminals == ("12345678",)
        assert not moment.is_fleet
    assert filled.verify() == 12


def test_it_is_one_moment_and_holds_up_nobody(path: Path, journal: SQLiteJournal) -> None:
    with Moment(path) as moment:
        before = moment.ask(COUNT)
        fill(journal)

        assert moment.ask(COUNT) == before
    with Moment(path) as moment:
        assert moment.ask(COUNT)[1] == [(3,)]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM attempts",
        "UPDATE meta SET value = '9'",
        "DROP TABLE chain",
        "INSERT INTO requests VALUES ('a', 'b')",
    ],
)
def test_it_writes_nothing(sql: str, path: Path, filled: SQLiteJournal) -> None:
    with Moment(path) as moment, pytest.raises(JournalError):
        moment.ask(sql)

    assert filled.verify() == 12


def test_question_that_is_none_is_ours(path: Path, filled: SQLiteJournal) -> None:
    with Moment(path) as moment, pytest.raises(JournalError):
        moment.ask("SELECT nothing FROM nowhere")
    assert filled.verify() == 12


def test_file_of_many_names_its_terminals(tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    with SQLiteFleet(path) as fleet:
        for name in ("22345678", "12345678"):
            fleet.journal(TerminalID(name), key=bytes(32)).commit(
                [know(f"S-{name}", terminal=name)]
            )
        with Moment(path) as moment:
            assert moment.is_fleet
            assert moment.terminals == ("12345678", "22345678")


def test_no_file_is_made(path: Path) -> None:
    with pytest.raises(JournalError):
        Moment(path)
    assert not path.exists()


def test_file_that_is_no_journal_is_refused(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(JournalCorruptError):
        Moment(path)
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE t (n)")
    with pytest.raises(JournalError):
        Moment(path)


def test_file_of_another_version_is_refused(path: Path) -> None:
    open_journal(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE meta SET value = '1' WHERE key = 'version'")

    with pytest.raises(JournalError, match="journal of version 1, reports read"):
        Moment(path)


def test_moment_that_is_over_answers_nothing(path: Path, filled: SQLiteJournal) -> None:
    moment = Moment(path)
    moment.close()
    moment.close()

    with pytest.raises(JournalError, match="closed"):
        moment.ask(COUNT)
    assert filled.verify() == 12
