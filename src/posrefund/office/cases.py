"""What people have to look at: a case for every exception, with its owner, its age and the next step. Floor 8.

Every attempt ends CONFIRMED or in a case: reconciliation opens one for each exception, and ``watch`` one for each
day whose file never came.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

from posrefund.engine import State
from posrefund.engine.evidence import complete_days, settlement_days
from posrefund.engine.exceptions import EXCEPTIONS, Category
from posrefund.engine.notes import is_note
from posrefund.errors import InvalidRequestError, JournalCorruptError, JournalError
from posrefund.office.ages import AGES, age_of
from posrefund.office.case_notes import SETTLED, KnownCases, closing, file_subject, opening

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from posrefund.engine import Note
    from posrefund.engine.exceptions import ExceptionRule
    from posrefund.errors import DecodeError
    from posrefund.journal import Journal
    from posrefund.journal.rows import Row

__all__ = [
    "Case",
    "ageing",
    "cases",
    "close_case",
    "find_case",
    "keep_file_fault",
    "watch",
]

_WAITING = {State.ACCEPTED, State.IN_DOUBT, State.MANUAL, State.MISMATCHED, State.BOUNCED}
_PATIENCE = timedelta(days=2)
"""The files of T to T+2 are waited for."""


@dataclass(frozen=True, slots=True)
class Case:
    """One exception that somebody has to look at.

    Attributes:
        case_id: ``C-`` and ten hex digits; the same exception has the same one.
        category: What it is.
        opened_at: When it was found.
        attempt_id: Ours that it is about; empty where there is none.
        subject: What it is about: the attempt, ``row:…`` or ``file:`` and a day.
        day: Settlement day of the file.
        facts: What was known when it was opened; no card data.
        closed_at: When it was closed; None while it is open.
        closed_by: Who closed it; empty where a file did.
        how: How it ended.
    """

    case_id: str
    category: Category
    opened_at: datetime
    attempt_id: str
    subject: str
    day: str
    facts: Mapping[str, str]
    closed_at: datetime | None = None
    closed_by: str = ""
    how: str = ""

    @property
    def rule(self) -> ExceptionRule:
        """Owner, severity, meaning and next step."""
        return EXCEPTIONS[self.category]

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to look at it."""
        return self.closed_at is None

    def age_days(self, now: datetime) -> int:
        """Return how many whole days it has been open, or was."""
        return max(0, ((self.closed_at or now) - self.opened_at).days)

    def age(self, now: datetime) -> str:
        """Return the bucket of ``AGES`` that it is in."""
        return age_of(self.age_days(now))

    def next_step(self, lang: str) -> str:
        """Return what its owner does next, in *lang*: zh or en."""
        return self.rule.next_zh if lang == "zh" else self.rule.next_en

    def as_data(self, now: datetime) -> dict[str, Any]:
        """Return it for JSON."""
        rule = self.rule
        return {
            "case": self.case_id,
            "category": self.category,
            "owner": rule.owner,
            "loser": rule.loser,
            "severity": rule.severity,
            "opened_at": self.opened_at.isoformat(),
            "age_days": self.age_days(now),
            "age": self.age(now),
            "attempt_id": self.attempt_id,
            "subject": self.subject,
            "day": self.day,
            "next_zh": rule.next_zh,
            "next_en": rule.next_en,
            "facts": dict(self.facts),
            "closed_at": self.closed_at.isoformat() if self.closed_at else None,
            "closed_by": self.closed_by,
            "how": self.how,
        }


def cases(journal: Journal, *, open_only: bool = True) -> list[Case]:
    """Return the cases of a terminal, oldest first.

    Raises:
        JournalError: The journal cannot be read.
    """
    try:
        found = _read(journal.rows_of("case_opened", "case_closed"))
    except (KeyError, ValueError, TypeError):
        raise JournalCorruptError("a stored case cannot be read") from None
    return [case for case in found if case.is_open or not open_only]


def _read(rows: Iterable[Row]) -> list[Case]:
    ended: dict[str, Row] = {}
    begun: dict[str, Row] = {}
    for row in rows:
        (begun if row.kind == "case_opened" else ended).setdefault(row.facts["case"], row)
    return [_case(row, ended.get(name)) for name, row in begun.items()]


def _case(row: Row, end: Row | None) -> Case:
    facts = row.facts
    if facts["category"] not in get_args(Category):
        raise ValueError
    told = {"case", "category", "subject", "day"}
    return Case(
        case_id=facts["case"],
        category=facts["category"],
        opened_at=datetime.fromisoformat(row.at),
        attempt_id=row.subject,
        subject=facts["subject"],
        day=facts["day"],
        facts={name: text for name, text in facts.items() if name not in told},
        closed_at=datetime.fromisoformat(end.at) if end else None,
        closed_by=end.facts["by"] if end else "",
        how=end.facts["how"] if end else "",
    )


