"""Group commit: what several threads write at the same time becomes durable with one sync. Floor 5.

Each thread's unit stands in a savepoint of its own, so that it fails alone. Whoever finishes while nobody waits
for a turn commits for all; while that sync runs, the next group gathers. Nobody waits for a clock, and a thread
that is alone commits at once. ``unit`` returns only after the commit that holds it has lasted.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["UNITS_MAX", "GroupCommit"]

UNITS_MAX = 256
"""So many units at most share a commit: the first of them must not wait for ever."""
_LOOK_AGAIN_S = 0.05
"""A thread that was to commit may have been interrupted at any point; whoever waits looks after it."""


class _Group:
    """Units between one BEGIN and its COMMIT."""

    def __init__(self) -> None:
        self.units = 0
        self.is_over = threading.Event()
        self.error: sqlite3.Error | None = None


class GroupCommit:
    """The only way to write to *db*.

    Args:
        db: A connection in autocommit mode that any thread may use, and nobody else begins a transaction on.

    Attributes:
        commits: How many transactions were committed.

    Example:
        >>> import sqlite3
        >>> from posrefund.journal.group import GroupCommit
        >>> db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        >>> group = GroupCommit(db)
        >>> with group.unit():
        ...     _ = db.execute("CREATE TABLE t (a)").connection.execute("INSERT INTO t VALUES (1)")
        >>> group.commits
        1
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._turn = threading.Lock()
        self._waiting: set[object] = set()
        self._group: _Group | None = None
        self.commits = 0

    @contextmanager
    def unit(self) -> Iterator[None]:
        """All that is written within it becomes durable together, or nothing of it; then it returns.

        A unit that writes nothing waits for nobody.

        Raises:
            sqlite3.Error: The commit failed, for every unit of the group: nothing of them was written.
        """
        has_written = False
        with self._in_turn():
            group = self._group or self._begin()
            before = self._db.total_changes
            try:
                self._db.execute("SAVEPOINT unit")
                try:
                    yield
                except BaseException:
                    self._take_back(group)
                    raise
                self._db.execute("RELEASE unit")
                has_written = self._db.total_changes != before
                group.units += has_written
            finally:
                self._end_if_last(group)
        if has_written:
            self._wait(group)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait for the group that is under way to end, and let nobody begin another one meanwhile."""
        with self._turn:
            if self._group is not None:
                self._end(self._group)
            yield

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        me = object()  # and no number: an interrupt at any point must not leave one counted, or counted off twice
        try:
            self._waiting.add(me)
            with self._turn:
                self._waiting.discard(me)
                yield
        finally:
            self._waiting.discard(me)

    def _begin(self) -> _Group:
        if self._db.in_transaction:  # an interrupt came between this BEGIN and its group
            self._db.execute("ROLLBACK")
        self._db.execute("BEGIN IMMEDIATE")
        self._group = _Group()
        return self._group

    def _take_back(self, group: _Group) -> None:
        """Undo one unit; where SQLite has rolled back everything itself, the whole group has failed."""
        try:
            self._db.execute("ROLLBACK TO unit")
            self._db.execute("RELEASE unit")
        except sqlite3.Error as error:
            self._fail(group, error)

    def _end_if_last(self, group: _Group) -> None:
        if self._group is group and (not self._waiting or group.units >= UNITS_MAX):
            self._end(group)

    def _end(self, group: _Group) -> None:
        try:
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._fail(group, error)
        else:
            self.commits += bool(group.units)
            self._group = None
            group.is_over.set()

    def _fail(self, group: _Group, error: sqlite3.Error) -> None:
        group.error = error
        self._group = None
        with suppress(sqlite3.Error):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        group.is_over.set()

    def _wait(self, group: _Group) -> None:
        while not group.is_over.wait(_LOOK_AGAIN_S):
            if not self._waiting and self._turn.acquire(blocking=False):
                try:
                    if self._group is group:
                        self._end(group)
                finally:
                    self._turn.release()
        if group.error is not None:
            raise group.error
