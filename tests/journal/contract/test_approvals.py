"""A second person's yes in the journal: each guard of the database, and that it is used for exactly what was shown."""

from __future__ import annotations

import tempfile
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.builders import NOW, original
from journal.backends import refused
from journal.builders import approval, know, move, open_journal, opening
from posrefund.engine import Approval, Ask, Decide, Event, Know, Open, State
from posrefund.engine.approval import digest_of
from posrefund.errors import (
    JournalCorruptError,
    JournalError,
    LocalProtocolError,
    RequestConflictError,
)
from posrefund.values import Amount

if TYPE_CHECKING:
    from journal.backends import Backend
    from posrefund.journal import Journal


def opened(request_id: str = "R-1", stan: str = "000001", minor: int = 1_000) -> Open:
    """Return the opening of an attempt that needs no yes."""
    return opening(request_id, stan, minor)


def asked_for(action: Open, **changes: Any) -> Approval:
    """Return what is asked for before *action*."""
    digest = digest_of(action.content, action.attempt)
    changes = {"digest": digest, "amount": action.attempt.amount, **changes}
    return approval(action.attempt.request_id, **changes)


def cleared(journal: Journal, action: Open) -> Open:
    """Ask for *action*, let operator 02 say yes, and return it with the approval."""
    asked = asked_for(action)
    journal.commit([Ask(asked), Decide(asked, Event.CLEAR, NOW, "02")])
    return replace(action, approval=journal.last_approval(asked.request_id))


# --- what a second person's yes goes through -------------------------------------------------


def test_yes_is_used_up_in_the_commit_of_the_intent(journal: Journal) -> None:
    journal.commit([know()])
    ready = cleared(journal, opened())
    assert [each.state for each in journal.approvals(waiting=True)] == [State.CLEARED]
    journal.commit([ready])

    used = journal.last_approval("R-1")
    assert used is not None
    assert (used.state, used.checker, used.attempt) == (State.INTENT, "02", 1)
    assert journal.approvals(waiting=True) == []
    assert [row.kind for row in journal.rows()] == ["know", "ask", "approval", "open"]
    assert journal.rows()[3].facts["approval"] == "R-1#1"
    assert journal.rows()[2].facts["digest"] == used.digest
    journal.verify()


def test_yes_survives_the_end_of_the_process(backend: Backend, journal: Journal) -> None:
    journal.commit([know()])
    ready = cleared(journal, opened())
    backend.crash(journal)
    with backend.open() as again:
        assert again.approvals(waiting=True) == [ready.approval]
        again.commit([ready])
        again.verify()


@pytest.mark.parametrize("event", [Event.CANCEL, Event.EXPIRE])
@pytest.mark.parametrize("first", [[], [Event.CLEAR]])
def test_yes_that_was_taken_back_is_used_by_nothing(
    backend: Backend, journal: Journal, first: list[Event], event: Event
) -> None:
    journal.commit([know()])
    action = opened()
    asked = asked_for(action)
    journal.commit([Ask(asked), *(Decide(asked, each, NOW, "02") for each in first)])
    waiting = journal.last_approval("R-1")
    assert waiting is not None
    journal.commit([Decide(waiting, event, NOW, "01")])

    stale = replace(action, approval=replace(waiting, state=State.CLEARED, checker="02"))
    assert "what was approved" in str(refused(journal, backend, [stale]))


@pytest.mark.parametrize("minor", [999, 1_001])
def test_other_amount_than_the_approved_one_is_refused(
    backend: Backend, journal: Journal, minor: int
) -> None:
    journal.commit([know()])
    ready = cleared(journal, opened())
    other = replace(ready, attempt=replace(ready.attempt, amount=Amount(minor)))

    assert "what was approved" in str(refused(journal, backend, [other]))


@pytest.mark.parametrize(
    "change", [{"original_id": "S-2"}, {"card_fingerprint": "0" * 32}, {"number": 2}]
)
def test_other_sale_or_card_than_the_approved_one_is_refused(
    backend: Backend, journal: Journal, change: dict[str, object]
) -> None:
    journal.commit([know(), know("S-2")])
    ready = cleared(journal, opened())
    attempt = replace(ready.attempt, **change)  # type: ignore[arg-type]  # reason: names of its fields
    other = replace(ready, attempt=attempt)
    if "number" in change:  # which try it is says nothing about what is given back
        journal.commit([other])
    else:
        assert "what was approved" in str(refused(journal, backend, [other]))


def test_other_content_than_the_approved_one_is_refused(backend: Backend, journal: Journal) -> None:
    journal.commit([know()])
    ready = cleared(journal, opened())

    assert "what was approved" in str(refused(journal, backend, [replace(ready, content="x")]))


