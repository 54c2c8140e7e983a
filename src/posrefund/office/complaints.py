"""Complaints about requests, with their clocks, and what customers think of their refunds. Floor 8.

That a clock has run out is told once, by a row of the journal: on the first look after it (``tell_late``; ``follow_up``
and the door look), or with the step that came too late. So a breach that nobody looked at in time is told all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.engine.complaints import Complaint, Feedback
from posrefund.errors import InvalidRequestError, LocalProtocolError
from posrefund.journal.complaints import (
    COMPLAINT_ROWS,
    FEEDBACK,
    answering,
    closing,
    complaints_of,
    feedback_of,
    opening,
    scoring,
    telling,
)

if TYPE_CHECKING:
    from datetime import datetime, timezone

    from posrefund.engine import Note
    from posrefund.engine.complaints import Channel, Clock, ComplaintKind, Ending, ServiceLevel
    from posrefund.journal import Journal

__all__ = [
    "answer_complaint",
    "close_complaint",
    "complaints",
    "feedback_on",
    "find_complaint",
    "give_feedback",
    "open_complaint",
    "tell_late",
]


def complaints(journal: Journal, *, open_only: bool = True) -> list[Complaint]:
    """Return the complaints of a terminal, oldest first.

    Raises:
        JournalError: The journal cannot be read.
    """
    found = complaints_of(journal.rows_of(*COMPLAINT_ROWS))
    return [each for each in found if each.is_open or not open_only]


def find_complaint(journal: Journal, complaint_id: str) -> Complaint:
    """Return one complaint, open or over.

    Raises:
        LocalProtocolError: There is none of that name.
        JournalError: The journal cannot be read.
    """
    for each in complaints(journal, open_only=False):
        if each.complaint_id == complaint_id:
            return each
    raise LocalProtocolError("no complaint of that name")


def open_complaint(  # noqa: PLR0913 — all but two are keywords
    journal: Journal,
    request_id: str,
    *,
    kind: ComplaintKind,
    channel: Channel,
    words: str,
    by: str,
    level: ServiceLevel,
    zone: timezone,
    now: datetime,
) -> Complaint:
    """Write down what a customer complains of; the same in the same words, as long as it is open, is that one.

    Args:
        journal: Of the terminal that the request was made at.
        request_id: A refund, or a sale; one that waits for a second person, too.
        kind: Of what.
        channel: How it came.
        words: The customer's. They stand in the chain for ever: no name and no telephone number belongs in them.
        by: Operator number.
        level: How soon it has to be answered and over.
        zone: The host's, whose days are counted.
        now: The time.

    Raises:
        InvalidRequestError: Every fault at once: a request that is not this terminal's, words that may not be kept.
        JournalError: It could not be read or written.
    """
    answer_due, solve_due = level.due(now, zone)
    made = Complaint(
        f"K-{journal.head()[0] + 1}",
        request_id,
        kind,
        channel,
        words,
        by,
        now,
        answer_due,
        solve_due,
    )
    _check_request(journal, request_id)
    for each in complaints(journal):
        if (each.request_id, each.kind, each.words) == (request_id, kind, words):
            return each
    journal.commit([opening(made)])
    return made


def answer_complaint(
    journal: Journal, complaint_id: str, *, by: str, words: str, now: datetime
) -> Complaint:
    """Write down the first answer to a complaint, and return it.

    Raises:
        InvalidRequestError: Nobody is named, or what was said may not be kept.
        LocalProtocolError: There is no such complaint, or it is answered, or over.
        JournalError: It could not be read or written.
    """
    before = find_complaint(journal, complaint_id)
    after = before.answered(now, by=by, words=words)
    told, late = _told(after, now)
    journal.commit([answering(after), *late])
    return told


def close_complaint(
    journal: Journal, complaint_id: str, *, by: str, how: str, ending: Ending, now: datetime
) -> Complaint:
    """Write down that a complaint is solved, or was withdrawn, and return it.

    Raises:
        InvalidRequestError: Nobody is named, or what was said may not be kept.
        LocalProtocolError: There is no such complaint, or it is over.
        JournalError: It could not be read or written.
    """
    before = find_complaint(journal, complaint_id)
    after = before.ended(now, by=by, how=how, ending=ending)
    told, late = _told(after, now)
    journal.commit([closing(after), *late])
    return told


def tell_late(journal: Journal, now: datetime) -> list[tuple[Complaint, Clock]]:
    """Write down which clocks of open complaints ran out and were not told of, and return them with their complaints.

    Raises:
        JournalError: It could not be read or written.
    """
    found = [(each, clock) for each in complaints(journal) for clock in each.untold(now)]
    if found:
        journal.commit([telling(each, clock, now) for each, clock in found])
    return found


def give_feedback(
    journal: Journal, request_id: str, *, score: int, by: str, now: datetime, words: str = ""
) -> Feedback:
    """Write down what a customer thinks of a refund; the last word counts, the earlier ones stay in the chain.

    Args:
        journal: Of the terminal that the refund was made at.
        request_id: The refund, or the void.
        score: 1 to 5, from bad to good.
        by: Operator number.
        now: The time.
        words: May be empty. They stand in the chain for ever.

    Raises:
        InvalidRequestError: Every fault at once: no refund of this terminal, no such score, words that may not be kept.
        JournalError: It could not be read or written.
    """
    attempt = journal.last_attempt(request_id)
    if attempt is None or attempt.kind == "sale" or attempt.terminal != _terminal(journal):
        raise InvalidRequestError([("request_id", "a refund of this terminal")])
    made = Feedback(request_id, attempt.attempt_id, score, words, by, now)
    if not _is_said(feedback_on(journal, request_id), made):
        journal.commit([scoring(made)])
    return made


def feedback_on(journal: Journal, request_id: str) -> Feedback | None:
    """Return the last feedback on a refund; None where there is none.

    Raises:
        JournalError: The journal cannot be read.
    """
    rows = [row for row in journal.rows_of(FEEDBACK) if row.subject == request_id]
    return feedback_of(rows[-1:]).get(request_id)


def _told(complaint: Complaint, now: datetime) -> tuple[Complaint, list[Note]]:
    """It, and the rows of what ran out before it came so far and nobody was told of."""
    rows = []
    for clock in complaint.untold(now):
        rows.append(telling(complaint, clock, now))
        complaint = complaint.as_told(clock)
    return complaint, rows


def _check_request(journal: Journal, request_id: str) -> None:
    made = journal.last_attempt(request_id) or journal.last_approval(request_id)
    if made is None or made.terminal != _terminal(journal):
        raise InvalidRequestError([("request_id", "a request of this terminal")])


def _is_said(last: Feedback | None, now: Feedback) -> bool:
    return last is not None and (last.attempt_id, last.score, last.words, last.by) == (
        now.attempt_id,
        now.score,
        now.words,
        now.by,
    )


def _terminal(journal: Journal) -> str:
    return journal.terminal_facts()["terminal"]
