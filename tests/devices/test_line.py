"""The line to a device: what is performed on it, what it does with every failure, and that it is spent after one."""

from __future__ import annotations

import threading

import pytest

from devices.toy import Toy, line_to, talk
from posrefund.devices import DeviceLine
from posrefund.emulators.device import DeviceServer, FaultyVoice, LineFault, Say
from posrefund.errors import (
    FramingError,
    LinkClosedError,
    LinkOpenError,
    LinkTimeoutError,
    LocalProtocolError,
    PosRefundError,
    RemoteProtocolError,
)
from posrefund.exchanges import AckNak, AckNakExchange, BareExchange, Exchange
from posrefund.framing import Control, Framer, STXETXFramer, TagTextFramer, ZVTTCPFramer
from posrefund.testing import FaultyStream, StreamFaults, pipe


def test_a_question_and_its_answer() -> None:
    toy = Toy()
    with line_to(toy) as line:
        line.ask(b"OPN", answer_s=1)
        assert line.receive() == b"OPN000"
        line.finish()
        line.ask(b"CLO", answer_s=1)
        assert line.receive() == b"CLO000"
    assert toy.asked == [b"OPN", b"CLO"]


# What the device says in one conversation: 0 is its ACK, 1 the answer.
REPAIRED = [
    "delay:0.05s@0",
    "noise@0",
    "split:0.01s@1",
    "duplicate@1",
    "corrupt@1",
    "check@1",
    "truncate@1",
]
IN_DOUBT = [
    "drop@0", "no_ack@0", "drop@1", "late:0.5s@1", "stall@0", "stall@1", "reorder@0",
    "close_before@0", "close_after@0", "close_before@1", "close_mid@1",
]  # fmt: skip


@pytest.mark.parametrize("spelt", REPAIRED)
def test_what_a_line_does_to_bytes_is_repaired_without_asking_again(spelt: str) -> None:
    toy = Toy()
    with line_to(toy, LineFault.spelt(spelt)) as line:
        line.ask(b"OPN", answer_s=1.0, moves_money=True)
        assert line.receive() == b"OPN000"
    assert toy.asked == [b"OPN"]


@pytest.mark.parametrize("spelt", IN_DOUBT)
def test_what_cannot_be_repaired_leaves_a_doubt_and_a_spent_line(spelt: str) -> None:
    toy = Toy()
    with line_to(toy, LineFault.spelt(spelt)) as line:
        with pytest.raises(PosRefundError) as caught:
            ask_for_money(line)
        with pytest.raises(LocalProtocolError):
            line.ask(b"OPN", answer_s=1.0)
    assert (caught.value.effect, caught.value.retry_is_safe) == ("in_doubt", False)
    assert toy.asked == [b"OPN"]


def ask_for_money(line: DeviceLine) -> bytes:
    line.ask(b"OPN", answer_s=0.3, moves_money=True)
    return line.receive()


def test_a_late_answer_is_not_the_next_questions() -> None:
    """The line is spent; the fresh conversation does not see what was still on its way in the old one."""
    toy = Toy()
    with line_to(toy, LineFault.spelt("late:0.2s@1")) as line:
        line.ask(b"OLD", answer_s=0.1)
        with pytest.raises(LinkTimeoutError):
            line.receive()
        line.open(1)
        line.ask(b"NEW", answer_s=1.0)
        assert line.receive() == b"NEW000"


def test_what_is_there_before_a_question_is_nobodys() -> None:
    toy = Toy()
    with line_to(toy, LineFault.spelt("duplicate@1")) as line:
        line.ask(b"OLD", answer_s=1)
        assert line.receive() == b"OLD000"
        line.finish()
        line.ask(b"NEW", answer_s=1)
        assert line.receive() == b"NEW000"
        assert (
            line.stale_bodies <= 1
        )  # it came before the question, or as a repetition of what was told


def test_a_line_that_the_device_has_closed_takes_nothing() -> None:
    near, far = pipe()
    line = DeviceLine(near, talk)
    line.open(1)
    far.open(1)
    far.close()

    with pytest.raises(LinkClosedError) as caught:
        line.ask(b"OPN", answer_s=1, moves_money=True)
    line.close()
    assert (caught.value.effect, caught.value.retry_is_safe) == ("nothing_sent", True)


@pytest.mark.parametrize(("cut_at", "effect"), [(0, "nothing_sent"), (3, "in_doubt")])
def test_a_write_that_breaks_says_whether_a_byte_left(cut_at: int, effect: str) -> None:
    faults = StreamFaults(cut_write_at=cut_at)
    toy = line_to(Toy(), wrap=lambda near: FaultyStream(near, faults))
    with toy as line, pytest.raises(LinkClosedError) as caught:
        line.ask(b"OPN", answer_s=1, moves_money=True)
    assert caught.value.effect == effect


def test_a_repetition_that_breaks_does_not_take_back_what_left_before_it() -> None:
    """Seven bytes went out whole; of the second copy none does."""
    faults = StreamFaults(cut_write_at=7)
    toy = Toy()
    with (
        line_to(
            toy, LineFault.spelt("nak@0"), wrap=lambda near: FaultyStream(near, faults)
        ) as line,
        pytest.raises(LinkClosedError) as caught,
    ):
        line.ask(b"OPN", answer_s=1, moves_money=True)
    assert caught.value.effect == "in_doubt"


