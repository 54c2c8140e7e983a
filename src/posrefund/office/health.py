"""How a terminal has been: faults by day and kind, self-checks, maintenance. Floor 8.

From the chain of the journal alone; a terminal that fails more often than it did should be looked at before it fails for good.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from posrefund.dialects import Dialect
    from posrefund.journal import Journal

__all__ = ["Health", "health"]


@dataclass(frozen=True, slots=True)
class Health:
    """A terminal over some days, the last of them included.

    Attributes:
        days: The days, oldest first, in the host's zone.
        opened: How many faults were opened, by day and kind.
        open_now: Kinds of the faults that are open.
        checks: How many self-checks were made, by day.
        blocked: How many of them blocked, by day.
        maintained: What was done, by day.
    """

    days: tuple[date, ...]
    opened: Mapping[date, Mapping[str, int]]
    open_now: tuple[str, ...]
    checks: Mapping[date, int]
    blocked: Mapping[date, int]
    maintained: Mapping[date, tuple[str, ...]]

    @property
    def trend(self) -> int:
        """Faults of the later half of the days minus those of the earlier half; the day in the middle is in neither.

        Above 0 it gets worse.
        """
        half = len(self.days) // 2
        early, late = (
            sum(sum(self.opened.get(day, {}).values()) for day in days)
            for days in (self.days[:half], self.days[len(self.days) - half :])
        )
        return late - early


def health(journal: Journal, dialect: Dialect, *, now: datetime, days: int = 14) -> Health:
    """Return how the terminal of *journal* has been for *days* days; it reads the whole chain.

    Raises:
        JournalError: The journal cannot be read.
    """
    today = now.astimezone(dialect.zone).date()
    span = tuple(today - timedelta(days=back) for back in reversed(range(days)))
    opened: dict[date, Counter[str]] = {}
    checks: Counter[date] = Counter()
    blocked: Counter[date] = Counter()
    maintained: dict[date, tuple[str, ...]] = {}
    for row in journal.rows():
        day = datetime.fromisoformat(row.at).astimezone(dialect.zone).date()
        if day not in span:
            continue
        if row.kind == "fault_opened":
            opened.setdefault(day, Counter())[row.facts["kind"]] += 1
        elif row.kind == "selfcheck":
            checks[day] += 1
            blocked[day] += bool(json.loads(row.facts["selfcheck"])["block"])
        elif row.kind == "maintenance":
            maintained[day] = (*maintained.get(day, ()), row.facts["done"])
    open_now = tuple(fault.kind for fault in journal.faults())
    return Health(span, opened, open_now, checks, blocked, maintained)