def find_case(journal: Journal, case_id: str) -> Case:
    """Return one case, open or closed.

    Raises:
        JournalError: There is none of that name.
    """
    for case in cases(journal, open_only=False):
        if case.case_id == case_id:
            return case
    raise JournalError("no case of that name")


def close_case(journal: Journal, case_id: str, *, by: str, how: str, now: datetime) -> Case:
    """Write down that a case is over, and return it; one that is closed stays as it was closed.

    Raises:
        InvalidRequestError: No name, nothing said, or what was said may be a card number; or the attempt it
            is about is not settled: that has to be decided first, by a file or by two people.
        JournalError: There is no such case, or it could not be written.
    """
    case = find_case(journal, case_id)
    faults = [
        (path, f"{what}, no card number")
        for path, text, what in (("by", by, "who closes it"), ("how", how, "how it ended"))
        if not text.strip() or not is_note(text)
    ]
    if faults:
        raise InvalidRequestError(faults)
    if not case.is_open:
        return case
    if case.attempt_id and journal.attempt(case.attempt_id).state not in {*SETTLED, State.BOUNCED}:
        raise InvalidRequestError([("case", "one whose attempt is settled: decide that first")])
    journal.commit([closing(case_id, case.attempt_id, by, how, now)])
    return find_case(journal, case_id)


def ageing(found: Iterable[Case], now: datetime) -> dict[str, int]:
    """Return how many of the cases are in each bucket of ``AGES``.

    Example:
        >>> from datetime import UTC, datetime
        >>> from posrefund.office import ageing
        >>> ageing([], datetime(2026, 3, 9, tzinfo=UTC))
        {'0-1': 0, '1-2': 0, '3-7': 0, '8-30': 0, '>30': 0}
    """
    counts = dict.fromkeys(AGES, 0)
    for case in found:
        counts[case.age(now)] += 1
    return counts


def keep_file_fault(journal: Journal, error: DecodeError, *, file_day: date, now: datetime) -> Case:
    """Open the case of a file that was refused, or return the one that is open; a whole file of its day closes it.

    Raises:
        JournalError: It could not be written.
    """
    told = {"path": error.path, "expected": error.expected}
    facts = {name: text for name, text in told.items() if is_note(text)}
    return _keep_file_case(journal, file_day, now, **facts)


def watch(journal: Journal, *, today: date, now: datetime) -> list[Case]:
    """Open what time alone calls for, and return every open case.

    A day whose whole file has not come two days later, though something waits for it, is a ``FILE_FAULT``; what
    waits although all its files have come, and is in no case, is an ``OPEN_CASE``.

    Args:
        journal: Of one terminal.
        today: The host's settlement day.
        now: The time.

    Raises:
        JournalError: It could not be written.
    """
    read = complete_days(journal.notes("file"))
    known = KnownCases(journal)
    notes: list[Note] = []
    missing: set[date] = set()
    for attempt in journal.attempts(states=sorted(_WAITING)):
        if today - attempt.host_day <= _PATIENCE:
            continue
        unread = {day for day in settlement_days(attempt) if day not in read}
        missing |= unread
        if not unread and not known.is_open_about(attempt.attempt_id):
            note = opening("OPEN_CASE", attempt.attempt_id, today, now, attempt)
            notes += [] if note.facts["case"] in known.opened else [note]
    for day in sorted(missing):
        if not known.is_open_about(file_subject(day)):
            notes.append(_file_note(known, day, now, expected="the file of this day"))
    if notes:
        journal.commit(notes)
    return cases(journal)


def _keep_file_case(journal: Journal, day: date, now: datetime, **facts: str) -> Case:
    known = KnownCases(journal)
    if not known.is_open_about(file_subject(day)):
        journal.commit([_file_note(known, day, now, **facts)])
    about = [case for case in cases(journal) if case.subject == file_subject(day)]
    return about[-1]


def _file_note(known: KnownCases, day: date, now: datetime, **facts: str) -> Note:
    """A file that is bad again after a whole one closed its case opens another, with a number behind."""
    note = opening("FILE_FAULT", file_subject(day), day, now, None, **facts)
    name, number = note.facts["case"], 1
    told = dict(note.facts)
    while told["case"] in known.opened:
        number += 1
        told["case"] = f"{name}-{number}"
    return type(note)("case_opened", now, told)
