"""The journal in PostgreSQL: many terminals and machines, one ceiling per sale. Floor 5.

Each commit is one transaction that begins by holding the terminal's lease. Where the connection breaks
in the middle of COMMIT, a new one asks whether the last row is there: an answer is never guessed.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.errors import JournalError, JournalWriteError
from posrefund.journal.lease import LEASE_S, Lease, hold, release, take
from posrefund.journal.memory import Memory
from posrefund.journal.postgres_schema import POSTGRES_VERSIONS
from posrefund.journal.server import AsOurs, connect, database_error, prepare, translated
from posrefund.journal.shared import SharedJournal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    import psycopg

    from posrefund.journal.rows import Row
    from posrefund.values import TerminalID

__all__ = ["PostgresJournal"]

_IDLE = 0
"""PQTRANS_IDLE: alive, and in no transaction."""
_ASK_AGAIN_S = 15.0
"""How long a broken COMMIT is asked about: a server that crashed is back by then, or somebody looks."""


@closed_class
class PostgresJournal(SharedJournal):
    """The journal of one terminal, in a database that it may share with others.

    Requests, sales and attempts of all its terminals stand side by side: a request id is known to all of
    them, and a sale has one ceiling. Terminals that refund each other's sales need the same journal key,
    for they have to know a card again.

    Args:
        dsn: ``postgresql://…`` or ``key=value`` pairs, as libpq knows them.
        key: 32 bytes from the key store; chain, fingerprints and sealed numbers hang on it.
        terminal: Whose journal this is.
        schema: Where its tables are; made when they are not there.
        lease_s: After how long without a commit another process may take the terminal over.
        lease: One that ``claim_terminals`` returned; taken anew if None.

    Raises:
        ConfigError: psycopg is not installed, or *dsn* is none.
        JournalError: Not to be reached, in use by another process, or of a version to come.
        JournalCorruptError: Made with another key.
    """

    _db: psycopg.Connection

    def __init__(
        self,
        dsn: str,
        *,
        key: bytes,
        terminal: TerminalID,
        schema: str = "posrefund",
        lease_s: float = LEASE_S,
        lease: Lease | None = None,
    ) -> None:
        super().__init__(key=key, terminal=terminal)
        self._dsn, self._schema, self._lease_s = dsn, schema, lease_s
        self._is_closed = self._within = self._is_taken_over = False
        self.send_within_s = min(self.send_within_s, lease_s / 3)
        self._last: Row | None = None
        self._lease = lease
        if lease is not None and lease.terminal != terminal:
            raise JournalError(f"a lease of terminal {lease.terminal}")
        self._db = connect(dsn, schema)
        try:
            self._begin_work()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the lease back and hang up."""
        if self._is_closed:
            return
        try:
            if not self._db.closed:
                self._take_mark_away()
        finally:
            self._is_closed = True
            with suppress(JournalError), AsOurs(JournalError):
                if self._lease is not None and not self._db.closed:
                    release(self._db, self._lease)
            self._db.close()

    @property
    def is_gone(self) -> bool:  # type: ignore[override]
        """Whether only opening it anew helps: another process took it over, or it was closed."""
        return self._is_taken_over or self._is_closed

    def verify(self) -> int:
        """Check this terminal's chain, attempts and sales; return its rows.

        It looks at one moment of the database, whatever other terminals commit meanwhile.

        Raises:
            JournalCorruptError: Names the first row that was changed, removed or put in, or the
                attempt or original whose stored state is not what its rows say.
        """
        with self._snapshot():
            return super().verify()

    # --- the connection ----------------------------------------------------------------------

    def _begin_work(self) -> None:
        with AsOurs(JournalError):
            prepare(self._db, self._schema, POSTGRES_VERSIONS)
        self._check_key()
        if self._lease is None:
            with AsOurs(JournalError):
                self._lease = take(self._db, self._terminal, self._lease_s)
        self._check_key()  # again: until the lease was ours, another one wrote
        self._keep_key_check()

    @property
    def _remembers(self) -> bool:
        """Within a transaction that holds the lease; outside of one another process may have taken over."""
        return self._within

    def _connection(self) -> psycopg.Connection:
        """The connection; outside of a transaction one that broke, or was left in one, is replaced."""
        if self._is_closed:
            raise JournalError("the journal is closed")
        if not self._within and self._db.info.transaction_status != _IDLE:
            is_broken = self._db.closed
            self._db.close()  # an interrupt may leave half a commit open: nobody may end it later
            self._db = connect(self._dsn, self._schema)
            head, self._head = self._head, None
            if is_broken and head is not None:
                self._demand_row(*head)
        return self._db

    def _demand_row(self, seq: int, link: bytes) -> None:
        """Another server may answer now, after a failover: one that lacks our last row is the journal no more."""
        row = self.row(seq)
        if row is None or row.link != link:
            self._has_mark = False  # it is not the journal that was marked
            self.close()  # opening it anew holds it to its anchor
            raise JournalError("the database has lost rows: open the journal again")

    def _execute(self, sql: bytes, values: Any = None) -> psycopg.Cursor[Any]:
        """Run a statement; once more on a new connection if the old one broke outside a transaction."""
        db = self._connection()
        try:
            return db.execute(sql, values)
        except database_error():
            if self._within or not db.closed:
                raise
        return self._connection().execute(sql, values)

    @contextmanager
    def _unit(self) -> Iterator[None]:
        self._last = None
        with AsOurs(JournalWriteError):
            self._begin()
            db, self._within = self._db, True
            try:
                if self._lease is not None:
                    self._hold_lease(db, self._lease)
                yield
                self._commit(db)
            except BaseException:
                self._roll_back(db)
                raise
            finally:
                self._within, self._memory = False, Memory()

    def _hold_lease(self, db: psycopg.Connection, lease: Lease) -> None:
        try:
            hold(db, lease, self._lease_s)
        except JournalWriteError:
            self._is_taken_over = True
            raise

    def _begin(self) -> None:
        try:
            self._execute(b"BEGIN ISOLATION LEVEL READ COMMITTED")
        except JournalError as error:  # nobody there, or closed: so far nothing was written
            said = str(error)
        else:
            return
        raise JournalWriteError(said)

    def _commit(self, db: psycopg.Connection) -> None:
        try:
            done = db.execute("COMMIT").statusmessage
        except database_error():
            db.close()  # whatever it said, only a new connection knows how it ended
            done = None
            self._head = None
        if done is None:
            self._within = False
            done = "COMMIT" if self._was_written() else "ROLLBACK"
        if done != "COMMIT":
            raise JournalWriteError("the database did not commit: nothing was written")

    def _was_written(self) -> bool:
        """Ask a new connection for the last row, once the old transaction is over there as well."""
        deadline = time.monotonic() + _ASK_AGAIN_S
        while self._last is not None:
            with suppress(JournalError):
                db = self._connection()
                with AsOurs(JournalError), db.transaction():
                    mine = (self._terminal,)
                    db.execute("SELECT FROM leases WHERE terminal = %s FOR UPDATE", mine)
                    sql = "SELECT link FROM chain WHERE terminal = %s AND seq = %s"
                    found = db.execute(sql, (*mine, self._last.seq)).fetchone()
                    return found is not None and found[0] == self._last.link
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        raise JournalError("the database went away in a commit: whether it was written is unknown")

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        with AsOurs(JournalError):
            self._execute(b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            db, self._within = self._db, True
            try:
                db.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                yield
            finally:
                self._roll_back(db)
                self._within, self._memory = False, Memory()

    @staticmethod
    def _roll_back(db: psycopg.Connection) -> None:
        with suppress(JournalError), AsOurs(JournalError):
            if not db.closed:
                db.execute("ROLLBACK")

    # --- the tables --------------------------------------------------------------------------

    def _run(self, sql: str, values: tuple[object, ...] | dict[str, Any]) -> int:
        return self._execute(translated(sql), values).rowcount

    def _reading(self) -> AbstractContextManager[None]:
        return nullcontext() if self._within else AsOurs(JournalError)

    def _rows(self, sql: str, *values: object) -> list[Any]:
        with self._reading():
            return self._execute(translated(sql), values).fetchall()

    def _dicts(self, sql: str, *values: object) -> list[dict[str, Any]]:
        with self._reading():
            cursor = self._execute(translated(sql), values)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def _add(self, row: Row) -> None:
        super()._add(row)
        self._last = row

    def _destroy_cards(self, condition: str, *values: object, table: str = "sealed_cards") -> int:
        with self._transaction():
            count = self._run(f"DELETE FROM {table} WHERE {condition}", values)
        with suppress(JournalError), AsOurs(JournalError):
            self._execute(f"VACUUM {table}".encode())  # what is deleted is gone only then
        return count
