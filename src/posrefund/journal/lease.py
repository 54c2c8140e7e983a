"""One writer per terminal among many machines: a lease with a number that only grows. Floor 5.

The clock is the database's. A lease that ran out is still its holder's until somebody takes it; then the
number is another, and every commit of the old holder is refused, however late it wakes up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.errors import JournalError, JournalWriteError
from posrefund.journal.postgres_schema import POSTGRES_VERSIONS
from posrefund.journal.server import AsOurs, connect, prepare

if TYPE_CHECKING:
    import psycopg

__all__ = ["LEASE_S", "Lease", "claim_terminals", "hold", "lease_left_s", "release", "take"]

LEASE_S = 180.0
"""Longer than connecting, sending and waiting for an answer together: whoever takes over may believe
that nothing of the old holder is still on its way to the line."""

_UNTIL = "clock_timestamp() + make_interval(secs => %(lease_s)s)"
_TAKE = (
    f"INSERT INTO leases AS l VALUES (%(terminal)s, 1, {_UNTIL}) ON CONFLICT (terminal)"
    f" DO UPDATE SET epoch = l.epoch + 1, until = {_UNTIL}"
    " WHERE l.until <= clock_timestamp() RETURNING epoch"
)
_HOLD = f"UPDATE leases SET until = {_UNTIL} WHERE terminal = %(terminal)s AND epoch = %(epoch)s"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write a terminal's journal.

    Attributes:
        terminal: Whose.
        epoch: 1 for the first holder, then up.
    """

    terminal: str
    epoch: int


def take(db: psycopg.Connection, terminal: str, lease_s: float) -> Lease:
    """Take the lease of a terminal that nobody holds.

    Raises:
        JournalError: Another process holds it: says until when.
    """
    found = db.execute(_TAKE.encode(), {"terminal": terminal, "lease_s": lease_s}).fetchone()
    if found is None:
        raise JournalError(f"another process has this journal open{_told(db, terminal)}")
    return Lease(terminal, found[0])


def _told(db: psycopg.Connection, terminal: str) -> str:
    """What the row knows: the number of who has it, and how long he may stay silent."""
    found = db.execute(_SEEN.encode(), (terminal,)).fetchone()
    if found is None or found[1] <= 0:
        return ""
    return f": lease {found[0]} runs out in {math.ceil(found[1])} s, unless it is prolonged"


def hold(db: psycopg.Connection, lease: Lease, lease_s: float) -> None:
    """Make sure, for the rest of this transaction, that *lease* is in force, and prolong it.

    Raises:
        JournalWriteError: Somebody took over.
    """
    values = {"terminal": lease.terminal, "epoch": lease.epoch, "lease_s": lease_s}
    if db.execute(_HOLD.encode(), values).rowcount != 1:
        raise JournalWriteError("another process took this terminal over")


def release(db: psycopg.Connection, lease: Lease) -> None:
    """Let the lease run out now; one that somebody took is left alone."""
    db.execute(
        "UPDATE leases SET until = clock_timestamp() WHERE terminal = %s AND epoch = %s",
        (lease.terminal, lease.epoch),
    )


def lease_left_s(dsn: str, terminal: str, *, schema: str = "posrefund") -> float:
    """Return for how many seconds a terminal is still somebody's, by the database's clock; 0 if it is nobody's.

    Raises:
        ConfigError: psycopg is not installed, or *dsn* is none.
        JournalError: The database cannot be reached or read.
    """
    with AsOurs(JournalError):
        db = connect(dsn, schema)
        try:
            prepare(db, schema, POSTGRES_VERSIONS)
            found = db.execute(_LEFT.encode(), (terminal,)).fetchone()
        finally:
            db.close()
    return max(0.0, float(found[0])) if found else 0.0


def claim_terminals(
    dsn: str, *, most: int = 1, lease_s: float = LEASE_S, schema: str = "posrefund"
) -> list[Lease]:
    """Take the leases of terminals that have work left and no writer: a doubt, or what a crash left.

    Any number of workers may ask at the same moment: each terminal goes to one of them, and none waits
    for another. Who claimed a terminal opens its journal with the lease and recovers it.

    Raises:
        ConfigError: psycopg is not installed, or *dsn* is none.
        JournalError: The database cannot be reached or written.
    """
    with AsOurs(JournalWriteError):
        db = connect(dsn, schema)
        try:
            prepare(db, schema, POSTGRES_VERSIONS)
            found = db.execute(_CLAIM.encode(), {"most": most, "lease_s": lease_s}).fetchall()
        finally:
            db.close()
    return [Lease(terminal, epoch) for terminal, epoch in found]


_LEFT = (
    "SELECT extract(epoch FROM until - clock_timestamp())::float8 FROM leases WHERE terminal = %s"
)
_SEEN = _LEFT.replace("SELECT", "SELECT epoch,", 1)
_CLAIM = f"""
WITH due AS (
    SELECT terminal FROM leases
    WHERE until <= clock_timestamp() AND EXISTS (
        SELECT FROM attempts WHERE attempts.terminal = leases.terminal
        AND state IN ('INTENT', 'SENT', 'IN_DOUBT', 'REVERSING')
    )
    ORDER BY until LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
UPDATE leases SET epoch = epoch + 1, until = {_UNTIL}
FROM due WHERE leases.terminal = due.terminal RETURNING leases.terminal, leases.epoch
"""
