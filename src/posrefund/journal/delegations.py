"""Rights to approve that were lent, in the journal of their terminal: given, and ended. Floor 5."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.engine.delegation import Delegation
from posrefund.errors import JournalCorruptError, JournalWriteError
from posrefund.journal.backend import Backend

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from posrefund.journal.rows import Row
    from posrefund.values import TerminalID

__all__ = ["Delegations", "check_delegations"]

_GIVEN, _ENDED = "delegated", "delegation_ended"
_COLUMNS = "number, giver, taker, manager, since, until, ended_by"


@closed_class
class Delegations(Backend):
    """The table of rights that were lent."""

    _terminal: TerminalID

    @abstractmethod
    def _append(self, kind: str, subject: str, at: datetime, facts: dict[str, Any]) -> None: ...

    def delegations(self) -> list[Delegation]:
        """Return every one there ever was at this terminal, oldest first."""
        wanted = f"SELECT {_COLUMNS} FROM delegations WHERE terminal = ? ORDER BY number"
        try:
            return [_from_data(row) for row in self._dicts(wanted, self._terminal)]
        except (ValueError, TypeError):
            raise JournalCorruptError("a stored delegation cannot be read") from None

    def delegate(self, delegation: Delegation, at: datetime) -> None:
        """Write a new one down.

        Raises:
            JournalWriteError: Its number is taken, or a guard of the table is hit: nothing was written.
        """
        data = _as_data(delegation)
        row = {"terminal": self._terminal, **data}
        places = ", ".join(f":{column}" for column in row)
        with self._transaction():
            self._run(f"INSERT INTO delegations ({', '.join(row)}) VALUES ({places})", row)
            self._append(_GIVEN, str(delegation.number), at, data)

    def end_delegation(self, number: int, *, by: str, at: datetime) -> None:
        """Write down that somebody took one back before its time.

        Raises:
            JournalWriteError: It is not there, or was ended before: nothing was written.
        """
        with self._transaction():
            done = self._run(
                "UPDATE delegations SET ended_by = ?"
                " WHERE terminal = ? AND number = ? AND ended_by = ''",
                (by, self._terminal, number),
            )
            if done != 1:
                raise JournalWriteError("no such delegation holds")
            self._append(_ENDED, str(number), at, {"by": by})


def check_delegations(rows: Sequence[Row], stored: Sequence[Delegation]) -> None:
    """Check that the table of rights that were lent holds exactly what *rows* say.

    Raises:
        JournalCorruptError: Names the delegation that differs.
    """
    replayed: dict[str, Delegation] = {}
    for row in rows:
        if row.kind == _GIVEN:
            replayed[row.subject] = _from_data(row.facts)
        elif row.kind == _ENDED:
            replayed[row.subject] = replayed[row.subject].ended(row.facts["by"])
    kept = {str(each.number): each for each in stored}
    for number in sorted({*kept, *replayed}):
        if kept.get(number) != replayed.get(number):
            reason = f"delegation {number} is not what its rows say"
            raise JournalCorruptError(reason)


def _as_data(delegation: Delegation) -> dict[str, Any]:
    plain = ("number", "giver", "taker", "manager", "ended_by")
    return {name: getattr(delegation, name) for name in plain} | {
        "since": delegation.since.isoformat(),
        "until": delegation.until.isoformat(),
    }


def _from_data(data: Mapping[str, Any]) -> Delegation:
    times = {name: datetime.fromisoformat(data[name]) for name in ("since", "until")}
    return Delegation(**dict(data) | times)
