"""The list of refunds and voids, as much of it as somebody asks for. Floor 8."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from posrefund.engine.table import State
from posrefund.errors import InvalidRequestError
from posrefund.office.report.figure import Scope
from posrefund.office.report.figures import FIGURES

if TYPE_CHECKING:
    from posrefund.journal import Moment
    from posrefund.office.report.figure import Table
    from posrefund.office.report.period import Period

__all__ = ["RefundFilter", "refund_list"]


@dataclass(frozen=True, slots=True)
class RefundFilter:
    """Which refunds.

    Attributes:
        state: Those that stand so; empty for all.
        operator: Those of one operator; empty for all.
        terminal: Those of one terminal; empty for all in the file.

    Raises:
        InvalidRequestError: There is no such state.
    """

    state: str = ""
    operator: str = ""
    terminal: str = ""

    def __post_init__(self) -> None:
        if self.state and self.state not in set(State):
            raise InvalidRequestError([("state", f"one of {', '.join(State)}")])

    def keeps(self, row: dict[str, Any]) -> bool:
        """Say whether a row of the figure ``refunds`` is wanted."""
        wanted = ((self.state, "state"), (self.operator, "operator"), (self.terminal, "terminal"))
        return all(not value or row[name] == value for value, name in wanted)


def refund_list(moment: Moment, period: Period, wanted: RefundFilter | None = None) -> Table:
    """Return the refunds and voids of *period* that are *wanted*, oldest first, each attempt on a line.

    Raises:
        JournalError: The file cannot answer.

    Example:
        >>> import tempfile
        >>> from datetime import UTC, date, datetime
        >>> from pathlib import Path
        >>> from posrefund.journal import Moment, SQLiteJournal
        >>> from posrefund.office.report import Period, refund_list
        >>> from posrefund.values import TerminalID
        >>> path = Path(tempfile.mkdtemp()) / "journal.db"
        >>> SQLiteJournal(path, key=bytes(32), terminal=TerminalID("12345678")).close()
        >>> day = Period.day(date(2026, 3, 9), now=datetime(2026, 3, 10, tzinfo=UTC))
        >>> with Moment(path) as moment:
        ...     refund_list(moment, day).rows
        ()
    """
    table = FIGURES["refunds"].ask(moment, Scope.of(moment, period))
    choice = wanted or RefundFilter()
    rows = tuple(
        row for row, data in zip(table.rows, table.dicts(), strict=True) if choice.keeps(data)
    )
    return replace(table, rows=rows)
