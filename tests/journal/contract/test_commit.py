"""The contract of a journal, whatever it is kept in: all or nothing, and every guard."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from engine.builders import NOW, original, plan
from journal.backends import Backend, refused
from journal.builders import ROWS, know, move, opening, sums
from posrefund.engine import Event, Know, Note, OriginalRef, State
from posrefund.errors import (
    JournalError,
    JournalWriteError,
    LocalProtocolError,
    RequestConflictError,
)
from posrefund.values import RRN, Amount

if TYPE_CHECKING:
    from posrefund.journal import Journal

# --- all or nothing ----------------------------------------------------------------------------


def test_commit_keeps_actions_in_order_and_numbers_the_rows(filled: Journal) -> None:
    rows = filled.rows()

    assert [row.seq for row in rows] == list(range(1, ROWS + 1))
    assert [(row.kind, row.subject) for row in rows] == [
        ("signed_in", ""),
        ("know", "S-1"),
        ("know", "S-2"),
        ("open", "R-1/1"),
        ("move", "R-1/1"),
        ("inbound", "R-1/1"),
        ("move", "R-1/1"),
        ("open", "R-2/1"),
        ("move", "R-2/1"),
        ("open", "R-2/2"),
        ("move", "R-2/2"),
        ("move", "R-2/2"),
    ]
    assert filled.verify() == ROWS


def test_failing_second_action_leaves_nothing_of_the_first(
    filled: Journal, backend: Backend
) -> None:
    error = refused(
        filled,
        backend,
        [Note("inbound", NOW, {"a": "b"}), know("S-3"), *move("R-1/1", Event.ACCEPT)],
    )

    assert isinstance(error, LocalProtocolError)
    assert str(error) == "no step accept from ACCEPTED"


def test_commit_of_nothing_writes_nothing(filled: Journal, backend: Backend) -> None:
    before = backend.dump()
    filled.commit([])

    assert backend.dump() == before


def test_step_of_an_attempt_that_nobody_opened_is_refused(
    filled: Journal, backend: Backend
) -> None:
    assert str(refused(filled, backend, move("R-9/1", Event.SEND))) == "no attempt R-9/1"


@pytest.mark.parametrize(
    "name", ["", "/", "R-1", "R-1/", "R-1/x", "R-1/-1", "R-1/²", "R-1/" + "9" * 30]
)
def test_name_that_is_no_attempt_s_is_a_journal_error(filled: Journal, name: str) -> None:
    with pytest.raises(JournalError, match=r"^no attempt "):
        filled.attempt(name)


def test_attempt_comes_back_as_it_was_written(journal: Journal) -> None:
    made = plan("refund")
    journal.commit([know(), *made.opening(b"message", NOW)])

    assert journal.attempt("R-1/1") == replace(made.attempt, state=State.SENT, copies=1)
    assert journal.content("R-1") == made.content
    assert journal.content("R-2") is None
    assert journal.last_attempt("R-2") is None


def test_original_comes_back_as_it_was_learned_and_once(journal: Journal, backend: Backend) -> None:
    journal.commit([Know(original(), NOW), Know(original(), NOW)])
    before = backend.dump()
    journal.commit([Know(original(), NOW + timedelta(days=1))])

    assert journal.all_originals() == [original()]
    assert [row.kind for row in journal.rows()] == ["know"]
    assert backend.dump() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"terminal": "87654321"},
        {"merchant": "999999999999999"},
        {"batch": "000002"},
        {"stan": "000004"},
        {"rrn": "606710000043"},
        {"transaction_date": date(2026, 3, 7)},
        {"settlement_date": date(2026, 3, 9)},
        {"amount": Amount(1)},
        {"amount": Amount(10_001)},
        {"amount": Amount(10_000, "344")},
        {"auth_code": None},
        {"card_fingerprint": "f" * 32},
        {"organisation": None},
    ],
)
def test_original_that_is_told_differently_is_refused_with_all_that_came_with_it(
    filled: Journal, backend: Backend, changes: dict[str, Any]
) -> None:
    """A second story once was dropped without a word."""
    other = Know(original(**changes), NOW)
    error = refused(filled, backend, [Note("inbound", NOW, {"a": "b"}), know("S-3"), other])

    assert isinstance(error, RequestConflictError)
    assert str(error) == "request id 'S-1' is already known with other content"
    assert error.effect == "nothing_sent"


def test_original_is_the_same_whatever_was_given_back_of_it(filled: Journal) -> None:
    rows = filled.rows()
    filled.commit([Know(original(accepted_minor=5, is_voided=True, has_case=True), NOW)])

    assert filled.rows() == rows
    assert sums(filled) == (500, 1_000)


def test_original_is_found_by_its_slip_too(journal: Journal) -> None:
    journal.commit([know("S-1"), know("S-2")])
    rrn = RRN("606710000042")

    assert [sale.original_id for sale in journal.originals("S-2")] == ["S-2"]
    assert [sale.original_id for sale in journal.originals(OriginalRef(rrn, "0308"))] == [
        "S-1",
        "S-2",
    ]
    assert journal.originals(OriginalRef(rrn, "0309")) == []
    assert journal.originals("S-3") == []


def test_last_attempt_of_a_request_is_the_newest(filled: Journal) -> None:
    last = filled.last_attempt("R-2")

    assert last is not None
    assert (last.number, last.state) == (2, "IN_DOUBT")
    assert [attempt.attempt_id for attempt in filled.open_attempts()] == ["R-2/2"]
    assert [attempt.attempt_id for attempt in filled.attempts()] == ["R-1/1", "R-2/1", "R-2/2"]


def test_notes_are_read_by_kind_and_attempt(filled: Journal) -> None:
    assert filled.notes("inbound") == [{"DE39": "00"}]
    assert filled.notes("inbound", "R-1/1") == [{"DE39": "00"}]
    assert filled.notes("inbound", "R-2/1") == []


# --- the ceiling -------------------------------------------------------------------------------


def test_two_refunds_whose_sum_passes_the_sale_are_refused(
    journal: Journal, backend: Backend
) -> None:
    journal.commit([know(), opening("R-1", "000001", 6_000), *move("R-1/1", Event.SEND)])
    journal.commit(move("R-1/1", Event.ACCEPT))
    error = refused(journal, backend, [opening("R-2", "000002", 4_001)])

    assert isinstance(error, JournalWriteError)
    assert str(error) == "the original is unknown or its ceiling would be passed"
    journal.commit([opening("R-2", "000002", 4_000)])
    assert sums(journal) == (4_000, 6_000)


@pytest.mark.parametrize(
    "change",
    [
        "reserved_minor = 10001",
        "accepted_minor = 9000",
        "amount_minor = 1999",
        "reserved_minor = -1",
    ],
)
def test_ceiling_is_the_database_s_own_and_no_code_can_skip_it(
    filled: Journal, backend: Backend, change: str
) -> None:
    backend.execute("UPDATE originals SET reserved_minor = 1001 WHERE original_id = 'S-1'")
    with pytest.raises(backend.broken):
        backend.execute(f"UPDATE originals SET {change} WHERE original_id = 'S-1'")
    assert sums(filled) == (1_001, 1_000)


def test_refund_of_a_sale_that_nobody_knows_is_refused(journal: Journal, backend: Backend) -> None:
    refused(journal, backend, [opening("R-1", "000001")])


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("", (1_000, 0)),
        ("send", (1_000, 0)),
        ("fail", (0, 0)),
        ("send fail", (0, 0)),
        ("send accept", (0, 1_000)),
        ("send decline", (0, 0)),
        ("send doubt", (1_000, 0)),
        ("doubt", (1_000, 0)),
        ("send doubt accept", (0, 1_000)),
        ("send doubt decline", (0, 0)),
        ("send doubt reverse", (1_000, 0)),
        ("send doubt reverse undo", (0, 0)),
        ("send doubt reverse give_up", (1_000, 0)),
        ("send doubt give_up", (1_000, 0)),
        ("send doubt give_up release", (0, 0)),
        ("send doubt give_up accept", (0, 1_000)),
        ("send doubt give_up decline", (0, 0)),
        ("send doubt give_up confirm", (0, 1_000)),
        ("send doubt give_up doubt", (1_000, 0)),
        ("send doubt give_up doubt release", (0, 0)),
        ("send accept confirm", (0, 1_000)),
        ("send accept contradict", (0, 1_000)),
        ("send accept contradict give_up", (0, 1_000)),
        ("send accept contradict give_up release", (0, 0)),
        ("send accept confirm bounce", (0, 0)),
        ("send accept confirm bounce give_up", (0, 0)),
        ("send accept confirm bounce give_up confirm", (0, 1_000)),
        ("send decline contradict", (0, 0)),
        ("send decline contradict give_up accept", (0, 1_000)),
    ],
)
def test_what_is_reserved_and_given_back_follows_every_step(
    journal: Journal, events: str, expected: tuple[int, int]
) -> None:
    steps = move("R-1/1", *(Event(event) for event in events.split()))
    journal.commit([know(), opening("R-1", "000001"), *steps])

    assert sums(journal) == expected
    journal.verify()


def test_money_given_back_elsewhere_meanwhile_is_not_given_back_twice(
    journal: Journal, backend: Backend
) -> None:
    """A decline frees the amount, another refund takes it, then the decline proves false."""
    journal.commit([know(), opening("R-1", "000001", 6_000)])
    journal.commit(move("R-1/1", Event.SEND, Event.DECLINE, Event.CONTRADICT))
    journal.commit([opening("R-2", "000002", 6_000), *move("R-2/1", Event.SEND, Event.ACCEPT)])
    journal.commit(move("R-1/1", Event.GIVE_UP))

    assert isinstance(
        refused(journal, backend, move("R-1/1", Event.ACCEPT)),
        JournalWriteError,
    )


@pytest.mark.parametrize(
    ("events", "facts"),
    [
        ("send doubt", (False, True, False)),
        ("send doubt give_up", (False, True, False)),
        ("send decline contradict", (False, False, True)),
        ("send accept", (True, False, False)),
        ("send accept confirm", (True, False, False)),
        ("send decline", (False, False, False)),
        ("fail", (False, False, False)),
    ],
)
def test_original_says_whether_it_is_voided_in_doubt_or_a_case(
    journal: Journal, events: str, facts: tuple[bool, bool, bool]
) -> None:
    void = opening("R-1", "000001", 10_000)
    void = replace(void, attempt=replace(void.attempt, kind="void"))
    steps = move("R-1/1", *(Event(event) for event in events.split()))
    journal.commit([know(), void, *steps])
    (sale,) = journal.originals("S-1")

    assert (sale.is_voided, sale.has_open_attempt, sale.has_case) == facts


@pytest.mark.parametrize(
    ("events", "has_case"),
    [
        ("send", False),
        ("send accept", False),
        ("send accept confirm", False),
        ("send decline", False),
        ("send doubt", False),
        ("send doubt reverse", False),
        ("send doubt reverse undo", False),
        ("send accept contradict", True),
        ("send accept confirm contradict", True),
        ("send accept confirm bounce", True),
        ("send accept confirm contradict give_up", True),
        ("send doubt give_up", True),
        ("send doubt give_up doubt", True),
        ("send doubt give_up accept", False),
        ("send doubt give_up confirm", False),
    ],
)
def test_sale_that_is_itself_in_dispute_is_a_case(
    journal: Journal, events: str, has_case: bool
) -> None:
    sale = opening("S-9", "000001", 10_000)
    sale = replace(sale, attempt=plan("sale").attempt)
    journal.commit([know("S-9"), sale, *move("S-9/1", *(Event(name) for name in events.split()))])
    (known,) = journal.originals("S-9")

    assert (known.has_case, known.has_open_attempt, known.is_voided) == (has_case, False, False)
    assert [original.has_case for original in journal.all_originals()] == [has_case]


def test_refund_under_the_same_name_makes_no_case_of_a_sale(journal: Journal) -> None:
    journal.commit([know("S-9"), know("S-1"), opening("S-9", "000001")])
    journal.commit(move("S-9/1", Event.SEND, Event.DECLINE, Event.CONTRADICT))

    assert [sale.has_case for sale in journal.originals("S-9")] == [False]
    assert [sale.has_case for sale in journal.originals("S-1")] == [True]


def test_any_attempt_of_a_sale_may_put_it_in_dispute(journal: Journal) -> None:
    first = replace(plan("sale").attempt, request_id="S-9")
    second = replace(first, number=2, stan="000008")
    for attempt, events in ((first, "send decline contradict"), (second, "send accept")):
        steps = move(attempt.attempt_id, *(Event(name) for name in events.split()))
        journal.commit([replace(opening("S-9", "000001"), attempt=attempt), *steps])
    journal.commit([know("S-9")])

    assert [sale.has_case for sale in journal.originals("S-9")] == [True]


# --- guards ------------------------------------------------------------------------------------


def test_number_of_a_batch_is_used_once(filled: Journal, backend: Backend) -> None:
    error = refused(filled, backend, [opening("R-3", "000001", original_id="S-2", minor=1)])

    assert backend.says["stan_used_once"] in str(error)
    filled.commit([opening("R-3", "000001", original_id="S-2", minor=1, batch="000002")])


def test_request_has_one_open_attempt(filled: Journal, backend: Backend) -> None:
    error = refused(filled, backend, [opening("R-2", "000009", 1, number=3, original_id="S-2")])

    assert backend.says["one_open_attempt_per_request"] in str(error)


def test_original_has_one_open_attempt(filled: Journal, backend: Backend) -> None:
    error = refused(filled, backend, [opening("R-9", "000009", 1)])

    assert backend.says["one_open_attempt_per_original"] in str(error)


def test_attempt_of_a_request_has_one_number(filled: Journal, backend: Backend) -> None:
    refused(filled, backend, [opening("R-1", "000009", 1, original_id="S-2")])


def test_next_number_follows_the_last_one(journal: Journal) -> None:
    assert journal.next_stan("000001") == "000001"
    journal.remember(NOW, "stan_taken", stan="000041")
    assert journal.next_stan("000001") == "000042"
    journal.commit([know(), opening("R-1", "000042")])
    assert journal.next_stan("000001") == "000043"


def test_next_number_wraps_and_skips_what_is_used_in_the_batch_or_still_open(
    journal: Journal,
) -> None:
    journal.commit([know("S-1"), know("S-2"), know("S-3"), know("S-4")])
    journal.commit([opening("R-1", "000001"), *move("R-1/1", Event.SEND, Event.ACCEPT)])
    journal.commit([opening("R-2", "000002", original_id="S-2"), *move("R-2/1", Event.FAIL)])
    journal.commit([opening("R-3", "000003", original_id="S-3", batch="000009")])
    closed = opening("R-4", "000004", original_id="S-4", batch="000009")
    journal.commit([closed, *move("R-4/1", Event.FAIL)])
    journal.remember(NOW, "stan_taken", stan="999998")
    assert journal.next_stan("000001") == "999999"
    journal.remember(NOW, "stan_taken", stan="999999")

    assert journal.next_stan("000001") == "000004"
    assert journal.next_stan("000009") == "000001"
