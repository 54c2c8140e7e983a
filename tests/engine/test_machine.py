"""What the engine makes of answers, silence, broken lines and restarts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import (
    CHIP,
    DIALECT,
    FINGERPRINT,
    KEY_SET_ID,
    NOW,
    PAN_DIGITS,
    PROPERTY,
    REFUND_ANSWER,
    REVERSAL_ANSWER,
    SALE_ANSWER,
    STRIPE,
    TODAY,
    VOID_ANSWER,
    attempt_in,
    original,
    plan,
    received,
    refund_request,
    sale_request,
    view,
)
from posrefund.engine import Event, Know, Move, Note, Open, State
from posrefund.engine.answers import deadline_passed, line_failed, original_of, receive
from posrefund.engine.machine import may_try_again, recover, start_refund, start_sale
from posrefund.engine.plan import Occasion
from posrefund.engine.undo import receive_reversal, reversal_due, start_reversal
from posrefund.errors import InvalidRequestError, LocalProtocolError, RefusedError
from posrefund.journal import SQLiteJournal
from posrefund.values import PAN, Amount, KeptCard, TerminalID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.engine import Action, Attempt
    from posrefund.engine.attempt import Kind

CARD = KeptCard(PAN(PAN_DIGITS), "3012")

AT = "2026-03-09T02:00:00+00:00"
RETRYABLE = {"19", "55", "77", "99", "A0"}
SIGN_IN_FIRST = {"77", "99", "A0"}
KINDS: tuple[Kind, ...] = ("sale", "void", "refund")
GOOD: dict[Kind, dict[str, str]] = {
    "sale": SALE_ANSWER,
    "void": VOID_ANSWER,
    "refund": REFUND_ANSWER,
}


def steps(actions: list[Action]) -> list[str]:
    """Say in a word what each action is."""
    return [
        f"{action.event}" if isinstance(action, Move) else type(action).__name__.lower()
        for action in actions
    ]


def facts_of(actions: list[Action]) -> dict[str, str]:
    """Return the facts of the only move."""
    (move,) = (action for action in actions if isinstance(action, Move))
    return dict(move.facts)


def host_time(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


# --- plans -------------------------------------------------------------------------------------


def test_plan_of_a_refund_holds_what_may_be_kept_and_nothing_else() -> None:
    made = start_refund(
        refund_request(card=STRIPE), original(), view(), Occasion(3, FINGERPRINT, NOW)
    )
    attempt = made.attempt

    assert attempt.attempt_id == "R-1/3"
    assert (attempt.kind, attempt.state, attempt.hold) == ("refund", "INTENT", "reserved")
    assert (attempt.terminal, attempt.merchant) == ("12345678", "123456789012345")
    assert (attempt.batch, attempt.stan, attempt.copies) == ("000001", "000007", 0)
    assert attempt.amount == Amount(1_000)
    assert attempt.created_at == NOW
    assert attempt.host_day == TODAY
    assert attempt.original_id == "S-1"
    assert attempt.card_masked == "620000******0005"
    assert attempt.card_fingerprint == FINGERPRINT
    assert attempt.facts == {"operator": "01", "entry": "021", "why": "customer"}
    assert attempt.fields == {
        "t": "0220",
        "3": "200000",
        "4": "000000001000",
        "11": "000007",
        "22": "021",
        "25": "00",
        "37": "606710000042",
        "38": "654321",
        "41": "12345678",
        "42": "123456789012345",
        "49": "156",
        "53": "0600000000000000",
        "60": "25000001000600",
        "61": "0000010000030308",
        "63": "CUP",
        "card": "35",
    }
    assert PAN_DIGITS not in repr(made)
    assert PAN_DIGITS not in repr(made.opening(b"message", NOW))


def test_plan_of_a_sale_holds_nothing_of_any_original() -> None:
    attempt = plan("sale").attempt

    assert (attempt.kind, attempt.hold, attempt.original_id) == ("sale", "none", None)
    assert attempt.amount == Amount(10_000)
    assert attempt.facts == {"operator": "01", "entry": "051"}


def test_note_of_a_refund_is_kept_beside_its_reason() -> None:
    made = start_refund(
        refund_request(note="颜色不对"), original(), view(), Occasion(1, FINGERPRINT, NOW)
    )

    assert made.attempt.facts == {
        "operator": "01",
        "entry": "051",
        "why": "customer",
        "note": "颜色不对",
    }


def test_refund_of_today_s_sale_is_planned_as_a_void() -> None:
    made = plan("void")

    assert made.attempt.kind == "void"
    assert made.attempt.amount == Amount(10_000)
    assert made.table.mti == "0200"
    assert made.attempt.fields["61"] == "000001000003"


def test_refund_without_amount_is_planned_for_all_that_is_left() -> None:
    made = start_refund(
        refund_request(amount=None),
        original(accepted_minor=2_500),
        view(),
        Occasion(1, FINGERPRINT, NOW),
    )

    assert made.attempt.amount == Amount(7_500)
    assert made.fields["4"] == "000000007500"


def test_opening_writes_the_intent_and_the_sending_before_the_wire() -> None:
    made = plan("refund")
    actions = made.opening(b"message", NOW)

    assert actions == [
        Open(made.attempt, made.content, b"message", CARD),
        Move("R-1/1", Event.SEND, NOW),
    ]


def test_host_day_of_an_attempt_is_the_settlement_day_after_the_cut_off() -> None:
    late = start_sale(
        sale_request(), view(), Occasion(1, FINGERPRINT, host_time("2026-12-31T23:00:00"))
    )

    assert late.attempt.host_day == date(2027, 1, 1)


# --- answers -----------------------------------------------------------------------------------


def test_yes_to_a_refund_is_one_note_and_one_step() -> None:
    actions = receive(attempt_in(State.SENT), received(REFUND_ANSWER), view(), NOW)

    assert steps(actions) == ["note", "accept"]
    assert facts_of(actions)["rrn"] == "606810000123"
    assert facts_of(actions)["at"] == AT


def test_yes_to_a_sale_makes_it_known_for_later_refunds() -> None:
    actions = receive(attempt_in(State.SENT, "sale"), received(SALE_ANSWER), view(), NOW)

    assert steps(actions) == ["note", "accept", "know"]
    assert actions[2] == Know(
        replace(
            original(),
            original_id="S-9",
            stan="000007",
            rrn="606810000123",
            transaction_date=date(2026, 3, 9),
            settlement_date=date(2026, 3, 9),
            card_last4="0005",
            made_at=NOW,
        ),
        NOW,
    )


@pytest.mark.parametrize(
    ("at", "de13", "de15", "transaction", "settlement"),
    [
        ("2025-12-31T22:30:00", "1231", "1231", date(2025, 12, 31), date(2025, 12, 31)),
        ("2025-12-31T23:30:00", "1231", "0101", date(2025, 12, 31), date(2026, 1, 1)),
        ("2026-01-01T00:00:30", "1231", "0101", date(2025, 12, 31), date(2026, 1, 1)),
        ("2026-01-01T00:00:30", "0101", "0101", date(2026, 1, 1), date(2026, 1, 1)),
        ("2025-12-31T23:59:59", "0101", "0101", date(2026, 1, 1), date(2026, 1, 1)),
        ("2024-02-28T23:30:00", "0228", "0229", date(2024, 2, 28), date(2024, 2, 29)),
        ("2024-02-29T23:30:00", "0229", "0301", date(2024, 2, 29), date(2024, 3, 1)),
    ],
)
def test_dates_of_a_sale_get_their_year_across_new_year_and_leap_day(
    at: str, de13: str, de15: str, transaction: date, settlement: date
) -> None:
    now = host_time(at)
    answer = received(SALE_ANSWER | {"13": de13, "15": de15})
    known = receive(attempt_in(State.SENT, "sale"), answer, view(), now)[2]

    assert isinstance(known, Know)
    assert known.original.transaction_date == transaction
    assert known.original.settlement_date == settlement


@pytest.mark.parametrize("name", ["13", "15"])
@pytest.mark.parametrize("value", ["0000", "1301", "0230", "0229", "0132"])
def test_yes_to_a_sale_on_an_impossible_day_is_a_doubt(name: str, value: str) -> None:
    answer = received(SALE_ANSWER | {name: value})
    actions = receive(attempt_in(State.SENT, "sale"), answer, view(), NOW)

    assert steps(actions) == ["note", "doubt"]
    assert facts_of(actions) == {"reason": "mismatch", "where": "dates", "at": AT}
    assert steps(receive(attempt_in(State.IN_DOUBT, "sale"), answer, view(), NOW)) == ["note"]


@pytest.mark.parametrize(
    ("de13", "de15", "expected"),
    [
        ("0307", "0309", "accept"),
        ("0311", "0309", "accept"),
        ("0306", "0309", "doubt"),
        ("0312", "0309", "doubt"),
        ("0309", "0227", "accept"),
        ("0309", "0319", "accept"),
        ("0309", "0226", "doubt"),
        ("0309", "0320", "doubt"),
        ("0909", "0309", "doubt"),
        ("0309", "0909", "doubt"),
    ],
)
def test_yes_to_a_sale_is_believed_two_days_from_today_and_settled_ten_days_from_it(
    de13: str, de15: str, expected: str
) -> None:
    answer = received(SALE_ANSWER | {"13": de13, "15": de15})
    actions = receive(attempt_in(State.SENT, "sale"), answer, view(), NOW)

    assert steps(actions)[1] == expected


def test_original_of_refuses_a_day_far_from_today() -> None:
    facts = {"rrn": "606810000123", "host_date": "0306", "settlement_date": "0309"}
    with pytest.raises(InvalidRequestError, match=r"^date: expected MMDD of a day near today$"):
        original_of(attempt_in(State.SENT, "sale"), facts, TODAY)


def test_original_of_refuses_a_day_that_is_none() -> None:
    facts = {"rrn": "606810000123", "host_date": "0230", "settlement_date": "0309"}
    with pytest.raises(InvalidRequestError, match="MMDD"):
        original_of(attempt_in(State.SENT, "sale"), facts, TODAY)


@pytest.mark.parametrize("name", ["t", "11", "41"])
def test_stranger_is_written_down_and_changes_nothing(name: str) -> None:
    answer = received(REFUND_ANSWER | {name: "99999999"[: len(REFUND_ANSWER[name])]})
    actions = receive(attempt_in(State.SENT), answer, view(), NOW)

    assert steps(actions) == ["note"]
    note = actions[0]
    assert isinstance(note, Note)
    assert (note.kind, note.attempt_id) == ("inbound", "R-1/1")
    assert note.facts["differs"] == {"t": "MTI", "11": "DE11", "41": "DE41"}[name]


def test_what_arrived_is_kept_without_card_data() -> None:
    answer = received(
        REFUND_ANSWER
        | {
            "35": "6200000000000005D3012",
            "52": "C0FFEEC0FFEEC0FF",
            "55": "5A086200000000000005",
            "62": "6200000000000005",
            "63": "CUP6200000000000005",
        },
        "wrong",
    )
    note = receive(attempt_in(State.SENT), answer, view(), NOW)[0]

    assert isinstance(note, Note)
    assert PAN_DIGITS not in str(note)
    assert "C0FFEE" not in str(note)
    assert note.facts["DE37"] == "606810000123"
    assert note.facts["DE63"] == "CUP"
    assert (note.facts["mti"], note.facts["mac"]) == ("0230", "wrong")
    assert note.facts["length_bytes"] == "200"


def test_second_doubt_is_written_down_and_moves_nothing() -> None:
    doubtful = received(REFUND_ANSWER | {"39": "96"})

    assert steps(receive(attempt_in(State.SENT), doubtful, view(), NOW)) == ["note", "doubt"]
    assert steps(receive(attempt_in(State.IN_DOUBT), doubtful, view(), NOW)) == ["note"]
    assert steps(receive(attempt_in(State.MANUAL), doubtful, view(), NOW)) == ["note"]


# --- late answers ------------------------------------------------------------------------------

LATE = """
INTENT     note         note         note doubt
SENT       note accept  note decline note doubt
NOT_SENT   note contradict note      note
ACCEPTED   note         note contradict note
DECLINED   note contradict note      note
IN_DOUBT   note accept  note decline note
REVERSING  note         note         note
REVERSED   note contradict note      note
CONFIRMED  note         note contradict note
MISMATCHED note         note         note
BOUNCED    note         note         note
MANUAL     note         note         note
RELEASED   note contradict note      note
"""
"""State → what a yes, a no and an answer that tells nothing become, all of them authentic."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("row", LATE.strip().splitlines())
def test_answer_that_comes_late_opens_a_case_only_if_it_says_the_opposite(
    kind: Kind, row: str
) -> None:
    state, said = row.split(maxsplit=1)
    expected = [f"note{part}".split() for part in said.split("note")[1:]]
    answers = [GOOD[kind], GOOD[kind] | {"39": "61"}, GOOD[kind] | {"39": "96"}]
    for answer, words in zip(answers, expected, strict=True):
        actions = receive(attempt_in(State(state), kind), received(answer), view(), NOW)
        if kind == "sale" and words == ["note", "accept"]:
            assert steps(actions) == ["note", "accept", "know"]
        else:
            assert steps(actions) == words


