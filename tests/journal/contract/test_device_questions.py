"""A money question to a device is written down before it leaves, once, and closed once; whatever the code does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from journal.builders import know, opening
from posrefund.errors import JournalCorruptError, JournalWriteError, RequestConflictError
from posrefund.journal import DeviceQuestion
from posrefund.values import Amount

if TYPE_CHECKING:
    from journal.backends import Backend
    from posrefund.journal import Journal

AT = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
QUESTION = DeviceQuestion("D-1", 1, "12345678", "counter", "refund", Amount(1_234), "", AT)
FACTS = {"raw_code": "00", "receipt": ["REFUND"]}


def test_what_was_asked_is_there_after_a_crash_and_is_open(
    backend: Backend, journal: Journal
) -> None:
    journal.ask_device(QUESTION, "content")
    backend.crash(journal)

    with backend.open() as again:
        assert again.open_device_question("counter") == QUESTION
        assert again.last_device_question("D-1") == QUESTION
        assert again.content("D-1") == "content"
        assert again.device_questions() == [QUESTION]
        assert again.verify() == 1


def test_what_was_answered_is_there_after_a_crash_and_is_closed(
    backend: Backend, journal: Journal
) -> None:
    journal.ask_device(QUESTION, "content")
    after = journal.answer_device(QUESTION, "APPROVED", FACTS, AT)
    backend.crash(journal)

    assert after == replace(QUESTION, state="APPROVED", facts=FACTS)
    with backend.open() as again:
        assert again.last_device_question("D-1") == after
        assert again.open_device_question("counter") is None
        assert [(row.kind, row.subject) for row in again.rows()] == [
            ("device_asked", "D-1/1"),
            ("device_answered", "D-1/1"),
        ]
        assert again.verify() == 2


def refused(journal: Journal, backend: Backend, question: DeviceQuestion) -> str:
    before = backend.dump()
    with pytest.raises(JournalWriteError) as caught:
        journal.ask_device(question, "content")
    assert backend.dump() == before
    journal.verify()
    return str(caught.value)


@pytest.mark.parametrize("state", ["OPEN", "APPROVED", "DECLINED", "BOOKED", "NOT_BOOKED"])
def test_request_that_may_have_left_is_not_asked_again(
    backend: Backend, journal: Journal, state: str
) -> None:
    journal.ask_device(QUESTION, "content")
    journal.answer_device(QUESTION, state, {}, AT)  # type: ignore[arg-type]

    said = refused(journal, backend, replace(QUESTION, number=2, device="another"))

    assert backend.says["one_question_that_left_per_request"] in said


def test_request_that_was_not_sent_may_be_asked_again(journal: Journal) -> None:
    journal.ask_device(QUESTION, "content")
    journal.answer_device(QUESTION, "NOT_SENT", {}, AT)
    journal.ask_device(replace(QUESTION, number=2), "content")

    assert [(q.number, q.state) for q in journal.device_questions()] == [
        (1, "NOT_SENT"),
        (2, "OPEN"),
    ]
    assert journal.verify() == 3


def test_device_with_an_open_question_gets_no_other(backend: Backend, journal: Journal) -> None:
    journal.ask_device(QUESTION, "content")

    said = refused(journal, backend, replace(QUESTION, request_id="D-2"))

    assert backend.says["one_open_question_per_device"] in said
    journal.ask_device(replace(QUESTION, request_id="D-2", device="another"), "content")


def test_request_with_other_content_is_a_conflict(backend: Backend, journal: Journal) -> None:
    journal.ask_device(QUESTION, "content")
    journal.answer_device(QUESTION, "NOT_SENT", {}, AT)
    before = backend.dump()

    with pytest.raises(RequestConflictError):
        journal.ask_device(replace(QUESTION, number=2), "other content")
    assert backend.dump() == before


def test_one_request_id_is_never_both_a_hosts_and_a_devices(journal: Journal) -> None:
    journal.commit([know(), opening("R-1", "000001")])
    with pytest.raises(RequestConflictError):
        journal.ask_device(replace(QUESTION, request_id="R-1"), "a device's content")

    journal.ask_device(QUESTION, "a device's content")
    with pytest.raises(RequestConflictError):
        journal.commit([opening("D-1", "000002")])


@pytest.mark.parametrize("state", ["APPROVED", "DECLINED", "NOT_SENT", "BOOKED", "NOT_BOOKED"])
def test_what_was_closed_is_final_in_the_code_and_in_the_database(
    backend: Backend, journal: Journal, state: str
) -> None:
    journal.ask_device(QUESTION, "content")
    journal.answer_device(QUESTION, state, {}, AT)  # type: ignore[arg-type]

    with pytest.raises(JournalWriteError, match="closed meanwhile"):
        journal.answer_device(QUESTION, "APPROVED", FACTS, AT)
    with pytest.raises(backend.broken):
        backend.execute("UPDATE device_questions SET state = 'OPEN'")
    journal.verify()


def test_doubt_may_be_told_in_other_words_and_stays_open(journal: Journal) -> None:
    journal.ask_device(QUESTION, "content")
    for seen in ("nothing", "it printed"):
        journal.answer_device(QUESTION, "OPEN", {"seen": [seen]}, AT)

    found = journal.open_device_question("counter")
    assert found is not None
    assert found.facts == {"seen": ["it printed"]}
    assert journal.verify() == 3


def test_question_of_another_terminal_is_neither_asked_nor_answered(
    backend: Backend, journal: Journal
) -> None:
    before = backend.dump()
    foreign = replace(QUESTION, terminal="87654321")
    with pytest.raises(JournalWriteError, match="another terminal"):
        journal.ask_device(foreign, "content")
    with pytest.raises(JournalWriteError, match="another terminal"):
        journal.answer_device(foreign, "APPROVED", {}, AT)
    assert backend.dump() == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE device_questions SET amount_minor = 1",
        "UPDATE device_questions SET state = 'APPROVED'",
        'UPDATE device_questions SET facts = \'{"raw_code":"00"}\'',
        "DELETE FROM device_questions",
    ],
)
def test_table_that_says_something_else_than_the_chain_is_found(
    backend: Backend, journal: Journal, change: str
) -> None:
    journal.ask_device(QUESTION, "content")
    backend.execute(change)

    with pytest.raises(JournalCorruptError, match="device question D-1/1 is not what its rows say"):
        journal.verify()


def test_row_that_cannot_be_read_is_said_to_be_damaged(backend: Backend, journal: Journal) -> None:
    journal.ask_device(QUESTION, "content")
    backend.execute("UPDATE device_questions SET facts = '{'")

    with pytest.raises(JournalCorruptError, match="a stored question to a device cannot be read"):
        journal.last_device_question("D-1")
