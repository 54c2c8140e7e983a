"""The outbox: what customers are to be told, written in the commit of the step it follows from. Floor 5.

What is told stands in the row of that step, so the chain tells it again; how far its delivery is stands beside and
is nobody's proof. Whoever delivers claims first: for as long as the claim lasts, nobody else is given the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.engine.notices import Notice, NoticeKind, notice_due, status_of
from posrefund.errors import JournalCorruptError
from posrefund.journal.backend import Backend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posrefund.engine import Attempt
    from posrefund.journal.rows import Row
    from posrefund.values import TerminalID

__all__ = ["DeliveryState", "NoticeDelivery", "Outbox", "check_notices"]

_COLUMNS = "request_id, sequence, kind, attempt, at"
_CLAIMS_MAX = 20
"""So often somebody else may be faster before this one has nothing to do."""


class DeliveryState(StrEnum):
    """How far one notice is on one channel."""

    WAITING = "WAITING"
    """It failed, and is tried again."""
    DELIVERED = "DELIVERED"
    SKIPPED = "SKIPPED"
    """The channel has nothing to do with it."""
    STUCK = "STUCK"
    """It failed as often as it may: for people."""


@dataclass(frozen=True, slots=True)
class NoticeDelivery:
    """One notice on one channel.

    Attributes:
        request_id: Whose.
        sequence: Which notice of it.
        channel: The channel's name.
        state: How far it is.
        tries: How often it was sent.
        last_try: When it was last.
        error: What went wrong then; empty if nothing did.
        next_try: When it is tried again; None if never.
    """

    request_id: str
    sequence: int
    channel: str
    state: DeliveryState
    tries: int
    last_try: datetime
    error: str = ""
    next_try: datetime | None = None

    @property
    def notice_id(self) -> str:
        """The notice's name."""
        return f"{self.request_id}:{self.sequence}"

    @property
    def is_over(self) -> bool:
        """Whether it is not tried again of itself."""
        return self.state is not DeliveryState.WAITING


