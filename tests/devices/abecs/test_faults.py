"""Whatever goes wrong on the line, at every point of the dialogue: the right card with the right PIN, or an error.

A pad moves no money. What could go wrong is a number or a PIN block of one customer in the message of another: after
each failure the next customer comes, with another card and another PIN.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from devices.abecs.bench import (
    FIRST,
    QUICK,
    SECOND,
    TIMES,
    Seen,
    emulated,
    pad_on,
    read_and_enter,
    seen,
    serving,
)
from posrefund.devices.abecs import AbecsPinPad
from posrefund.emulators.device import Act, DeviceServer, FaultyVoice, LineFault, Say
from posrefund.emulators.pinpad import EmulatedPinPad
from posrefund.errors import PosRefundError
from posrefund.exchanges import AckNak, AckNakExchange, Answer
from posrefund.framing import ABECSFramer
from posrefund.link import Stream
from posrefund.testing import RecordingStream, pipe

# What the pad says in one conversation of the line, counted.
FRAMES = {0: "EOT", 1: "ACK of GCX", 2: "GCX", 4: "GTK", 6: "ACK of GPN", 7: "GPN"}
FRAME_COUNT, ANSWERS = 8, (2, 4, 7)
OK, LATE, GONE = "right", "LinkTimeoutError", "LinkClosedError"

EXPECTED: dict[str, tuple[str, ...]] = {
    # in the order of FRAMES: EOT  ACK   GCX   GTK   ACK   GPN
    "drop":          (OK,   LATE, LATE, LATE, LATE, LATE),
    "no_ack":        (OK,   LATE, OK,   OK,   LATE, OK),
    "delay:0.02s":   (OK,   OK,   OK,   OK,   OK,   OK),
    "late:0.5s":     (OK,   LATE, LATE, LATE, LATE, LATE),
    "duplicate":     (OK,   OK,   OK,   OK,   OK,   OK),
    "truncate":      (OK,   LATE, OK,   OK,   LATE, OK),
    "split:0.01s":   (OK,   OK,   OK,   OK,   OK,   OK),
    "coalesce":      (OK,   OK,   LATE, LATE, OK,   LATE),
    "corrupt":       (OK,   LATE, OK,   OK,   LATE, OK),
    "check":         (OK,   LATE, OK,   OK,   LATE, OK),
    "nak":           (OK,   OK,   LATE, LATE, OK,   LATE),
    "noise":         (OK,   OK,   OK,   OK,   OK,   OK),
    "reorder":       (OK,   LATE, LATE, LATE, LATE, LATE),
    "stall":         (LATE, LATE, LATE, LATE, LATE, LATE),
    "close_before":  (GONE, GONE, GONE, GONE, GONE, GONE),
    "close_mid":     (GONE, GONE, GONE, GONE, GONE, GONE),
    "close_after":   (GONE, GONE, GONE, GONE, GONE, OK),
}  # fmt: skip
A_CUSTOMER = Seen("6200000000000005", "1111")
THE_NEXT = Seen("6205500000000000004", "2222")


@pytest.mark.parametrize("fault", EXPECTED)
@pytest.mark.parametrize(("place", "at"), list(enumerate(FRAMES)))
def test_fault_at_a_frame(fault: str, place: int, at: int) -> None:
    expected = EXPECTED[fault][place]
    device = emulated()
    kind, _, seconds = fault.partition(":")
    spelt = LineFault.spelt(f"{kind}{':' + seconds if seconds else ''}@{at}")
    with pad_on(device, spelt, times=TIMES if expected == OK else QUICK) as pad:
        assert outcome(pad) == (A_CUSTOMER if expected == OK else expected)
        assert outcome_of_the_next(pad, device) == THE_NEXT
    assert device.inside.entered_for.count(SECOND.pan) == 1


def outcome(pad: AbecsPinPad) -> Seen | str:
    try:
        return seen(read_and_enter(pad))
    except PosRefundError as error:
        is_safe = error.effect == "nothing_sent" and error.retry_is_safe
        return type(error).__name__ if is_safe else "an error that leaves a doubt"


def outcome_of_the_next(pad: AbecsPinPad, device: EmulatedPinPad) -> Seen | str:
    device.inside.card, device.inside.pin = SECOND, THE_NEXT.pin
    found = outcome(pad)
    if found == "LinkClosedError":  # the line was closed behind the last answer: it is noticed now
        found = outcome(pad)
    return found


# --- flipped bits --------------------------------------------------------------------------------------


class Flip(FaultyVoice):
    """One byte of one frame is another."""

    def __init__(self, at: int, place: int, pattern: int) -> None:
        super().__init__()
        self._at, self._place, self._pattern = at, place, pattern
        self._count = 0

    def speak(self, said: Iterable[Say]) -> list[Act]:
        acts = super().speak(said)
        return [self._flipped(act) for act in acts]

    def _flipped(self, act: Act) -> Act:
        self._count += 1
        if self._count - 1 != self._at or self._place >= len(act.data):
            return act
        data = bytearray(act.data)
        data[self._place] ^= self._pattern
        return Act(bytes(data), act.after_s)


class Listening(FaultyVoice):
    """Nothing is wrong; what the pad says is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[bytes] = []

    def speak(self, said: Iterable[Say]) -> list[Act]:
        acts = super().speak(said)
        self.said += [act.data for act in acts]
        return acts