def test_what_no_frame_carries_is_refused_before_anything_leaves() -> None:
    toy = Toy()
    with line_to(toy) as line, pytest.raises(FramingError) as caught:
        line.ask(b"", answer_s=1, moves_money=True)
    assert (caught.value.effect, toy.asked) == ("nothing_sent", [])


def test_a_device_that_chatters_without_end_is_given_up() -> None:
    near, far = pipe()
    line = DeviceLine(near, talk)
    line.open(1)
    far.open(1)
    far.write(b"\x06" * 2000, 1e9)

    with pytest.raises(RemoteProtocolError) as caught:
        line.ask(b"OPN", answer_s=1, moves_money=True)
    assert caught.value.effect == "nothing_sent"
    line.close()
    far.close()


def test_garbage_on_a_line_without_boundaries_ends_it() -> None:
    near, far = pipe()

    def bare() -> tuple[ZVTTCPFramer, BareExchange]:
        framer = ZVTTCPFramer()
        return framer, BareExchange(framer)

    line = DeviceLine(near, bare)
    line.open(1)
    far.open(1)
    line.ask(bytes.fromhex("050100"), answer_s=1)
    far.write(bytes.fromhex("80 00 FF FF FF"), 1e9)

    with pytest.raises(FramingError) as caught:
        line.receive()
    assert caught.value.effect == "in_doubt"
    line.close()
    far.close()


def test_controls_between_questions() -> None:
    toy = Toy()
    near, far = pipe()
    line = DeviceLine(near, talk)
    line.open(1)
    far.open(1)
    far.write(b"\x00\x00\x04", 1e9)
    line.write(b"\x18")

    assert line.control(1e9) is Control.EOT
    assert line.control(0.0) is None
    assert far.read_some(1e9) == b"\x18"
    line.close()
    far.close()
    assert toy.asked == []


def test_nobody_answers_a_line_that_is_not_open() -> None:
    near, _ = pipe()
    line = DeviceLine(near, talk)

    for act in (line.receive, lambda: line.ask(b"OPN", answer_s=1), lambda: line.write(b"\x18")):
        with pytest.raises(LocalProtocolError):
            act()
    with pytest.raises(LinkOpenError):
        DeviceLine(pipe()[1], talk).open(0.01)


def test_an_answer_that_nobody_asked_for_is_not_waited_for() -> None:
    with line_to(Toy()) as line, pytest.raises(LocalProtocolError):
        line.receive()


def test_whoever_waits_leaves_when_another_thread_cancels() -> None:
    with line_to(Toy(), LineFault.spelt("stall@0")) as line:
        threading.Timer(0.05, line.cancel).start()
        with pytest.raises(LinkClosedError) as caught:
            line.ask(b"OPN", answer_s=60)
    assert caught.value.effect == "in_doubt"


TEXT = b"CZ0040300AE00210"


class Talker:
    """Says the same to every question, in pieces, and may hang up behind it."""

    deadline: float | None = None

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    def connect(self) -> None:
        pass

    def receive(self, chunk: bytes, now: float) -> list[Say]:
        return [Say(piece, after_s=0.02) for piece in self._pieces]

    def deadline_passed(self, now: float) -> list[Say]:
        return []


@pytest.mark.parametrize("fault", [None, LineFault("close_after")], ids=["silence", "hanging up"])
def test_what_has_no_end_mark_ends_with_silence_and_with_the_line(fault: LineFault | None) -> None:
    near, far = pipe()
    line = DeviceLine(near, bare_text, inter_byte_s=0.1)
    with DeviceServer(Talker(TEXT), far, FaultyVoice([fault] if fault else [])):
        line.open(1)
        line.ask(b"CZ0040300", answer_s=1, moves_money=True)
        assert line.receive() == TEXT
        line.close()


def bare_text() -> tuple[Framer, Exchange]:
    framer = TagTextFramer()
    return framer, BareExchange(framer)


def test_what_is_cut_in_a_field_by_hanging_up_is_no_message() -> None:
    near, far = pipe()
    line = DeviceLine(near, bare_text, inter_byte_s=0.1)
    with DeviceServer(Talker(TEXT[:-1]), far, FaultyVoice([LineFault("close_after")])):
        line.open(1)
        line.ask(b"CZ0040300", answer_s=1, moves_money=True)
        with pytest.raises(FramingError) as caught:
            line.receive()
        assert caught.value.effect == "in_doubt"
        line.close()


def quiet_text() -> tuple[Framer, Exchange]:
    framer = STXETXFramer()
    return framer, AckNakExchange(framer, AckNak(ack_s=0.3, quiet_s=0.1, naks_max=0))


@pytest.mark.parametrize("rest", [b"2!", b"\x02"], ids=["noise", "the beginning of something"])
def test_an_answer_with_a_rest_behind_it_is_not_believed(rest: bytes) -> None:
    """Whole but cut short: an XOR that happens to fit, and what followed told by nobody but silence."""
    near, far = pipe()
    line = DeviceLine(near, quiet_text, inter_byte_s=0.3)
    answer = STXETXFramer().frame(b"0110")
    with DeviceServer(Talker(b"\x06", answer + rest), far):
        line.open(1)
        line.ask(b"0100", answer_s=1, moves_money=True)
        with pytest.raises(RemoteProtocolError):
            line.receive()
        line.close()