def test_contradiction_says_so_and_keeps_what_the_late_answer_said() -> None:
    late = received(REFUND_ANSWER | {"38": "654321"})
    actions = receive(attempt_in(State.DECLINED), late, view(), NOW)

    assert facts_of(actions) == {
        "code": "00",
        "mac": "valid",
        "rrn": "606810000123",
        "auth_code": "654321",
        "host_time": "100001",
        "host_date": "0309",
        "settlement_date": "0309",
        "institutions": "01020000   48020000   ",
        "organisation": "CUP",
        "at": AT,
        "reason": "contradiction",
    }


@pytest.mark.parametrize("state", [State.ACCEPTED, State.CONFIRMED])
def test_no_that_nobody_signed_says_nothing_against_a_yes(state: State) -> None:
    """Without a MAC a no closes an open attempt; it once also made a case of a settled one."""
    unsigned = received(REFUND_ANSWER | {"39": "61"}, "absent", without=("64",))

    assert steps(receive(attempt_in(state), unsigned, view(), NOW)) == ["note"]
    assert steps(receive(attempt_in(State.SENT), unsigned, view(), NOW)) == ["note", "decline"]


def test_late_yes_to_a_sale_that_stands_as_a_no_does_not_become_a_sale_to_refund() -> None:
    """It once did, and where a second attempt had sold meanwhile the evidence could not be kept."""
    actions = receive(attempt_in(State.DECLINED, "sale"), received(SALE_ANSWER), view(), NOW)

    assert steps(actions) == ["note", "contradict"]


