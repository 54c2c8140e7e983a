"""A backup is the journal of one moment, whole and verified; and a wiped card stands in none made later."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.builders import NOW
from journal.builders import KEY, ROWS, dump, fill, know, move, open_journal, opening
from posrefund.engine import Event, Note
from posrefund.errors import JournalCorruptError, JournalError, JournalWriteError
from posrefund.journal import backup as backup_module

if TYPE_CHECKING:
    from posrefund.journal import SQLiteJournal

CANARY = "6205500000000000004"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder / "copy.db"


def test_backup_says_what_the_journal_says(filled: SQLiteJournal, path: Path, copy: Path) -> None:
    assert filled.backup(copy) == ROWS
    assert dump(copy) == dump(path)
    filled.commit(move("R-2/2", Event.ACCEPT))

    with open_journal(copy) as opened:
        assert opened.verify() == ROWS
        assert str(opened.attempt("R-2/2").state) == "IN_DOUBT"
        assert opened.card("R-2/2") == filled.card("R-2/2")


def test_backup_is_one_file_for_nobody_else_to_read(filled: SQLiteJournal, copy: Path) -> None:
    filled.backup(str(copy))

    assert [file.name for file in copy.parent.iterdir()] == ["copy.db"]
    if sys.platform != "win32":
        assert copy.stat().st_mode & 0o777 == 0o600


def test_backup_overwrites_nothing(filled: SQLiteJournal, copy: Path) -> None:
    copy.write_bytes(b"somebody's")
    with pytest.raises(
        JournalError, match=r"^copy.db exists already: a backup overwrites nothing$"
    ):
        filled.backup(copy)

    assert copy.read_bytes() == b"somebody's"


def test_backup_of_a_journal_that_was_changed_is_refused_and_leaves_nothing(
    filled: SQLiteJournal, copy: Path
) -> None:
    filled._db.execute("UPDATE attempts SET state = 'DECLINED' WHERE request_id = 'R-1'")
    with pytest.raises(JournalCorruptError, match="R-1/1 is not what its rows say"):
        filled.backup(copy)

    assert list(copy.parent.iterdir()) == []


def test_backup_into_a_folder_that_is_not_there_is_a_write_error(
    filled: SQLiteJournal, copy: Path
) -> None:
    with pytest.raises(JournalWriteError, match=r"^the backup cannot be written: No such file"):
        filled.backup(copy.parent / "nowhere" / "copy.db")


def test_backup_of_no_journal_is_refused(filled: SQLiteJournal, path: Path, copy: Path) -> None:
    with pytest.raises(JournalError, match=r"^nothing.db is no file$"):
        backup_module.back_up(path.with_name("nothing.db"), copy, open_journal)
    path.with_name("text.db").write_bytes(b"this is no database\n" * 100)
    with pytest.raises(JournalWriteError, match=r"^the backup cannot be written: SQLITE_NOTADB$"):
        backup_module.back_up(path.with_name("text.db"), copy, open_journal)
    filled.close()
    with pytest.raises(JournalError, match=r"^the journal is closed$"):
        filled.backup(copy)

    assert list(copy.parent.iterdir()) == []


def test_crash_before_the_backup_has_its_name_leaves_no_backup(
    filled: SQLiteJournal, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(file: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", cut)
    with pytest.raises(JournalWriteError, match=r"^the backup cannot be written: Input/output"):
        filled.backup(copy)

    assert list(copy.parent.iterdir()) == []


def test_every_backup_taken_while_commits_go_on_is_one_moment_of_the_journal(
    journal: SQLiteJournal, copy: Path
) -> None:
    """Each commit is a pair of notes: a backup with half a pair would not be one moment."""
    journal.commit([know()])
    stop, errors = threading.Event(), []

    def write() -> None:
        number = 0
        try:
            while not stop.is_set():
                number += 1
                journal.commit([Note("pair", NOW, {"n": str(number), "of": of}) for of in "ab"])
        except JournalError as error:
            errors.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    sizes = []
    try:
        for number in range(8):
            target = copy.with_name(f"{number}.db")
            backup_module.back_up(journal._path, target, open_journal)
            with open_journal(target) as opened:
                pairs = opened.notes("pair")
            assert [f"{pair['n']}{pair['of']}" for pair in pairs] == [
                f"{n}{of}" for n in range(1, len(pairs) // 2 + 1) for of in "ab"
            ]
            sizes.append(len(pairs))
    finally:
        stop.set()
        writer.join()
    assert errors == []
    assert sizes == sorted(sizes)
    assert sizes[-1] > sizes[0]
    assert journal.verify() > sizes[-1]


# --- after the wipe ----------------------------------------------------------------------------


def test_after_the_wipe_neither_database_nor_log_nor_backup_holds_the_card(
    journal: SQLiteJournal, path: Path, copy: Path
) -> None:
    """The number in clear in no file ever; what it is sealed in, in none any more."""
    fill(journal)
    canary = replace(opening("R-5", "000050", 10, original_id="S-2", card=CANARY))
    journal.commit([canary, *move("R-5/1", Event.SEND, Event.ACCEPT)])
    ((item_key, box),) = journal._db.execute(
        "SELECT item_key, box FROM sealed_cards WHERE attempt_id = 'R-5/1'"
    ).fetchall()
    clear = {"number": CANARY.encode(), "packed": bytes.fromhex(CANARY + "0")}
    sealed = {"key": item_key, "box": box}
    journal.backup(copy)

    before = found(path.parent, clear | sealed)
    assert {name for _, name in before} == {"key", "box"}
    assert {file for file, _ in before} >= {"journal.db-wal", "copy.db"}

    journal.wipe_cards()
    copy.unlink()  # a backup from before keeps what was sealed then
    journal.backup(copy)
    assert {file for file, _ in found(path.parent, {"any": b"R-5/1"})} >= {"journal.db", "copy.db"}
    assert found(path.parent, clear | sealed) == set()
    journal.close()
    assert found(path.parent, clear | sealed) == set()


def test_wipe_that_cannot_empty_the_log_says_so_and_the_next_one_does_it(
    filled: SQLiteJournal, path: Path
) -> None:
    filled._db.execute("PRAGMA busy_timeout = 0")
    ((item_key,), *_) = filled._db.execute("SELECT item_key FROM sealed_cards").fetchall()
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM meta").fetchall()
        with pytest.raises(JournalWriteError, match="somebody reads"):
            filled.wipe_cards()
        assert found(path.parent, {"key": item_key})

    assert filled.wipe_cards() == 0
    assert found(path.parent, {"key": item_key}) == set()


def found(folder: Path, needles: dict[str, bytes]) -> set[tuple[str, str]]:
    """Return which needle stands in which file."""
    return {
        (file.name, name)
        for file in folder.rglob("*")
        if file.is_file()
        for name, needle in needles.items()
        if needle in file.read_bytes()
    }


def test_backup_opens_with_the_key_of_its_journal_only(filled: SQLiteJournal, copy: Path) -> None:
    filled.backup(copy)
    with pytest.raises(JournalCorruptError, match="another key"):
        open_journal(copy, key=KEY[::-1])
