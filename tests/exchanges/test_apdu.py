"""ZVT's dialogue: who is master, what is answered how, what breaks the order, and when it is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.errors import ConfigError
from posrefund.exchanges import (
    APDU,
    Accepted,
    AckNak,
    AckNakExchange,
    Answer,
    APDUExchange,
    BareExchange,
    Failed,
    Stale,
    Write,
)
from posrefund.framing import Control, Damaged, ZVTSerialFramer, ZVTTCPFramer

if TYPE_CHECKING:
    from posrefund.exchanges import Step

REFUND = bytes.fromhex("06310D 000000 04 000000001234 49 0978")
TAKEN, REFUSED, BUSY = bytes.fromhex("800000"), bytes.fromhex("848300"), bytes.fromhex("849C00")
WAIT = bytes.fromhex("04FF01 0A")
STATUS = bytes.fromhex("040F02 2700")
LINE = bytes.fromhex("06D103 40 4142")
DONE, ABORT = bytes.fromhex("060F00"), bytes.fromhex("061E01 6C")
ACK = Write(b"\x06")


def tcp() -> APDUExchange:
    return APDUExchange(BareExchange(ZVTTCPFramer()), APDU(reply_s=5, total_s=500))


def serial(**rules: float) -> APDUExchange:
    line = AckNakExchange(ZVTSerialFramer(), AckNak(ack_s=5.0, **rules))  # type: ignore[arg-type]
    return APDUExchange(line, APDU(reply_s=5, total_s=500))


def ask(talk: APDUExchange) -> list[Step]:
    return talk.ask(REFUND, 0.0, answer_s=180.0, moves_money=True)


def mastered() -> APDUExchange:
    talk = tcp()
    ask(talk)
    assert talk.take(TAKEN, 1.0) == [Accepted()]
    return talk


def framed(body: bytes) -> bytes:
    return ZVTSerialFramer().frame(body)


# --- the straight path ---------------------------------------------------------------------------


def test_every_command_of_the_terminal_is_answered_over_tcp() -> None:
    talk = tcp()
    assert ask(talk) == [Write(REFUND, is_question=True)]
    assert talk.take(TAKEN, 0.5) == [Accepted()]
    for told in (WAIT, STATUS, LINE, DONE):
        assert talk.take(told, 1.0) == [Write(bytes.fromhex("800000")), Answer(told)]


def test_every_frame_is_acknowledged_and_every_command_answered_on_a_serial_line() -> None:
    talk = serial()
    assert ask(talk) == [
        Write(bytes.fromhex("1002 06310D000000040000000012344909781003 7DA7"), is_question=True)
    ]
    assert talk.take(Control.ACK, 0.1) == []  # of the frame; the terminal has not replied yet
    assert talk.take(TAKEN, 0.2) == [ACK, Accepted()]
    reply = Write(bytes.fromhex("1002 800000 1003 F51F"))
    assert talk.take(WAIT, 0.3) == [ACK, reply, Answer(WAIT)]
    assert talk.take(Control.ACK, 0.4) == []
    assert talk.take(DONE, 0.5) == [ACK, reply, Answer(DONE)]


def test_a_refusal_is_the_only_answer_to_its_question() -> None:
    talk = tcp()
    ask(talk)
    assert talk.take(BUSY, 0.5) == [Accepted(), Answer(BUSY)]
    assert talk.deadline is None
    assert talk.take(STATUS, 0.6) == [Stale(STATUS)]


def test_what_a_terminal_repeats_because_our_reply_was_lost_is_answered_and_told_once() -> None:
    talk = serial()
    ask(talk)
    talk.take(Control.ACK, 0.1)
    talk.take(TAKEN, 0.2)
    reply = Write(framed(TAKEN))
    assert talk.take(STATUS, 0.3) == [ACK, reply, Answer(STATUS)]
    assert talk.take(STATUS, 5.3) == [ACK, reply]
    assert talk.take(LINE, 5.4) == [ACK, reply, Answer(LINE)]  # and who goes on has heard it


def test_two_equal_lines_are_two_lines() -> None:
    talk = serial()
    ask(talk)
    talk.take(Control.ACK, 0.1)
    talk.take(TAKEN, 0.2)
    for _ in range(2):
        assert Answer(LINE) in talk.take(LINE, 0.3)
        talk.take(Control.ACK, 0.4)


# --- the money frame never leaves twice ----------------------------------------------------------


@pytest.mark.parametrize("discards", [True, False])
def test_our_replies_may_be_repeated_and_a_refused_reply_is_never_nothing_sent(
    discards: bool,
) -> None:
    talk = serial(nak_discards=discards)
    ask(talk)
    talk.take(Control.ACK, 0.1)
    talk.take(TAKEN, 0.2)
    talk.take(STATUS, 0.3)
    if discards:
        for _ in range(2):
            assert talk.take(Control.NAK, 0.4) == [Write(framed(TAKEN))]
    else:
        for _ in range(2):
            talk.take(Control.NAK, 0.4)
    assert talk.take(Control.NAK, 0.5) == [Failed("refused", "in_doubt")]


def test_a_money_frame_that_is_not_acknowledged_leaves_once() -> None:
    talk = serial()
    ask(talk)
    assert talk.deadline_passed(5.0) == [Failed("no_ack", "in_doubt")]
    assert talk.deadline_passed(50.0) == []


def test_what_comes_before_the_frame_is_acknowledged_is_nobodys() -> None:
    talk = serial()
    ask(talk)
    assert talk.take(STATUS, 0.1) == [ACK, Stale(STATUS)]


# --- order and time ------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [STATUS, DONE, ABORT, WAIT, bytes.fromhex("80000100")])
def test_a_command_where_a_reply_is_due_breaks_the_order(body: bytes) -> None:
    talk = tcp()
    ask(talk)
    assert talk.take(body, 0.1) == [Failed("out_of_turn", "in_doubt")]
    assert talk.take(TAKEN, 0.2) == [Stale(TAKEN)]


@pytest.mark.parametrize("body", [TAKEN, REFUSED])
def test_a_reply_where_a_command_is_due_breaks_the_order(body: bytes) -> None:
    assert mastered().take(body, 1.1) == [Failed("out_of_turn", "in_doubt")]


def test_a_strange_command_is_refused_and_not_waited_for() -> None:
    talk = mastered()
    due = talk.deadline
    for _ in range(8):
        assert talk.take(bytes.fromhex("06E00100"), 2.0) == [Write(bytes.fromhex("848300"))]
    assert talk.deadline == due
    assert talk.take(bytes.fromhex("06E00100"), 2.0) == [Failed("out_of_turn", "in_doubt")]


def test_a_terminal_that_does_not_reply_is_given_up_after_five_seconds() -> None:
    talk = tcp()
    ask(talk)
    assert talk.deadline == 5.0
    assert talk.deadline_passed(4.9) == []
    assert talk.deadline_passed(5.0) == [Failed("no_answer", "in_doubt")]


def test_each_command_gives_it_three_more_minutes_and_the_whole_has_an_end() -> None:
    talk = mastered()
    assert talk.deadline == 181.0
    talk.take(WAIT, 150.0)
    assert talk.deadline == 330.0
    talk.take(WAIT, 329.0)
    assert talk.deadline == 500.0
    talk.take(WAIT, 499.0)
    assert talk.deadline == 500.0
    assert talk.deadline_passed(500.0) == [Failed("no_answer", "in_doubt")]


def test_an_abort_is_said_between_its_commands_and_its_reply_breaks_no_order() -> None:
    talk = mastered()
    stop = bytes.fromhex("06B000")
    assert talk.interject(stop, 2.0) == [Write(stop)]
    assert talk.take(TAKEN, 2.1) == []
    assert talk.take(ABORT, 2.2) == [Write(TAKEN), Answer(ABORT)]
    talk.finish()
    assert talk.interject(stop, 3.0) == []


def test_a_stream_that_is_damaged_is_given_up() -> None:
    assert mastered().take(Damaged("length", 0, 3), 1.0) == [Failed("damaged", "in_doubt")]


@pytest.mark.parametrize("rules", [{"reply_s": 0}, {"total_s": -1}])
def test_times_are_times(rules: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        APDU(**rules)


EVENTS = st.one_of(
    st.sampled_from([TAKEN, BUSY, WAIT, STATUS, LINE, DONE, ABORT, b"\x80", b"\x06"]),
    st.binary(min_size=1, max_size=9),
    st.sampled_from([Control.ACK, Control.NAK, Damaged("check", 0, 4)]),
)


@given(st.lists(EVENTS, max_size=30), st.booleans())
def test_whatever_comes_the_question_leaves_once_and_nothing_is_ever_called_unsent(
    events: list[object], on_serial: bool
) -> None:
    talk = serial() if on_serial else tcp()
    steps = ask(talk)
    for at, event in enumerate(events):
        steps += talk.take(event, 0.1 * at)  # type: ignore[arg-type]
        if talk.deadline is not None:
            assert talk.deadline <= 500.0 + 5.0
    assert [step for step in steps if isinstance(step, Write) and step.is_question] == steps[:1]
    assert all(step.effect == "in_doubt" for step in steps if isinstance(step, Failed))
    accepted = [at for at, step in enumerate(steps) if isinstance(step, Accepted)]
    answers = [at for at, step in enumerate(steps) if isinstance(step, Answer)]
    assert len(accepted) <= 1
    assert not answers or (accepted and accepted[0] < answers[0])
