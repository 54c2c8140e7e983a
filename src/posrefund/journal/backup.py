"""A copy of the journal's file while a terminal writes to it. Floor 5.

The copy is one moment of the journal: it is taken within one read transaction, which in write-ahead mode
neither waits for the writer nor stops it. It has its name only when it is whole, synced and verified.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from posrefund.errors import JournalError, JournalWriteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.journal.embedded import SQLiteJournal
    from posrefund.journal.fleet import SQLiteFleet

__all__ = ["back_up"]

_WAIT_S = 30.0


def back_up(
    source: Path, target: Path, opened: Callable[[Path], SQLiteJournal | SQLiteFleet]
) -> int:
    """Copy a journal, open elsewhere or not, to a new file; verify the copy and return its rows.

    Args:
        source: The journal's file.
        target: Where; nothing may be there. Made with mode 0600.
        opened: Opens the copy, with the key and the terminal of the journal, or those of a fleet.

    Raises:
        JournalError: Something is there already, or *source* is not.
        JournalWriteError: The copy could not be written; nothing is left of it.
        JournalCorruptError: The journal is not in order or of another key; nothing is left of it.
    """
    if target.exists():
        raise JournalError(f"{target.name} exists already: a backup overwrites nothing")
    if not source.is_file():
        raise JournalError(f"{source.name} is no file")
    try:
        with TemporaryDirectory(prefix=".backup-", dir=target.parent) as folder:
            copy = Path(folder) / target.name
            os.close(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            _copy(source, copy)
            with opened(copy) as journal:
                rows = journal.verify()
            _sync(copy)
            copy.rename(target)
            _sync(target.parent)
    except OSError as error:
        raise JournalWriteError(f"the backup cannot be written: {error.strerror}") from None
    return rows


def _copy(source: Path, copy: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(source, timeout=_WAIT_S)) as reader,
            closing(sqlite3.connect(copy)) as writer,
        ):
            reader.execute("PRAGMA query_only = ON")
            reader.backup(writer)
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "SQLITE")
        raise JournalWriteError(f"the backup cannot be written: {name}") from None


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():  # pragma: no cover — a folder cannot be opened there
        return
    file = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)
