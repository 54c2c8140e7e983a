"""What a day's comparison says: counts and sums of both sides by category, and each difference. Floor 8."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from posrefund.engine.exceptions import CATEGORIES, needs_somebody
from posrefund.office.findings import CategorySum, Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from posrefund.engine.exceptions import Category
    from posrefund.office.day_sides import Ours, Theirs

__all__ = ["DayComparison", "Difference", "Item", "Totals", "sums_of", "tally"]


class Item(NamedTuple):
    """A row, an attempt, or both, and where they belong.

    Attributes:
        category: Of the closed set; ``"undone"`` of a row that a reversal undoes.
        row: The file's.
        ours: The journal's.
        is_first: Whether the money of *ours* counts here, and not at another row of it.
    """

    category: str
    row: Theirs | None
    ours: Ours | None
    is_first: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """One item that somebody has to look at.

    Attributes:
        category: What it is.
        terminal: DE41.
        merchant: DE42.
        stan: DE11.
        kind: ``sale``, ``void`` or ``refund``.
        attempt_id: Ours; None where the journal has none.
        line: Line of the file, from 1; None where it has none.
        journal_minor: What the journal says.
        file_minor: What the file says.
    """

    category: Category
    terminal: str
    merchant: str
    stan: str
    kind: str
    attempt_id: str | None
    line: int | None
    journal_minor: int | None
    file_minor: int | None


Totals = dict[str, tuple[Side, Side]]
"""By category: the journal's side and the file's."""


@dataclass(frozen=True, slots=True)
class DayComparison:
    """One file held against the journals of one file.

    Attributes:
        file_day: Its settlement day.
        engine: What joined them.
        terminals: Whose journals.
        file: All rows, as the reader counted them.
        left_out: Rows that are in no category, by why.
        sums: Every category that has items, in the order of the closed set.
        differences: Those that somebody has to look at: by line, then what has none, oldest first.
        is_whole: Whether anything says that the file is whole; without it ``JOURNAL_ONLY`` says nothing.
        sha256: Of the file.
    """

    file_day: date
    engine: str
    terminals: tuple[str, ...]
    file: Side
    left_out: Mapping[str, Side] = field(default_factory=dict)
    sums: tuple[CategorySum, ...] = ()
    differences: tuple[Difference, ...] = ()
    is_whole: bool = False
    sha256: str = ""

    def count(self, category: Category) -> int:
        """Return how many items are of *category*."""
        found = [each for each in self.sums if each.category == category]
        return max((max(each.journal.count, each.file.count) for each in found), default=0)

    @property
    def unaccounted(self) -> Side:
        """Rows and amounts that are in no category and in no list of what was left out: 0, or a row was lost."""
        parts = [*(each.file for each in self.sums), *self.left_out.values()]
        return Side(
            self.file.count - sum(part.count for part in parts),
            self.file.sum_minor - sum(part.sum_minor for part in parts),
        )

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON: no names of customers, no cards."""
        return {
            "day": self.file_day.isoformat(),
            "engine": self.engine,
            "terminals": list(self.terminals),
            "sha256": self.sha256,
            "whole": self.is_whole,
            "file": _side(self.file),
            "left_out": {name: _side(side) for name, side in self.left_out.items()},
            "categories": [
                {
                    "category": each.category,
                    "journal": _side(each.journal),
                    "file": _side(each.file),
                    "difference_minor": each.difference_minor,
                }
                for each in self.sums
            ],
            "unaccounted": _side(self.unaccounted),
            "differences": [
                {name: getattr(each, name) for name in Difference.__slots__}
                for each in self.differences
            ],
        }


def _side(side: Side) -> dict[str, int]:
    return {"count": side.count, "sum_minor": side.sum_minor}


def sums_of(totals: Totals) -> tuple[CategorySum, ...]:
    """Return *totals* in the order of the closed set."""
    return tuple(CategorySum(name, *totals[name]) for name in CATEGORIES if name in totals)


def tally(items: Iterable[Item]) -> tuple[Totals, list[Difference]]:
    """Return the sums of *items*, and those that somebody has to look at, in order."""
    counts: dict[str, list[int]] = {}
    found: list[tuple[int, int, Difference]] = []
    shown = frozenset(name for name in CATEGORIES if needs_somebody(name))
    for item in items:
        category, row, ours, is_first = item
        cell = counts.setdefault(category, [0, 0, 0, 0])
        if ours is not None and is_first:
            cell[0] += 1
            cell[1] += ours.amount_minor
        if row is not None:
            cell[2] += 1
            cell[3] += row.amount_minor
        if category in shown:
            found.append((row.line if row else 0, ours.at if ours else 0, _difference(item)))
    found.sort(key=lambda each: (each[0] == 0, each[0], each[1]))
    totals = {name: (Side(a, b), Side(c, d)) for name, (a, b, c, d) in counts.items()}
    return totals, [each for _, _, each in found]


def _difference(item: Item) -> Difference:
    category, row, ours, is_first = item
    one = row or ours
    assert one is not None
    return Difference(
        category,  # type: ignore[arg-type]
        one.terminal,
        one.merchant,
        one.stan,
        one.kind,
        ours.attempt_id if ours else None,
        row.line if row else None,
        ours.amount_minor if ours and is_first else None,
        row.amount_minor if row else None,
    )
