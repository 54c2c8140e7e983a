"""What the journal uses of ``sqlite3.Connection``, over an APSW connection on a ``Disk``."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import apsw
import pytest

from power.disk import Committed, Committing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from power.disk import Disk

__all__ = ["State", "Witness", "look"]

State = tuple[tuple[str, tuple[Any, ...]], ...]
"""Every row of every table."""

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"


def look(ask: Callable[[str], Iterable[Any]]) -> State:
    """Return everything that a database holds."""
    tables = [name for (name,) in ask(_TABLES)]
    return tuple((t, tuple(row)) for t in tables for row in ask(f"SELECT * FROM {t} ORDER BY 1, 2"))


class Witness:
    """Knows every state that a commit ever made.

    Args:
        disk: Where the journal lives.
        log_pages: How long the log may get before SQLite copies it; its own default if left out.

    Attributes:
        states: What stood in the tables after each commit, before the first one first.
    """

    def __init__(self, disk: Disk, log_pages: int = 1_000) -> None:
        self._disk = disk
        self._log_pages = log_pages
        self._now: Connection | None = None
        self.states: list[State] = [()]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Let every ``sqlite3.connect`` open a file on the disk."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sqlite3, "connect", self._connect)
            yield

    def acknowledged(self) -> None:
        """Somebody outside was told something: all that it stands on has to be in a commit."""
        assert self._now is not None
        assert not self._now.in_transaction
        assert self._now.state() == self.states[-1]

    def begin(self) -> None:
        """Take what the file opened last holds for the first state."""
        assert self._now is not None
        self.states[:] = [self._now.state()]

    def committing(self) -> None:
        """A commit begins."""
        self._disk.log.append(Committing())

    def committed(self, state: State) -> None:
        """A commit returned."""
        self._disk.log.append(Committed(len(self.states)))
        self.states.append(state)

    def _connect(self, path: object, **_: object) -> Connection:
        self._now = Connection(str(path), self._disk, self, self._log_pages)
        return self._now


class Connection:
    """As much of ``sqlite3.Connection`` as the journal uses."""

    def __init__(self, path: str, disk: Disk, witness: Witness, log_pages: int) -> None:
        with _as_sqlite3():
            self._db = apsw.Connection(path, vfs=disk.name)
        self._disk, self._witness = disk, witness
        self._is_committing = self._is_log_long = False
        self._log_pages = log_pages
        self._db.set_commit_hook(self._before_commit)
        self._db.set_wal_hook(self._after_commit)
        self.text_factory: object = None

    @property
    def in_transaction(self) -> bool:
        return self._db.in_transaction

    def execute(self, sql: str, values: Any = ()) -> Cursor:
        return self._run(lambda cursor: cursor.execute(sql, values))

    def executemany(self, sql: str, values: Iterable[Any]) -> Cursor:
        return self._run(lambda cursor: cursor.executemany(sql, list(values)))

    def executescript(self, sql: str) -> Cursor:
        return self.execute(sql)

    def state(self) -> State:
        with self._disk.looked_at():
            return look(lambda sql: self._db.execute(sql).fetchall())

    def close(self) -> None:
        with suppress(apsw.Error):  # sqlite3_close tells nobody of what failed in it
            self._db.close()

    def _run(self, start: Callable[[apsw.Cursor], object]) -> Cursor:
        self._is_committing = self._is_log_long = False
        with _as_sqlite3():
            done = Cursor(self._db, start)
        if self._is_committing and not self._db.in_transaction:
            self._witness.committed(self.state())
        if self._is_log_long:
            with suppress(apsw.Error):
                self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        return done

    def _before_commit(self) -> bool:
        self._is_committing = True
        self._witness.committing()
        return False  # let it happen

    def _after_commit(self, _db: apsw.Connection, _name: str, pages: int) -> int:
        """Stand in for SQLite's own hook, whose errors it ignores and APSW would not."""
        self._is_log_long = pages >= self._log_pages
        return apsw.SQLITE_OK


class Cursor:
    """The rows of one statement, all read."""

    def __init__(self, db: apsw.Connection, start: Callable[[apsw.Cursor], object]) -> None:
        cursor = db.cursor()
        self.description: tuple[tuple[str, ...], ...] = ()
        cursor.exec_trace = self._describe
        start(cursor)
        self._rows = cursor.fetchall()
        self.rowcount = db.changes()

    def fetchone(self) -> Any:
        return self._rows.pop(0) if self._rows else None

    def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())

    def _describe(self, cursor: apsw.Cursor, _sql: str, _values: object) -> bool:
        self.description = cursor.get_description()
        return True


_KINDS: tuple[tuple[type[apsw.Error], type[sqlite3.Error]], ...] = (
    (apsw.ConnectionClosedError, sqlite3.ProgrammingError),
    (apsw.ConstraintError, sqlite3.IntegrityError),
    (apsw.CorruptError, sqlite3.DatabaseError),
    (apsw.NotADBError, sqlite3.DatabaseError),
    (apsw.Error, sqlite3.OperationalError),
)


@contextmanager
def _as_sqlite3() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        kind = next(theirs for ours, theirs in _KINDS if isinstance(error, ours))
        told = kind(str(error))
        told.sqlite_errorcode = getattr(error, "extendedresult", apsw.SQLITE_ERROR)
        raise told from None
