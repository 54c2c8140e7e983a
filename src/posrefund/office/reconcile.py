"""Holds a settlement file against the journal and lets the engine draw its conclusions. Floor 8.

Both directions are reported: what the file has and the journal lacks is as bad as the reverse. Reading
the same file again changes nothing.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.engine import OPEN_STATES, Note, State, host_only
from posrefund.engine.evidence import (
    FileRow,
    complete_days,
    hints_at,
    judge_absence,
    judge_repeated,
    judge_row,
    same_transaction,
    settlement_days,
)
from posrefund.errors import DecodeError
from posrefund.office.settlement_file import read_settlement_file

if TYPE_CHECKING:
    from posrefund.engine import Attempt
    from posrefund.engine.evidence import Category
    from posrefund.journal import Journal

__all__ = ["Finding", "Reconciliation", "reconcile"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        category: What it is.
        attempt_id: Ours, if there is one.
        row: The file's, if there is one.
    """

    category: Category
    attempt_id: str | None
    row: FileRow | None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What one file said.

    Attributes:
        file_day: Its settlement day.
        findings: One for each transaction of either side.
    """

    file_day: date
    findings: tuple[Finding, ...]

    def count(self, category: Category) -> int:
        """Return how many findings are of *category*."""
        return sum(finding.category == category for finding in self.findings)


@closed
def reconcile(
    journal: Journal,
    text: str,
    *,
    file_day: date,
    now: datetime,
    line_count: int | None = None,
) -> Reconciliation:
    """Apply the settlement file of *file_day*.

    Args:
        journal: Of one terminal; rows of others are left alone.
        text: The file.
        file_day: Its settlement day.
        now: The time.
        line_count: How many lines the acquirer says it has, once the day is over. Without it the
            file may have been cut off between two lines, so what it holds counts and what it lacks
            proves nothing.

    Raises:
        DecodeError: The file does not fit its layout or its line count; nothing was applied.
        JournalError: A conclusion could not be written down; those before it are.
    """
    _check_count(text, line_count)
    terminal = journal.terminal_facts()["terminal"]
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
    everyone = read_settlement_file(text)
    _check_day(journal, everyone, file_day, digest)
    rows = [row for row in everyone if row.terminal == terminal]
    undone = {row.original_stan for row in rows if row.kind == "reversal" and row.is_booked}
    booked = [
        row
        for row in rows
        if row.is_booked and row.kind not in ("reversal", "other") and row.stan not in undone
    ]
    hints = [row for row in rows if row.kind != "reversal" and row.stan not in undone]
    found = _match(journal, booked, file_day, now)
    _keep_hints(journal, hints, file_day, now)
    _keep_host_only(journal, found, file_day, now)
    # Only now, for a file that was not applied to its end must not prove an absence.
    facts = {
        "day": file_day.isoformat(),
        "rows": str(len(rows)),
        "complete": "no" if line_count is None else "yes",
        "sha256": digest,
    }
    journal.commit([Note("file", now, facts)])
    return Reconciliation(file_day, (*found, *_absent(journal, found, file_day, now)))


def _check_day(journal: Journal, rows: list[FileRow], file_day: date, digest: str) -> None:
    """Refuse the file of another day: what it lacks would be taken for absent."""
    days = {f"{file_day + timedelta(days=shift):%m%d}" for shift in (-2, -1, 0, 1)}
    for row in rows:
        if row.transmitted[:4] not in days:
            raise DecodeError(f"line {row.row}", f"a row of {file_day}", offset_bytes=0)
    # The last file of a day counts: one that was read for a wrong day must still serve its own.
    latest = {note["day"]: note["sha256"] for note in journal.notes("file")} if rows else {}
    for day, known in latest.items():
        if known == digest and day != file_day.isoformat():
            raise DecodeError("file", f"another file than that of {day}", offset_bytes=0)


def _keep_hints(journal: Journal, hints: list[FileRow], file_day: date, now: datetime) -> None:
    """Write down, once, that the host knows of an attempt which a row shows and does not decide."""
    for attempt in journal.attempts(states=[*OPEN_STATES, State.ACCEPTED]) if hints else ():
        is_known = bool(journal.notes("open_row", attempt.attempt_id))
        if not is_known and any(hints_at(attempt, row, file_day) for row in hints):
            facts = {"day": file_day.isoformat()}
            journal.commit([Note("open_row", now, facts, attempt.attempt_id)])


def _keep_host_only(journal: Journal, found: list[Finding], file_day: date, now: datetime) -> None:
    """Write down, once, what was given back of a sale and is no attempt of ours: its ceiling is not known."""
    alone = [each.row for each in found if each.category == "HOST_ONLY" and each.row]
    known = journal.notes("host_only") if alone else []
    for row in alone:
        note = host_only.note_of(row, file_day, now)
        if host_only.gives_back(row) and note.facts not in known:
            journal.commit([note])
            known.append(dict(note.facts))


def _check_count(text: str, line_count: int | None) -> None:
    found = len(text.splitlines())
    if line_count is not None and found != line_count:
        raise DecodeError("file", f"{line_count} lines, found {found}", offset_bytes=len(text))


def _match(journal: Journal, rows: list[FileRow], file_day: date, now: datetime) -> list[Finding]:
    by_identity: defaultdict[tuple[str, str], list[Attempt]] = defaultdict(list)
    for attempt in journal.attempts():
        by_identity[attempt.kind, attempt.stan].append(attempt)
    findings = []
    seen: set[str] = set()
    for row in rows:
        known = _attempt_of(row, by_identity[row.kind, row.stan], file_day)
        if known is None:
            findings.append(Finding("HOST_ONLY", None, row))
            continue
        attempt = journal.attempt(known.attempt_id)  # a row before this one may have moved it
        if known.attempt_id in seen:
            actions, category = judge_repeated(attempt, file_day, now)
        else:
            actions, category = judge_row(attempt, row, file_day, now)
        seen.add(known.attempt_id)
        if actions:
            journal.commit(actions)
        findings.append(Finding(category, attempt.attempt_id, row))
    return findings


def _attempt_of(row: FileRow, attempts: list[Attempt], file_day: date) -> Attempt | None:
    """The attempt of this identity; of several days' the one nearest to the file's day."""
    same = [attempt for attempt in attempts if same_transaction(attempt, row, file_day)]
    return min(same, key=lambda attempt: abs(attempt.host_day - file_day), default=None)


def _absent(journal: Journal, found: list[Finding], file_day: date, now: datetime) -> list[Finding]:
    seen = {finding.attempt_id for finding in found}
    days_read = complete_days(journal.notes("file"))
    findings = []
    for attempt in journal.attempts():
        if attempt.attempt_id in seen or file_day not in settlement_days(attempt):
            continue
        judged = judge_absence(attempt, days_read, now)
        if judged is not None and not journal.notes("open_row", attempt.attempt_id):
            journal.commit(judged[0])
            findings.append(Finding(judged[1], attempt.attempt_id, None))
    return findings