@pytest.fixture(scope="module")
def frames() -> list[bytes]:
    """What the pad says in a dialogue without faults."""
    near, far = pipe()
    voice = Listening()
    with AbecsPinPad(near, TIMES) as pad, DeviceServer(emulated(), far, voice):
        assert outcome(pad) == A_CUSTOMER
    assert len(voice.said) == FRAME_COUNT
    return voice.said


@pytest.mark.parametrize("at", range(FRAME_COUNT))
def test_every_byte_of_every_frame_flipped_on_a_line(at: int, frames: list[bytes]) -> None:
    """One bit of each byte here; every pattern in every byte of the answers below, without the line."""
    for place in range(len(frames[at])):
        near, far = pipe()
        device = emulated()
        voice = Flip(at, place, 1 << (at + place) % 8)
        with AbecsPinPad(near, QUICK) as pad, DeviceServer(device, far, voice):
            found = outcome(pad)
            if isinstance(found, str):  # an error that is in the documentation
                found = outcome_of_the_next(pad, device)
                assert found == THE_NEXT, place
            else:
                assert found == A_CUSTOMER, place


@pytest.mark.parametrize("at", ANSWERS)
def test_every_pattern_in_every_byte_of_an_answer(at: int, frames: list[bytes]) -> None:
    """All 255 of each byte: never an answer with another body."""
    frame = frames[at]
    (body,) = ABECSFramer().feed(frame)
    for place in range(len(frame)):
        for pattern in range(1, 256):
            flipped = bytearray(frame)
            flipped[place] ^= pattern
            assert told_by(bytes(flipped)) in ([], [body]), (place, pattern)


def told_by(frame: bytes) -> list[bytes]:
    """The answers in what the pad says, once it has acknowledged the question."""
    framer = ABECSFramer()
    talk = AckNakExchange(framer, AckNak(acknowledges=False))
    talk.ask(b"GPN", 0.0, answer_s=9, moves_money=True)
    events = [*framer.feed(b"\x06" + frame), *framer.end()]
    steps = [step for event in events for step in talk.take(event, 0.1)]
    return [step.body for step in steps if isinstance(step, Answer)]


# --- nothing is asked twice ------------------------------------------------------------------------------


class Garbling(RecordingStream):
    """One byte of one write is another."""

    def __init__(self, inner: Stream, at: int, times: int) -> None:
        super().__init__(inner)
        self._garbled = range(at, at + times)
        self._count = 0

    def write(self, data: bytes, deadline: float) -> None:
        if self._count in self._garbled:
            data = data[:9] + bytes((data[9] ^ 1,)) + data[10:]
        self._count += 1
        super().write(data, deadline)


GPN_IS_WRITE = 4  # CAN, GCX, GTK, CAN, GPN


@pytest.mark.parametrize("times", [1, 2])
def test_what_the_pad_threw_away_is_said_again_and_the_customer_is_asked_once(times: int) -> None:
    near, far = pipe()
    device = emulated()
    with AbecsPinPad(Garbling(near, GPN_IS_WRITE, times), TIMES) as pad, serving(device, far):
        assert outcome(pad) == A_CUSTOMER
    assert device.inside.entered_for == [FIRST.pan]


def test_a_command_that_is_thrown_away_three_times_is_given_up() -> None:
    near, far = pipe()
    device = emulated()
    with AbecsPinPad(Garbling(near, GPN_IS_WRITE, 3), TIMES) as pad, serving(device, far):
        assert outcome(pad) == "RemoteProtocolError"
        assert outcome_of_the_next(pad, device) == THE_NEXT
    assert device.inside.entered_for == [SECOND.pan]


class Swallowing(RecordingStream):
    """One write never arrives."""

    def __init__(self, inner: Stream, at: int) -> None:
        super().__init__(inner)
        self._left = at

    def write(self, data: bytes, deadline: float) -> None:
        self._left -= 1
        if self._left != -1:
            super().write(data, deadline)


def test_silence_after_a_command_ends_the_conversation_and_nothing_is_said_again() -> None:
    """ABECS 2.12, 2.2.2.1: the ACK may be what was lost, and the customer is not to be asked twice."""
    near, far = pipe()
    device = emulated()
    line = Swallowing(near, GPN_IS_WRITE)
    with AbecsPinPad(line, QUICK) as pad, serving(device, far):
        assert outcome(pad) == "LinkTimeoutError"
        assert device.inside.entered_for == []
        assert outcome_of_the_next(pad, device) == THE_NEXT