@pytest.mark.parametrize("state", [State.ACCEPTED, State.DECLINED, State.MANUAL])
def test_late_yes_to_a_sale_on_a_day_that_is_none_moves_nothing(state: State) -> None:
    late = received(SALE_ANSWER | {"13": "0230"})

    assert steps(receive(attempt_in(state, "sale"), late, view(), NOW)) == ["note"]


# --- silence, broken lines, restarts -----------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_silence_is_a_doubt(kind: Kind) -> None:
    actions = deadline_passed(attempt_in(State.SENT, kind), NOW)

    assert steps(actions) == ["doubt"]
    assert facts_of(actions) == {"reason": "no_reply", "at": AT}


def test_broken_line_is_a_doubt_if_a_byte_may_have_left_and_not_sent_if_none_did() -> None:
    sent = attempt_in(State.SENT)

    assert line_failed(sent, left=True, reason="closed", now=NOW) == [
        Move("R-1/1", Event.DOUBT, NOW, {"reason": "closed", "at": AT})
    ]
    assert line_failed(sent, left=False, reason="unreachable", now=NOW) == [
        Move("R-1/1", Event.FAIL, NOW, {"reason": "unreachable", "at": AT})
    ]


def test_restart_puts_what_may_have_left_in_doubt_and_touches_nothing_else() -> None:
    everything = [attempt_in(state, number=number) for number, state in enumerate(State, start=1)]
    actions = recover(everything, NOW)
    touched = {
        f"R-1/{number}" for number, state in enumerate(State, 1) if state in ("INTENT", "SENT")
    }

    assert {action.attempt_id for action in actions if isinstance(action, Move)} == touched
    assert steps(actions) == ["doubt", "doubt"]


