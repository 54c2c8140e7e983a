"""ENQ, ACK and EOT: who has the word, what leaves when, and what never leaves twice."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posrefund.errors import ConfigError, FramingError
from posrefund.exchanges import (
    ENQ,
    Accepted,
    Answer,
    ENQExchange,
    Failed,
    Stale,
    Step,
    Write,
)
from posrefund.framing import Control, Damaged, Event, Progress, STXETXFramer

BODY = b"0100001234" + b"011978          A010B010"
FRAME = b"\x02" + BODY + b"\x03\x03"  # links: a credit of 12.34 EUR, its LRC is 03
ENQ_SAID, ACK_SAID, NAK_SAID, EOT_SAID = (Write(bytes((code,))) for code in (5, 6, 0x15, 4))
QUESTION = Write(FRAME, is_question=True)
TORN = Damaged("check", 0, 9)
NOISE = Damaged("noise", 0, 3)
YES, OTHER = b"0100000012341978          ", b"0170000012341978          "


def bidding(**rules: object) -> ENQExchange:
    exchange = ENQExchange(STXETXFramer(), ENQ(**rules))  # type: ignore[arg-type]
    assert exchange.ask(BODY, 0.0, answer_s=10.0, moves_money=True) == [ENQ_SAID]
    return exchange


def asked(**rules: object) -> ENQExchange:
    exchange = bidding(**rules)
    assert exchange.take(Control.ACK, 0.1) == [QUESTION]
    return exchange


def listening(**rules: object) -> ENQExchange:
    exchange = asked(**rules)
    assert exchange.take(Control.ACK, 0.2) == [EOT_SAID, Accepted()]
    return exchange


def receiving(**rules: object) -> ENQExchange:
    exchange = listening(**rules)
    assert exchange.take(Control.ENQ, 1.0) == [ACK_SAID]
    return exchange


def ending(**rules: object) -> ENQExchange:
    exchange = receiving(**rules)
    assert exchange.take(YES, 1.1) == [ACK_SAID]
    return exchange


def test_a_question_and_the_reversed_session_of_its_answer() -> None:
    exchange = ending()

    assert exchange.take(Control.EOT, 1.2) == [Answer(YES)]
    assert exchange.deadline == pytest.approx(10.2)
    exchange.finish()
    assert exchange.deadline is None


def test_nobody_listens_and_nothing_but_enq_has_left() -> None:
    exchange = bidding()

    assert exchange.deadline_passed(0.99) == []
    assert exchange.deadline_passed(1.0) == [ENQ_SAID]
    assert exchange.deadline_passed(2.0) == [ENQ_SAID]
    assert exchange.deadline_passed(3.0) == [Failed("no_ack", "nothing_sent")]


@pytest.mark.parametrize(
    ("said", "why"),
    [(Control.ENQ, "busy"), (Control.NAK, "busy"), (Control.EOT, "ended")],
    ids=str,
)
def test_whoever_has_something_else_to_do_while_we_bid_got_nothing_of_ours(
    said: Control, why: str
) -> None:
    assert bidding().take(said, 0.1) == [Failed(why, "nothing_sent")]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "why", "last"),
    [
        (Control.NAK, "refused", [EOT_SAID]),
        (Control.ENQ, "out_of_turn", []),
        (Control.EOT, "ended", []),
    ],
    ids=str,
)
def test_anything_but_an_ack_leaves_a_money_question_in_doubt(
    said: Control, why: str, last: list[Step]
) -> None:
    assert asked().take(said, 0.2) == [*last, Failed(why, "in_doubt")]  # type: ignore[arg-type]


def test_a_money_question_without_its_ack_is_in_doubt_and_not_said_again() -> None:
    assert asked().deadline_passed(1.1) == [EOT_SAID, Failed("no_ack", "in_doubt")]


def test_nak_lets_the_same_bytes_leave_again_where_the_paper_says_that_it_discards() -> None:
    exchange = asked(nak_discards=True)

    assert exchange.take(Control.NAK, 0.2) == [QUESTION]
    assert exchange.take(Control.NAK, 0.3) == [QUESTION]
    assert exchange.take(Control.NAK, 0.4) == [EOT_SAID, Failed("refused", "nothing_sent")]


def test_silence_after_a_nak_that_discards_is_a_doubt_again() -> None:
    exchange = asked(nak_discards=True)

    assert exchange.take(Control.NAK, 0.2) == [QUESTION]
    assert exchange.deadline_passed(1.2) == [EOT_SAID, Failed("no_ack", "in_doubt")]


def test_a_question_that_moves_nothing_is_said_again_after_silence_and_after_nak() -> None:
    exchange = ENQExchange(STXETXFramer())
    exchange.ask(BODY, 0.0, answer_s=10.0, moves_money=False)
    exchange.take(Control.ACK, 0.1)

    assert exchange.deadline_passed(1.1) == [QUESTION]
    assert exchange.take(Control.NAK, 1.2) == [QUESTION]
    assert exchange.deadline_passed(2.2) == [EOT_SAID, Failed("no_ack", "in_doubt")]


@pytest.mark.parametrize("at", [bidding, asked, listening])
def test_a_body_from_somebody_who_has_not_the_word_is_no_answer(at: object) -> None:
    exchange = at()  # type: ignore[operator]

    assert exchange.take(YES, 0.3) == [Stale(YES)]


def test_a_damaged_answer_is_asked_for_again_three_times() -> None:
    exchange = receiving()

    for _ in range(3):
        assert exchange.take(TORN, 1.1) == [NAK_SAID]
    assert exchange.take(TORN, 1.2) == [EOT_SAID, Failed("damaged", "in_doubt")]


def test_a_damaged_answer_that_comes_right_is_the_answer() -> None:
    exchange = receiving()

    assert exchange.take(TORN, 1.1) == [NAK_SAID]
    assert exchange.take(YES, 1.2) == [ACK_SAID]
    assert exchange.take(Control.EOT, 1.3) == [Answer(YES)]


def test_noise_before_an_answer_is_no_damage_to_it() -> None:
    exchange = receiving()

    assert exchange.take(NOISE, 1.1) == []
    assert exchange.take(YES, 1.2) == [ACK_SAID]


@pytest.mark.parametrize("behind", [NOISE, TORN, OTHER, Control.EOT, Progress(b"")], ids=str)
def test_what_comes_right_behind_an_answer_shows_that_it_was_cut_short(behind: Event) -> None:
    exchange = receiving(quiet_s=0.1)

    assert exchange.take(YES, 1.1) == []
    assert exchange.take(behind, 1.15) == [NAK_SAID]
    assert exchange.take(YES, 1.2) == []
    assert exchange.deadline_passed(1.3) == [ACK_SAID]
    assert exchange.take(Control.EOT, 1.4) == [Answer(YES)]


def test_an_answer_that_comes_twice_is_one_answer() -> None:
    exchange = receiving(quiet_s=0.1)

    assert exchange.take(YES, 1.1) == []
    assert exchange.take(YES, 1.15) == []
    assert exchange.deadline_passed(1.21) == []
    assert exchange.deadline_passed(1.25) == [ACK_SAID]
    assert exchange.take(YES, 1.5) == [ACK_SAID]
    assert exchange.take(Control.EOT, 1.6) == [Answer(YES)]


def test_an_answer_whose_eot_is_lost_is_still_the_answer() -> None:
    assert ending().deadline_passed(2.1) == [Answer(YES)]


def test_two_different_answers_are_none() -> None:
    assert ending().take(OTHER, 1.2) == [Failed("out_of_turn", "in_doubt")]


def test_who_did_not_hear_our_ack_begins_again() -> None:
    exchange = ending()

    assert exchange.take(Control.ENQ, 1.2) == [ACK_SAID]
    assert exchange.take(YES, 1.3) == [ACK_SAID]
    assert exchange.take(Control.EOT, 1.4) == [Answer(YES)]


def test_enq_without_a_frame_behind_it_is_waited_out_until_the_answer_is_due() -> None:
    exchange = receiving()

    assert exchange.deadline_passed(2.0) == []
    assert exchange.deadline == pytest.approx(10.2)
    assert exchange.take(Control.ENQ, 5.0) == [ACK_SAID]
    assert exchange.take(Control.EOT, 5.1) == []
    assert exchange.deadline_passed(10.2) == [Failed("no_answer", "in_doubt")]


def test_no_answer_in_time_is_a_doubt() -> None:
    assert listening().deadline_passed(10.1) == []
    assert listening().deadline_passed(10.2) == [Failed("no_answer", "in_doubt")]


def test_the_owner_may_wait_longer() -> None:
    exchange = listening()
    exchange.wait_until(20.0)

    assert exchange.deadline == 20.0
    assert exchange.deadline_passed(19.9) == []


def test_late_controls_of_an_older_session_say_nothing() -> None:
    exchange = listening()

    for late in (Control.ACK, Control.NAK, Control.EOT, Control.CAN):
        assert exchange.take(late, 0.5) == []


def test_after_the_end_nothing_is_anybodys() -> None:
    exchange = ending()
    exchange.finish()

    assert exchange.take(Control.ENQ, 2.0) == []
    assert exchange.take(YES, 2.0) == [Stale(YES)]
    assert exchange.deadline_passed(1e9) == []


def test_what_no_frame_carries_is_refused_before_enq() -> None:
    with pytest.raises(FramingError):
        ENQExchange(STXETXFramer()).ask(b"\x03", 0.0, answer_s=1.0, moves_money=True)


@pytest.mark.parametrize(
    "rules",
    [{"signal_s": 0}, {"bids_max": 0}, {"sends_max": 11}, {"naks_max": -1}, {"quiet_s": -1}],
)
def test_rules_that_are_none_are_refused(rules: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        ENQ(**rules)  # type: ignore[arg-type]


HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from([None, *Control, YES, OTHER, NOISE, TORN]),
        st.floats(0.0, 3.0, allow_nan=False),
    ),
    max_size=60,
)


@settings(max_examples=400, deadline=None)
@given(HAPPENINGS, st.booleans(), st.booleans(), st.sampled_from([0.0, 0.1]))
def test_whatever_happens_money_leaves_once_or_after_a_nak_and_nothing_sent_means_it(
    happenings: list[tuple[Event | None, float]], money: bool, discards: bool, quiet_s: float
) -> None:
    exchange = ENQExchange(STXETXFramer(), ENQ(nak_discards=discards, quiet_s=quiet_s))
    exchange.ask(BODY, 0.0, answer_s=10.0, moves_money=money)
    now, naks, told = 0.0, 0, list[Step]()
    for event, after in happenings:
        now += after
        naks += event is Control.NAK and QUESTION in told
        told += exchange.deadline_passed(now) if event is None else exchange.take(event, now)
    holds_together(told, naks if discards else 0, money=money)


def holds_together(told: list[Step], discarded: int, *, money: bool) -> None:
    sent = told.count(QUESTION)
    first_yes = told.index(Accepted()) if Accepted() in told else len(told)
    failed = [step for step in told if isinstance(step, Failed)]

    assert QUESTION not in told[first_yes:], "what was accepted is never said again"
    assert not any(isinstance(step, Answer) for step in told[:first_yes])
    assert not money or sent <= 1 + discarded
    assert len(failed) <= 1
    assert not failed or failed[0].effect == "in_doubt" or sent <= discarded
