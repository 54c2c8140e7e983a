"""What one reconciliation says: each item of either book in one category, and sums that must come out even. Floor 8."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from posrefund.engine.exceptions import CATEGORIES, needs_somebody

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from posrefund.engine.evidence import Category, FileRow

__all__ = ["LEFT_OUT", "CategorySum", "Finding", "Reconciliation", "Side"]

LEFT_OUT = ("elsewhere", "undone", "reversal", "not_booked", "other")
"""Why a row of the file is in no category: another terminal's, undone by a reversal in the same file, that
reversal itself, not booked, or of a kind that moves none of our money."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        category: What it is.
        attempt_id: Ours, if there is one.
        row: The file's, if there is one.
        amount_minor: What the journal says of ours; None if there is none.
        suggests: An attempt that a row of nobody looks like; it proves nothing.
    """

    category: Category
    attempt_id: str | None
    row: FileRow | None
    amount_minor: int | None = None
    suggests: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """How many there are, and what they come to."""

    count: int = 0
    sum_minor: int = 0

    def plus(self, amount_minor: int) -> Side:
        """Return it with one more of *amount_minor*."""
        return Side(self.count + 1, self.sum_minor + amount_minor)


@dataclass(frozen=True, slots=True)
class CategorySum:
    """One category on both sides."""

    category: Category
    journal: Side
    file: Side

    @property
    def difference_minor(self) -> int:
        """What the file has more than the journal."""
        return self.file.sum_minor - self.journal.sum_minor


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What one file said.

    Attributes:
        file_day: Its settlement day.
        findings: One for each transaction of either side.
        file: All rows, as the reader counted them.
        left_out: Rows that are in no category, by why.
        is_whole: Whether anything says that the file is whole; without it absences prove nothing.
        sha256: Of the file.
        supersedes: Digest of the file of this day that it corrects; empty where it is the first.
    """

    file_day: date
    findings: tuple[Finding, ...]
    file: Side = Side()
    left_out: Mapping[str, Side] = field(default_factory=dict)
    is_whole: bool = False
    sha256: str = ""
    supersedes: str = ""

    def count(self, category: Category) -> int:
        """Return how many findings are of *category*."""
        return sum(finding.category == category for finding in self.findings)

    def sums(self) -> list[CategorySum]:
        """Return every category that has findings, in the order of the closed set."""
        ours: dict[str, Side] = {}
        theirs: dict[str, Side] = {}
        for found in self.findings:
            if found.amount_minor is not None:
                ours[found.category] = ours.get(found.category, Side()).plus(found.amount_minor)
            if found.row is not None:
                theirs[found.category] = theirs.get(found.category, Side()).plus(
                    found.row.amount_minor
                )
        return [
            CategorySum(name, ours.get(name, Side()), theirs.get(name, Side()))
            for name in CATEGORIES
            if name in ours or name in theirs
        ]

    @property
    def unaccounted(self) -> Side:
        """Rows and amounts that are in no category and in no list of what was left out: 0, or a row was lost."""
        parts = [each.file for each in self.sums()] + list(self.left_out.values())
        return Side(
            self.file.count - sum(part.count for part in parts),
            self.file.sum_minor - sum(part.sum_minor for part in parts),
        )

    @property
    def for_people(self) -> int:
        """How many findings are a case."""
        found = Counter(finding.category for finding in self.findings)
        return sum(count for category, count in found.items() if needs_somebody(category))

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON: no names of customers, no cards."""
        return {
            "day": self.file_day.isoformat(),
            "sha256": self.sha256,
            "supersedes": self.supersedes,
            "whole": self.is_whole,
            "file": {"count": self.file.count, "sum_minor": self.file.sum_minor},
            "left_out": {
                name: {"count": side.count, "sum_minor": side.sum_minor}
                for name, side in self.left_out.items()
            },
            "categories": [_category_data(each) for each in self.sums()],
            "unaccounted": {
                "count": self.unaccounted.count,
                "sum_minor": self.unaccounted.sum_minor,
            },
            "findings": [_finding_data(each) for each in self.findings],
        }


def _category_data(each: CategorySum) -> dict[str, Any]:
    return {
        "category": each.category,
        "journal": {"count": each.journal.count, "sum_minor": each.journal.sum_minor},
        "file": {"count": each.file.count, "sum_minor": each.file.sum_minor},
        "difference_minor": each.difference_minor,
    }


def _finding_data(found: Finding) -> dict[str, Any]:
    return {
        "category": found.category,
        "attempt_id": found.attempt_id,
        "line": found.row.row if found.row else None,
        "journal_minor": found.amount_minor,
        "file_minor": found.row.amount_minor if found.row else None,
        "suggests": found.suggests,
    }
