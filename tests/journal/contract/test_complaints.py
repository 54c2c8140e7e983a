"""Complaints and feedback in the chain of every backend: what the rows make again, and rows that cannot be."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from engine.builders import NOW
from engine.test_complaints import SHANGHAI
from journal.builders import approval, fill, know
from posrefund.engine import Ask, Note
from posrefund.engine.complaints import ServiceLevel
from posrefund.errors import InvalidRequestError, JournalCorruptError, LocalProtocolError
from posrefund.office import (
    answer_complaint,
    close_complaint,
    complaints,
    feedback_on,
    give_feedback,
    open_complaint,
    tell_late,
)

if TYPE_CHECKING:
    from journal.backends import Backend
    from posrefund.engine.complaints import Complaint
    from posrefund.journal import Journal

LATER = NOW + timedelta(days=9)


def opened(journal: Journal, request_id: str = "R-1", words: str = "no money yet") -> Complaint:
    return open_complaint(
        journal,
        request_id,
        kind="not_arrived",
        channel="phone",
        words=words,
        by="07",
        level=ServiceLevel(),
        zone=SHANGHAI,
        now=NOW,
    )


def test_complaints_and_feedback_stand_over_restarts_and_are_verified(backend: Backend) -> None:
    with backend.open() as journal:
        fill(journal)
        first = opened(journal)
        second = opened(journal, "R-2")
        answered = answer_complaint(journal, first.complaint_id, by="02", words="soon", now=NOW)
        give_feedback(journal, "R-1", score=2, words="slow", by="07", now=NOW)
    with backend.open() as journal:
        assert complaints(journal) == [answered, second]
        assert [(c.complaint_id, clock) for c, clock in tell_late(journal, LATER)] == [
            (first.complaint_id, "solution"),
            (second.complaint_id, "answer"),
            (second.complaint_id, "solution"),
        ]
        assert tell_late(journal, LATER) == []
        closed = close_complaint(
            journal, second.complaint_id, by="02", how="it came", ending="solved", now=LATER
        )
        score = give_feedback(journal, "R-1", score=5, words="it came", by="07", now=LATER)
    with backend.open() as journal:
        assert [each.complaint_id for each in complaints(journal)] == [first.complaint_id]
        assert complaints(journal, open_only=False)[1] == closed
        assert feedback_on(journal, "R-1") == score
        assert len(journal.rows_of("feedback")) == 2
        assert len(journal.rows_of("complaint_late")) == 3
        journal.verify()


def test_request_that_waits_for_a_second_person_can_be_complained_of(journal: Journal) -> None:
    journal.commit([know("S-1"), Ask(approval("R-9"))])
    made = opened(journal, "R-9")

    assert complaints(journal) == [made]
    journal.verify()


def test_request_of_nobody_is_not_complained_of_and_only_a_refund_has_feedback(
    filled: Journal,
) -> None:
    rows = filled.rows()
    with pytest.raises(InvalidRequestError, match="request_id"):
        opened(filled, "R-404")
    for name in ("R-404", "S-1"):  # a sale of elsewhere has no attempt here
        with pytest.raises(InvalidRequestError, match="request_id"):
            give_feedback(filled, name, score=5, by="07", now=NOW)

    assert filled.rows() == rows


_OPENED = {
    "complaint": "K-1",
    "kind": "amount",
    "channel": "phone",
    "words": "less came",
    "by": "07",
    "answer_due": "2026-03-10T02:00:00+00:00",
    "solve_due": "2026-03-12T02:00:00+00:00",
}
_SCORE = {"attempt": "R-1/1", "score": "5", "words": "", "by": "07"}
_DUE = {"complaint": "K-1", "clock": "answer", "due": "2026-03-10T02:00:00+00:00"}


def note(kind: str, facts: dict[str, Any], about: str = "R-1", days: int = 0) -> Note:
    return Note(kind, NOW + timedelta(days=days), facts, about)


IMPOSSIBLE = {
    "opened twice": [note("complaint_opened", _OPENED), note("complaint_opened", _OPENED)],
    "of no known request": [note("complaint_opened", _OPENED, "R-7")],
    "of no known kind": [note("complaint_opened", _OPENED | {"kind": "anger"})],
    "with a card number": [note("complaint_opened", _OPENED | {"words": "6200000000000005"})],
    "without a clock": [note("complaint_opened", _OPENED | {"solve_due": ""})],
    "answered and never opened": [
        note("complaint_answered", {"complaint": "K-1", "by": "02", "words": "yes"})
    ],
    "answered twice": [
        note("complaint_opened", _OPENED),
        *[note("complaint_answered", {"complaint": "K-1", "by": "02", "words": "yes"})] * 2,
    ],
    "answered under another request": [
        note("complaint_opened", _OPENED),
        note("complaint_answered", {"complaint": "K-1", "by": "02", "words": "yes"}, "R-2"),
    ],
    "ended in no known way": [
        note("complaint_opened", _OPENED),
        note("complaint_closed", {"complaint": "K-1", "by": "02", "how": "x", "ending": "lost"}),
    ],
    "late before its time": [
        note("complaint_opened", _OPENED),
        note("complaint_late", _DUE, days=1),
    ],
    "late of another moment": [
        note("complaint_opened", _OPENED),
        note("complaint_late", _DUE | {"due": "2026-03-09T02:00:00+00:00"}, days=2),
    ],
    "late of a clock that is none": [
        note("complaint_opened", _OPENED),
        note("complaint_late", _DUE | {"clock": "patience"}, days=2),
    ],
    "late twice": [
        note("complaint_opened", _OPENED),
        *[note("complaint_late", _DUE, days=2)] * 2,
    ],
    "feedback on nothing": [note("feedback", _SCORE, "R-7")],
    "feedback on no attempt": [note("feedback", _SCORE | {"attempt": "R-1/9"})],
    "feedback of six": [note("feedback", _SCORE | {"score": "6"})],
    "feedback of no number": [note("feedback", _SCORE | {"score": "good"})],
}


@pytest.mark.parametrize("name", list(IMPOSSIBLE))
def test_row_that_nobody_could_have_written_is_found_out(filled: Journal, name: str) -> None:
    filled.commit(IMPOSSIBLE[name])
    with pytest.raises(JournalCorruptError) as caught:
        filled.verify()

    assert caught.value.row == filled.head()[0]
    assert "6200000000000005" not in str(caught.value)


def test_complaint_that_is_late_and_then_answered_in_one_commit_is_no_corruption(
    filled: Journal,
) -> None:
    made = opened(filled)
    answered = answer_complaint(filled, made.complaint_id, by="02", words="sorry", now=LATER)

    assert answered.told == ("answer", "solution")
    assert complaints(filled) == [answered]
    filled.verify()


def test_step_of_an_unknown_complaint_writes_nothing(filled: Journal) -> None:
    rows = filled.rows()
    with pytest.raises(LocalProtocolError, match="no complaint of that name"):
        answer_complaint(filled, "K-404", by="02", words="what", now=NOW)

    assert filled.rows() == rows
