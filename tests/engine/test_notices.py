"""What a customer is told: once for each change he can see, on every path that the state table has."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import NOW, PROPERTY, attempt_in
from posrefund.engine import TABLE, Event, Notice, NoticeKind, State
from posrefund.engine.notices import notice_due, status_of
from posrefund.errors import LocalProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.engine import Attempt
    from posrefund.engine.attempt import Kind

SAYS = {
    State.ACCEPTED: "accepted",
    State.DECLINED: "declined",
    State.IN_DOUBT: "checking",
    State.REVERSING: "checking",
    State.MANUAL: "checking",
    State.MISMATCHED: "checking",
    State.REVERSED: "not_refunded",
    State.RELEASED: "not_refunded",
    State.CONFIRMED: "confirmed",
    State.BOUNCED: "bounced",
}
STATES = list(State)
EVENTS = list(Event)
STEPS = sorted((state, event) for state, event in TABLE if state is not State.DRAFT)


def told(attempt: Attempt, *events: Event, last: NoticeKind | None = None) -> list[str]:
    """Take *attempt* through *events* and return what is told on the way."""
    found = []
    for event in events:
        attempt = attempt.after(event, {})
        kind = notice_due(attempt, last)
        if kind is not None:
            last = kind
            found.append(str(kind))
    return found


# --- what a state says -------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", ["refund", "void"])
def test_every_state_of_a_refund_says_what_stands_here(state: State, kind: Kind) -> None:
    assert status_of(attempt_in(state, kind)) == SAYS.get(state)


@pytest.mark.parametrize("state", STATES)
def test_sale_is_never_told_of(state: State) -> None:
    attempt = attempt_in(state, "sale")

    assert status_of(attempt) is None
    assert notice_due(attempt, None) is None


def test_document_that_ends_a_doubt_is_no_decline() -> None:
    by_people = attempt_in(State.DECLINED, facts={"evidence": "people"})

    assert status_of(by_people) is NoticeKind.NOT_REFUNDED


# --- when something is due ---------------------------------------------------------------------


def test_refund_that_goes_well_is_told_twice() -> None:
    path = (Event.SEND, Event.ACCEPT, Event.CONFIRM)

    assert told(attempt_in(State.INTENT, copies=0), *path) == ["accepted", "confirmed"]


def test_doubt_is_told_once_however_long_it_lasts() -> None:
    path = (
        *(Event.SEND, Event.DOUBT, Event.SEND, Event.DOUBT, Event.GIVE_UP),
        *(Event.DOUBT, Event.RELEASE),
    )

    assert told(attempt_in(State.INTENT, copies=0), *path) == ["checking", "not_refunded"]


def test_money_that_came_back_is_not_told_again_when_people_take_over() -> None:
    path = (Event.SEND, Event.ACCEPT, Event.CONFIRM, Event.BOUNCE, Event.GIVE_UP, Event.ACCEPT)

    assert told(attempt_in(State.INTENT, copies=0), *path) == [
        "accepted",
        "confirmed",
        "bounced",
        "accepted",
    ]


def test_void_that_is_undone_is_told_of() -> None:
    path = (Event.SEND, Event.DOUBT, Event.REVERSE, Event.UNDO, Event.CONTRADICT)

    assert told(attempt_in(State.INTENT, "void", copies=0), *path) == [
        "checking",
        "not_refunded",
        "checking",
    ]


def test_nothing_is_told_of_what_was_not_sent() -> None:
    assert told(attempt_in(State.INTENT, copies=0), Event.SEND, Event.FAIL) == []


def test_second_decline_of_one_request_says_nothing_new() -> None:
    declined = told(attempt_in(State.INTENT, copies=0), Event.SEND, Event.DECLINE)
    again = told(
        attempt_in(State.INTENT, copies=0, number=2),
        Event.SEND,
        Event.DECLINE,
        last=NoticeKind.DECLINED,
    )

    assert (declined, again) == (["declined"], [])


@pytest.mark.parametrize(("state", "event"), STEPS, ids=str)
@pytest.mark.parametrize("last", [None, *NoticeKind], ids=lambda kind: kind or "nothing")
def test_each_step_of_the_table_tells_what_differs_from_the_last_word(
    state: State, event: Event, last: NoticeKind | None
) -> None:
    after = TABLE[state, event]
    word = SAYS.get(after)
    is_news = word not in (None, last) and (last, word) != ("bounced", "checking")
    found = notice_due(attempt_in(after), last)

    assert found == (word if is_news else None)


def paths(attempt: Attempt, steps: int) -> Iterator[tuple[Event, ...]]:
    """Return every path of the table from *attempt*, of at most so many steps."""
    yield ()
    for event in EVENTS if steps else ():
        try:
            after = attempt.after(event, {})
        except LocalProtocolError:
            continue
        for rest in paths(after, steps - 1):
            yield (event, *rest)


def test_no_path_tells_the_same_twice_running_or_leaves_a_change_out() -> None:
    start = attempt_in(State.INTENT, copies=0)
    count = 0
    for path in paths(start, 8):
        count += 1
        words, attempt = [], start
        for event in path:
            attempt = attempt.after(event, {})
            words.append(SAYS.get(attempt.state))
        said = told(start, *path)
        assert all(one != two for one, two in itertools.pairwise(said))
        spoken = [word for word in words if word]
        if spoken and "bounced" not in spoken:
            assert said[-1] == spoken[-1]  # what was said last is what is so
        changes = [word for n, word in enumerate(spoken) if n == 0 or word != spoken[n - 1]]
        if "bounced" not in spoken:
            assert said == changes

    assert count > 1_000


@given(st.lists(st.sampled_from([None, *NoticeKind]), max_size=6), st.sampled_from(STATES))
@PROPERTY
def test_what_is_due_is_never_what_was_said_last(
    history: list[NoticeKind | None], state: State
) -> None:
    last = history[-1] if history else None

    assert notice_due(attempt_in(state), last) in {None, SAYS.get(state)} - {last} | {None}


def test_notice_has_one_name() -> None:
    assert Notice("R-1", 2, NoticeKind.ACCEPTED, "R-1/1", NOW).notice_id == "R-1:2"