# --- the same thing twice ----------------------------------------------------------------------


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SQLiteJournal]:
    with SQLiteJournal(
        tmp_path / "journal.db", key=bytes(range(32)), terminal=TerminalID("12345678")
    ) as opened:
        opened.commit([Know(original(), NOW)])
        yield opened


def standing(journal: SQLiteJournal) -> object:
    """Return all that money hangs on."""
    return journal.attempts(), journal.all_originals()


def started(journal: SQLiteJournal) -> Attempt:
    journal.commit(plan("refund").opening(b"message", NOW))
    return journal.attempt("R-1/1")


def test_recovery_run_twice_changes_nothing(journal: SQLiteJournal) -> None:
    started(journal)
    journal.commit(recover(journal.open_attempts(), NOW))
    once = standing(journal)
    assert journal.attempt("R-1/1").state == "IN_DOUBT"

    assert recover(journal.open_attempts(), NOW) == []
    journal.commit(recover(journal.open_attempts(), NOW))
    assert standing(journal) == once


ANSWERS = {
    "yes": (REFUND_ANSWER, "valid", "ACCEPTED"),
    "no": (REFUND_ANSWER | {"39": "61"}, "valid", "DECLINED"),
    "unknown": (REFUND_ANSWER | {"39": "96"}, "valid", "IN_DOUBT"),
    "forged": (REFUND_ANSWER, "wrong", "IN_DOUBT"),
    "stranger": (REFUND_ANSWER | {"11": "000008"}, "valid", "SENT"),
}


