"""A connection to PostgreSQL as the journal needs it, and every error of it as ours. Floor 5.

psycopg is imported when a connection is opened, not before. No error quotes what the server says: its
sentences hold values, and an address may hold a password.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from posrefund.errors import ConfigError, JournalError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType, TracebackType

    import psycopg

__all__ = ["AsOurs", "connect", "database_error", "prepare", "translated"]

_DEFAULTS = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "application_name": "posrefund",
}
_SESSION = (
    "SET client_min_messages = 'error'; SET lock_timeout = '10s'; SET statement_timeout = '60s';"
    # A process that stands still within a commit must not keep its terminal for ever.
    " SET idle_in_transaction_session_timeout = '30s'; SET search_path TO "
)
_ONE_AT_A_TIME = 0x70_6F_73_72
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.ASCII)


def connect(dsn: str, schema: str) -> psycopg.Connection:
    """Open a connection that says *committed* only of what is on disk.

    Raises:
        ConfigError: psycopg is not installed, or *dsn* or *schema* is none.
        JournalError: Nobody there, or a server that does not sync its log.
    """
    driver = _driver()
    if not _NAME.fullmatch(schema):
        raise ConfigError("the schema of the journal: expected lower-case letters, digits, _")
    try:
        found = driver.conninfo.conninfo_to_dict(dsn)
    except driver.Error:
        found = None
    if found is None:
        raise ConfigError("the journal's database: expected postgresql://… or key=value pairs")
    with AsOurs(JournalError, "the database cannot be reached"):
        db: psycopg.Connection = driver.connect(**{**_DEFAULTS, **found}, autocommit=True)
        try:
            db.execute(f'{_SESSION}"{schema}"'.encode())
            _demand_durability(db)
        except BaseException:
            db.close()
            raise
    return db


def _driver() -> ModuleType:
    try:
        import psycopg
        import psycopg.conninfo
    except ImportError:
        raise ConfigError(
            "a journal in PostgreSQL needs psycopg: pip install 'posrefund[postgres]'"
        ) from None
    return psycopg


def _demand_durability(db: psycopg.Connection) -> None:
    row = db.execute(
        "SELECT current_setting('fsync'), current_setting('synchronous_commit')"
    ).fetchone()
    fsync, commit = row or ("off", "off")
    if fsync != "on":
        raise JournalError("the database does not sync its log: fsync = off")
    if commit in ("off", "local"):
        db.execute("SET synchronous_commit = on")


def database_error() -> type[Exception]:
    """Return the class of everything that psycopg raises."""
    kind: type[Exception] = _driver().Error
    return kind


def prepare(db: psycopg.Connection, schema: str, versions: Sequence[str]) -> None:
    """Make the tables, or bring them to the last version, each step in a transaction of its own.

    Raises:
        JournalError: A version to come; nothing was touched.
    """
    while (found := _version(db, schema)) < len(versions):
        with db.transaction():
            # Two processes may come at the same time; the second finds it done.
            db.execute("SELECT pg_advisory_xact_lock(%s)", (_ONE_AT_A_TIME,))
            if _version(db, schema) != found:
                continue
            if found == 0:
                db.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'.encode())
            db.execute(versions[found].encode())
            db.execute(
                "INSERT INTO meta VALUES ('', 'version', %s) ON CONFLICT (terminal, key)"
                " DO UPDATE SET value = excluded.value",
                (str(found + 1),),
            )
    if found > len(versions):
        raise JournalError(f"journal of version {found}, this program knows 1 to {len(versions)}")


def _version(db: psycopg.Connection, schema: str) -> int:
    """The version of the tables; 0 where there are none."""
    # The catalogue itself: what a session remembers of a name may be older than the lock it waited for.
    sql = "SELECT FROM pg_tables WHERE schemaname = %s AND tablename = 'meta'"
    if db.execute(sql, (schema,)).fetchone() is None:
        return 0
    row = db.execute("SELECT value FROM meta WHERE terminal = '' AND key = 'version'").fetchone()
    if row is None or not row[0].isdecimal():
        raise JournalError("a journal without a version")
    return int(row[0])


@lru_cache(maxsize=64)
def translated(sql: str) -> bytes:
    """Return the journal's SQL in psycopg's words."""
    return re.sub(r":(\w+)", r"%(\1)s", sql.replace("?", "%s")).encode()


class AsOurs:
    """Turns what psycopg raises within it into *kind*, and keeps nothing of what the server said."""

    def __init__(self, kind: type[JournalError], what: str = "") -> None:
        self._kind, self._what = kind, what

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        reason = _reason(error) if error is not None else None
        if reason is None:
            return
        ours = self._kind(f"{self._what}: {reason}" if self._what else reason)
        try:
            raise ours from None
        except JournalError:
            ours.__context__ = None  # the server's sentence names values
            raise


def _reason(error: BaseException) -> str | None:
    """The state, the kind and the guard: names of the server and of ours; None if it is no error of it."""
    if isinstance(error, UnicodeError):
        return "text that is no UTF-8"
    if not isinstance(error, database_error()):
        return None
    code, diagnosis = getattr(error, "sqlstate", None), getattr(error, "diag", None)
    guard = getattr(diagnosis, "constraint_name", None)
    return " ".join(word for word in (code, type(error).__name__, guard) if word)
