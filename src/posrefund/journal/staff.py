"""The people of a terminal in its journal: their steps chained, the digests of their PINs beside the chain. Floor 5.

A row of the chain says number, role and state after the step, and a keyed digest of name and PIN digest: neither
stands in it, and neither can be changed without it. Each step is one commit; a try at a PIN is written down as
wrong before the PIN is looked at.
"""

from __future__ import annotations

import hmac
from abc import abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.crypto.operator_pin import check_choice, hash_pin, pin_fits
from posrefund.engine.staff import MANAGER, Operator
from posrefund.errors import InvalidKeyError, JournalCorruptError, JournalWriteError
from posrefund.journal.backend import Backend
from posrefund.journal.rows import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from posrefund.journal.keys import JournalKeys
    from posrefund.journal.rows import Row
    from posrefund.values import TerminalID

__all__ = ["StaffTable", "check_staff"]

_KIND = "staff"
_CHAINED = (
    *("number", "role", "is_active", "must_change_pin"),
    *("failures", "lockouts", "locked_until", "revision"),
)
_COLUMNS = (*_CHAINED, "name", "pin")


@closed_class
class StaffTable(Backend):
    """The table of people."""

    _terminal: TerminalID
    _keys: JournalKeys

    @abstractmethod
    def _append(self, kind: str, subject: str, at: datetime, facts: dict[str, Any]) -> None: ...

    def staff(self) -> list[Operator]:
        """Return everybody who works or worked at this terminal, by number."""
        people = self._memory.people
        if people is None:
            people = [operator for operator, _ in self._staff()]
            if self._remembers:
                self._memory.people = people
        return [*people]

    def enrol(self, operator: Operator, pin: str, *, by: str, at: datetime) -> None:
        """Write somebody new down.

        Args:
            operator: Under a number that nobody has.
            pin: The first PIN.
            by: Operator who adds; the same one for the first.
            at: When.

        Raises:
            InvalidRequestError: The PIN may not be chosen.
            JournalWriteError: The number is somebody's, or there would be no manager: nothing was written.
        """
        kept = self._hashed(operator.number, pin)
        row = {"terminal": self._terminal, **_as_data(operator), "name": operator.name, "pin": kept}
        places = ", ".join(f":{column}" for column in row)
        with self._transaction():
            self._memory.people = None
            self._run(f"INSERT INTO staff ({', '.join(row)}) VALUES ({places})", row)
            self._refuse_unmanaged()
            self._append_step("added", operator, kept, by, at)

    def change_operator(
        self, after: Operator, event: str, *, by: str, at: datetime, pin: str | None = None
    ) -> None:
        """Write the next step of somebody down; of two steps from the same one, one counts.

        Args:
            after: As the step leaves the operator, ``revision`` one up.
            event: What happened: ``tried``, ``proven``, ``pin_set``, ``deactivated``…
            by: Operator who did it.
            at: When.
            pin: A new one; None leaves the old one.

        Raises:
            InvalidRequestError: The PIN may not be chosen.
            JournalWriteError: Somebody changed it meanwhile, or nobody would be manager: nothing was written.
        """
        new = self._hashed(after.number, pin) if pin is not None else None
        values = _as_data(after) | {"name": after.name, "pin": new, "terminal": self._terminal}
        columns = ", ".join(f"{name} = :{name}" for name in (*_CHAINED, "name"))
        with self._transaction():
            self._memory.people = None
            done = self._run(
                f"UPDATE staff SET {columns}, pin = coalesce(:pin, pin)"
                " WHERE terminal = :terminal AND number = :number AND revision = :before",
                values | {"before": after.revision - 1},
            )
            if done != 1:
                raise JournalWriteError("the operator was changed meanwhile")
            self._refuse_unmanaged()
            self._append_step(event, after, self._kept(after.number), by, at)

    def pin_is(self, number: str, pin: str) -> bool:
        """Say whether *pin* is the one of operator *number*; any text may be given for it.

        Raises:
            JournalCorruptError: What is kept of the PIN was changed, or of nobody.
        """
        try:
            return pin_fits(pin, self._keys.pins, self._kept(number), whose=self._whose(number))
        except InvalidKeyError:
            raise JournalCorruptError(f"what is kept of the PIN of {number} was changed") from None

    # --- inside ------------------------------------------------------------------------------

    def _hashed(self, number: str, pin: str) -> str:
        check_choice(pin)
        return hash_pin(pin, self._keys.pins, whose=self._whose(number))

    def _whose(self, number: str) -> tuple[str, str]:
        return self._terminal, number

    def _kept(self, number: str) -> str:
        found = self._rows(
            "SELECT pin FROM staff WHERE terminal = ? AND number = ?", self._terminal, number
        )
        if not found:
            raise JournalCorruptError(f"operator {number} is not in the table of staff")
        return str(found[0][0])

    def _refuse_unmanaged(self) -> None:
        managers = "SELECT 1 FROM staff WHERE terminal = ? AND role = ? AND is_active = 1"
        if not self._rows(managers, self._terminal, MANAGER):
            raise JournalWriteError("there would be no manager")

    def _append_step(
        self, event: str, operator: Operator, kept: str, by: str, at: datetime
    ) -> None:
        body = {
            "event": event,
            "by": by,
            "operator": _as_data(operator),
            "bound": self._binding(operator, kept),
        }
        self._append(_KIND, operator.number, at, body)

    def _binding(self, operator: Operator, kept: str) -> str:
        text = canonical([self._terminal, operator.number, operator.name, kept])
        return hmac.digest(self._keys.staff, text.encode("ascii"), "sha256").hex()

    def _staff(self) -> list[tuple[Operator, str]]:
        wanted = f"SELECT {', '.join(_COLUMNS)} FROM staff WHERE terminal = ? ORDER BY number"
        rows = self._dicts(wanted, self._terminal)
        try:
            return [(_from_data(row), row["pin"]) for row in rows]
        except (ValueError, TypeError):
            raise JournalCorruptError("a stored operator cannot be read") from None

    def _staff_as_chained(self) -> dict[str, tuple[dict[str, Any], str]]:
        """What the last row of the chain about each of them has to say."""
        return {
            operator.number: (_as_data(operator), self._binding(operator, kept))
            for operator, kept in self._staff()
        }


def check_staff(rows: Sequence[Row], stored: Mapping[str, tuple[dict[str, Any], str]]) -> None:
    """Check that the table of people holds exactly what *rows* say: role, state, name and digest of the PIN.

    Raises:
        JournalCorruptError: Names the operator that differs.
    """
    replayed = {
        row.subject: (row.facts["operator"], row.facts["bound"])
        for row in rows
        if row.kind == _KIND
    }
    for number in sorted({*stored, *replayed}):
        if stored.get(number) != replayed.get(number):
            reason = f"operator {number} is not what its rows say"
            raise JournalCorruptError(reason)


def _as_data(operator: Operator) -> dict[str, Any]:
    until = operator.locked_until
    return {name: getattr(operator, name) for name in _CHAINED} | {
        "is_active": int(operator.is_active),
        "must_change_pin": int(operator.must_change_pin),
        "locked_until": until.astimezone(UTC).isoformat() if until else "",
    }


def _from_data(row: Mapping[str, Any]) -> Operator:
    until = row["locked_until"]
    return Operator(
        **{name: row[name] for name in (*_CHAINED, "name")}
        | {
            "is_active": bool(row["is_active"]),
            "must_change_pin": bool(row["must_change_pin"]),
            "locked_until": datetime.fromisoformat(until) if until else None,
        }
    )