AFTER_TWO = {
    ("yes", "yes"): "accepted",
    ("yes", "no"): "accepted",
    ("yes", "unknown"): "accepted",
    ("yes", "forged"): "accepted",
    ("yes", "stranger"): "accepted",
    ("no", "yes"): "none",
    ("no", "no"): "none",
    ("no", "unknown"): "none",
    ("no", "forged"): "none",
    ("no", "stranger"): "none",
    ("unknown", "yes"): "accepted",
    ("unknown", "no"): "none",
    ("unknown", "unknown"): "reserved",
    ("unknown", "forged"): "reserved",
    ("unknown", "stranger"): "reserved",
    ("forged", "yes"): "accepted",
    ("forged", "no"): "none",
    ("forged", "unknown"): "reserved",
    ("forged", "forged"): "reserved",
    ("forged", "stranger"): "reserved",
    ("stranger", "yes"): "accepted",
    ("stranger", "no"): "none",
    ("stranger", "unknown"): "reserved",
    ("stranger", "forged"): "reserved",
    ("stranger", "stranger"): "reserved",
}
"""What the refund holds of the sale after two answers: a case holds what was held."""


@pytest.mark.parametrize("second", sorted(ANSWERS))
@pytest.mark.parametrize("first", sorted(ANSWERS))
def test_answer_after_an_answer_never_moves_money_again(
    journal: SQLiteJournal, first: str, second: str
) -> None:
    attempt = started(journal)
    fields, mac, state = ANSWERS[first]
    journal.commit(receive(attempt, received(fields, mac), view(), NOW))  # type: ignore[arg-type]
    once = journal.attempt("R-1/1")
    assert once.state == state

    fields, mac, _ = ANSWERS[second]
    journal.commit(receive(once, received(fields, mac), view(), NOW))  # type: ignore[arg-type]
    twice = journal.attempt("R-1/1")
    if (first, second) in (("yes", "no"), ("no", "yes")):
        assert (twice.state, twice.facts["reason"]) == ("MISMATCHED", "contradiction")
        assert (twice.hold, journal.all_originals()[0].has_case) == (once.hold, True)
    elif state in ("ACCEPTED", "DECLINED"):
        assert twice == once
    (sale,) = journal.all_originals()
    assert (sale.reserved_minor, sale.accepted_minor) == {
        "none": (0, 0),
        "reserved": (1_000, 0),
        "accepted": (0, 1_000),
    }[twice.hold]
    assert twice.hold == AFTER_TWO[first, second]
    journal.commit(receive(twice, received(fields, mac), view(), NOW))  # type: ignore[arg-type]
    assert journal.attempt("R-1/1") == twice


