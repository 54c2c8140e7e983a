"""The disk under the journal: statements and commits that fail, and power that does. Floor 10."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from posrefund.testing.simulator.power import Fuse

__all__ = ["Disk", "WatchedConnection"]

_WRITES = ("BEGIN", "INSERT", "UPDATE", "DELETE", "COMMIT")


class Disk:
    """What every connection of one world shares.

    Args:
        fuse: Passed before each write, and before and after each commit.
        committed: Called after each commit that lasts.

    Attributes:
        fails_at: The write that fails, counted from now; 0 for none.
        stays_broken: Whether all that come after it fail, too, until ``mend``.
        lies: Whether a commit that fails has lasted all the same.
        has_failed: Whether a write failed since ``mend``.
    """

    def __init__(self, fuse: Fuse, committed: Callable[[], None]) -> None:
        self._fuse = fuse
        self._committed = committed
        self.mend()

    def mend(self) -> None:
        """Let everything work from now on."""
        self.fails_at = 0
        self.stays_broken = False
        self.lies = False
        self.has_failed = False

    def write(self, word: str, perform: Callable[[], Any]) -> Any:
        """Perform one statement that writes, or fail instead."""
        self._fuse.hook(f"before {word}")
        if self._is_broken():
            self.has_failed = True
            if self.lies and word == "COMMIT":
                perform()
                self._committed()
            raise sqlite3.OperationalError("disk I/O error")
        done = perform()
        if word == "COMMIT":
            self._committed()
            self._fuse.hook("after COMMIT")
        return done

    def _is_broken(self) -> bool:
        if self.has_failed and self.stays_broken:
            return True
        if not self.fails_at:
            return False
        self.fails_at -= 1
        return not self.fails_at


class WatchedConnection:
    """A SQLite connection on a ``Disk``; reads pass through.

    Args:
        real: The journal's own connection; what it executes is what is executed.
        disk: Decides what fails.
    """

    def __init__(self, real: sqlite3.Connection, disk: Disk) -> None:
        self._real = real
        self._disk = disk
        self.close = real.close

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._real.in_transaction

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        """Execute, or fail."""
        word = _word(sql)
        if word not in _WRITES:  # a rollback always works: after a crash SQLite makes it itself
            return self._real.execute(sql, values)
        cursor: sqlite3.Cursor = self._disk.write(word, lambda: self._real.execute(sql, values))
        return cursor

    def executemany(self, sql: str, values: Iterable[Any]) -> sqlite3.Cursor:
        """Execute many, or fail."""
        cursor: sqlite3.Cursor = self._disk.write(
            _word(sql), lambda: self._real.executemany(sql, values)
        )
        return cursor


def _word(sql: str) -> str:
    return sql.split(None, 1)[0]
