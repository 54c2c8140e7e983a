"""The outbox of a journal, whatever it is kept in: in the commit of the step, told by the chain, claimed by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from engine.builders import NOW
from journal.backends import Backend, FleetBackend, PostgresBackend, refused
from journal.builders import ROWS, know, move, opening
from posrefund.engine import Event, Move, NoticeKind, State
from posrefund.errors import JournalCorruptError, JournalError
from posrefund.journal import DeliveryState, NoticeDelivery

if TYPE_CHECKING:
    from posrefund.journal import Journal

SOON, LATER = NOW + timedelta(minutes=1), NOW + timedelta(minutes=10)
OVER = (State.ACCEPTED, State.DECLINED)


def told(journal: Journal) -> list[tuple[str, str, str]]:
    return [(each.notice_id, each.kind, each.attempt_id) for each in journal.notices()]


def delivery(name: str = "R-1", sequence: int = 1, **changes: object) -> NoticeDelivery:
    made = NoticeDelivery(name, sequence, "sms", DeliveryState.DELIVERED, 1, NOW)
    return replace(made, **changes)  # type: ignore[arg-type]  # reason: fields by name


# --- in the same commit ------------------------------------------------------------------------


def test_journal_tells_what_happened(filled: Journal) -> None:
    assert told(filled) == [
        ("R-1:1", "accepted", "R-1/1"),
        ("R-2:1", "checking", "R-2/2"),
    ]
    assert {notice.at for notice in filled.notices()} == {NOW}


def test_notice_stands_in_the_row_of_its_step_and_changes_no_other(filled: Journal) -> None:
    bodies = [(row.subject, row.facts.get("notice")) for row in filled.rows() if row.kind == "move"]

    assert bodies == [
        ("R-1/1", None),
        ("R-1/1", {"kind": "accepted", "sequence": 1}),
        ("R-2/1", None),
        ("R-2/2", None),
        ("R-2/2", {"kind": "checking", "sequence": 1}),
    ]
    assert len(filled.rows()) == ROWS


def test_commit_that_fails_tells_nothing(filled: Journal, backend: Backend) -> None:
    steps = [Move("R-2/2", Event.ACCEPT, NOW), Move("R-2/2", Event.FAIL, NOW)]

    refused(filled, backend, list(steps))
    assert [notice.kind for notice in filled.notices("R-2")] == ["checking"]


def test_commit_that_dies_tells_nothing(filled: Journal, backend: Backend) -> None:
    def cut_off() -> object:
        yield Move("R-2/2", Event.ACCEPT, NOW)
        backend.crash(filled)
        yield Move("R-2/2", Event.CONFIRM, NOW)

    with pytest.raises(JournalError):
        filled.commit(cut_off())  # type: ignore[arg-type]  # reason: a generator is what dies
    with backend.open() as again:
        assert [notice.kind for notice in again.notices("R-2")] == ["checking"]
        assert again.attempt("R-2/2").state is State.IN_DOUBT
        assert again.verify() == ROWS


def test_sequence_goes_on_over_attempts_and_restarts(filled: Journal, backend: Backend) -> None:
    filled.commit(move("R-2/2", Event.GIVE_UP, Event.RELEASE))
    filled.close()
    with backend.open() as again:
        again.commit([opening("R-2", "000004", 500, number=3), *move("R-2/3", Event.SEND)])
        again.commit(move("R-2/3", Event.ACCEPT))
        found = [(each.sequence, str(each.kind), each.attempt_id) for each in again.notices("R-2")]
        again.verify()

    assert found == [
        (1, "checking", "R-2/2"),
        (2, "not_refunded", "R-2/2"),
        (3, "accepted", "R-2/3"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM outbox WHERE request_id = 'R-1'",
        "UPDATE outbox SET kind = 'confirmed' WHERE request_id = 'R-1'",
        "UPDATE outbox SET attempt = 2 WHERE request_id = 'R-1'",
        "UPDATE outbox SET at = '2026-03-09T02:00:01+00:00' WHERE request_id = 'R-1'",
        "UPDATE outbox SET sequence = 2 WHERE request_id = 'R-1'",
        "UPDATE outbox SET request_id = 'R-2', sequence = 7 WHERE request_id = 'R-1'",
        (
            "INSERT INTO outbox VALUES ('R-1', 2, 'confirmed', 1, '12345678',"
            " '2026-03-09T02:00:00+00:00', NULL)"
        ),
    ],
)
def test_changed_outbox_is_found(filled: Journal, backend: Backend, change: str) -> None:
    backend.execute(change)
    with pytest.raises(JournalCorruptError, match=r"^notice R-[12]:[127] is not what its row says"):
        filled.verify()


def test_unreadable_notice_is_a_corrupt_journal(filled: Journal, backend: Backend) -> None:
    backend.execute("UPDATE outbox SET kind = 'arrived' WHERE request_id = 'R-1'")
    with pytest.raises(JournalCorruptError, match="a stored notice cannot be read"):
        filled.notices()


def test_how_far_delivery_is_is_nobodys_proof(filled: Journal, backend: Backend) -> None:
    backend.execute("UPDATE outbox SET next_try = NULL")

    assert filled.verify() == ROWS


# --- claimed and delivered ---------------------------------------------------------------------


def test_claim_takes_one_request_and_leaves_it_to_nobody_else(filled: Journal) -> None:
    names = [[each.notice_id for each in filled.claim_notices(NOW, LATER)] for _ in range(3)]
    before = filled.claim_notices(LATER - timedelta(microseconds=1), LATER)
    after = [each.notice_id for each in filled.claim_notices(LATER, LATER + timedelta(hours=1))]

    assert names == [["R-1:1"], ["R-2:1"], []]
    assert (before, after) == ([], ["R-1:1"])


def test_claim_before_its_time_takes_nothing(filled: Journal, backend: Backend) -> None:
    before = backend.dump()

    assert filled.claim_notices(NOW - timedelta(seconds=1), LATER) == []
    assert backend.dump() == before


def test_claim_that_others_are_always_faster_than_ends_with_nothing(
    filled: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filled, "_run", lambda *_: 0)

    assert filled.claim_notices(NOW, LATER) == []


def test_what_cannot_be_read_of_a_delivery_is_a_corrupt_journal(
    filled: Journal, backend: Backend
) -> None:
    filled.keep_delivery(delivery(), next_try=None)
    backend.execute("UPDATE deliveries SET last_try = 'soon'")
    with pytest.raises(JournalCorruptError, match="a stored delivery cannot be read"):
        filled.deliveries("R-1")
    backend.execute("UPDATE outbox SET next_try = 'soon'")
    with pytest.raises(JournalCorruptError, match="a stored notice cannot be read"):
        filled.due_times("R-1")


def test_claim_takes_all_that_is_due_of_a_request_in_order(filled: Journal) -> None:
    filled.commit(move("R-1/1", Event.CONFIRM))

    assert [each.kind for each in filled.claim_notices(NOW, LATER)] == [
        NoticeKind.ACCEPTED,
        NoticeKind.CONFIRMED,
    ]


def test_delivery_is_kept_and_replaced(filled: Journal, backend: Backend) -> None:
    failed = delivery(state=DeliveryState.WAITING, error="no answer", next_try=SOON)
    filled.keep_delivery(failed, next_try=SOON)
    assert filled.deliveries("R-1") == [failed]
    assert filled.due_times("R-1") == {1: SOON}
    assert filled.waiting_notices() == 2

    through = delivery(tries=2, last_try=SOON)
    filled.keep_delivery(through, next_try=None)
    filled.close()
    with backend.open() as again:
        assert again.deliveries("R-1") == [through]
        assert again.due_times("R-1") == {}
        assert again.waiting_notices() == 1
        assert again.verify() == ROWS


def test_what_is_given_up_is_listed_until_it_is_tried_anew(filled: Journal) -> None:
    stuck = delivery(state=DeliveryState.STUCK, tries=10, error="no answer")
    filled.keep_delivery(stuck, next_try=None)
    filled.keep_delivery(delivery(channel="erp"), next_try=None)
    assert filled.stuck_deliveries() == [stuck]
    assert filled.claim_notices(LATER, LATER + timedelta(hours=1))[0].notice_id == "R-2:1"

    assert filled.retry_stuck("R-1", LATER) == 1
    assert filled.stuck_deliveries() == []
    assert [each.notice_id for each in filled.claim_notices(LATER, LATER)] == ["R-1:1"]
    assert filled.deliveries("R-1") == [
        delivery(channel="erp"),
        replace(stuck, state=DeliveryState.WAITING, tries=0, next_try=LATER),
    ]


def test_delivery_without_its_time_is_refused_by_the_table(
    filled: Journal, backend: Backend
) -> None:
    before = backend.dump()
    with pytest.raises(JournalError):
        filled.keep_delivery(delivery(state=DeliveryState.WAITING), next_try=SOON)
    with pytest.raises(JournalError):
        filled.keep_delivery(delivery("R-9"), next_try=None)

    assert backend.dump() == before


# --- terminals that share tables ---------------------------------------------------------------


@pytest.fixture(params=[FleetBackend, PostgresBackend], ids=lambda kind: kind.name)
def shared(request: pytest.FixtureRequest, tmp_path: object) -> object:
    made = request.param(tmp_path)
    yield made
    made.remove()


def two(shared: FleetBackend | PostgresBackend) -> tuple[Journal, Journal]:
    """Two terminals, each with a refund that was accepted."""
    one, other = shared.open(), shared.open(terminal="87654321")
    one.commit([know("S-1")])
    for journal, name, terminal in ((one, "R-1", "12345678"), (other, "R-2", "87654321")):
        journal.commit([opening(name, "000001", terminal=terminal), *move(f"{name}/1", Event.SEND)])
        journal.commit(move(f"{name}/1", Event.ACCEPT))
    return one, other


def test_each_terminal_answers_for_its_own_notices(
    shared: FleetBackend | PostgresBackend,
) -> None:
    one, other = two(shared)
    with one, other:
        assert (told(one), told(other)) == (
            [("R-1:1", "accepted", "R-1/1")],
            [("R-2:1", "accepted", "R-2/1")],
        )
        one.verify()
        shared.execute("DELETE FROM outbox WHERE request_id = 'R-2'")
        one.verify()
        with pytest.raises(JournalCorruptError, match="notice R-2:1"):
            other.verify()


def test_one_claim_of_two_is_the_first(shared: FleetBackend | PostgresBackend) -> None:
    one, other = two(shared)
    with one, other:
        mine = one.claim_notices(NOW, LATER)
        rest = [other.claim_notices(NOW, LATER, everyone=True) for _ in range(2)]

    assert [each.notice_id for each in mine] == ["R-1:1"]
    assert [[each.notice_id for each in some] for some in rest] == [["R-2:1"], []]


def test_request_that_goes_on_at_another_terminal_counts_on(
    shared: FleetBackend | PostgresBackend,
) -> None:
    one, other = two(shared)
    with one, other:
        one.commit([opening("R-3", "000002"), *move("R-3/1", Event.SEND, Event.DECLINE)])
        again = opening("R-3", "000002", number=2, terminal="87654321")
        other.commit([again, *move("R-3/2", Event.SEND, Event.ACCEPT)])

        assert [(n.sequence, str(n.kind)) for n in other.notices("R-3")] == [
            (1, "declined"),
            (2, "accepted"),
        ]
        one.verify()
        other.verify()