@pytest.mark.parametrize("event", ["silence", "closed", "unreachable"])
def test_silence_and_broken_lines_applied_twice_change_nothing(
    journal: SQLiteJournal, event: str
) -> None:
    attempt = started(journal)
    actions = {
        "silence": lambda: deadline_passed(attempt, NOW),
        "closed": lambda: line_failed(attempt, left=True, reason="closed", now=NOW),
        "unreachable": lambda: line_failed(attempt, left=False, reason="unreachable", now=NOW),
    }[event]()
    journal.commit(actions)
    once = standing(journal)
    rows = len(journal.rows())

    with pytest.raises(LocalProtocolError):
        journal.commit(actions)
    assert standing(journal) == once
    assert len(journal.rows()) == rows


# --- a new attempt -----------------------------------------------------------------------------


@pytest.mark.parametrize("state", list(State))
def test_new_attempt_may_follow_only_when_no_money_moved(state: State) -> None:
    always = state in ("NOT_SENT", "REVERSED", "RELEASED")
    for code in DIALECT.codes:
        attempt = attempt_in(state, facts={"code": code, "at": AT})
        later = view(signed_in_at=NOW + timedelta(seconds=1))
        declined = state == "DECLINED" and code in RETRYABLE

        assert may_try_again(attempt, later) is (always or declined)
    for code in ("", "ZZ", "00"):
        attempt = attempt_in(state, facts={"code": code, "at": AT})
        assert may_try_again(attempt, view()) is always


@pytest.mark.parametrize("code", sorted(SIGN_IN_FIRST))
@pytest.mark.parametrize(
    ("signed_in_at", "allowed"),
    [
        (None, False),
        (NOW - timedelta(hours=1), False),
        (NOW, False),
        (NOW + timedelta(seconds=1), True),
    ],
)
def test_host_that_wants_a_sign_in_gets_one_before_the_new_attempt(
    code: str, signed_in_at: datetime | None, allowed: bool
) -> None:
    attempt = attempt_in(State.DECLINED, facts={"code": code, "at": AT})
    here = view(signed_in_at=signed_in_at)
    if allowed:
        assert may_try_again(attempt, here)
    else:
        with pytest.raises(RefusedError) as caught:
            may_try_again(attempt, here)
        assert (caught.value.code, caught.value.owner) == ("sign_in_first", "merchant")


