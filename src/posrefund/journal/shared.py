"""A journal in tables that it shares with those of other terminals. Floor 5.

Requests, sales and attempts stand side by side; chain and facts are each terminal's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.journal.journal import Journal
from posrefund.journal.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.engine import Attempt, Original

__all__ = ["SharedJournal"]


@closed_class
class SharedJournal(Journal):
    """The journal of one terminal among several."""

    def _read_facts(self) -> dict[str, str]:
        sql = "SELECT key, value FROM meta WHERE terminal IN ('', ?)"
        return {**dict(self._rows(sql, self._terminal)), "terminal": self._terminal}

    def _write_facts(self, facts: Mapping[str, str]) -> None:
        if facts:
            places = ", ".join(["(?, ?, ?)"] * len(facts))
            self._run(
                f"INSERT INTO meta VALUES {places} ON CONFLICT (terminal, key)"
                " DO UPDATE SET value = excluded.value",
                tuple(
                    part for name, said in facts.items() for part in (self._terminal, name, said)
                ),
            )

    def _links(self, rest: str, *values: object) -> list[Row]:
        mine = (
            "SELECT seq, at, kind, subject, body, link FROM"
            " (SELECT * FROM chain WHERE terminal = ?) AS mine"
        )
        return [Row(*row) for row in self._rows(f"{mine} {rest}", self._terminal, *values)]

    def _add(self, row: Row) -> None:
        values = (self._terminal, row.seq, row.at, row.kind, row.subject, row.body, row.link)
        self._run("INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def _learner(self) -> Mapping[str, str]:
        return {"learned_by": self._terminal}

    def _learned(self) -> list[Original]:
        sql = "SELECT * FROM originals WHERE learned_by = ? ORDER BY rowid"
        return [self._original(row) for row in self._dicts(sql, self._terminal)]

    def _elsewhere(self) -> list[Attempt]:
        mine = "SELECT original_id FROM originals WHERE learned_by = ?"
        where = f"WHERE terminal <> ? AND original_id IN ({mine})"
        return self._attempts(where, self._terminal, self._terminal)
