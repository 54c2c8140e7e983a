"""A journal in any state, and what a file of rows says about it, in the words of the tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.builders import NOW, TODAY
from journal.builders import move, opening
from office.lines import line
from posrefund.engine import Event
from posrefund.office import Reconciliation, reconcile
from posrefund.office.files import Expected

if TYPE_CHECKING:
    from posrefund.journal import SQLiteJournal
    from posrefund.office.files import FileLayout

__all__ = [
    "OTHERS",
    "STATES",
    "THREE",
    "TOMORROW",
    "YESTERDAY",
    "found_in",
    "put",
    "read",
    "rows_of",
    "state_of",
]

YESTERDAY, TOMORROW = date(2026, 3, 8), date(2026, 3, 10)
THREE = (YESTERDAY, TODAY, TOMORROW)
OTHERS = line(terminal="87654321", stan="000099")

STATES = {
    "ACCEPTED": "send accept",
    "CONFIRMED": "send accept confirm",
    "DECLINED": "send decline",
    "NOT_SENT": "fail",
    "IN_DOUBT": "send doubt",
    "MANUAL": "send doubt give_up",
    "SENT": "send",
    "REVERSING": "send doubt reverse",
    "RELEASED": "send doubt give_up release",
    "MISMATCHED": "send decline contradict",
    "BOUNCED": "send accept confirm bounce",
}


def put(
    journal: SQLiteJournal,
    state: str,
    request: str = "R-1",
    stan: str = "000007",
    *,
    facts: dict[str, str] | None = None,
    minor: int = 1_000,
    **changes: Any,
) -> None:
    """Put a refund of 10.00 into *state*; *facts* are what the last step told."""
    batch = changes.pop("batch", "000001")
    one = opening(
        request, stan, minor, original_id=request.replace("R", "S").partition("#")[0], batch=batch
    )
    journal.commit([replace(one, attempt=replace(one.attempt, **changes))])
    *before, last = (Event(event) for event in STATES[state].split())
    journal.commit([*move(f"{request}/1", *before), *move(f"{request}/1", last, **(facts or {}))])


def rows_of(*lines: str, day: date = TODAY) -> bytes:
    """Return a file; the row of another terminal is of its day."""
    here = OTHERS.replace("0309100000", f"{day:%m%d}100000")
    return "".join(f"{here if one is OTHERS else one}\n" for one in lines).encode()


def read(
    journal: SQLiteJournal,
    *lines: str,
    day: date = TODAY,
    whole: bool = True,
    layout: FileLayout | None = None,
) -> Reconciliation:
    """Read a file whose row count the acquirer confirmed, or did not."""
    return reconcile(
        journal,
        rows_of(*lines, day=day),
        file_day=day,
        now=NOW,
        layout=layout,
        expected=Expected(rows=len(lines)) if whole else None,
    )


def found_in(found: Reconciliation) -> list[tuple[str, str | None, int | None]]:
    """Return category, attempt and line of each finding."""
    return [
        (each.category, each.attempt_id, each.row.row if each.row else None)
        for each in found.findings
    ]


def state_of(journal: SQLiteJournal, request: str = "R-1") -> str:
    """Return where the first attempt of a request stands."""
    return str(journal.attempt(f"{request}/1").state)
