"""Opening a journal: its own key, its own terminal, one writer, and nobody else reads it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from journal.builders import HELD_BY_US, KEY, ROWS, dump, fill, open_journal
from posrefund.errors import JournalCorruptError, JournalError
from posrefund.journal.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from posrefund.journal import SQLiteJournal


def test_reopened_journal_is_the_same(path: Path) -> None:
    with open_journal(path) as first:
        fill(first)
        before = first.rows(), first.attempts(), first.all_originals(), first.terminal_facts()
    with open_journal(path) as again:
        after = again.rows(), again.attempts(), again.all_originals(), again.terminal_facts()
        assert again.verify() == len(before[0])

    assert after == before


def test_journal_of_another_terminal_is_refused(path: Path) -> None:
    open_journal(path).close()
    with pytest.raises(JournalError, match=r"^this is the journal of terminal 12345678$"):
        open_journal(path, terminal="87654321")
    open_journal(path).close()


def test_journal_opened_with_another_key_is_refused(path: Path) -> None:
    with open_journal(path) as first:
        fill(first)
    before = dump(path)
    with pytest.raises(
        JournalCorruptError,
        match=r"^the journal was made with another key: key file and journal belong together",
    ):
        open_journal(path, key=bytes(32))
    assert dump(path) == before
    open_journal(path).close()


def test_journal_without_a_row_is_refused_with_another_key_too(path: Path) -> None:
    """Nothing in it had been signed, so any key once would do."""
    open_journal(path).close()
    before = dump(path)
    with pytest.raises(
        JournalCorruptError,
        match=r"^the journal was made with another key: key file and journal belong together",
    ):
        open_journal(path, key=bytes(32))
    assert dump(path) == before
    with open_journal(path) as again:
        assert again.rows() == []
        assert again.verify() == 0


def test_check_of_the_key_is_neither_the_key_nor_the_same_for_two_terminals(
    tmp_path: Path,
) -> None:
    checks = []
    for terminal in ("12345678", "87654321"):
        with open_journal(tmp_path / terminal, terminal=terminal) as journal:
            checks.append(journal.terminal_facts()["key_check"])

    assert [len(check) for check in checks] == [64, 64]
    assert len({KEY.hex(), *checks}) == 3


def test_journal_whose_key_check_is_gone_does_not_learn_a_wrong_key(path: Path) -> None:
    """It once did, and was then refused with the right one for ever."""
    with open_journal(path) as first:
        fill(first)
        first._db.execute("DELETE FROM meta WHERE key = 'key_check'")
    with pytest.raises(JournalCorruptError, match=r"^the last row was changed \(row 12\)$"):
        open_journal(path, key=bytes(32))
    with open_journal(path) as again:
        assert again.verify() == ROWS
    with pytest.raises(
        JournalCorruptError,
        match=r"^the journal was made with another key: key file and journal belong together",
    ):
        open_journal(path, key=bytes(32))


def test_journal_refused_with_another_key_is_let_go(path: Path) -> None:
    open_journal(path).close()
    for _ in range(2):
        with pytest.raises(JournalCorruptError, match="another key"):
            open_journal(path, key=bytes(32))
    open_journal(path).close()


def test_journal_says_its_version_as_text(journal: SQLiteJournal) -> None:
    assert SCHEMA_VERSION == "10"
    assert journal.terminal_facts()["version"] == SCHEMA_VERSION


def test_journal_that_is_open_is_refused_to_a_second_instance(
    journal: SQLiteJournal, path: Path
) -> None:
    with pytest.raises(JournalError, match=HELD_BY_US):
        open_journal(path)
    fill(journal)
    journal.close()
    open_journal(path).close()


def test_journal_that_is_open_is_refused_to_a_second_process(
    journal: SQLiteJournal, path: Path
) -> None:
    program = (
        "import sys\n"
        "from posrefund.errors import JournalError\n"
        "from posrefund.journal import SQLiteJournal\n"
        "try:\n"
        "    SQLiteJournal(sys.argv[1], key=bytes(range(32)), terminal='12345678')\n"
        "except JournalError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    fill(journal)

    assert re.fullmatch(HELD_BY_US, done.stdout.removesuffix("\n"))


def test_journal_closed_twice_is_closed_and_closes_nothing_else(path: Path) -> None:
    """The second close once closed whatever file had got the lock's number meanwhile."""
    journal = open_journal(path)
    journal.close()
    other = os.open(path.with_name("other"), os.O_RDWR | os.O_CREAT)
    journal.close()

    os.fstat(other)
    os.close(other)


def test_journal_in_a_directory_that_is_not_there_is_a_journal_error(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"^the journal cannot be locked: "):
        open_journal(tmp_path / "nowhere" / "journal.db")


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="nothing is read-only to this user"
)
def test_journal_in_a_read_only_directory_is_a_journal_error(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o500)
    with pytest.raises(JournalError, match=r"^the journal cannot be locked: "):
        open_journal(shut / "journal.db")


def test_journal_that_may_not_be_written_is_a_journal_error(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def shut(name: Any, *rest: Any) -> int:
        if Path(name) == path:
            raise PermissionError(13, "Permission denied", str(name))
        return real(name, *rest)

    monkeypatch.setattr(os, "open", shut)
    with pytest.raises(JournalError, match=r"^the journal cannot be opened: Permission denied$"):
        open_journal(path)
    monkeypatch.undo()
    open_journal(path).close()


@pytest.mark.parametrize("content", [b"this is no database\n" * 100, bytes(4096), b"\xff" * 20])
def test_file_that_is_no_database_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(JournalCorruptError):
        open_journal(path)

    assert path.read_bytes() == content


def test_directory_instead_of_a_file_is_a_journal_error(path: Path) -> None:
    path.mkdir()
    with pytest.raises(JournalError):
        open_journal(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_journal_is_nobody_else_s_to_read(filled: SQLiteJournal, path: Path) -> None:
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}

    assert modes == {
        "journal.db": 0o600,
        "journal.db-wal": 0o600,
        "journal.db-shm": 0o600,
        "journal.db.lock": 0o600,
    }


def test_every_commit_is_synced(journal: SQLiteJournal) -> None:
    assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)
