"""The state table against the architecture's drawing, and every step that is not in it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PROPERTY, attempt_in
from posrefund.engine import OPEN_STATES, TABLE, Event, State
from posrefund.engine.table import Hold, hold_after, next_state
from posrefund.errors import LocalProtocolError

DRAWING = """
DRAFT → CHECKED
CHECKED → AWAITING_APPROVAL | CLEARED | CANCELLED | EXPIRED
AWAITING_APPROVAL → CLEARED | CANCELLED | EXPIRED
CLEARED → INTENT | CANCELLED | EXPIRED
INTENT → SENT | NOT_SENT | IN_DOUBT
SENT → ACCEPTED | DECLINED | IN_DOUBT | NOT_SENT
IN_DOUBT → ACCEPTED | DECLINED | MANUAL | REVERSING
REVERSING → REVERSED | MANUAL
ACCEPTED → CONFIRMED | MISMATCHED
DECLINED → MISMATCHED
NOT_SENT → MISMATCHED
CONFIRMED → MISMATCHED | BOUNCED
MISMATCHED → MANUAL
BOUNCED → MANUAL
MANUAL → ACCEPTED | DECLINED | CONFIRMED | RELEASED
"""
EXTENSIONS = """
IN_DOUBT → SENT
REVERSED → MISMATCHED
RELEASED → MISMATCHED
MANUAL → MANUAL
"""
"""Not in the drawing: a message that may be repeated leaves once more; a booking that shows up after it was undone or given back has to be a case, and
evidence that takes back a proven absence leaves the case in the hands of people."""

STEPS = """
DRAFT check CHECKED
CHECKED ask AWAITING_APPROVAL
CHECKED clear CLEARED
CHECKED cancel CANCELLED
CHECKED expire EXPIRED
AWAITING_APPROVAL clear CLEARED
AWAITING_APPROVAL cancel CANCELLED
AWAITING_APPROVAL expire EXPIRED
CLEARED intend INTENT
CLEARED cancel CANCELLED
CLEARED expire EXPIRED
INTENT send SENT
INTENT fail NOT_SENT
INTENT doubt IN_DOUBT
SENT fail NOT_SENT
SENT accept ACCEPTED
SENT decline DECLINED
SENT doubt IN_DOUBT
IN_DOUBT accept ACCEPTED
IN_DOUBT decline DECLINED
IN_DOUBT give_up MANUAL
IN_DOUBT send SENT
IN_DOUBT reverse REVERSING
REVERSING undo REVERSED
REVERSING give_up MANUAL
ACCEPTED confirm CONFIRMED
ACCEPTED contradict MISMATCHED
DECLINED contradict MISMATCHED
NOT_SENT contradict MISMATCHED
REVERSED contradict MISMATCHED
RELEASED contradict MISMATCHED
CONFIRMED contradict MISMATCHED
CONFIRMED bounce BOUNCED
MISMATCHED give_up MANUAL
BOUNCED give_up MANUAL
MANUAL accept ACCEPTED
MANUAL decline DECLINED
MANUAL confirm CONFIRMED
MANUAL release RELEASED
MANUAL doubt MANUAL
"""

LITERAL = {
    (start, event): end
    for start, event, end in (line.split() for line in STEPS.split("\n") if line)
}

HOLDS = {
    "DRAFT": "none",
    "CHECKED": "none",
    "AWAITING_APPROVAL": "none",
    "CLEARED": "none",
    "INTENT": "reserved",
    "SENT": "reserved",
    "NOT_SENT": "none",
    "ACCEPTED": "accepted",
    "DECLINED": "none",
    "IN_DOUBT": "reserved",
    "REVERSING": "reserved",
    "REVERSED": "none",
    "CONFIRMED": "accepted",
    "MISMATCHED": "kept",
    "BOUNCED": "none",
    "MANUAL": "kept",
    "RELEASED": "none",
    "CANCELLED": "none",
    "EXPIRED": "none",
}
EVERY_HOLD: tuple[Hold, ...] = ("none", "reserved", "accepted")
GIVES_BACK = {"NOT_SENT", "DECLINED", "REVERSED", "RELEASED", "BOUNCED"}


def arrows(drawing: str) -> set[tuple[str, str]]:
    """Read ``A → B | C`` lines."""
    pairs = set()
    for line in drawing.strip().splitlines():
        start, _, ends = line.partition(" → ")
        pairs |= {(start, end) for end in ends.split(" | ")}
    return pairs


def walk(state: State, choices: list[int]) -> list[tuple[Event, State]]:
    """Follow legal steps from *state*, each choice picking one of those there are."""
    path = []
    for choice in choices:
        legal = sorted(event for start, event in TABLE if start is state)
        if not legal:
            break
        event = legal[choice % len(legal)]
        state = next_state(state, event)
        path.append((event, state))
    return path


choice_lists = st.lists(st.integers(0, 59), max_size=30)


def test_every_arrow_of_the_table_is_in_the_drawing_or_named_as_an_extension() -> None:
    drawn = {(str(start), str(end)) for (start, _), end in TABLE.items()}

    assert drawn == arrows(DRAWING) | arrows(EXTENSIONS)
    assert not arrows(DRAWING) & arrows(EXTENSIONS)


def test_table_holds_exactly_these_steps() -> None:
    assert {(str(s), str(e)): str(end) for (s, e), end in TABLE.items()} == LITERAL
    assert len(LITERAL) == 40


def test_table_cannot_be_changed_by_its_readers() -> None:
    with pytest.raises(TypeError):
        TABLE[State.SENT, Event.RELEASE] = State.RELEASED  # type: ignore[index]


@pytest.mark.parametrize("event", list(Event))
@pytest.mark.parametrize("state", list(State))
def test_a_state_and_an_event_are_in_the_table_or_a_local_protocol_error(
    state: State, event: Event
) -> None:
    expected = LITERAL.get((str(state), str(event)))
    before = attempt_in(state)
    if expected is None:
        with pytest.raises(LocalProtocolError, match=f"^no step {event} from {state}$"):
            next_state(state, event)
        with pytest.raises(LocalProtocolError):
            before.after(event, {})
    else:
        assert next_state(state, event) == expected
        assert before.after(event, {}).state == expected


def test_open_states_are_those_that_may_still_turn_out_either_way() -> None:
    assert {"INTENT", "SENT", "IN_DOUBT", "REVERSING", "MANUAL"} == OPEN_STATES


def test_only_cancelled_and_expired_are_never_left() -> None:
    left = {str(start) for start, _ in TABLE}

    assert {str(state) for state in State} - left == {"CANCELLED", "EXPIRED"}


@pytest.mark.parametrize("state", ["DECLINED", "NOT_SENT", "REVERSED", "RELEASED"])
def test_a_no_is_left_only_by_a_contradiction(state: str) -> None:
    assert {event for start, event in LITERAL if start == state} == {"contradict"}


def test_a_yes_is_left_only_by_evidence() -> None:
    assert {event for start, event in LITERAL if start == "ACCEPTED"} == {"confirm", "contradict"}
    assert {event for start, event in LITERAL if start == "CONFIRMED"} == {"contradict", "bounce"}


def test_only_a_case_in_the_hands_of_people_may_stay_what_it_is() -> None:
    assert {(start, event) for (start, event), end in LITERAL.items() if start == end} == {
        ("MANUAL", "doubt")
    }


@pytest.mark.parametrize("hold", EVERY_HOLD)
@pytest.mark.parametrize("state", list(State))
def test_hold_after_a_state_is_its_own_or_what_it_was(state: State, hold: Hold) -> None:
    expected = HOLDS[state]

    assert hold_after(hold, state) == (hold if expected == "kept" else expected)


@pytest.mark.parametrize(("start", "event"), sorted(LITERAL))
@pytest.mark.parametrize("hold", EVERY_HOLD)
def test_an_attempt_holds_after_each_step_what_the_state_says(
    start: str, event: str, hold: Hold
) -> None:
    after = attempt_in(State(start), hold=hold).after(Event(event), {"code": "00"})
    expected = HOLDS[LITERAL[start, event]]

    assert after.hold == (hold if expected == "kept" else expected)
    assert after.facts["code"] == "00"
    assert after.copies == (2 if event == "send" else 1)


@PROPERTY
@given(choice_lists)
def test_money_held_is_given_back_only_by_a_proof(choices: list[int]) -> None:
    attempt = replace(attempt_in(State.INTENT), copies=0)
    for event, state in walk(State.INTENT, choices):
        if event is Event.FAIL and attempt.copies > 1:
            with pytest.raises(
                LocalProtocolError, match=r"^no step fail from SENT after [0-9]+ copies$"
            ):
                attempt.after(event, {})
            break
        after = attempt.after(event, {})
        if attempt.hold != "none" and after.hold == "none":
            assert state in GIVES_BACK
        attempt = after


@PROPERTY
@given(choice_lists)
def test_an_attempt_that_was_never_decided_keeps_its_amount_reserved(choices: list[int]) -> None:
    attempt = attempt_in(State.INTENT)
    for event, state in walk(State.INTENT, choices):
        if state not in OPEN_STATES:
            break
        attempt = attempt.after(event, {})
        assert attempt.hold == "reserved"


@PROPERTY
@given(choice_lists)
def test_time_alone_releases_nothing(choices: list[int]) -> None:
    path = walk(State.INTENT, choices)

    assert not {event for event, _ in path} & {Event.EXPIRE, Event.CANCEL}


@PROPERTY
@given(choice_lists)
def test_whoever_leaves_a_decided_state_carries_evidence(choices: list[int]) -> None:
    state = State.INTENT
    for event, after in walk(state, choices):
        if state in ("DECLINED", "NOT_SENT", "REVERSED", "RELEASED", "ACCEPTED", "CONFIRMED"):
            assert event in ("confirm", "contradict", "bounce")
        state = after


@PROPERTY
@given(st.sampled_from(list(State)), st.sampled_from(list(Event)))
def test_a_refused_step_leaves_the_attempt_as_it_was(state: State, event: Event) -> None:
    before = attempt_in(state)
    if (state, event) not in TABLE:
        with pytest.raises(LocalProtocolError):
            before.after(event, {"code": "00"})
    assert before == attempt_in(state)
