"""Cases as notes in the chain: opened once, closed once, and the same exception found again is the same case. Floor 8."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from posrefund.engine import Note, State
from posrefund.engine.exceptions import needs_somebody
from posrefund.engine.notes import is_note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date, datetime

    from posrefund.engine import Attempt
    from posrefund.engine.evidence import Category, FileRow
    from posrefund.journal import Journal
    from posrefund.office.findings import Finding

__all__ = ["SETTLED", "KnownCases", "case_notes", "closing", "file_subject", "opening"]

SETTLED = frozenset(
    {
        State.CONFIRMED,
        State.DECLINED,
        State.NOT_SENT,
        State.REVERSED,
        State.RELEASED,
        State.CANCELLED,
        State.EXPIRED,
    }
)
"""An attempt that has come to one of these since its case was opened needs nobody any more."""


class KnownCases:
    """Which cases there are, as far as telling one from another needs.

    Args:
        journal: Of one terminal.
    """

    def __init__(self, journal: Journal) -> None:
        self.opened: dict[str, dict[str, str]] = {}
        self.closed: set[str] = set()
        for row in journal.rows_of("case_opened", "case_closed"):
            facts = row.facts
            if row.kind == "case_opened":
                self.opened[facts["case"]] = {**facts, "attempt": row.subject}
            else:
                self.closed.add(facts["case"])

    def open_ones(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Return id and facts of every case that is open."""
        return ((name, facts) for name, facts in self.opened.items() if name not in self.closed)

    def is_open_about(self, subject: str, category: str = "") -> bool:
        """Say whether a case about *subject* is open, of *category* or of any."""
        return any(
            facts["subject"] == subject and category in ("", facts["category"])
            for _, facts in self._about(subject)
        )

    def _about(self, subject: str) -> Iterator[tuple[str, dict[str, str]]]:
        return ((name, each) for name, each in self.open_ones() if each["subject"] == subject)


def case_notes(
    journal: Journal,
    found: Iterable[Finding],
    attempts: Mapping[str, Attempt],
    file_day: date,
    now: datetime,
    *,
    is_whole: bool,
) -> list[Note]:
    """Return what to write down of the cases: those that begin, and those whose attempt is settled by now.

    Args:
        journal: Where the known ones stand.
        found: What a file said.
        attempts: As they stand after it.
        file_day: Its settlement day.
        now: The time.
        is_whole: Whether the file is whole: then nothing is wrong with this day's file any more.
    """
    known = KnownCases(journal)
    notes = [
        closing(case, facts["attempt"], "", f"settled: {attempts[facts['attempt']].state}", now)
        for case, facts in known.open_ones()
        if _is_over(facts, attempts)
    ]
    if is_whole:
        notes += [
            closing(case, "", "", "a whole file was read", now)
            for case, facts in known.open_ones()
            if facts["subject"] == file_subject(file_day)
        ]
    known.closed |= {note.facts["case"] for note in notes}
    for finding in found:
        note = _opened(finding, attempts, known, file_day, now)
        if note is not None:
            known.opened[note.facts["case"]] = {**note.facts, "attempt": note.attempt_id or ""}
            notes.append(note)
    return notes


def file_subject(day: date) -> str:
    """Return what a case about the file of *day* is about."""
    return f"file:{day.isoformat()}"


def opening(
    category: Category,
    subject: str,
    day: date,
    now: datetime,
    attempt: Attempt | None = None,
    **facts: str,
) -> Note:
    """Return the note that opens a case; its name follows from what it is about, so that it is opened once."""
    digest = hashlib.sha256(f"{category} {subject} {day}".encode()).hexdigest()
    told = {
        "case": f"C-{digest[:10].upper()}",
        "category": category,
        "subject": subject,
        "day": day.isoformat(),
        "stands": str(attempt.state) if attempt else "",
        **facts,
    }
    return Note("case_opened", now, told, attempt.attempt_id if attempt else None)


def closing(case: str, attempt_id: str, by: str, how: str, now: datetime) -> Note:
    """Return the note that closes a case."""
    return Note("case_closed", now, {"case": case, "by": by, "how": how}, attempt_id or None)


def _is_over(facts: Mapping[str, str], attempts: Mapping[str, Attempt]) -> bool:
    attempt = attempts.get(facts["attempt"])
    return attempt is not None and attempt.state in SETTLED and attempt.state != facts["stands"]


def _opened(
    finding: Finding,
    attempts: Mapping[str, Attempt],
    known: KnownCases,
    file_day: date,
    now: datetime,
) -> Note | None:
    if not needs_somebody(finding.category):
        return None
    subject = finding.attempt_id or _row_subject(finding.row)
    is_any = finding.category == "OPEN_CASE"
    if known.is_open_about(subject, "" if is_any else finding.category):
        return None
    facts = _row_facts(finding)
    attempt = attempts.get(finding.attempt_id or "")
    note = opening(finding.category, subject, file_day, now, attempt, **facts)
    return None if note.facts["case"] in known.opened else note


def _row_subject(row: FileRow | None) -> str:
    assert row is not None  # a finding has an attempt or a row
    said = (row.kind, row.terminal, row.merchant, row.stan, row.rrn, row.transmitted, row.reference)
    text = repr((*said, row.amount_minor))
    return f"row:{hashlib.sha256(text.encode('utf-8', 'backslashreplace')).hexdigest()[:16]}"


def _row_facts(finding: Finding) -> dict[str, str]:
    """What helps people to find the row: numbers of the transaction, none that could be a card's."""
    row = finding.row
    facts = {"suggests": finding.suggests}
    if finding.amount_minor is not None:
        facts["journal_minor"] = str(finding.amount_minor)
    if row is not None:
        facts |= {
            "kind": row.kind,
            "line": str(row.row),
            "file_minor": str(row.amount_minor),
            "stan": row.stan,
            "rrn": row.rrn,
            "reference": row.reference,
            "transmitted": row.transmitted,
        }
    return {name: text for name, text in facts.items() if text and is_note(text)}
