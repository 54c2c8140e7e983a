"""One SQLite file with one writer: opened, locked, every commit synced, every error ours. Floor 5.

It knows tables and rows, and nothing of what stands in them.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posrefund.errors import JournalCorruptError, JournalError, JournalWriteError
from posrefund.journal.lock import WriterLock
from posrefund.journal.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from os import PathLike

__all__ = ["Store", "as_ours", "as_text"]

_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON")
_IS_THERE = "SELECT 1 FROM sqlite_master WHERE name = 'chain'"
_VERSION = "SELECT value FROM meta WHERE key = 'version'"
_SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""The second one comes where a broken schema makes SQLite quote bytes that are no text."""

_DISK = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN}
"""Primary codes, the low byte of what an error carries (https://sqlite.org/rescode.html)."""


class Store:
    """The file.

    Args:
        path: Where; made with mode 0600 when it is not there.
        versions: SQL that makes its tables, ``meta`` and ``chain`` among them, then a step from each
            version to the next.
        facts: First rows of ``meta``.

    Raises:
        JournalError: In use by another process, no place to write, a disk that fails, or of a version that
            is not known.
        JournalCorruptError: A file that is no database.
    """

    def __init__(
        self, path: str | PathLike[str], versions: Sequence[str], facts: Mapping[str, str]
    ) -> None:
        self._path = Path(path)
        self._versions = versions
        self._lock = WriterLock(self._path.with_name(self._path.name + ".lock"))
        try:
            self._db = self._open(facts)
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Close the file and let other processes have it."""
        self._db.close()
        self._lock.release()

    def _open(self, facts: Mapping[str, str]) -> sqlite3.Connection:
        with ExitStack() as on_failure:
            try:
                # Made here, for the log files that SQLite puts beside it take its mode.
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
                db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
                on_failure.callback(db.close)
                db.text_factory = as_text
                is_new = not db.execute(_IS_THERE).fetchone()
                if not is_new:  # before anything is written
                    _refuse_other_kind(db, facts.get("kind"))
                    self._refuse_unknown_version(db)
                for pragma in _PRAGMAS:
                    db.execute(f"PRAGMA {pragma}")
                if is_new:
                    db.executescript(f"BEGIN IMMEDIATE; {''.join(self._versions)}")
                    found = {**facts, "version": str(len(self._versions))}
                    db.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", found.items())
                    db.execute("COMMIT")
            except _SQLITE_ERRORS as error:
                raise _read_error(error) from None
            except OSError as error:
                raise JournalError(f"the journal cannot be opened: {error.strerror}") from None
            on_failure.pop_all()
        return db

    def _refuse_unknown_version(self, db: sqlite3.Connection) -> None:
        ((found,),) = db.execute(_VERSION).fetchall() or [(None,)]
        if found not in [str(number) for number in range(1, len(self._versions) + 1)]:
            known = len(self._versions)
            raise JournalError(f"journal of version {found}, this program knows 1 to {known}")

    def _migrate(self) -> None:
        """Bring the tables to the last version, each step in a transaction of its own."""
        with as_ours(JournalWriteError):
            ((found,),) = self._db.execute(_VERSION).fetchall()
            for number, step in enumerate(self._versions[int(found) :], start=int(found) + 1):
                new = f"UPDATE meta SET value = '{number}' WHERE key = 'version'"
                try:
                    self._db.executescript(f"BEGIN IMMEDIATE; {step}; {new}; COMMIT")
                except BaseException:
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                    raise

    @contextmanager
    def _unit(self) -> Iterator[None]:
        with as_ours(JournalWriteError):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _write_facts(self, facts: Mapping[str, str]) -> None:
        self._db.executemany(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            facts.items(),
        )

    def _read_facts(self) -> dict[str, str]:
        return dict(_typed(self._rows("SELECT key, value FROM meta"), str, str))

    def _links(self, rest: str, *values: object) -> list[Row]:
        found = self._rows(f"SELECT seq, at, kind, subject, body, link FROM chain {rest}", *values)
        return [Row(*row) for row in _typed(found, int, str, str, str, str, bytes)]

    def _add(self, row: Row) -> None:
        values = (row.seq, row.at, row.kind, row.subject, row.body, row.link)
        self._db.execute("INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?)", values)

    def _run(self, sql: str, values: tuple[object, ...] | dict[str, Any]) -> int:
        return self._db.execute(sql, values).rowcount

    def _destroy_cards(self, condition: str, *values: object, table: str = "sealed_cards") -> int:
        zero = f"UPDATE {table} SET item_key = zeroblob(length(item_key))"
        with self._unit():
            self._db.execute(f"{zero} WHERE {condition}", values)
            count = self._db.execute(f"DELETE FROM {table} WHERE {condition}", values).rowcount
        self._empty_log()
        return count

    def _empty_log(self) -> None:
        """Write the log into the database and cut it off: until then it holds what was wiped."""
        with as_ours(JournalWriteError):
            ((is_busy, *_),) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if is_busy:  # it raises nothing of itself
            raise JournalWriteError(
                "somebody reads: the log could not be emptied of what was wiped"
            )

    def _rows(self, sql: str, *values: object) -> list[Any]:
        with as_ours():
            return self._db.execute(sql, values).fetchall()

    def _dicts(self, sql: str, *values: object) -> list[dict[str, Any]]:
        with as_ours():
            cursor = self._db.execute(sql, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]


def _refuse_other_kind(db: sqlite3.Connection, expected: str | None) -> None:
    found = db.execute("SELECT value FROM meta WHERE key = 'kind'").fetchone()
    kind = found[0] if found else None
    if kind != expected:
        raise JournalError(f"this is the journal of {_WHOSE.get(kind, 'something else')}")


_WHOSE = {None: "one terminal", "fleet": "many terminals", "training": "a training terminal"}


def _typed(rows: list[Any], *types: type) -> list[Any]:
    """Return *rows*: STRICT keeps other types out, but not out of a page that a disk has damaged."""
    for row in rows:
        if tuple(map(type, row)) != types:
            raise JournalCorruptError("a stored row cannot be read")
    return rows


class _AsOurs:
    """A class, and one of each kind: it stands around every statement, and a generator costs ten times as much."""

    __slots__ = ("_kind",)

    def __init__(self, kind: type[JournalError] | None) -> None:
        self._kind = kind

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            return
        if isinstance(error, sqlite3.ProgrammingError):
            raise JournalError("the journal is closed") from None
        if isinstance(error, UnicodeEncodeError):  # a name from outside: no row has it
            raise JournalError("text that is no UTF-8") from None
        if isinstance(error, _SQLITE_ERRORS):
            kind = self._kind
            raise (kind(_reason(error)) if kind else _read_error(error)) from None


@cache
def as_ours(kind: type[JournalError] | None = None) -> AbstractContextManager[None]:
    """Turn what SQLite raises into *kind*, what reading says if None, a plain word of a closed file."""
    return _AsOurs(kind)


def _read_error(error: sqlite3.Error | UnicodeDecodeError) -> JournalError:
    """A disk that does not read or has no room says nothing of what stands in the file."""
    is_disk = getattr(error, "sqlite_errorcode", 0) & 0xFF in _DISK
    return (JournalError if is_disk else JournalCorruptError)(_reason(error))


def as_text(raw: bytes) -> str:
    """Text of a changed file may be no UTF-8; the chain then names its row, and no error quotes it."""
    return raw.decode("utf-8", "replace")


def _reason(error: sqlite3.Error | UnicodeDecodeError) -> str:
    """What SQLite says names tables and constraints, never values; its name goes first."""
    if isinstance(error, UnicodeDecodeError):
        return "SQLITE_CORRUPT: malformed database schema"
    return f"{getattr(error, 'sqlite_errorname', 'SQLITE')}: {error}"