def test_yes_that_is_too_old_is_refused_by_the_database(backend: Backend, journal: Journal) -> None:
    journal.commit([know()])
    ready = cleared(journal, opened())
    for late, is_taken in ((timedelta(hours=24), False), (timedelta(hours=24, seconds=-1), True)):
        attempt = replace(ready.attempt, created_at=NOW + late)
        if is_taken:
            journal.commit([replace(ready, attempt=attempt)])
        else:
            refused(journal, backend, [replace(ready, attempt=attempt)])


def test_yes_is_used_once(backend: Backend, journal: Journal) -> None:
    journal.commit([know()])
    ready = cleared(journal, opened())
    journal.commit([ready])
    journal.commit(move("R-1/1", Event.FAIL))
    again = replace(ready, attempt=replace(ready.attempt, number=2, stan="000002"))

    assert "what was approved" in str(refused(journal, backend, [again]))


def test_second_ask_while_one_waits_is_refused(backend: Backend, journal: Journal) -> None:
    journal.commit([know(), Ask(approval())])

    refused(journal, backend, [Ask(approval(number=2))])
    refused(journal, backend, [Ask(approval())])


def test_sale_without_a_ceiling_is_never_given_back_without_a_yes(
    backend: Backend, journal: Journal
) -> None:
    journal.commit([Know(original(ceiling="host_only", terminal="?606710000042"), NOW)])

    assert "nobody has approved" in str(refused(journal, backend, [opened()]))
    journal.commit([cleared(journal, opened())])
    journal.verify()


def test_sale_has_one_ceiling_or_none(journal: Journal, backend: Backend) -> None:
    journal.commit([know()])
    described = original(original_id="sale:1", ceiling="host_only", rrn="606710000042")

    assert isinstance(refused(journal, backend, [Know(described, NOW)]), RequestConflictError)
    assert [sale.original_id for sale in journal.all_originals()] == ["S-1"]


def test_sale_that_was_described_before_is_not_known_a_second_time(journal: Journal) -> None:
    described = original(original_id="sale:1", ceiling="host_only")
    journal.commit([Know(described, NOW)])
    journal.commit([know()])

    assert [sale.original_id for sale in journal.all_originals()] == ["sale:1"]
    assert journal.notes("described_before") == [{"as": "sale:1"}]
    journal.verify()


def test_ask_of_another_terminal_is_refused(backend: Backend, journal: Journal) -> None:
    journal.commit([know()])

    refused(journal, backend, [Ask(approval(terminal="87654321"))])


# --- every step there is, and every other ----------------------------------------------------

STEPS = {
    (State.AWAITING_APPROVAL, Event.CLEAR): State.CLEARED,
    (State.AWAITING_APPROVAL, Event.CANCEL): State.CANCELLED,
    (State.AWAITING_APPROVAL, Event.EXPIRE): State.EXPIRED,
    (State.CLEARED, Event.CANCEL): State.CANCELLED,
    (State.CLEARED, Event.EXPIRE): State.EXPIRED,
}
REACHED: dict[State, list[Event]] = {
    State.AWAITING_APPROVAL: [],
    State.CLEARED: [Event.CLEAR],
    State.CANCELLED: [Event.CANCEL],
    State.EXPIRED: [Event.EXPIRE],
}


@pytest.mark.parametrize("event", [e for e in Event if e is not Event.INTEND])
@pytest.mark.parametrize("state", REACHED)
def test_every_step_of_an_approval_and_no_other(
    backend: Backend, journal: Journal, state: State, event: Event
) -> None:
    asked = approval()
    journal.commit([know(), Ask(asked)])
    for each in REACHED[state]:
        journal.commit([Decide(asked, each, NOW, "02")])
    now = journal.last_approval("R-1")
    assert now is not None
    if (state, event) in STEPS:
        journal.commit([Decide(now, event, NOW, "02")])
        after = journal.last_approval("R-1")
        assert after is not None
        assert after.state is STEPS[state, event]
        journal.verify()
    else:
        assert isinstance(
            refused(journal, backend, [Decide(now, event, NOW, "02")]), LocalProtocolError
        )


# --- what no code path can get around ---------------------------------------------------------


@pytest.mark.parametrize("checker", ["01", "1", "001"])
def test_maker_is_never_the_checker_whatever_writes(
    backend: Backend, journal: Journal, checker: str
) -> None:
    journal.commit([know(), Ask(approval())])
    with pytest.raises(backend.broken):
        backend.execute(f"UPDATE approvals SET state = 'CLEARED', checker = '{checker}'")
    refused(journal, backend, [Decide(approval(), Event.CLEAR, NOW, checker)])


def test_letters_of_an_operator_count_once(backend: Backend, journal: Journal) -> None:
    journal.commit([know(), Ask(approval(maker="Ab"))])
    with pytest.raises(backend.broken):
        backend.execute("UPDATE approvals SET state = 'CLEARED', checker = 'aB'")


