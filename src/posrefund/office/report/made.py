"""A report: every figure asked at one moment of the file, the sums that must agree, and what to look at twice. Floor 8."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.office.report.figure import Scope
from posrefund.office.report.figures import FIGURES
from posrefund.office.report.fraud import MEASURES, Finding, OperatorSums, Watched, find

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from posrefund.journal import Moment
    from posrefund.office.report.figure import Table
    from posrefund.office.report.fraud import Measure
    from posrefund.office.report.period import Period

__all__ = ["Check", "Report", "make_report"]


@dataclass(frozen=True, slots=True)
class Check:
    """Two sums that must be the same.

    Attributes:
        name: ``doubts``, ``ceilings_accepted`` or ``ceilings_reserved``.
        currency: Of the sums.
        left_minor: Opening + new − resolved; what refunds hold.
        right_minor: Closing; what is booked on their sales.
        left_count: The same, counted; 0 where only sums are.
        right_count: The same, counted.
    """

    name: str
    currency: str
    left_minor: int
    right_minor: int
    left_count: int
    right_count: int

    @property
    def is_balanced(self) -> bool:
        """Whether they are."""
        return (self.left_minor, self.left_count) == (self.right_minor, self.right_count)


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report says, in no language yet.

    Attributes:
        scope: What it looked at.
        terminals: The terminals in it.
        tables: The answer to each figure, by name.
        findings: What the fraud measures have to say.
        is_training: Whether it is about practice: nothing in it is money.
    """

    scope: Scope
    terminals: tuple[str, ...]
    tables: Mapping[str, Table]
    findings: tuple[Finding, ...]
    is_training: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing was made in the period."""
        return not self.tables["totals"].rows

    def checks(self) -> list[Check]:
        """Return the sums that must agree, for each currency."""
        return [*_doubts(self.tables["doubts"]), *_ceilings(self.tables["ceilings"])]


def make_report(
    moment: Moment,
    period: Period,
    *,
    terminal: str = "",
    measures: Mapping[str, Measure] = MEASURES,
) -> Report:
    """Ask every figure.

    Args:
        moment: Of the journal's file.
        period: Which days.
        terminal: One of the file's; empty for all of them.
        measures: Thresholds of the fraud measures.

    Raises:
        JournalError: The file cannot answer.
    """
    scope = Scope.of(moment, period, terminal)
    tables = {name: figure.ask(moment, scope) for name, figure in FIGURES.items()}
    watched = [Watched(*row) for row in tables["watched"].rows]
    sums = [OperatorSums(*row) for row in tables["habits"].rows]
    terminals = (terminal,) if terminal else moment.terminals
    findings = tuple(find(watched, sums, measures))
    return Report(scope, terminals, tables, findings, moment.is_training)


def _doubts(table: Table) -> Iterator[Check]:
    for currency in sorted({row["currency"] for row in table.dicts()}):
        lines = {row["line"]: row for row in table.dicts() if row["currency"] == currency}
        right = lines.pop("closing")
        yield Check(
            "doubts",
            currency,
            sum(row["sum_minor"] for row in lines.values()),
            right["sum_minor"],
            sum(row["count"] for row in lines.values()),
            right["count"],
        )


def _ceilings(table: Table) -> Iterator[Check]:
    for row in table.dicts():
        name = f"ceilings_{row['hold']}"
        yield Check(name, row["currency"], row["by_refunds_minor"], row["by_sales_minor"], 0, 0)
