"""Complaints and feedback as rows of the chain: what is written, and what the rows make again. Floor 5.

No table: what stands now follows from the rows each time it is asked, by their index. Their subject is the request.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_args

from posrefund.engine import Note
from posrefund.engine.complaints import Clock, Complaint, Feedback
from posrefund.errors import JournalCorruptError, PosRefundError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posrefund.journal.rows import Row

__all__ = [
    "ANSWERED",
    "CLOSED",
    "COMPLAINT_ROWS",
    "FEEDBACK",
    "LATE",
    "OPENED",
    "answering",
    "check_complaints",
    "closing",
    "complaints_of",
    "feedback_of",
    "opening",
    "scoring",
    "telling",
]

OPENED, ANSWERED, CLOSED = "complaint_opened", "complaint_answered", "complaint_closed"
LATE, FEEDBACK = "complaint_late", "feedback"
COMPLAINT_ROWS = (OPENED, ANSWERED, CLOSED, LATE)

_WRONG = (ValueError, TypeError, KeyError, PosRefundError)
"""What a row that nobody could have written raises."""


def opening(complaint: Complaint) -> Note:
    """Return the row that opens *complaint*."""
    facts = {
        "complaint": complaint.complaint_id,
        "kind": complaint.kind,
        "channel": complaint.channel,
        "words": complaint.words,
        "by": complaint.by,
        "answer_due": _said(complaint.answer_due),
        "solve_due": _said(complaint.solve_due),
    }
    return Note(OPENED, complaint.opened_at, facts, complaint.request_id)


def answering(complaint: Complaint) -> Note:
    """Return the row of the first answer that *complaint* has."""
    assert complaint.answered_at is not None
    facts = {
        "complaint": complaint.complaint_id,
        "by": complaint.answered_by,
        "words": complaint.answer,
    }
    return Note(ANSWERED, complaint.answered_at, facts, complaint.request_id)


def closing(complaint: Complaint) -> Note:
    """Return the row of the end that *complaint* has."""
    assert complaint.closed_at is not None
    facts = {
        "complaint": complaint.complaint_id,
        "by": complaint.closed_by,
        "ending": str(complaint.ending),
        "words": complaint.how,
    }
    return Note(CLOSED, complaint.closed_at, facts, complaint.request_id)


def telling(complaint: Complaint, clock: Clock, now: datetime) -> Note:
    """Return the row that tells that *clock* of *complaint* ran out."""
    facts = {
        "complaint": complaint.complaint_id,
        "clock": clock,
        "due": _said(complaint.due(clock)),
    }
    return Note(LATE, now, facts, complaint.request_id)


def scoring(feedback: Feedback) -> Note:
    """Return the row of *feedback*."""
    facts = {
        "attempt": feedback.attempt_id,
        "score": str(feedback.score),
        "words": feedback.words,
        "by": feedback.by,
    }
    return Note(FEEDBACK, feedback.at, facts, feedback.request_id)


def complaints_of(rows: Iterable[Row]) -> list[Complaint]:
    """Return every complaint that *rows* tell of, as it stands after them, oldest first.

    Raises:
        JournalCorruptError: They tell of a step that cannot be.
    """
    found: dict[str, Complaint] = {}
    for row in rows:
        if row.kind in COMPLAINT_ROWS:
            try:
                _take(found, row)
            except _WRONG:
                raise JournalCorruptError("a row of a complaint cannot be", row=row.seq) from None
    return list(found.values())


def feedback_of(rows: Iterable[Row]) -> dict[str, Feedback]:
    """Return the last feedback of each request that *rows* tell of.

    Raises:
        JournalCorruptError: They tell of one that cannot be.
    """
    found: dict[str, Feedback] = {}
    for row in rows:
        if row.kind == FEEDBACK:
            try:
                found[row.subject] = _feedback(row)
            except _WRONG:
                raise JournalCorruptError("a row of feedback cannot be", row=row.seq) from None
    return found


def check_complaints(rows: Iterable[Row]) -> None:
    """Check that each row of a complaint, and of feedback, can follow on those before it, and is about what is known.

    Raises:
        JournalCorruptError: Names the row.
    """
    known: set[str] = set()
    mine: list[Row] = []
    for row in rows:
        if row.kind == "open":
            known |= {row.subject, row.subject.rpartition("/")[0]}
        elif row.kind == "ask":
            known.add(row.facts["request_id"])
        elif row.kind in (OPENED, FEEDBACK) and row.subject not in known:
            raise JournalCorruptError("it is about a request that is not known", row=row.seq)
        if row.kind == FEEDBACK and row.facts.get("attempt") not in known:
            raise JournalCorruptError("it is about an attempt that is not known", row=row.seq)
        if row.kind in COMPLAINT_ROWS or row.kind == FEEDBACK:
            mine.append(row)
    complaints_of(mine)
    feedback_of(mine)


def _take(found: dict[str, Complaint], row: Row) -> None:
    at, said = datetime.fromisoformat(row.at), row.facts
    name = said["complaint"]
    if row.kind == OPENED:
        if name in found:
            raise ValueError
        found[name] = Complaint(
            name,
            row.subject,
            said["kind"],
            said["channel"],
            said["words"],
            said["by"],
            at,
            datetime.fromisoformat(said["answer_due"]),
            datetime.fromisoformat(said["solve_due"]),
        )
        return
    before = found[name]
    if before.request_id != row.subject:
        raise ValueError
    if row.kind == ANSWERED:
        found[name] = before.answered(at, by=said["by"], words=said["words"])
    elif row.kind == CLOSED:
        found[name] = before.ended(at, by=said["by"], how=said["words"], ending=said["ending"])
    else:
        clock: Clock = said["clock"]
        is_due = clock in get_args(Clock) and said["due"] == _said(before.due(clock))
        if not is_due or clock not in before.late(at):
            raise ValueError
        found[name] = before.as_told(clock)


def _feedback(row: Row) -> Feedback:
    said = row.facts
    at = datetime.fromisoformat(row.at)
    return Feedback(row.subject, said["attempt"], int(said["score"]), said["words"], said["by"], at)


def _said(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
