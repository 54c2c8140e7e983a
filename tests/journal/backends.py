"""The backends of the journal, as the contract's tests see them: opened, crashed, looked into from outside."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

import pytest

from journal.builders import KEY, dump, open_journal
from posrefund.errors import JournalError, LocalProtocolError
from posrefund.journal import SQLiteJournal

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.engine import Action
    from posrefund.journal import Journal

__all__ = ["BACKENDS", "Backend", "SQLiteBackend", "refused"]


class Backend(ABC):
    """One place where journals live."""

    name: ClassVar[str]
    broken: ClassVar[type[Exception]]
    """What the database itself raises where a guard of its own is hit."""
    says: ClassVar[dict[str, str]]
    """Which words a guard has in the journal's error."""

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
    broken: ClassVar[type[Exception]] = sqlite3.IntegrityError
    says: ClassVar[dict[str, str]] = {
        "stan_used_once": "UNIQUE constraint failed: attempts.terminal",
        "one_open_attempt_per_request": "UNIQUE constraint failed: attempts.request_id",
        "one_open_attempt_per_original": "UNIQUE constraint failed: attempts.original_id",
    }

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.db"

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


BACKENDS: tuple[type[SQLiteBackend], ...] = (SQLiteBackend,)


def refused(journal: Journal, backend: Backend, actions: list[Action]) -> Exception:
    """Commit what must be refused, and compare everything before and after."""
    before = backend.dump()
    with pytest.raises((JournalError, LocalProtocolError)) as caught:
        journal.commit(actions)
    assert backend.dump() == before
    journal.verify()
    return caught.value