@pytest.mark.parametrize("code", sorted(RETRYABLE - SIGN_IN_FIRST))
def test_host_that_wants_no_sign_in_gets_none(code: str) -> None:
    attempt = attempt_in(State.DECLINED, facts={"code": code, "at": AT})

    assert may_try_again(attempt, view(signed_in_at=None))


# --- reversals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", list(State))
def test_reversal_is_due_for_a_sale_or_void_in_doubt_and_never_for_a_refund(
    kind: Kind, state: State
) -> None:
    expected = kind in ("sale", "void") and state in ("IN_DOUBT", "REVERSING")

    assert reversal_due(attempt_in(state, kind), view()) is expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", list(State))
def test_reversal_that_is_not_due_is_never_started(kind: Kind, state: State) -> None:
    attempt = attempt_in(state, kind)
    if reversal_due(attempt, view()):
        return
    with pytest.raises(LocalProtocolError, match=f"no reversal of a {kind} that is {state}"):
        start_reversal(attempt, view(), CARD, tries=0, now=NOW)


@pytest.mark.parametrize(
    ("reason", "de39"),
    [
        ("no_reply", "98"),
        ("restart", "98"),
        ("interrupted", "98"),
        ("closed", "98"),
        ("bad_mac", "A0"),
        ("no_mac", "A0"),
        ("mismatch", "06"),
        ("unreadable", "06"),
        ("code_96", "06"),
        ("declined_after_repeat", "06"),
        ("", "06"),
    ],
)
def test_reversal_tells_the_host_why(reason: str, de39: str) -> None:
    attempt = attempt_in(State.IN_DOUBT, "sale", facts={"reason": reason})
    actions, fields = start_reversal(attempt, view(), CARD, tries=0, now=NOW)

    assert steps(actions) == ["reverse", "note"]
    facts = {"reason": reason, "try": "1", "key_set_id": KEY_SET_ID}
    assert actions[1] == Note("reversal_sent", NOW, facts, "S-9/1")
    assert (fields["t"], fields["39"]) == ("0400", de39)


def test_second_try_of_a_reversal_is_a_note_and_the_same_message() -> None:
    attempt = attempt_in(State.REVERSING, "sale", facts={"reason": "no_reply"})
    first = start_reversal(replace(attempt, state=State.IN_DOUBT), view(), CARD, tries=0, now=NOW)
    actions, fields = start_reversal(attempt, view(), CARD, tries=1, now=NOW)

    assert steps(actions) == ["note"]
    assert fields == first[1]


@pytest.mark.parametrize("state", [State.IN_DOUBT, State.REVERSING])
@pytest.mark.parametrize(("tries", "gives_up"), [(0, False), (2, False), (3, True), (9, True)])
def test_reversal_is_tried_three_times_and_then_handed_to_people(
    state: State, tries: int, gives_up: bool
) -> None:
    attempt = attempt_in(state, "void")
    actions, fields = start_reversal(attempt, view(), CARD, tries=tries, now=NOW)

    assert (fields == {}) is gives_up
    assert ("give_up" in steps(actions)) is gives_up
    if gives_up:
        assert actions == [Move("R-1/1", Event.GIVE_UP, NOW)]


@pytest.mark.parametrize(
    ("at", "gives_up"),
    [
        ("2026-03-09T22:59:59", False),
        ("2026-03-09T23:00:00", True),
        ("2026-03-10T10:00:00", True),
    ],
)
def test_reversal_is_not_sent_on_another_settlement_day(at: str, gives_up: bool) -> None:
    attempt = attempt_in(State.IN_DOUBT, "sale")
    actions, fields = start_reversal(attempt, view(), CARD, tries=0, now=host_time(at))

    assert (steps(actions), bool(fields)) == (
        (["give_up"], False) if gives_up else (["reverse", "note"], True)
    )


