"""Connections that read a file of many terminals, lent for one look each. Floor 5.

One for each terminal would hold a copy of the tables' description, 150 KiB, while it is idle. So there are as many as
there are threads that look at the same time.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from posrefund.errors import JournalError
from posrefund.journal.store import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Readers"]


class Readers:
    """Lends connections; what comes back is lent again.

    Args:
        path: The database file; there already.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _identity(path)
        self._idle: deque[sqlite3.Connection] = deque()
        self._closed = threading.Event()

    @contextmanager
    def lent(self) -> Iterator[sqlite3.Connection]:
        """Lend one, for one thread at a time; what was begun on it is ended on it.

        Raises:
            JournalError: The file is closed, or another one was put in its place.
        """
        if self._closed.is_set():
            raise JournalError("the journal is closed")
        try:
            db = self._idle.pop()  # the last one back: its cache is warm
        except IndexError:
            db = self._made()
        try:
            yield db
        except BaseException:
            db.close()  # a look that was not finished would hold its moment of the file
            raise
        self._idle.append(db)
        if self._closed.is_set():  # meanwhile
            self._close_idle()

    def close(self) -> None:
        """Close those that are idle; one that is lent is closed when it comes back."""
        self._closed.set()
        self._close_idle()

    def _made(self) -> sqlite3.Connection:
        if _identity(self._path) != self._file:
            raise JournalError("the file was moved, or another one was put in its place")
        where = f"{self._path.absolute().as_uri()}?mode=rw"  # and never a new one
        db = sqlite3.connect(where, uri=True, isolation_level=None, check_same_thread=False)
        db.text_factory = as_text
        db.execute("PRAGMA query_only = ON")
        return db

    def _close_idle(self) -> None:
        while self._idle:
            try:
                db = self._idle.pop()
            except IndexError:  # another thread was faster
                return
            db.close()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
