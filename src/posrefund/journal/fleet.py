"""Many terminals of one process in one SQLite file: commits that come together share one sync. Floor 5.

Each terminal has a journal of its own, to be used by one thread at a time, and reads what has lasted over a
connection that is lent to it. All of them write through one connection, one unit after the other (``group``).
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.errors import JournalCorruptError, JournalError, JournalWriteError
from posrefund.journal.backup import back_up
from posrefund.journal.fleet_schema import FLEET_VERSIONS
from posrefund.journal.group import GroupCommit
from posrefund.journal.memory import Memory
from posrefund.journal.readers import Readers
from posrefund.journal.shared import SharedJournal
from posrefund.journal.store import Store, as_ours

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from os import PathLike
    from typing import Self

    from posrefund.values import TerminalID

__all__ = ["FleetJournal", "SQLiteFleet"]

_CACHE_KIB = 16_384
"""What the connection that writes keeps of the file: with SQLite's 2 MiB a refund of a large file reads its pages anew."""


class SQLiteFleet:
    """The file.

    Args:
        path: The database file; made when it is not there.

    Raises:
        JournalError: In use by another process, of one terminal, or of a version to come.
        JournalCorruptError: No database.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from posrefund.journal import SQLiteFleet
        >>> from posrefund.values import TerminalID
        >>> with SQLiteFleet(Path(tempfile.mkdtemp()) / "fleet.db") as fleet:
        ...     with fleet.journal(TerminalID("12345678"), key=bytes(32)) as journal:
        ...         journal.verify()
        0
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self._path = Path(path)
        self._store = Store(self._path, FLEET_VERSIONS, {"kind": "fleet"})
        self._changing = threading.Lock()
        self._journals: dict[str, FleetJournal] = {}
        self._ended: set[str] = set()
        """Terminals that wrote and were closed: their marks are taken away with the file."""
        self._is_closed = False
        try:
            self._store._migrate()  # noqa: SLF001 — ours: it is the same file
        except BaseException:
            self._store.close()
            raise
        self._store._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")  # noqa: SLF001
        self._group = GroupCommit(self._store._db)  # noqa: SLF001
        self._readers = Readers(self._path)

    @property
    def commits(self) -> int:
        """How many syncs there were for everything that was committed since the file was opened."""
        return self._group.commits

    def journal(self, terminal: TerminalID, *, key: bytes) -> FleetJournal:
        """Open the journal of *terminal*, once at a time.

        Args:
            terminal: Whose.
            key: 32 bytes from its key store. Terminals that refund each other's sales need the same, for they
                have to know a card again.

        Raises:
            JournalError: It is open already, or the file is closed.
            JournalCorruptError: Made with another key.
        """
        with self._changing:
            if self._is_closed:
                raise JournalError("the journal is closed")
            if terminal in self._journals:
                raise JournalError("this terminal's journal is open already")
            journal = self._journals[terminal] = FleetJournal(self, terminal, key)
            journal._has_mark = terminal in self._ended  # noqa: SLF001 — its own, of this run
        try:
            journal.begin()
        except BaseException:
            journal.close()
            raise
        return journal

    def verify(self) -> int:
        """Check the chains of the journals that are open, and the file's indexes; return their rows.

        Raises:
            JournalCorruptError: As that of a journal.
        """
        return sum(journal.verify() for journal in self._open())

    def backup(self, path: str | PathLike[str]) -> int:
        """Copy the file as it is now into a new one, verify in it what is open here, and return those rows.

        Raises:
            JournalError: Something is there already, or it cannot be written: nothing is left of it.
            JournalCorruptError: A journal is not in order.
        """
        return back_up(self._path, Path(path), self._opened_alike)

    def _opened_alike(self, copy: Path) -> SQLiteFleet:
        fleet = SQLiteFleet(copy)
        try:
            for journal in self._open():
                fleet.journal(journal._terminal, key=journal._keys.current)  # noqa: SLF001
        except BaseException:
            fleet.close()
            raise
        return fleet

    def _open(self) -> list[FleetJournal]:
        with self._changing:
            if self._is_closed:
                raise JournalError("the journal is closed")
            return list(self._journals.values())

    def close(self) -> None:
        """Close every journal and the file, once what is being committed has lasted; a second time it does nothing."""
        with self._changing:
            journals, self._is_closed = list(self._journals.values()), True
        for journal in journals:
            journal.close()
        if self._ended:
            self._take_marks_away()
        self._readers.close()
        with self._group.alone():
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _forget(self, terminal: str, *, has_mark: bool) -> None:
        with self._changing:
            self._journals.pop(terminal, None)
            if has_mark:
                self._ended.add(terminal)

    def _take_marks_away(self) -> None:
        """Say of every terminal that its run has ended, with one sync for all of them."""
        ended = [(terminal,) for terminal in sorted(self._ended)]
        with suppress(JournalError), as_ours(JournalWriteError), self._group.unit():
            sql = "UPDATE meta SET value = '' WHERE key = 'running' AND terminal = ?"
            self._store._db.executemany(sql, ended)  # noqa: SLF001
        self._ended.clear()


@closed_class
class FleetJournal(SharedJournal):
    """The journal of one terminal in a file of many; ``SQLiteFleet.journal`` makes it."""

    def __init__(self, fleet: SQLiteFleet, terminal: TerminalID, key: bytes) -> None:
        super().__init__(key=key, terminal=terminal)
        self._fleet = fleet
        self._writer: sqlite3.Connection | None = None
        self._snapshot_of: sqlite3.Connection | None = None
        self._is_closed = False

    @property
    def folder(self) -> Path:
        """The folder of the file."""
        return self._fleet._path.parent  # noqa: SLF001

    def begin(self) -> None:
        """Check the key, and make the terminal known where it is new.

        Raises:
            JournalCorruptError: Made with another key.
        """
        self._check_key()
        self._keep_key_check()

    def close(self) -> None:
        """Let somebody else open this terminal's journal; a second time it does nothing."""
        if not self._is_closed:
            self._is_closed, self._memory = True, Memory()
            self._fleet._forget(self._terminal, has_mark=self._has_mark)  # noqa: SLF001

    def verify(self) -> int:
        """Check this terminal's chain, attempts and sales, and the file's indexes; return its rows.

        It looks at one moment of the file, whatever other terminals commit meanwhile.

        Raises:
            JournalCorruptError: Names the first row, attempt or original that is not in order, or says
                that it is the file.
        """
        with self._snapshot():
            rows = super().verify()
            if self._rows("PRAGMA integrity_check(1)") != [("ok",)]:
                raise JournalCorruptError("the file is damaged: tables and indexes differ")
        return rows

    # --- inside ------------------------------------------------------------------------------

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        with as_ours(), self._reader() as db:
            db.execute("BEGIN")
            self._snapshot_of = db
            try:
                yield
            finally:
                self._snapshot_of = None
                db.execute("ROLLBACK")

    @contextmanager
    def _unit(self) -> Iterator[None]:
        if self._is_closed:
            raise JournalError("the journal is closed")
        with as_ours(JournalWriteError), self._fleet._group.unit():  # noqa: SLF001
            self._writer = self._fleet._store._db  # noqa: SLF001
            try:
                yield
            finally:
                self._writer = None

    def _kept_ours(self) -> AbstractContextManager[None]:
        return nullcontext()  # the file is locked as long as it is open

    def _reader(self) -> AbstractContextManager[sqlite3.Connection]:
        """Within a unit the connection that writes: it alone sees what the unit has written so far."""
        if self._is_closed:
            raise JournalError("the journal is closed")
        held = self._writer or self._snapshot_of
        return nullcontext(held) if held is not None else self._fleet._readers.lent()  # noqa: SLF001

    def _run(self, sql: str, values: tuple[object, ...] | dict[str, Any]) -> int:
        with self._reader() as db:
            return db.execute(sql, values).rowcount

    def _rows(self, sql: str, *values: object) -> list[Any]:
        with as_ours(), self._reader() as db:
            return db.execute(sql, values).fetchall()

    def _dicts(self, sql: str, *values: object) -> list[dict[str, Any]]:
        with as_ours(), self._reader() as db:
            cursor = db.execute(sql, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def _destroy_cards(self, condition: str, *values: object, table: str = "sealed_cards") -> int:
        with self._transaction():
            zero = f"UPDATE {table} SET item_key = zeroblob(length(item_key))"
            self._run(f"{zero} WHERE {condition}", values)
            count = self._run(f"DELETE FROM {table} WHERE {condition}", values)
        with as_ours(JournalWriteError), self._fleet._group.alone():  # noqa: SLF001
            self._fleet._store._empty_log()  # noqa: SLF001
        return count
