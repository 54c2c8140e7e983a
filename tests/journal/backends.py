"""The backends of the journal, as the contract's tests see them: opened, crashed, looked into from outside."""

from __future__ import annotations

import os
import secrets
import sqlite3
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from journal.builders import KEY, dump, open_journal
from journal.server import dsn_of_tests
from posrefund.errors import JournalError, LocalProtocolError
from posrefund.journal import PostgresJournal, SQLiteFleet, SQLiteJournal
from posrefund.values import TerminalID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

    from posrefund.engine import Action
    from posrefund.journal import Journal

__all__ = ["BACKENDS", "Backend", "FleetBackend", "PostgresBackend", "SQLiteBackend", "refused"]


class Backend(ABC):
    """One place where journals live."""

    name: ClassVar[str]
    broken: tuple[type[Exception], ...]
    """What the database itself raises where a guard of its own is hit."""
    says: ClassVar[dict[str, str]]
    """Which words a guard has in the journal's error."""

    @abstractmethod
    def __init__(self, folder: Path) -> None: ...

    @abstractmethod
    def remove(self) -> None:
        """Leave nothing behind."""

    @abstractmethod
    def open(self, *, key: bytes = KEY) -> Journal:
        """Open the journal of the tests' terminal."""

    @abstractmethod
    def crash(self, journal: Journal) -> None:
        """Take everything away from *journal* at once, as the end of its process does."""

    @abstractmethod
    def dump(self) -> list[str]:
        """Return every row of every table, as a second reader sees it."""

    @abstractmethod
    def execute(self, *statements: str) -> None:
        """Change the tables from outside, the guards of the database in force."""

    @abstractmethod
    def tamper(self, *statements: str) -> None:
        """Change the chain as the owner of the database can: its own guard taken off before."""


class SQLiteBackend(Backend):
    """One file."""

    name = "sqlite"
    says: ClassVar[dict[str, str]] = {
        "stan_used_once": "UNIQUE constraint failed: attempts.terminal",
        "one_open_attempt_per_request": "UNIQUE constraint failed: attempts.request_id",
        "one_open_attempt_per_original": "UNIQUE constraint failed: attempts.original_id",
        "one_open_question_per_device": "UNIQUE constraint failed: device_questions.device",
        "one_question_that_left_per_request": (
            "UNIQUE constraint failed: device_questions.request_id"
        ),
    }

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.db"
        self.broken = (sqlite3.IntegrityError,)

    def remove(self) -> None:
        pass  # the folder goes with the test

    def open(self, *, key: bytes = KEY) -> Journal:
        return open_journal(self.path, key=key)

    def crash(self, journal: Journal) -> None:
        assert isinstance(journal, SQLiteJournal)
        journal._db.close()
        journal._lock.release()

    def dump(self) -> list[str]:
        return dump(self.path)

    def execute(self, *statements: str) -> None:
        db = sqlite3.connect(self.path, isolation_level=None)
        try:
            for statement in statements:
                db.execute(statement)
        finally:
            db.close()

    def tamper(self, *statements: str) -> None:
        triggers = [f"DROP TRIGGER IF EXISTS chain_is_append_only_{n}" for n in (1, 2)]
        self.execute(*triggers, *statements)


class FleetBackend(SQLiteBackend):
    """One file of many terminals, in this process."""

    name = "fleet"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.fleet: SQLiteFleet | None = None

    def open(self, *, key: bytes = KEY, terminal: str = "12345678") -> Journal:
        if self.fleet is None:
            self.fleet = SQLiteFleet(self.path)
        return self.fleet.journal(TerminalID(terminal), key=key)

    def remove(self) -> None:
        if self.fleet is not None:
            self.fleet.close()

    def crash(self, journal: Journal) -> None:
        """The process ends: no journal of the file is closed, and the next one opens it anew."""
        assert self.fleet is not None
        self.fleet._store._db.close()
        self.fleet._store._lock.release()
        self.fleet = None


class PostgresBackend(Backend):
    """A schema of its own on the tests' server."""

    name = "postgres"
    says: ClassVar[dict[str, str]] = {
        name: f"23505 UniqueViolation {name}"
        for name in (
            "stan_used_once",
            "one_open_attempt_per_request",
            "one_open_attempt_per_original",
            "one_open_question_per_device",
            "one_question_that_left_per_request",
        )
    }

    def __init__(self, folder: Path) -> None:
        self.dsn = dsn_of_tests()
        import psycopg

        self.broken = (psycopg.IntegrityError, psycopg.errors.RaiseException)
        self.schema = f"t_{secrets.token_hex(8)}"

    def open(
        self, *, key: bytes = KEY, terminal: str = "12345678", **options: Any
    ) -> PostgresJournal:
        return PostgresJournal(
            self.dsn, key=key, terminal=TerminalID(terminal), schema=self.schema, **options
        )

    def crash(self, journal: Journal) -> None:
        assert isinstance(journal, PostgresJournal)
        journal._db.close()
        self.let_leases_run_out()

    def let_leases_run_out(self) -> None:
        """Be as late as all leases are."""
        self.execute("UPDATE leases SET until = clock_timestamp()")

    def dump(self) -> list[str]:
        tables = (
            *("meta", "chain", "requests", "originals", "attempts", "approvals"),
            *("device_questions", "sealed_cards", "outbox", "deliveries", "contacts"),
            *("staff", "delegations", "proposals"),
        )
        return [
            f"{table} {row}"
            for table in tables
            for (row,) in self.ask(f"SELECT t::text FROM {table} AS t ORDER BY 1")
        ]

    def ask(self, statement: str) -> list[Any]:
        """Ask from outside."""
        with self._outside() as db:
            return db.execute(statement.encode()).fetchall()

    def execute(self, *statements: str) -> None:
        with self._outside() as db:
            for statement in statements:
                db.execute(statement.encode())

    def tamper(self, *statements: str) -> None:
        off = "ALTER TABLE chain DISABLE TRIGGER chain_is_append_only"
        self.execute(off, *statements)

    def remove(self) -> None:
        """Drop the schema with all that is in it."""
        if os.environ.get("POSREFUND_POSTGRES", "own") != "own":  # our own goes as a whole
            self.execute(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE")

    @contextmanager
    def _outside(self) -> Iterator[psycopg.Connection]:
        import psycopg

        options = f"-c search_path={self.schema} -c client_min_messages=error"
        with psycopg.connect(self.dsn, autocommit=True, options=options) as db:
            yield db


BACKENDS: tuple[type[Backend], ...] = (SQLiteBackend, FleetBackend, PostgresBackend)


def refused(journal: Journal, backend: Backend, actions: list[Action]) -> Exception:
    """Commit what must be refused, and compare everything before and after."""
    before = backend.dump()
    with pytest.raises((JournalError, LocalProtocolError)) as caught:
        journal.commit(actions)
    assert backend.dump() == before
    journal.verify()
    return caught.value