SECOND = """
    INSERT INTO approvals SELECT request_id, 2, state, terminal, digest, maker, asked_at, expires_at,
    amount_minor, currency, original_id, card_masked, why, checker, attempt, in_role_of FROM approvals
"""


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE approvals SET state = 'CLEARED'",
        "UPDATE approvals SET state = 'INTENT', checker = '02'",
        "UPDATE approvals SET state = 'INTENT', checker = '02', attempt = 1",
        "UPDATE approvals SET state = 'ACCEPTED'",
        "UPDATE approvals SET attempt = 1",
        "UPDATE approvals SET digest = replace(digest, 'a', 'b')",
        "UPDATE approvals SET maker = '03'",
        "UPDATE approvals SET state = 'CLEARED', checker = '02', in_role_of = '1'",
        SECOND,
    ],
)
def test_table_of_approvals_refuses(backend: Backend, journal: Journal, statement: str) -> None:
    journal.commit([know(), Ask(approval())])
    before = backend.dump()
    with pytest.raises(backend.broken):
        backend.execute(statement)
    assert backend.dump() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE approvals SET state = 'CLEARED', attempt = NULL",
        "UPDATE approvals SET checker = '03'",
        "UPDATE approvals SET in_role_of = '03'",
        "UPDATE approvals SET attempt = 2",
    ],
)
def test_yes_that_was_used_stays_used(backend: Backend, journal: Journal, statement: str) -> None:
    journal.commit([know()])
    journal.commit([cleared(journal, opened())])
    with pytest.raises(backend.broken):
        backend.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE approvals SET state = 'CLEARED', checker = '02'",
        "UPDATE approvals SET expires_at = '2099-01-01T00:00:00+00:00'",
        "UPDATE approvals SET amount_minor = 1",
        "DELETE FROM approvals",
    ],
)
def test_table_that_says_otherwise_than_the_chain_is_found(
    backend: Backend, journal: Journal, statement: str
) -> None:
    journal.commit([know(), Ask(approval())])
    backend.execute(statement)
    with pytest.raises(JournalCorruptError, match=r"approval R-1#1 is not what its rows say"):
        journal.verify()


# --- at the same time ----------------------------------------------------------------------------


def test_of_two_decisions_on_what_both_have_seen_one_counts(
    backend: Backend, journal: Journal
) -> None:
    asked = approval()
    journal.commit([know(), Ask(asked)])
    journal.commit([Decide(asked, Event.CANCEL, NOW, "01")])

    assert "moved meanwhile" in str(
        refused(journal, backend, [Decide(asked, Event.CLEAR, NOW, "02")])
    )


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    minor=st.integers(1, 2_000),
    sale=st.sampled_from(["S-1", "S-2"]),
    content=st.sampled_from(["a", "b"]),
    card=st.sampled_from(["0" * 32, "1" * 32]),
)
def test_only_what_was_approved_is_written_down_as_an_intent(
    minor: int, sale: str, content: str, card: str
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        open_journal(Path(folder) / "journal.db") as journal,
    ):
        journal.commit([know(), know("S-2")])
        shown = replace(opened(minor=1_000), content="a")
        shown = replace(shown, attempt=replace(shown.attempt, card_fingerprint="0" * 32))
        ready = cleared(journal, shown)
        attempt = replace(
            ready.attempt, amount=Amount(minor), original_id=sale, card_fingerprint=card
        )
        is_same = (minor, sale, content, card) == (1_000, "S-1", "a", "0" * 32)
        try:
            journal.commit([replace(ready, attempt=attempt, content=content)])
        except JournalError:
            assert not is_same
            assert journal.attempts() == []
        else:
            assert is_same
        journal.verify()


def test_two_threads_decide_and_one_of_them_wins(backend: Backend, journal: Journal) -> None:
    """The journal has one writer; two threads of it are what a till has."""
    journal.commit([know()])
    lock = threading.Lock()
    for round_ in range(10):
        asked = approval(f"R-{round_}")
        journal.commit([Ask(asked)])
        said: list[str] = []

        def decide(event: Event, by: str, asked: Approval = asked, said: list[str] = said) -> None:
            try:
                with lock:  # as Terminal holds its own
                    journal.commit([Decide(asked, event, NOW, by)])
                said.append(str(event))
            except JournalError:
                pass

        threads = [
            threading.Thread(target=decide, args=args)
            for args in ((Event.CLEAR, "02"), (Event.CANCEL, "01"))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        last = journal.last_approval(f"R-{round_}")
        assert last is not None
        assert len(said) == 1
        assert last.state is {"clear": State.CLEARED, "cancel": State.CANCELLED}[said[0]]
    journal.verify()
