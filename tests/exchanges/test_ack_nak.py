"""ACK and NAK: who says what when, what is repeated, and what is never."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posrefund.errors import ConfigError, FramingError
from posrefund.exchanges import (
    Accepted,
    AckNak,
    AckNakExchange,
    Answer,
    BareExchange,
    Exchange,
    Failed,
    Stale,
    Step,
    Write,
)
from posrefund.framing import (
    ABECSFramer,
    Control,
    Damaged,
    Event,
    Progress,
    STXETXFramer,
    ZVTTCPFramer,
)

OPN = bytes.fromhex("16 4F504E 17 A8A9")  # ABECS 2.12: OPN with its CRC
ACK, NAK = Write(b"\x06"), Write(b"\x15")
QUESTION = Write(OPN, is_question=True)
DAMAGE = Damaged("check", 0, 9)
NOISE = Damaged("noise", 0, 3)


def talk(**rules: object) -> AckNakExchange:
    return AckNakExchange(ABECSFramer(), AckNak(**rules))  # type: ignore[arg-type]


def asked(exchange: Exchange, *, money: bool = False) -> Exchange:
    assert exchange.ask(b"OPN", 0.0, answer_s=10.0, moves_money=money) == [QUESTION]
    return exchange


def accepted(exchange: Exchange, *, money: bool = False) -> Exchange:
    assert asked(exchange, money=money).take(Control.ACK, 0.1) == [Accepted()]
    return exchange


def test_a_question_is_acknowledged_then_answered() -> None:
    exchange = accepted(talk())

    assert exchange.deadline == pytest.approx(10.1)
    assert exchange.take(b"OPN000", 1.0) == [ACK, Answer(b"OPN000")]


def test_a_pad_that_wants_no_ack_gets_none() -> None:
    assert accepted(talk(acknowledges=False)).take(b"OPN000", 1.0) == [Answer(b"OPN000")]


def test_silence_repeats_the_same_bytes_three_times_in_all_then_gives_up() -> None:
    exchange = asked(talk())

    assert exchange.deadline_passed(1.99) == []
    assert exchange.deadline_passed(2.0) == [QUESTION]
    assert exchange.deadline_passed(4.0) == [QUESTION]
    assert exchange.deadline_passed(6.0) == [Failed("no_ack", "in_doubt")]
    assert exchange.deadline is None


def test_silence_never_repeats_what_moves_money() -> None:
    assert asked(talk(nak_discards=True), money=True).deadline_passed(2.0) == [
        Failed("no_ack", "in_doubt")
    ]


def test_nak_repeats_what_moves_money_only_where_nak_proves_that_it_was_thrown_away() -> None:
    assert asked(talk(nak_discards=True), money=True).take(Control.NAK, 0.1) == [QUESTION]
    assert asked(talk(), money=True).take(Control.NAK, 0.1) == [Failed("refused", "in_doubt")]
    assert asked(talk()).take(Control.NAK, 0.1) == [QUESTION]


@pytest.mark.parametrize(("discards", "effect"), [(True, "nothing_sent"), (False, "in_doubt")])
def test_nak_each_time_proves_as_much_as_the_paper_says(discards: bool, effect: str) -> None:
    exchange = asked(talk(nak_discards=discards))
    for moment in (0.1, 0.2):
        assert exchange.take(Control.NAK, moment) == [QUESTION]

    assert exchange.take(Control.NAK, 0.3) == [Failed("refused", effect)]  # type: ignore[arg-type]


def test_nak_after_a_silence_proves_nothing_of_the_copy_before_it() -> None:
    exchange = asked(talk(nak_discards=True, sends_max=2))

    assert exchange.deadline_passed(2.0) == [QUESTION]
    assert exchange.take(Control.NAK, 2.1) == [Failed("refused", "in_doubt")]


def test_an_answer_before_the_acknowledgement_is_somebody_elses_and_stops_all_repeating() -> None:
    exchange = asked(talk())

    assert exchange.take(b"GIX000", 0.1) == [ACK, Stale(b"GIX000")]
    assert exchange.deadline_passed(2.0) == [Failed("no_ack", "in_doubt")]


def test_an_answer_before_the_acknowledgement_stops_repeating_on_nak_too() -> None:
    exchange = asked(talk(nak_discards=True))
    exchange.take(b"GIX000", 0.1)

    assert exchange.take(Control.NAK, 0.2) == [Failed("refused", "in_doubt")]


def test_an_answer_that_comes_twice_is_acknowledged_twice_and_told_once() -> None:
    exchange = accepted(talk())
    exchange.take(b"OPN000", 1.0)

    assert exchange.take(b"OPN000", 1.1) == [ACK]
    assert exchange.take(b"NTM000", 1.2) == [ACK, Answer(b"NTM000")]


def test_a_damaged_answer_is_asked_for_again_as_often_as_allowed() -> None:
    exchange = accepted(talk(naks_max=2))

    assert [exchange.take(DAMAGE, 1.0), exchange.take(DAMAGE, 1.1)] == [[NAK], [NAK]]
    assert exchange.take(DAMAGE, 1.2) == [Failed("damaged", "in_doubt")]


def test_a_right_answer_forgives_the_damage_before_it() -> None:
    exchange = accepted(talk(naks_max=1))
    exchange.take(DAMAGE, 1.0)
    exchange.take(b"NTM000", 1.1)

    assert exchange.take(DAMAGE, 1.2) == [NAK]


def test_silence_after_damage_says_damaged() -> None:
    exchange = accepted(talk())
    exchange.take(DAMAGE, 1.0)

    assert exchange.deadline_passed(10.1) == [Failed("damaged", "in_doubt")]


def test_silence_after_the_acknowledgement_leaves_a_doubt() -> None:
    exchange = accepted(talk(), money=True)

    assert exchange.deadline_passed(10.0) == []
    assert exchange.deadline_passed(10.2) == [Failed("no_answer", "in_doubt")]


def test_noise_is_nothing() -> None:
    assert asked(talk()).take(NOISE, 0.1) == []
    assert accepted(talk()).take(NOISE, 0.1) == []
    assert accepted(talk()).take(Progress(b"one moment"), 0.1) == []


def test_end_of_transmission_ends_it() -> None:
    assert asked(talk()).take(Control.EOT, 0.1) == [Failed("ended", "in_doubt")]
    assert accepted(talk()).take(Control.EOT, 0.1) == [Failed("ended", "in_doubt")]


def test_the_owner_waits_longer_if_he_says_so() -> None:
    exchange = accepted(talk())
    exchange.wait_until(99.0)

    assert exchange.deadline == 99.0
    assert exchange.deadline_passed(98.9) == []


def test_what_comes_after_the_owner_has_finished_is_nobodys() -> None:
    exchange = accepted(talk())
    exchange.finish()

    assert exchange.take(b"OPN000", 1.0) == [ACK, Stale(b"OPN000")]
    assert exchange.take(Control.ACK, 1.0) == []
    assert exchange.deadline is None


class TestSilenceBehindAnAnswer:
    """On an XOR-only line a flipped bit can end a frame early, and what is left of it follows at once."""

    def test_an_answer_is_believed_after_it(self) -> None:
        exchange = accepted(talk(quiet_s=0.05))

        assert exchange.take(b"OPN000", 1.0) == []
        assert exchange.deadline == pytest.approx(1.05)
        assert exchange.deadline_passed(1.05) == [ACK, Answer(b"OPN000")]

    def test_what_follows_at_once_and_is_no_frame_makes_it_a_damaged_one(self) -> None:
        exchange = accepted(talk(quiet_s=0.05))
        exchange.take(b"OPN000", 1.0)

        assert exchange.take(NOISE, 1.01) == [NAK]
        assert exchange.take(b"OPN001", 1.2) == []
        assert exchange.deadline_passed(1.25) == [ACK, Answer(b"OPN001")]

    def test_another_frame_behind_it_lets_it_be_believed(self) -> None:
        exchange = accepted(talk(quiet_s=0.05))
        exchange.take(b"OPN000", 1.0)

        assert exchange.take(b"NTM000", 1.01) == [ACK, Answer(b"OPN000")]
        assert exchange.deadline_passed(1.06) == [ACK, Answer(b"NTM000")]


def test_what_no_frame_carries_is_refused_and_nothing_is_under_way() -> None:
    exchange = talk()

    with pytest.raises(FramingError) as caught:
        exchange.ask(b"", 0.0, answer_s=1.0, moves_money=True)
    assert (caught.value.effect, exchange.deadline) == ("nothing_sent", None)


@pytest.mark.parametrize(
    "rules", [{"ack_s": 0}, {"sends_max": 0}, {"sends_max": 11}, {"naks_max": -1}, {"quiet_s": -1}]
)
def test_rules_that_make_no_sense_are_refused(rules: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        talk(**rules)


# --- whatever comes ---------------------------------------------------------------------------------

events = st.one_of(
    st.sampled_from([*Control]),
    st.binary(min_size=1, max_size=3),
    st.sampled_from([DAMAGE, NOISE, Damaged("cut", 1, 1), Progress(b"x")]),
    st.none(),  # time passes
)
rules = st.builds(
    AckNak,
    sends_max=st.integers(1, 10),
    nak_discards=st.booleans(),
    acknowledges=st.booleans(),
    naks_max=st.integers(0, 10),
    quiet_s=st.sampled_from([0.0, 0.5]),
)


def play(exchange: Exchange, heard: list[Event | None], *, money: bool) -> list[Step]:
    """Everything that is done about one question, until it is over."""
    now, steps = 0.0, exchange.ask(b"OPN", 0.0, answer_s=9.0, moves_money=money)
    for event in heard:
        now += 0.3
        if event is not None:
            steps += exchange.take(event, now)
        elif exchange.deadline is not None:
            now = max(now, exchange.deadline)
            steps += exchange.deadline_passed(now)
    return steps


@settings(max_examples=300)
@given(rules, st.lists(events, max_size=30))
def test_what_moves_money_leaves_once_but_for_a_nak_that_proves(
    rule: AckNak, heard: list[Event | None]
) -> None:
    steps = play(AckNakExchange(ABECSFramer(), rule), heard, money=True)
    questions = [step for step in steps if isinstance(step, Write) and step.is_question]

    assert set(questions) == {QUESTION}
    assert len(questions) <= (rule.sends_max if rule.nak_discards else 1)
    if len(questions) > 1:  # one NAK for each copy but the last, and no silence before it
        assert heard.count(Control.NAK) >= len(questions) - 1


@settings(max_examples=300)
@given(rules, st.lists(events, max_size=30), st.booleans())
def test_nothing_is_said_twice_after_it_was_accepted_and_answers_come_only_then(
    rule: AckNak, heard: list[Event | None], money: bool
) -> None:
    steps = play(AckNakExchange(ABECSFramer(), rule), heard, money=money)
    kinds = [type(step) for step in steps]
    at = kinds.index(Accepted) if Accepted in kinds else len(steps)

    assert Answer not in kinds[:at]
    assert not any(isinstance(step, Write) and step.is_question for step in steps[at:])
    assert kinds.count(Accepted) <= 1
    assert kinds.count(Failed) <= 1


@settings(max_examples=200)
@given(rules, st.booleans())
def test_a_silent_line_always_comes_to_an_end(rule: AckNak, money: bool) -> None:
    steps = play(AckNakExchange(ABECSFramer(), rule), [None] * 12, money=money)

    assert isinstance(steps[-1], Failed)
    assert steps[-1].effect == "in_doubt"


# --- where nobody acknowledges ------------------------------------------------------------------------


def test_without_acknowledgement_a_question_is_sent_once_and_everything_after_it_is_an_answer() -> (
    None
):
    exchange = BareExchange(ZVTTCPFramer())
    frame = bytes.fromhex("06310D 000000 04 000000001234 49 0978")  # a ZVT refund of 12.34 EUR

    assert exchange.ask(frame, 0.0, answer_s=5.0, moves_money=True) == [
        Write(frame, is_question=True),
        Accepted(),
    ]
    assert exchange.take(bytes.fromhex("800000"), 0.1) == [Answer(bytes.fromhex("800000"))]
    assert exchange.deadline_passed(4.9) == []
    assert exchange.deadline_passed(5.0) == [Failed("no_answer", "in_doubt")]
    assert exchange.take(bytes.fromhex("800000"), 6.0) == [Stale(bytes.fromhex("800000"))]


def test_without_acknowledgement_damage_ends_it() -> None:
    exchange = BareExchange(STXETXFramer())
    exchange.ask(b"0100", 0.0, answer_s=5.0, moves_money=False)

    assert exchange.take(DAMAGE, 0.1) == [Failed("damaged", "in_doubt")]
    assert exchange.take(DAMAGE, 0.2) == []
    exchange.wait_until(9.0)
    assert exchange.deadline is None


def test_without_acknowledgement_the_owner_waits_longer_if_he_says_so() -> None:
    exchange = BareExchange(STXETXFramer())
    exchange.ask(b"0100", 0.0, answer_s=5.0, moves_money=False)
    exchange.wait_until(9.0)

    assert exchange.take(Control.ACK, 0.1) == []
    assert exchange.deadline == 9.0
