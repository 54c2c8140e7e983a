"""What only a file can do: a disk that is full."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.builders import NOW
from journal.builders import dump, opening
from posrefund.engine import Note
from posrefund.errors import JournalWriteError

if TYPE_CHECKING:
    from posrefund.journal import SQLiteJournal


def test_full_disk_is_a_write_error_that_leaves_nothing_and_passes(
    filled: SQLiteJournal, path: Path
) -> None:
    (pages,) = filled._db.execute("PRAGMA page_count").fetchone()
    filled._db.execute(f"PRAGMA max_page_count = {pages}")
    before = dump(path)
    long = Note("inbound", NOW, {"long": "x" * 100_000})
    with pytest.raises(JournalWriteError) as caught:
        filled.commit([opening("R-5", "000005", 1, original_id="S-2"), long])

    assert str(caught.value) == "SQLITE_FULL: database or disk is full"
    assert dump(path) == before
    assert not filled._db.in_transaction
    filled._db.execute(f"PRAGMA max_page_count = {pages + 1_000}")
    filled.commit([opening("R-5", "000005", 1, original_id="S-2"), long])
    assert filled.attempt("R-5/1").state == "INTENT"
    filled.verify()
