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
        self.is_whole = True
        """No unit is half written."""
        self.error: sqlite3.Error | None = None
        self.is_over = threading.Event()


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

        A unit that writes nothing waits for nobody. Where an interrupt ends a unit, whether it lasted is
        not known; the others of its group are told the truth.

        Raises:
            sqlite3.Error: The commit failed, for every unit of the group: nothing of them was written.
        """
        has_written = False
        with self._in_turn():
            group = self._joined()
            try:
                before = self._db.total_changes
                group.is_whole = False
                self._db.execute("SAVEPOINT unit")
                yield
                self._db.execute("RELEASE unit")
                group.is_whole = True
                has_written = self._db.total_changes != before
                group.units += has_written
            except BaseException as cause:
                self._take_back(group, cause)
                raise
            finally:
                if not self._waiting or group.units >= UNITS_MAX:
                    self._end(group)
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
        ticket = object()
        try:
            self._waiting.add(ticket)
            with self._turn:
                self._waiting.discard(ticket)
                yield
        finally:
            self._waiting.discard(ticket)  # interrupted while it waited

    def _joined(self) -> _Group:
        """The group under way, or a new one where there is none or an interrupt left one that takes no more."""
        group = self._group
        if group is not None and (
            group.error is not None or not group.is_whole or not self._db.in_transaction
        ):
            self._end(group)
            group = None
        return group or self._begin()

    def _begin(self) -> _Group:
        if self._db.in_transaction:  # an interrupt came between this BEGIN and its group
            self._db.execute("ROLLBACK")
        self._db.execute("BEGIN IMMEDIATE")
        self._group = _Group()
        return self._group

    def _take_back(self, group: _Group, cause: BaseException) -> None:
        """Undo one unit; where SQLite has rolled back everything itself, the whole group has failed."""
        try:
            self._db.execute("ROLLBACK TO unit")
            self._db.execute("RELEASE unit")
            group.is_whole = True
        except sqlite3.Error as error:
            group.error = cause if isinstance(cause, sqlite3.Error) else error

    def _end(self, group: _Group) -> None:
        """Commit, or undo everything, and say so.

        An interrupt may come whenever a call returns, so what a call did is read from the transaction and
        kept before the next one; called again, this goes on where it was left.
        """
        if group.error is None and not group.is_whole:
            group.error = sqlite3.OperationalError("a unit of the group was interrupted")
        if group.error is None and self._db.in_transaction:
            try:
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                group.error = error  # no call comes before this, so no interrupt either
        if group.error is not None:
            with suppress(sqlite3.Error):
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
        group.is_over.set()
        if self._group is group:
            self._group = None
            self.commits += group.error is None and group.units > 0

    def _wait(self, group: _Group) -> None:
        while not group.is_over.wait(_LOOK_AGAIN_S):
            with self._turn:
                if self._group is group:
                    self._end(group)
        if group.error is not None:
            raise group.error
