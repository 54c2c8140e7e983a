"""What an answer to an inquiry proves, in every state, and when a host is asked."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import KEY_SET_ID, NOW, PROPERTY, attempt_in, received, view
from inquiring import INQUIRING, policy
from posrefund.dialects import dialect
from posrefund.engine import Event, InquiryAnswer, Move, Note, State
from posrefund.engine.inquired import InquiryVerdict, check_moment, facts_of
from posrefund.engine.inquiry import (
    check_inquiry,
    inquiry_due,
    is_askable,
    judge_inquiry,
    receive_inquiry,
    start_inquiry,
)
from posrefund.errors import InvalidRequestError, RefusedError

if TYPE_CHECKING:
    from posrefund.dialects import Dialect
    from posrefund.engine import Action, Attempt
    from posrefund.values import MACVerdict

LATER = NOW + timedelta(hours=2)
ASKED = {
    "t": "0600",
    "3": "200000",
    "4": "000000001000",
    "11": "000009",
    "41": "12345678",
    "42": "123456789012345",
    "49": "156",
    "60": "25000001000600",
    "61": "000001" + "0000070309",
    "64": "0000000000000000",
}
ANSWER = {
    **ASKED,
    "t": "0610",
    "12": "100001",
    "13": "0309",
    "15": "0309",
    "37": "606810000123",
    "39": "00",
    "44": "00",
    "64": "1122334455667788",
}
SOME_CODES = {"booked": "00", "not_booked": "61", "unknown": "96"}


def desk(known: Dialect = INQUIRING, **changes: Any) -> Any:
    return view(dialect=known, **changes)


def answered(
    verdict: InquiryVerdict = "processed",
    code: str = "",
    *,
    authenticated: bool = True,
    **more: Any,
) -> InquiryAnswer:
    more = {"seen_at": LATER} | more
    return InquiryAnswer(verdict, code, authenticated=authenticated, **more)


def moves(actions: list[Action]) -> list[Event]:
    return [action.event for action in actions if isinstance(action, Move)]


def because(actions: list[Action]) -> str:
    [note] = [action for action in actions if isinstance(action, Note)]
    assert note.kind == "inquiry"
    return note.facts.get("because", "")


# --- the literal messages ----------------------------------------------------------------------------


def test_an_inquiry_has_a_number_of_its_own_and_names_the_refund() -> None:
    terminal = desk(stan="000009")
    [note], fields = start_inquiry(attempt_in(State.IN_DOUBT), terminal, LATER)

    assert fields == ASKED
    assert isinstance(note, Note)
    assert (note.kind, note.attempt_id, note.facts["stan"]) == ("inquiry_sent", "R-1/1", "000009")
    assert not {"2", "14", "35", "52", "55"} & fields.keys()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "iso87-ascii",
            {
                "t": "0600",
                "90": "02000000070309020000" + "0" * 22,
                "60": "000001",
                "3": "200000",
            },
        ),
        (
            "iso93-ascii",
            {
                "t": "1604",
                "24": "697",
                "56": "120000000726030910000000",
                "60": "000001",
                "3": "200000",
            },
        ),
    ],
)
def test_the_iso_dialects_name_the_refund_as_a_reversal_would(
    name: str, expected: dict[str, str]
) -> None:
    known = dialect(name)
    sent = {
        "t": known.messages["refund"].mti,
        "3": "200000",
        "4": "000000001000",
        "7": "0309020000",
        "11": "000007",
        "12": "100000" if name.startswith("iso87") else "260309100000",
        "49": "156",
        "60": "000001",
    }
    attempt = attempt_in(State.IN_DOUBT, fields=sent)
    _, fields = start_inquiry(attempt, desk(known, stan="000009"), LATER)

    assert {number: fields[number] for number in expected} == expected
    assert (fields["11"], fields["7"]) == ("000009", "0309040000")


def hear(
    changes: dict[str, str] | None = None,
    *,
    mac: MACVerdict = "valid",
    without: tuple[str, ...] = (),
    attempt: Attempt | None = None,
    sent_with: str = KEY_SET_ID,
    known: Dialect = INQUIRING,
) -> tuple[list[Action], bool]:
    told = received({**ANSWER, **(changes or {})}, mac, without=without)
    subject = attempt or attempt_in(State.IN_DOUBT)
    return receive_inquiry(subject, ASKED, told, desk(known), LATER, sent_with=sent_with)


def test_an_authentic_yes_accepts_and_says_what_the_books_need() -> None:
    actions, is_answer = hear()

    assert is_answer
    note, move = actions
    assert isinstance(note, Note)
    assert isinstance(move, Move)
    assert move.event is Event.ACCEPT
    assert dict(move.facts) == {
        "evidence": "inquiry",
        "code": "00",
        "mac": "valid",
        "at": "2026-03-09T04:00:00+00:00",
        "inquired_at": "2026-03-09T04:00:00+00:00",
        "host_time": "100001",
        "host_date": "0309",
        "settlement_date": "0309",
        "rrn": "606810000123",
    }
    kept = {"verdict": "processed", "code": "00", "authenticated": "yes", "source": "line"}
    assert kept.items() <= note.facts.items()
    assert (note.facts["mti"], note.facts["mac"], note.facts["DE37"]) == (
        "0610",
        "valid",
        "606810000123",
    )


def test_an_authentic_no_declines_with_the_codes_of_the_refund_and_not_of_the_question() -> None:
    actions, _ = hear({"44": "61"}, without=("37", "12", "13", "15"))

    assert moves(actions) == [Event.DECLINE]
    [move] = [action for action in actions if isinstance(action, Move)]
    assert (move.facts["code"], move.facts["evidence"]) == ("61", "inquiry")


@pytest.mark.parametrize("mac", ["wrong", "absent", "no_key"])
def test_without_a_valid_mac_nothing_moves(mac: MACVerdict) -> None:
    for code in ("00", "61"):
        actions, is_answer = hear({"44": code}, mac=mac)

        assert is_answer
        assert moves(actions) == []
        assert because(actions) == "not_authenticated"


def test_other_keys_than_those_of_the_question_judge_nothing() -> None:
    actions, _ = hear(sent_with="000000-111111")

    assert (moves(actions), because(actions)) == ([], "not_authenticated")


@pytest.mark.parametrize(
    ("changes", "without", "where"),
    [
        ({"61": "0000010000080309"}, (), "DE61"),
        ({"60": "25000002000600"}, (), "DE60"),
        ({"4": "000000001001"}, (), "DE4"),
        ({"42": "999999999999999"}, (), "DE42"),
        ({"2": "6200000000000047"}, (), "DE2"),
        ({"49": "840"}, (), "DE49"),
        ({"37": "60681000012\x00"}, (), "DE37"),
        ({"9": "00"}, (), "DE9"),
        ({}, ("61",), "DE61"),
        ({}, ("39",), "DE39"),
        ({}, ("64",), "DE64"),
    ],
)
def test_an_answer_about_another_or_without_form_says_nothing(
    changes: dict[str, str], without: tuple[str, ...], where: str
) -> None:
    actions, is_answer = hear(changes, without=without)

    assert is_answer
    assert moves(actions) == []
    [note] = [action for action in actions if isinstance(action, Note)]
    assert (note.facts["verdict"], note.facts["where"]) == ("unclear", where)


@pytest.mark.parametrize(
    "changes", [{"11": "000007"}, {"41": "87654321"}, {"t": "0230"}, {"t": "0210"}]
)
def test_an_answer_to_another_question_is_a_stranger(changes: dict[str, str]) -> None:
    assert hear(changes) == ([], False)


@pytest.mark.parametrize("code", ["", "0", "ZZ", "9", "é0"])
def test_a_result_that_no_table_lists_leaves_the_doubt(code: str) -> None:
    assert moves(hear({"44": code})[0]) == []


@pytest.mark.parametrize("code", ["09", "25", "A0", "77", "96", "61", "94", "ZZ"])
def test_only_the_codes_that_say_so_tell_a_result(code: str) -> None:
    assert moves(hear({"39": code, "44": "00"})[0]) == []
    assert moves(hear({"39": code, "44": "61"})[0]) == []


def test_where_an_answer_has_one_code_only_that_is_the_result() -> None:
    known = policy(
        result="", told_codes=frozenset({"00", "61"}), repeats=("61",), absent_codes=frozenset()
    )

    assert moves(hear(known=known, without=("44",))[0]) == [Event.ACCEPT]
    assert moves(hear({"39": "61"}, known=known, without=("44",))[0]) == [Event.DECLINE]
    assert moves(hear({"39": "25"}, known=known, without=("44",))[0]) == []


# --- every state, every verdict ----------------------------------------------------------------------

CLOSED_BY = {
    (State.IN_DOUBT, "booked"): Event.ACCEPT,
    (State.IN_DOUBT, "not_booked"): Event.DECLINE,
    (State.SENT, "booked"): Event.ACCEPT,
    (State.SENT, "not_booked"): Event.DECLINE,
    (State.ACCEPTED, "not_booked"): Event.CONTRADICT,
    (State.CONFIRMED, "not_booked"): Event.CONTRADICT,
    (State.DECLINED, "booked"): Event.CONTRADICT,
    (State.NOT_SENT, "booked"): Event.CONTRADICT,
    (State.REVERSED, "booked"): Event.CONTRADICT,
    (State.RELEASED, "booked"): Event.CONTRADICT,
}
"""All else moves nothing."""


@pytest.mark.parametrize("authenticated", [True, False])
@pytest.mark.parametrize("money", ["booked", "not_booked", "unknown"])
@pytest.mark.parametrize("state", list(State))
def test_a_result_moves_what_the_table_of_evidence_says(
    state: State, money: str, authenticated: bool
) -> None:
    answer = answered(code=SOME_CODES[money], authenticated=authenticated)
    actions = judge_inquiry(attempt_in(state), answer, desk(), LATER)

    expected = CLOSED_BY.get((state, money)) if authenticated else None
    assert moves(actions) == ([expected] if expected else [])
    assert isinstance(actions[0], Note)


@pytest.mark.parametrize("authenticated", [True, False])
@pytest.mark.parametrize("verdict", ["in_progress", "not_found", "unclear"])
@pytest.mark.parametrize("state", list(State))
def test_what_is_no_result_moves_nothing_in_any_state(
    state: State, verdict: InquiryVerdict, authenticated: bool
) -> None:
    answer = answered(verdict, authenticated=authenticated)

    assert moves(judge_inquiry(attempt_in(state), answer, desk(), LATER)) == []


def test_a_yes_takes_back_what_an_absence_had_proven_and_people_keep_the_case() -> None:
    proven = attempt_in(State.MANUAL, facts={"absent": "three files"})
    actions = judge_inquiry(proven, answered(code="00"), desk(), LATER)

    assert moves(actions) == [Event.DOUBT]
    assert next(a for a in actions if isinstance(a, Move)).facts["absent"] == ""
    assert moves(judge_inquiry(proven, answered(code="61"), desk(), LATER)) == []


def test_several_copies_are_not_declined_unless_the_host_gives_all_of_them_one_answer() -> None:
    twice = attempt_in(State.IN_DOUBT, copies=2)
    actions = judge_inquiry(twice, answered(code="61"), desk(), LATER)
    assert (moves(actions), because(actions)) == ([], "several_copies")

    refund = replace(INQUIRING.messages["refund"], repeat="same_mti")
    stores = INQUIRING.derive("stores", messages={**INQUIRING.messages, "refund": refund})
    assert moves(judge_inquiry(twice, answered(code="61"), desk(stores), LATER)) == [Event.DECLINE]
    assert moves(judge_inquiry(twice, answered(code="00"), desk(), LATER)) == [Event.ACCEPT]


@pytest.mark.parametrize("code", sorted(INQUIRING.unread_codes))
def test_what_a_host_says_of_a_message_it_could_not_take_is_no_result(code: str) -> None:
    actions = judge_inquiry(attempt_in(State.IN_DOUBT), answered(code=code), desk(), LATER)

    assert (moves(actions), because(actions)) == ([], "unread_code")


def test_where_rows_were_lost_a_no_closes_nothing_and_a_yes_does() -> None:
    lost = desk(is_behind=True)
    doubt = attempt_in(State.IN_DOUBT)

    assert moves(judge_inquiry(doubt, answered(code="61"), lost, LATER)) == []
    assert moves(judge_inquiry(doubt, answered(code="00"), lost, LATER)) == [Event.ACCEPT]


def test_another_amount_or_number_than_is_known_proves_nothing() -> None:
    doubt = attempt_in(State.IN_DOUBT, facts={"rrn": "606810000123"})
    other = replace(doubt.amount, minor=doubt.amount.minor + 1)
    for answer, why in (
        (answered(code="00", amount=other), "other_amount"),
        (answered(code="00", rrn="606810000999"), "other_rrn"),
    ):
        actions = judge_inquiry(doubt, answer, desk(), LATER)
        assert (moves(actions), because(actions)) == ([], why)
    same = answered(code="00", rrn="606810000123", amount=doubt.amount)
    assert moves(judge_inquiry(doubt, same, desk(), LATER)) == [Event.ACCEPT]


def test_a_sale_becomes_known_only_with_its_dates() -> None:
    sale = attempt_in(State.IN_DOUBT, kind="sale")
    dates = {"host_date": "0309", "settlement_date": "0309"}
    yes = answered(code="00", rrn="606810000123")
    actions = judge_inquiry(sale, yes, desk(), LATER, arrived={"mac": "valid"}, told=dates)
    assert [type(action).__name__ for action in actions] == ["Note", "Move", "Know"]
    assert [type(a).__name__ for a in judge_inquiry(sale, yes, desk(), LATER)] == ["Note"]


# --- absence -----------------------------------------------------------------------------------------

TRANSIT = timedelta(hours=1)


@pytest.mark.parametrize("seconds", [0, 1, 3_599])
def test_not_found_is_no_finding_while_the_message_may_be_on_its_way(seconds: int) -> None:
    for known in (INQUIRING, policy(absence="released")):
        seen = NOW + timedelta(seconds=seconds)
        answer = answered("not_found", seen_at=seen)
        actions = judge_inquiry(attempt_in(State.IN_DOUBT), answer, desk(known), LATER)
        assert (moves(actions), because(actions)) == ([], "too_soon")


def test_not_found_after_it_is_a_note_unless_the_acquirer_gave_its_word() -> None:
    doubt, answer = attempt_in(State.IN_DOUBT), answered("not_found", seen_at=NOW + TRANSIT)
    actions = judge_inquiry(doubt, answer, desk(), LATER)
    assert (moves(actions), because(actions)) == ([], "absence_noted")

    word = desk(policy(absence="released"))
    assert moves(judge_inquiry(doubt, answer, word, LATER)) == [Event.GIVE_UP, Event.RELEASE]
    unsigned = replace(answer, authenticated=False)
    assert moves(judge_inquiry(doubt, unsigned, word, LATER)) == []
    lost = desk(policy(absence="released"), is_behind=True)
    assert moves(judge_inquiry(doubt, answer, lost, LATER)) == []
    for state in set(State) - {State.IN_DOUBT}:
        assert moves(judge_inquiry(attempt_in(state), answer, word, LATER)) == []


def test_the_transit_begins_with_the_last_copy() -> None:
    again = attempt_in(State.IN_DOUBT, facts={"sent_at": LATER.isoformat()})
    word = desk(policy(absence="released"))
    for after, expected in ((TRANSIT - timedelta(seconds=1), 0), (TRANSIT, 2)):
        answer = answered("not_found", seen_at=LATER + after)
        assert len(moves(judge_inquiry(again, answer, word, LATER + after))) == expected


def test_a_terminal_whose_profile_has_no_inquiry_takes_a_day_for_the_transit() -> None:
    plain = desk(dialect("unionpay"))
    doubt = attempt_in(State.IN_DOUBT)
    for hours, why in ((23, "too_soon"), (24, "absence_noted")):
        answer = answered("not_found", seen_at=NOW + timedelta(hours=hours))
        assert because(judge_inquiry(doubt, answer, plain, LATER)) == why
    assert moves(judge_inquiry(doubt, answered(code="00"), plain, LATER)) == [Event.ACCEPT]


# --- when --------------------------------------------------------------------------------------------


def test_doubts_are_asked_about_less_and_less_often_and_not_for_ever() -> None:
    doubt = attempt_in(State.IN_DOUBT)
    asked: list[dict[str, str]] = []
    moments: list[int] = []
    for minute in range(120):
        now = NOW + timedelta(minutes=minute)
        if inquiry_due(doubt, desk(), asked, now):
            asked.append({"at": now.isoformat()})
            moments.append(minute)

    assert len(moments) == 5
    assert 2 <= moments[0] <= 3
    pauses = [after - before for before, after in itertools.pairwise(moments)]
    assert all(before <= after + 1 for before, after in itertools.pairwise(pauses))
    assert pauses[0] >= 5


@pytest.mark.parametrize(
    "changes",
    [
        {"is_closing": True},
        {"is_signed_off": True},
        {"key_set_id": ""},
        {"dialect": dialect("unionpay")},
    ],
)
def test_nobody_asks_while_it_cannot_be_answered(changes: dict[str, Any]) -> None:
    doubt = attempt_in(State.IN_DOUBT)
    assert inquiry_due(doubt, desk(), [], LATER)
    assert not inquiry_due(doubt, view(**{"dialect": INQUIRING, **changes}), [], LATER)


def test_only_doubts_are_asked_about_by_themselves_and_never_what_is_reversed() -> None:
    for state in set(State) - {State.IN_DOUBT}:
        assert not inquiry_due(attempt_in(state), desk(), [], LATER)
    for kind in ("sale", "void"):
        known = policy(about=("sale", "void", "refund"))
        attempt = attempt_in(State.IN_DOUBT, kind=kind)
        assert not is_askable(attempt, known)
        with pytest.raises(RefusedError) as refused:
            check_inquiry(attempt, desk(known))
        assert refused.value.code == "no_inquiry"


# --- what comes by another way -----------------------------------------------------------------------


def test_what_a_provider_can_find_it_by_has_no_card_data() -> None:
    facts = facts_of(attempt_in(State.IN_DOUBT))

    assert (facts.request_id, facts.terminal, facts.batch, facts.stan) == (
        "R-1",
        "12345678",
        "000001",
        "000007",
    )
    assert "6200" not in repr(facts)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"verdict": "maybe"}, "verdict"),
        ({"code": ""}, "code"),
        ({"code": "00000"}, "code"),
        ({"seen_at": datetime(2026, 3, 9, 4, 0)}, "seen_at"),  # noqa: DTZ001 — that is the fault
        ({"rrn": "12"}, "rrn"),
        ({"auth_code": "1"}, "auth_code"),
        ({"source": "6200000000000005"}, "source"),
    ],
)
def test_an_answer_is_checked_where_it_is_made(changes: dict[str, Any], path: str) -> None:
    whole: dict[str, Any] = {
        "verdict": "processed",
        "code": "00",
        "authenticated": True,
        "seen_at": LATER,
    }
    InquiryAnswer(**whole)
    with pytest.raises(InvalidRequestError) as refused:
        InquiryAnswer(**{**whole, **changes})
    assert [name for name, _ in refused.value.faults] == [path]
    assert "6200000000000005" not in str(refused.value)


def test_an_answer_of_before_the_last_copy_or_of_tomorrow_is_refused() -> None:
    doubt = attempt_in(State.IN_DOUBT)
    for seen in (NOW - timedelta(seconds=1), LATER + timedelta(minutes=6)):
        with pytest.raises(InvalidRequestError, match="seen_at"):
            check_moment(answered(code="00", seen_at=seen), doubt, LATER)
    check_moment(answered(code="00", seen_at=LATER + timedelta(minutes=4)), doubt, LATER)


@PROPERTY
@given(
    st.sampled_from(list(State)),
    st.sampled_from(get_args(InquiryVerdict)),
    st.sampled_from(sorted(INQUIRING.codes)),
    st.booleans(),
    st.integers(0, 3),
    st.integers(0, 10**6),
)
def test_no_answer_releases_or_closes_without_an_authentic_result(
    state: State,
    verdict: InquiryVerdict,
    code: str,
    authenticated: bool,
    copies: int,
    seconds: int,
) -> None:
    attempt = attempt_in(state, copies=copies)
    now = datetime(2026, 3, 9, 2, 0, tzinfo=UTC) + timedelta(seconds=seconds)
    answer = answered(verdict, code, authenticated=authenticated, seen_at=now)
    events = moves(judge_inquiry(attempt, answer, desk(), now))

    money = INQUIRING.codes[code].money
    if events:
        assert authenticated
        assert verdict == "processed"
        assert money in ("booked", "not_booked")
    assert len(events) <= 1
    assert set(events) <= {Event.ACCEPT, Event.DECLINE, Event.CONTRADICT, Event.DOUBT}
    if Event.ACCEPT in events:
        assert money == "booked"
    if Event.DECLINE in events:
        assert (money, copies <= 1) == ("not_booked", True)
    if state in (State.ACCEPTED, State.DECLINED, State.CONFIRMED):
        assert set(events) <= {Event.CONTRADICT}


@PROPERTY
@given(
    st.dictionaries(
        st.sampled_from(sorted({*ANSWER, "2", "38", "35"})),
        st.one_of(st.text("0123456789AB ", max_size=20), st.sampled_from(sorted(ANSWER.values()))),
        min_size=1,
        max_size=3,
    ),
    st.sets(st.sampled_from(sorted(ANSWER)), max_size=2),
)
def test_only_an_answer_that_names_the_refund_and_tells_its_result_closes_it(
    changes: dict[str, str], gone: set[str]
) -> None:
    told = {name: value for name, value in {**ANSWER, **changes}.items() if name not in gone}
    events = moves(hear(changes, without=tuple(gone))[0])

    assert len(events) <= 1
    if events:
        for name in ("t", "11", "41", "60", "61"):
            assert told[name] == ANSWER[name]
        assert all(told.get(name, ANSWER[name]) == ANSWER[name] for name in ("3", "4", "42", "49"))
        assert told["39"] == "00"
        money = INQUIRING.codes[told["44"][:2]].money  # where this profile has the result
        assert events == [{"booked": Event.ACCEPT, "not_booked": Event.DECLINE}[money]]
