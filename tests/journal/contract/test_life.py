"""The contract of a journal over time: crashed, reopened, locked, wiped, and never changed unseen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from engine.builders import NOW, PAN_DIGITS, original
from journal.backends import Backend, refused
from journal.builders import ROWS, fill, know, move, opening
from posrefund.engine import Event, Know, Note
from posrefund.errors import (
    JournalCorruptError,
    JournalError,
    JournalWriteError,
    RequestConflictError,
)
from posrefund.values import PAN, KeptCard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.engine import Action
    from posrefund.journal import Journal


ONE_WRITER = (
    r"^(another process has this journal open: .+|this terminal's journal is open already)$"
)


def everything(journal: Journal) -> object:
    """Return all that a journal says."""
    return (
        journal.rows(),
        journal.attempts(),
        journal.all_originals(),
        journal.terminal_facts(),
        [journal.card(attempt.attempt_id) for attempt in journal.attempts()],
    )


# --- crash, close and reopen -------------------------------------------------------------------


def test_reopened_journal_says_the_same(backend: Backend) -> None:
    with backend.open() as first:
        fill(first)
        before = everything(first)
    with backend.open() as again:
        assert everything(again) == before
        assert again.verify() == ROWS


def test_crash_after_a_commit_loses_nothing(backend: Backend) -> None:
    journal = backend.open()
    fill(journal)
    before = everything(journal)
    backend.crash(journal)
    with backend.open() as again:
        assert everything(again) == before
        assert again.verify() == ROWS


@pytest.mark.parametrize("done", [0, 1, 2, 3])
def test_crash_within_a_commit_leaves_nothing_of_it(backend: Backend, done: int) -> None:
    journal = backend.open()
    fill(journal)
    before = everything(journal)
    actions = [
        know("S-9"),
        opening("R-9", "000009", 100, original_id="S-9"),
        *move("R-9/1", Event.SEND),
    ]

    def cut_off() -> Iterator[Action]:
        yield from actions[:done]
        backend.crash(journal)
        yield from actions[done:]
        yield Note("after", NOW, {})

    with pytest.raises(JournalError):
        journal.commit(cut_off())
    with backend.open() as again:
        assert everything(again) == before
        assert again.verify() == ROWS
        again.commit(actions)
        assert again.attempt("R-9/1").state == "SENT"


def test_interrupted_commit_leaves_nothing_and_the_journal_goes_on(
    filled: Journal, backend: Backend
) -> None:
    before = backend.dump()

    def interrupted() -> Iterator[Action]:
        yield know("S-9")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        filled.commit(interrupted())
    assert backend.dump() == before
    filled.commit([know("S-9")])
    assert filled.verify() == ROWS + 1


def test_journal_that_was_closed_says_so(backend: Backend) -> None:
    journal = backend.open()
    journal.close()
    journal.close()
    for use in (journal.rows, journal.attempts, journal.terminal_facts, journal.wipe_cards):
        with pytest.raises(JournalError, match=r"^the journal is closed$"):
            use()
    with pytest.raises(JournalError, match=r"^the journal is closed$"):
        journal.commit([know()])


def test_terminal_has_one_writer(journal: Journal, backend: Backend) -> None:
    with pytest.raises(JournalError, match=ONE_WRITER):
        backend.open()
    journal.commit([know()])
    journal.close()
    backend.open().close()


@pytest.mark.parametrize("is_filled", [False, True])
def test_journal_opened_with_another_key_is_refused_and_left_alone(
    backend: Backend, is_filled: bool
) -> None:
    with backend.open() as first:
        if is_filled:
            fill(first)
    before = backend.dump()
    with pytest.raises(
        JournalCorruptError,
        match=r"^the journal was made with another key: key file and journal belong together",
    ):
        backend.open(key=bytes(32))
    assert backend.dump() == before
    backend.open().close()


# --- what a commit refuses ---------------------------------------------------------------------


def test_request_that_comes_back_with_other_content_is_refused_by_the_commit_itself(
    journal: Journal, backend: Backend
) -> None:
    journal.commit([know("S-1"), opening("R-1", "000001"), *move("R-1/1", Event.FAIL)])
    other = replace(opening("R-1", "000002", number=2), content="something else")
    error = refused(journal, backend, [other])

    assert isinstance(error, RequestConflictError)
    journal.commit([opening("R-1", "000002", number=2)])


def test_sale_known_under_another_id_is_refused(filled: Journal, backend: Backend) -> None:
    """One sale under two ids would have two ceilings."""
    known = original(original_id="S-7", stan="000077")
    filled.commit([Know(known, NOW)])
    error = refused(filled, backend, [Know(replace(known, original_id="S-8"), NOW)])

    assert isinstance(error, RequestConflictError)
    assert error.request_id == "S-8"


def test_error_of_a_guard_names_the_guard_and_no_value(filled: Journal, backend: Backend) -> None:
    error = refused(filled, backend, [opening("R-3", "000001", original_id="S-2", minor=1)])

    assert isinstance(error, JournalWriteError)
    for value in ("R-3", "000001", "S-2", "12345678", PAN_DIGITS):
        assert value not in f"{error} {error.args} {error.__context__!r}"
    assert error.__cause__ is None


# --- facts and notes ---------------------------------------------------------------------------


def test_fact_is_the_last_one_said_and_each_saying_is_a_row(journal: Journal) -> None:
    journal.remember(NOW, "signed_in", batch="000001", key_set_id="A")
    journal.remember(NOW, "signed_in", batch="000002")
    facts = journal.terminal_facts()

    assert (facts["batch"], facts["key_set_id"], facts["terminal"]) == ("000002", "A", "12345678")
    assert journal.notes("signed_in") == [
        {"batch": "000001", "key_set_id": "A"},
        {"batch": "000002"},
    ]


# --- cards -------------------------------------------------------------------------------------


def test_card_is_kept_until_its_attempt_is_decided_and_its_batch_closed(
    filled: Journal, backend: Backend
) -> None:
    kept = KeptCard(PAN(PAN_DIGITS))
    assert [filled.card(name) for name in ("R-1/1", "R-2/1", "R-2/2")] == [kept] * 3

    assert filled.wipe_cards() == 2
    assert filled.wipe_cards() == 0
    assert [filled.card(name) for name in ("R-1/1", "R-2/1", "R-2/2")] == [None, None, kept]
    assert filled.card("R-9/1") is None
    filled.commit(move("R-2/2", Event.DECLINE))
    assert filled.wipe_cards() == 1
    assert filled.verify() == ROWS + 1
    assert PAN_DIGITS not in "\n".join(backend.dump())


# --- the chain ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE chain SET body = '{}' WHERE seq = 1",
        "UPDATE chain SET seq = 99 WHERE seq = 12",
        "DELETE FROM chain WHERE seq = 1",
        "DELETE FROM chain",
    ],
)
def test_chain_is_append_only(filled: Journal, backend: Backend, statement: str) -> None:
    with pytest.raises(backend.broken, match="the chain is append-only"):
        backend.execute(statement)
    assert filled.verify() == ROWS


@pytest.mark.parametrize(
    ("statement", "reason", "row"),
    [
        ("UPDATE chain SET body = '{}' WHERE seq = 5", "the chain does not fit", 5),
        ("UPDATE chain SET at = 'never' WHERE seq = 1", "the chain does not fit", 1),
        ("UPDATE chain SET kind = 'know' WHERE seq = 12", "the chain does not fit", 12),
        ("DELETE FROM chain WHERE seq = 7", "the chain does not fit", 7),
        ("DELETE FROM chain WHERE seq > 9", "rows are missing at the end", 10),
        ("DELETE FROM chain", "rows are missing at the end", 1),
        (
            "UPDATE attempts SET state = 'DECLINED' WHERE request_id = 'R-1'",
            "attempt R-1/1 is not what its rows say",
            None,
        ),
        (
            "UPDATE originals SET reserved_minor = 1 WHERE original_id = 'S-2'",
            "the sums of original S-2 are not what its rows say",
            None,
        ),
        (
            "UPDATE originals SET amount_minor = 99999 WHERE original_id = 'S-1'",
            "original S-1 is not what its row says",
            None,
        ),
    ],
)
def test_whatever_is_changed_from_outside_is_named(
    filled: Journal, backend: Backend, statement: str, reason: str, row: int | None
) -> None:
    backend.tamper(statement)
    with pytest.raises(JournalCorruptError) as caught:
        filled.verify()

    assert (caught.value.reason, caught.value.row) == (reason, row)


def test_changed_last_row_refuses_the_journal_when_it_is_opened(backend: Backend) -> None:
    with backend.open() as journal:
        fill(journal)
    backend.tamper(f"UPDATE chain SET body = '{{}}' WHERE seq = {ROWS}")
    with pytest.raises(JournalCorruptError, match=r"^the last row was changed \(row 12\)$"):
        backend.open()
