"""A figure: a name, a question in SQL, and the answer. What is printed under it is what was asked. Floor 8.

The question holds its values itself and the few tables that it builds on (``parts``), so that it can be copied into
``sqlite3 journal.db`` and gives the same numbers there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any, Literal

from posrefund.office.report.parts import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from posrefund.journal import Moment
    from posrefund.office.report.period import Period

__all__ = ["Figure", "Scope", "Table"]

Kind = Literal["sum", "share", "time", "list", "grid"]
"""Counts and sums; parts of a whole; seconds; one line for each thing; one cell for each pair of things."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report looks at.

    Attributes:
        period: Which days.
        terminal: One terminal; empty for all that are in the file.
        is_fleet: Whether the file is of many terminals.
        only: The terminal of a file of one.
    """

    period: Period
    terminal: str = ""
    is_fleet: bool = False
    only: str = ""

    @classmethod
    def of(cls, moment: Moment, period: Period, terminal: str = "") -> Scope:
        """Return the scope of a report of *period* on the file of *moment*."""
        known = moment.terminals
        return cls(period, terminal, moment.is_fleet, known[0] if known else "")

    def values(self) -> dict[str, str]:
        """Return what stands for the names in a figure's SQL."""
        return {**self.period.values(), "terminal": self.terminal, "only": self.only}


@dataclass(frozen=True, slots=True)
class Table:
    """The answer to a figure's question.

    Attributes:
        columns: Their names.
        rows: Their values: text, whole numbers, seconds and shares.
        sql: What was asked, to the letter.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    sql: str

    def dicts(self) -> Iterator[dict[str, Any]]:
        """Yield each row by the names of its columns."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the closed list in ``figures``.

    Attributes:
        name: Stable; of its CSV file, too.
        title_zh: Above it.
        title_en: The same in English.
        sql: The question, with names such as ``:first`` where values go, over the tables of the journal and of ``parts``.
        kind: What its numbers are.
        note_zh: One sentence on how to read it; empty where there is nothing to say.
        note_en: The same in English.
    """

    name: str
    title_zh: str
    title_en: str
    sql: str
    kind: Kind
    note_zh: str = ""
    note_en: str = ""

    def statement(self, scope: Scope) -> str:
        """Return the whole question about *scope*."""
        parts = [f"{name} AS ({_for(PARTS[name], scope)})" for name in _needed(self.sql)]
        opening, own = _opening(_dedented(self.sql))
        whole = opening + ",\n".join([*parts, own]) if opening else _with(parts) + own
        return _filled(whole, scope.values()) + ";"

    def ask(self, moment: Moment, scope: Scope) -> Table:
        """Ask it.

        Raises:
            JournalError: The file cannot answer.
        """
        sql = self.statement(scope)
        columns, rows = moment.ask(sql)
        return Table(columns, tuple(rows), sql)


def _opening(sql: str) -> tuple[str, str]:
    """The words that begin a question with tables of its own, and the rest."""
    for words in ("WITH RECURSIVE ", "WITH "):
        if sql.startswith(words):
            return words, sql.removeprefix(words)
    return "", sql


def _with(parts: list[str]) -> str:
    return "WITH " + ",\n".join(parts) + "\n" if parts else ""


def _needed(sql: str) -> list[str]:
    """The parts that *sql* is built on, each after those that it is built on itself."""
    found: list[str] = []
    for name, part in PARTS.items():
        if re.search(rf"\b(?:FROM|JOIN) {name}\b", sql):
            inside = part if isinstance(part, str) else " ".join(part.values())
            found += [each for each in (*_needed(inside), name) if each not in found]
    return found


def _for(part: str | Mapping[str, str], scope: Scope) -> str:
    """A part, as the kind of the file and the choice of a terminal want it."""
    text = part if isinstance(part, str) else part["fleet" if scope.is_fleet else "one"]
    chosen = r"\1" if scope.terminal else ""
    return "\n" + indent(_dedented(re.sub(r"\[\[(.*?)\]\]", chosen, text)), "  ") + "\n"


def _filled(sql: str, values: Mapping[str, str]) -> str:
    def literal(found: re.Match[str]) -> str:
        return "'" + values[found[1]].replace("'", "''") + "'"

    return re.sub(r":([a-z_]+)\b", literal, sql)


def _dedented(sql: str) -> str:
    return dedent(sql).strip()