@closed_class
class Outbox(Backend):
    """The tables of notices and of their deliveries."""

    _terminal: TerminalID

    # --- what is told ------------------------------------------------------------------------

    def notices(self, request_id: str | None = None) -> list[Notice]:
        """Return this terminal's notices, or those of one request, in the order they were written."""
        if request_id is not None:
            return self._notices("WHERE request_id = ? ORDER BY sequence", request_id)
        where = "WHERE terminal = ? ORDER BY at, request_id, sequence"
        return self._notices(where, self._terminal)

    def deliveries(self, request_id: str) -> list[NoticeDelivery]:
        """Return how far the notices of a request are, each on each channel that had to do with it."""
        where = "WHERE request_id = ? ORDER BY sequence, channel"
        return self._deliveries(where, request_id)

    def due_times(self, request_id: str) -> dict[int, datetime]:
        """Return when there is something to do for the notices of a request that are not through, by sequence."""
        due = (
            "SELECT sequence, next_try FROM outbox WHERE request_id = ? AND next_try IS NOT NULL"
            " ORDER BY sequence"
        )
        return {number: _time(at) for number, at in self._rows(due, request_id)}

    def stuck_deliveries(self) -> list[NoticeDelivery]:
        """Return what was given up, of every terminal in these tables: open faults."""
        return self._deliveries("WHERE state = 'STUCK' ORDER BY request_id, sequence, channel")

    def waiting_notices(self) -> int:
        """Return how many notices are not delivered and not given up, of every terminal in these tables."""
        (count,) = self._rows("SELECT count(*) FROM outbox WHERE next_try IS NOT NULL")[0]
        return int(count)

    def _tell(self, attempt: Attempt, at: datetime) -> dict[str, Any]:
        """Write down what is to be told now; return what the row of the step says of it."""
        if status_of(attempt) is None:
            return {}
        last = (
            "SELECT sequence, kind FROM outbox WHERE request_id = ? ORDER BY sequence DESC LIMIT 1"
        )
        ((sequence, said),) = self._rows(last, attempt.request_id) or [(0, None)]
        kind = notice_due(attempt, said and NoticeKind(said))
        if kind is None:
            return {}
        self._run(
            "INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                attempt.request_id,
                sequence + 1,
                str(kind),
                attempt.number,
                attempt.terminal,
                at.isoformat(),
                _moment(at),
            ),
        )
        return {"notice": {"kind": str(kind), "sequence": sequence + 1}}

    # --- its delivery ------------------------------------------------------------------------

    def claim_notices(
        self, now: datetime, until: datetime, *, everyone: bool = False
    ) -> list[Notice]:
        """Take the request whose notices have been due longest, for nobody else until *until*.

        Args:
            now: The time.
            until: When they are due again if nobody says how it went.
            everyone: Also those of other terminals in the same tables.

        Returns:
            Its notices that are due, in order; none if nothing is due.

        Raises:
            JournalWriteError: Nothing was claimed.
        """
        for _ in range(_CLAIMS_MAX):
            found = self._longest_due(_moment(now), everyone=everyone)
            if not found:
                return []
            with self._transaction():
                taken = [
                    sequence
                    for request_id, sequence, due in found
                    if self._run(
                        "UPDATE outbox SET next_try = ?"
                        " WHERE request_id = ? AND sequence = ? AND next_try = ?",
                        (_moment(until), request_id, sequence, due),
                    )
                ]
            if taken:
                notices = self.notices(found[0][0])
                return [notice for notice in notices if notice.sequence in taken]
        return []

    def keep_delivery(self, delivery: NoticeDelivery, *, next_try: datetime | None) -> None:
        """Write down how it went on one channel, and when there is something to do for this notice again.

        Args:
            delivery: As it stands now.
            next_try: None if all of its channels are through.

        Raises:
            JournalWriteError: Nothing was written; it will be sent again, under the same name.
        """
        values = (
            str(delivery.state),
            delivery.tries,
            _moment(delivery.last_try),
            delivery.next_try and _moment(delivery.next_try),
            delivery.error,
            delivery.request_id,
            delivery.sequence,
            delivery.channel,
        )
        with self._transaction():
            changed = self._run(
                "UPDATE deliveries SET state = ?, tries = ?, last_try = ?, next_try = ?, error = ?"
                " WHERE request_id = ? AND sequence = ? AND channel = ?",
                values,
            )
            if not changed:
                self._run(
                    "INSERT INTO deliveries (state, tries, last_try, next_try, error, request_id,"
                    " sequence, channel) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    values,
                )
            self._set_next_try(delivery.request_id, delivery.sequence, next_try)

    def put_off(self, notice: Notice, next_try: datetime | None) -> None:
        """Say when there is something to do for *notice* again; None for never.

        Raises:
            JournalWriteError: Nothing was written.
        """
        with self._transaction():
            self._set_next_try(notice.request_id, notice.sequence, next_try)

    def retry_stuck(self, request_id: str, now: datetime) -> int:
        """Let what was given up of a request be tried anew; return how many deliveries that are.

        Raises:
            JournalWriteError: Nothing was changed.
        """
        with self._transaction():
            stuck = self._deliveries("WHERE request_id = ? AND state = 'STUCK'", request_id)
            for delivery in stuck:
                self._run(
                    "UPDATE deliveries SET state = 'WAITING', tries = 0, next_try = ?"
                    " WHERE request_id = ? AND sequence = ? AND channel = ?",
                    (_moment(now), request_id, delivery.sequence, delivery.channel),
                )
                self._set_next_try(request_id, delivery.sequence, now)
        return len(stuck)

    def _longest_due(self, now: str, *, everyone: bool) -> list[tuple[str, int, str]]:
        whose = "" if everyone else " AND terminal = ?"
        mine = () if everyone else (str(self._terminal),)
        due = f"FROM outbox WHERE next_try <= ?{whose}"
        first = self._rows(
            f"SELECT request_id {due} ORDER BY next_try, request_id LIMIT 1", now, *mine
        )
        if not first:
            return []
        rows = self._rows(
            f"SELECT request_id, sequence, next_try {due} AND request_id = ? ORDER BY sequence",
            now,
            *mine,
            first[0][0],
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def _set_next_try(self, request_id: str, sequence: int, next_try: datetime | None) -> None:
        self._run(
            "UPDATE outbox SET next_try = ? WHERE request_id = ? AND sequence = ?",
            (next_try and _moment(next_try), request_id, sequence),
        )

    # --- rows --------------------------------------------------------------------------------

    def _notices(self, where: str, *values: object) -> list[Notice]:
        rows = self._rows(f"SELECT {_COLUMNS} FROM outbox {where}", *values)
        try:
            return [
                Notice(
                    name, sequence, NoticeKind(kind), f"{name}/{number}", datetime.fromisoformat(at)
                )
                for name, sequence, kind, number, at in rows
            ]
        except (ValueError, TypeError):
            raise JournalCorruptError("a stored notice cannot be read") from None

    def _deliveries(self, where: str, *values: object) -> list[NoticeDelivery]:
        columns = "request_id, sequence, channel, state, tries, last_try, error, next_try"
        rows = self._rows(f"SELECT {columns} FROM deliveries {where}", *values)
        try:
            return [
                NoticeDelivery(
                    request_id=row[0],
                    sequence=row[1],
                    channel=row[2],
                    state=DeliveryState(row[3]),
                    tries=row[4],
                    last_try=datetime.fromisoformat(row[5]),
                    error=row[6],
                    next_try=row[7] and datetime.fromisoformat(row[7]),
                )
                for row in rows
            ]
        except (ValueError, TypeError):
            raise JournalCorruptError("a stored delivery cannot be read") from None


def check_notices(rows: Sequence[Row], stored: Sequence[Notice]) -> None:
    """Check that the outbox holds exactly the notices that *rows* say.

    Raises:
        JournalCorruptError: Names the notice that differs.
    """
    said = {notice.notice_id: notice for row in rows for notice in _told_by(row)}
    kept = {notice.notice_id: notice for notice in stored}
    for name in sorted({*kept, *said}):
        if kept.get(name) != said.get(name):
            reason = f"notice {name} is not what its row says"
            raise JournalCorruptError(reason)


def _told_by(row: Row) -> list[Notice]:
    told = row.facts.get("notice") if row.kind == "move" else None
    if told is None:
        return []
    request_id = row.subject.rpartition("/")[0]
    kind, at = NoticeKind(told["kind"]), datetime.fromisoformat(row.at)
    return [Notice(request_id, told["sequence"], kind, row.subject, at)]


def _moment(at: datetime) -> str:
    """A time as it can be compared as text: UTC, always as long."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise JournalCorruptError("a stored notice cannot be read") from None
