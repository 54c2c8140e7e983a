"""One moment of a journal file, asked in SQL; nothing is written, and nobody waits for it. Floor 5.

The terminal may be at work: SQLite shows this reader the file as it was at the first question, for as long as it
looks. It needs no key, for it opens no card; what it reads is as true as ``verify`` says.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from posrefund.errors import JournalError
from posrefund.journal.fleet_schema import FLEET_VERSIONS
from posrefund.journal.schema import SCHEMA_VERSION
from posrefund.journal.store import as_ours, as_text

if TYPE_CHECKING:
    from os import PathLike

__all__ = ["Moment"]

_TERMINALS = {
    "one": "SELECT value FROM meta WHERE key = 'terminal'",
    "fleet": "SELECT DISTINCT terminal FROM meta WHERE terminal <> '' ORDER BY terminal",
}


class Moment:
    """One moment of the file.

    Args:
        path: The journal of one terminal, or a file of many.

    Attributes:
        is_fleet: Whether the file is of many terminals.
        is_training: Whether people practise in it: nothing in it is money.

    Raises:
        JournalError: There is no such file, or it is of another version.
        JournalCorruptError: It is no journal.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from posrefund.journal import Moment, SQLiteJournal
        >>> from posrefund.values import TerminalID
        >>> path = Path(tempfile.mkdtemp()) / "journal.db"
        >>> SQLiteJournal(path, key=bytes(32), terminal=TerminalID("12345678")).close()
        >>> with Moment(path) as moment:
        ...     moment.ask("SELECT count(*) AS attempts FROM attempts")
        (('attempts',), [(0,)])
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        where = f"{Path(path).absolute().as_uri()}?mode=rw"  # and never a new one
        with as_ours():
            self._db = sqlite3.connect(where, uri=True, isolation_level=None)
        try:
            kind = self._begin()
        except BaseException:
            self._db.close()
            raise
        self.is_fleet, self.is_training = kind == "fleet", kind == "training"

    def _begin(self) -> str | None:
        self._db.text_factory = as_text
        with as_ours():
            self._db.execute("PRAGMA query_only = ON")
            self._db.execute("BEGIN")
            facts = dict(
                self._db.execute("SELECT key, value FROM meta WHERE key IN ('kind', 'version')")
            )
        kind: str | None = facts.get("kind")
        known = str(len(FLEET_VERSIONS)) if kind == "fleet" else SCHEMA_VERSION
        if facts.get("version") != known:
            found = facts.get("version")
            message = (
                f"journal of version {found}, reports read {known}: open it once with this program"
            )
            raise JournalError(message)
        return kind

    @property
    def terminals(self) -> tuple[str, ...]:
        """The terminals whose journals are in the file; none where nothing was ever remembered."""
        _, rows = self.ask(_TERMINALS["fleet" if self.is_fleet else "one"])
        return tuple(row[0] for row in rows)

    def ask(self, sql: str) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Return the columns and rows that *sql* gives; it holds its values itself, so that it can be run again.

        Raises:
            JournalError: It is no question that the file can answer.
        """
        with as_ours(JournalError):
            cursor = self._db.execute(sql)
            return tuple(column[0] for column in cursor.description or ()), cursor.fetchall()

    def close(self) -> None:
        """Let go of the file; a second time it does nothing."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
