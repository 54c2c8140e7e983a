"""What a journal remembers is never a guard: the tables are, and whoever asks about trust asks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.builders import NOW
from journal.builders import fill, know, move, opening
from posrefund.engine import Event, State
from posrefund.engine.staff import Operator
from posrefund.errors import (
    JournalCorruptError,
    JournalError,
    JournalWriteError,
    LocalProtocolError,
)

if TYPE_CHECKING:
    from journal.backends import Backend
    from posrefund.journal import Journal


def test_step_from_where_the_table_does_not_have_the_attempt_is_refused(
    journal: Journal, backend: Backend
) -> None:
    journal.commit([know(), opening("R-1", "000001"), *move("R-1/1", Event.SEND)])
    before = journal.attempt("R-1/1")
    backend.execute("UPDATE attempts SET state = 'IN_DOUBT' WHERE request_id = 'R-1'")
    if journal._remembers:
        assert journal.attempt("R-1/1") == before
        rows = journal.rows()

        with pytest.raises(JournalWriteError, match=r"^the attempt was moved by somebody else$"):
            journal.commit(move("R-1/1", Event.ACCEPT))

        assert journal.rows() == rows
    assert journal.attempt("R-1/1").state is State.IN_DOUBT  # what failed forgets


def test_last_look_before_a_byte_leaves_asks_the_table(journal: Journal, backend: Backend) -> None:
    journal.commit([know(), opening("R-1", "000001"), *move("R-1/1", Event.SEND)])
    attempt = journal.attempt("R-1/1")
    backend.execute("UPDATE attempts SET state = 'IN_DOUBT' WHERE request_id = 'R-1'")

    with pytest.raises(JournalWriteError, match=r"^the attempt was moved by somebody else$"):
        journal.hold(attempt)


def test_commit_that_fails_leaves_nothing_remembered_of_it(journal: Journal) -> None:
    fill(journal)
    facts, open_before = journal.terminal_facts(), journal.open_attempts()
    stan = journal.next_stan("000001")

    with pytest.raises(LocalProtocolError):
        journal.commit(
            [
                opening("R-3", "000009", 100, original_id="S-2"),
                *move("R-3/1", Event.SEND, Event.SEND),
            ]
        )
    with pytest.raises(JournalError, match=r"^no attempt R-9/1$"):
        journal.commit([*move("R-2/2", Event.ACCEPT), *move("R-9/1", Event.ACCEPT)])

    assert journal.terminal_facts() == facts
    assert journal.open_attempts() == open_before
    assert journal.next_stan("000001") == stan


def test_number_that_was_passed_over_is_taken_once_it_is_free(journal: Journal) -> None:
    journal.commit([know(), opening("R-1", "000002", batch="000001")])
    journal.remember(NOW, "signed_in", batch="000002", stan="000001")
    assert journal.next_stan("000002") == "000003"

    journal.commit(move("R-1/1", Event.FAIL))

    assert journal.next_stan("000002") == "000002"


def test_attempt_that_is_decided_and_open_again_stands_where_it_was_made(journal: Journal) -> None:
    journal.commit([know(), know("S-2", rrn="606810000002", stan="000002")])
    journal.commit([opening("R-1", "000001"), *move("R-1/1", Event.SEND, Event.DOUBT)])
    journal.commit([opening("R-2", "000002", original_id="S-2")])
    assert [each.attempt_id for each in journal.open_attempts()] == ["R-1/1", "R-2/1"]
    journal.commit(move("R-1/1", Event.ACCEPT))
    assert [each.attempt_id for each in journal.open_attempts()] == ["R-2/1"]

    journal.commit(move("R-1/1", Event.CONTRADICT, Event.GIVE_UP))

    assert [each.attempt_id for each in journal.open_attempts()] == ["R-1/1", "R-2/1"]


def test_verify_asks_the_tables(journal: Journal, backend: Backend) -> None:
    fill(journal)
    journal.verify()
    assert journal.open_attempts()
    backend.execute("UPDATE attempts SET state = 'REVERSED' WHERE number = 2")

    with pytest.raises(JournalCorruptError):
        journal.verify()

    assert not journal.open_attempts()


def test_people_are_known_as_the_last_step_left_them(journal: Journal) -> None:
    assert not journal.staff()
    manager = Operator(number="9", name="M", role="manager")
    journal.enrol(manager, "739154", by="9", at=NOW)
    (enrolled,) = journal.staff()
    tried = enrolled.with_(failures=1)
    journal.change_operator(tried, "tried", by="9", at=NOW)

    assert journal.staff() == [tried]
    with pytest.raises(JournalWriteError):
        journal.change_operator(tried, "tried", by="9", at=NOW)
    assert journal.staff() == [tried]