def test_reversal_confirmed_by_the_host_undoes_the_attempt() -> None:
    attempt = attempt_in(State.REVERSING, "sale")
    actions, answered = receive_reversal(
        attempt, received(REVERSAL_ANSWER), view(), NOW, sent_with=KEY_SET_ID
    )

    assert (steps(actions), answered) == (["note", "undo"], True)
    assert facts_of(actions) == {"reversal_code": "00", "reversal_mac": "valid"}


def test_reversal_refused_by_the_host_leaves_it_reversing() -> None:
    attempt = attempt_in(State.REVERSING, "sale")
    answer = received(REVERSAL_ANSWER | {"39": "96"})
    actions, answered = receive_reversal(attempt, answer, view(), NOW, sent_with=KEY_SET_ID)

    assert (steps(actions), answered) == (["note"], True)


def test_late_answer_to_the_sale_itself_is_no_answer_to_its_reversal() -> None:
    attempt = attempt_in(State.REVERSING, "sale")
    actions, answered = receive_reversal(
        attempt, received(SALE_ANSWER), view(), NOW, sent_with=KEY_SET_ID
    )

    assert (steps(actions), answered) == (["note"], False)


# --- properties --------------------------------------------------------------------------------

odd_fields: Any = st.dictionaries(
    st.integers(2, 64).map(str) | st.just("t"), st.text(max_size=12), max_size=6
)


@PROPERTY
@given(
    st.sampled_from(KINDS),
    st.sampled_from(list(State)),
    odd_fields,
    st.sampled_from(["valid", "wrong", "absent", "no_key"]),
)
def test_whatever_arrives_is_noted_first_and_moves_at_most_one_legal_step(
    kind: Kind, state: State, changes: dict[str, str], mac: Any
) -> None:
    attempt = attempt_in(state, kind)
    actions = receive(attempt, received(GOOD[kind] | changes, mac), view(), NOW)

    assert isinstance(actions[0], Note)
    moves = [action for action in actions if isinstance(action, Move)]
    assert len(moves) <= 1
    for move in moves:
        after = attempt.after(move.event, move.facts)
        assert after.state in ("ACCEPTED", "DECLINED", "IN_DOUBT", "MISMATCHED")
        assert after.state not in ("ACCEPTED", "MISMATCHED") or mac == "valid"
        assert after.state != "MISMATCHED" or after.hold == attempt.hold


@PROPERTY
@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.times(), st.integers(0, 120))
def test_years_of_a_sale_are_always_those_of_the_host_s_clock(
    day: date, at: time, answer_s: int
) -> None:
    """The host's own date and settlement day come back as they were, whatever the day of the year."""
    wall = datetime.combine(day, at, view().host_clock.zone)
    settled = (wall + timedelta(hours=1)).date()
    answer = received(SALE_ANSWER | {"13": f"{wall:%m%d}", "15": f"{settled:%m%d}"})
    now = wall.astimezone(UTC) + timedelta(seconds=answer_s)
    known = receive(attempt_in(State.SENT, "sale"), answer, view(), now)[2]

    assert isinstance(known, Know)
    assert known.original.transaction_date == wall.date()
    assert known.original.settlement_date == settled


def test_plan_is_made_for_every_card_alike() -> None:
    for card in (CHIP, STRIPE):
        made = start_sale(sale_request(card=card), view(), Occasion(1, FINGERPRINT, NOW))
        assert made.attempt.card_masked == "620000******0005"
        assert not set(made.attempt.fields) & {"2", "35", "52", "64"}


@pytest.mark.parametrize("merchant", ["000000000000001", "6200000000000005"[:15]])
def test_another_merchant_of_an_answer_is_not_kept(merchant: str) -> None:
    answer = received({**REFUND_ANSWER, "42": merchant})
    actions = receive(attempt_in(State.SENT), answer, view(), NOW)

    assert merchant not in str(actions)
    ours = receive(attempt_in(State.SENT), received(REFUND_ANSWER), view(), NOW)
    assert isinstance(ours[0], Note)
    assert ours[0].facts["DE42"] == "123456789012345"
