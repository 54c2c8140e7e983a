"""The sales that the journal knows, each of them once: with a ceiling or without. Floor 5."""

from __future__ import annotations

from abc import abstractmethod
from datetime import date
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.engine import OriginalRef
from posrefund.engine.evidence import Sold
from posrefund.errors import JournalCorruptError, RequestConflictError
from posrefund.journal.backend import Backend
from posrefund.journal.rows import LOOK_UP_COLUMNS, PAID_COLUMNS, original_as_data

if TYPE_CHECKING:
    from datetime import datetime

    from posrefund.engine import Know, Original
    from posrefund.values import TerminalID

__all__ = ["OTHERWISE", "Sales"]

OTHERWISE = (
    "SELECT original_id FROM originals WHERE rrn = ? AND transaction_date = ?"
    " AND merchant || '' = ? AND ceiling <> ?"
)
"""By its slip, and not by the day's sales of its merchant, which the bare ``merchant = ?`` would have looked through."""

_SOLD = "SELECT original_id, stan, transaction_date, amount_minor, accepted_minor FROM originals"


@closed_class
class Sales(Backend):
    """The table of sales: read, and grown."""

    _terminal: TerminalID

    @abstractmethod
    def _append(self, kind: str, subject: str, at: datetime, facts: dict[str, Any]) -> None: ...

    @abstractmethod
    def _original(self, row: dict[str, Any]) -> Original: ...

    def originals(self, ref: str | OriginalRef) -> list[Original]:
        """Return the sales that *ref* names: none, one, or more than one."""
        if isinstance(ref, OriginalRef):
            where = (
                "rrn = ? AND substr(transaction_date, 6, 2) || substr(transaction_date, 9, 2) = ?"
            )
            rows = self._dicts(f"SELECT * FROM originals WHERE {where}", ref.rrn, ref.date_mmdd)
        else:
            rows = self._dicts("SELECT * FROM originals WHERE original_id = ?", ref)
        return [self._original(row) for row in rows]

    def all_originals(self) -> list[Original]:
        """Return every known sale, oldest first."""
        return [
            self._original(row) for row in self._dicts("SELECT * FROM originals ORDER BY rowid")
        ]

    def paid_by_code(self) -> dict[str, dict[str, str]]:
        """Return wallet and voucher of the sales of this terminal's chain that a feed says a code paid, by their ids."""
        learner = dict(self._learner())
        mine = "".join(f" AND {column} = ?" for column in learner)
        some = f"SELECT original_id, wallet, voucher FROM originals WHERE wallet || voucher <> ''{mine}"
        found = self._dicts(some, *learner.values())
        return {
            row["original_id"]: {name: row[name] for name in PAID_COLUMNS if row[name]}
            for row in found
        }

    def sold_here(self) -> list[Sold]:
        """Return the sales that this terminal gave back of, as a settlement file may name them."""
        return self._sold(
            "original_id IN (SELECT original_id FROM attempts WHERE terminal = ?)", self._terminal
        )

    def sold_as(self, stan: str) -> list[Sold]:
        """Return the sales of that number whose ceiling is kept here."""
        return self._sold("stan = ? AND ceiling = 'journal'", stan)

    def by_voucher(self, merchant: str, voucher: str) -> str | None:
        """Return the id of the sale that a feed says was paid under *voucher*."""
        of_it = (
            "SELECT original_id FROM originals WHERE merchant = ? AND voucher = ? AND voucher <> ''"
        )
        found = self._rows(of_it, merchant, voucher)
        return str(found[0][0]) if found else None

    def _sold(self, where: str, *values: object) -> list[Sold]:
        rows = self._rows(f"{_SOLD} WHERE {where}", *values)
        try:
            return [
                Sold(name, stan, date.fromisoformat(day), *sums) for name, stan, day, *sums in rows
            ]
        except (ValueError, TypeError):
            raise JournalCorruptError("a stored original cannot be read") from None

    def _apply_know(self, action: Know) -> None:
        original = action.original
        data, name = original_as_data(original), original.original_id
        other = self._under_another_ceiling(original)
        if other and original.ceiling == "host_only":
            raise RequestConflictError(name)
        if other:  # something of it may have been given back: a fresh ceiling would be a wrong one
            self._append("described_before", name, action.at, {"as": other})
            return
        if self._insert(data, action.at):
            return
        known = self._dicts("SELECT * FROM originals WHERE original_id = ?", name)
        # One sale under two ids would have two ceilings: then nothing is known under this one.
        identity = data.keys() - set(LOOK_UP_COLUMNS)
        if not known or any(known[0][column] != data[column] for column in identity):
            raise RequestConflictError(name)

    def _insert(self, data: dict[str, Any], at: datetime) -> bool:
        """Take a sale in, and chain it; False where its id or its place in a batch is taken."""
        row = data | dict(self._learner())
        places = ", ".join(f":{column}" for column in row)
        insert = (
            f"INSERT INTO originals ({', '.join(row)}) VALUES ({places}) ON CONFLICT DO NOTHING"
        )
        is_new = bool(self._run(insert, row))
        if is_new:
            self._append("know", data["original_id"], at, data)
        return is_new

    def _under_another_ceiling(self, original: Original) -> str:
        """The id of the same sale known with a ceiling and now described without one, or the reverse; or nothing."""
        found = self._rows(
            OTHERWISE,
            original.rrn,
            original.transaction_date.isoformat(),
            original.merchant,
            original.ceiling,
        )
        return str(found[0][0]) if found else ""
