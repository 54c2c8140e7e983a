"""The attempts of a terminal, as its journal has them now, and the numbers they leave free. Floor 5."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine.people import same_person
from posrefund.engine.table import OPEN_STATES, State
from posrefund.errors import JournalCorruptError, JournalError, JournalWriteError
from posrefund.journal.backend import Backend
from posrefund.journal.rows import ATTEMPT_COLUMNS, attempt_from_data
from posrefund.journal.schema import OPEN_NAMES
from posrefund.values import STAN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from datetime import date

    from posrefund.engine import Attempt
    from posrefund.values import TerminalID

__all__ = ["Attempts"]

_SENDING = {State.SENT, State.REVERSING}
"""The states in which a byte may leave."""


@closed_class
class Attempts(Backend):
    """The table of attempts: looked into, and held while one of them is sent."""

    _terminal: TerminalID

    def hold(self, attempt: Attempt) -> None:
        """Make sure that *attempt* stands as it was read and is still ours to send; right before a byte leaves.

        In a journal that several processes may take over it also prolongs the lease.

        Raises:
            JournalError: Another process took the terminal over, or moved the attempt: nothing may be sent.
        """
        where = "WHERE request_id = ? AND number = ?"
        with self._kept_ours():
            found = self._rows(
                f"SELECT state, copies FROM attempts {where}", attempt.request_id, attempt.number
            )
            as_read = found == [(attempt.state, attempt.copies)]
            if not as_read or attempt.state not in _SENDING:
                raise JournalWriteError("the attempt was moved by somebody else")

    def next_stan(self, batch: str) -> STAN:
        """Return the STAN after the last one, past any that an open attempt or this batch still uses."""
        last, memory = self._facts().get("stan"), self._memory
        if memory.free is not None and memory.free[0] == (last, batch):
            return memory.free[1]
        following = stan = STAN(last or "999999").next()
        taken = (
            "SELECT 1 FROM attempts WHERE terminal = ? AND stan = ?"
            f" AND (batch = ? OR state IN ({OPEN_NAMES}))"
        )
        while self._rows(taken, self._terminal, stan, batch):
            stan = stan.next()
        if stan == following and self._remembers:  # one that was passed over may become free
            memory.free = (last, batch), stan
        return stan

    def last_attempt(self, request_id: str) -> Attempt | None:
        """Return the newest attempt of a request."""
        found = self._attempts("WHERE request_id = ? ORDER BY number DESC LIMIT 1", request_id)
        return found[0] if found else None

    def attempt(self, attempt_id: str) -> Attempt:
        """Return one attempt.

        Raises:
            JournalError: There is none of that name.
        """
        known = self._memory.find(attempt_id)
        if known is not None:
            return known
        request_id, _, number = attempt_id.rpartition("/")
        is_number = number.isascii() and number.isdecimal() and len(number) < 10
        where = "WHERE request_id = ? AND number = ?"
        found = self._attempts(where, request_id, int(number)) if is_number else []
        if not found:
            message = f"no attempt {attempt_id}"
            raise JournalError(message)
        return found[0]

    def under_number(self, stan: str) -> list[Attempt]:
        """Return this terminal's attempts that were sent under *stan*, of whichever batch, oldest first."""
        return self._attempts(
            "WHERE terminal = ? AND stan = ? ORDER BY rowid", self._terminal, stan
        )

    def attempts(self, *, states: Iterable[State] | None = None, batch: str = "") -> list[Attempt]:
        """Return this terminal's attempts in the order they were made: all, those in *states*, those of *batch*."""
        wanted = None if states is None else frozenset(states)
        if wanted is not None and wanted <= OPEN_STATES and not batch and self._remembers:
            return [attempt for attempt in self._under_way().values() if attempt.state in wanted]
        where, values = "terminal = ?", [str(self._terminal)]
        for column, among in (("state", wanted), ("batch", [batch] if batch else None)):
            if among is not None:
                values += (names := sorted(map(str, among)))
                where += f" AND {column} IN ({', '.join('?' * len(names))})"
        return self._attempts(f"WHERE {where} ORDER BY rowid", *values)

    def given_back(self, original_id: str) -> tuple[int, datetime | None]:
        """Return how often something of a sale was given back, or may have been, and when the last message about it left.

        What was declined or undone counts for the time only. Of every terminal that shares these tables.
        """
        rows = self._rows(
            "SELECT hold, created_at FROM attempts WHERE original_id = ? AND copies > 0 AND state <> ?",
            original_id,
            str(State.NOT_SENT),  # no byte of it left
        )
        count = sum(hold != "none" for hold, _ in rows)
        return count, max((datetime.fromisoformat(at) for _, at in rows), default=None)

    def given_back_by(
        self, operator: str, *, merchant: str, host_day: date, currency: str
    ) -> tuple[int, int]:
        """Return how often and how much an operator of *merchant* gave back on a settlement day, at whichever terminal here.

        ``1`` and ``01`` are one operator. What is in doubt counts; what was declined or undone does not.

        Units:
            Minor units.
        """
        likely = f'%"operator":"%{operator.lower().lstrip("0")}"%'
        rows = self._rows(
            "SELECT amount_minor, facts FROM attempts WHERE merchant = ? AND host_day = ?"
            " AND kind <> 'sale' AND hold <> 'none' AND currency = ? AND lower(facts) LIKE ?",
            merchant,
            host_day.isoformat(),
            currency,
            likely,
        )
        sums = [
            minor
            for minor, facts in rows
            if same_person(json.loads(facts).get("operator", ""), operator)
        ]
        return len(sums), sum(sums)

    def open_attempts(self) -> list[Attempt]:
        """Return every attempt that may still turn out either way."""
        return self.attempts(states=OPEN_STATES)

    def _kept_ours(self) -> AbstractContextManager[None]:
        """A while in which no other process can take the terminal over."""
        return self._transaction()

    def _under_way(self) -> dict[str, Attempt]:
        """What is open, by name, in the order that it was made; looked up once."""
        if self._memory.open is None:
            where = f"WHERE terminal = ? AND state IN ({OPEN_NAMES}) ORDER BY rowid"
            found = self._attempts(where, self._terminal)
            self._memory.open = {attempt.attempt_id: attempt for attempt in found}
        return self._memory.open

    def _attempts(self, where: str, *values: object) -> list[Attempt]:
        rows = self._dicts(f"SELECT {ATTEMPT_COLUMNS} FROM attempts {where}", *values)
        try:
            return [attempt_from_data(row) for row in rows]
        except (ValueError, TypeError):
            raise JournalCorruptError("a stored attempt cannot be read") from None
