"""An old answer is never the next one's: after a time-out, on a line that is flushed and on one that is not.

A pad's answers carry no number and no echo; these are the tests of what stands in for them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from devices.abecs.bench import (
    KEY,
    QUICK,
    SECOND,
    TIMES,
    WRAPPED_PIK,
    emulated,
    read_and_enter,
    seen,
    serving,
)
from posrefund.devices.abecs import AbecsPinPad, EnteredPIN, PadTimes
from posrefund.emulators.device import LineFault
from posrefund.emulators.pinpad.wire import packet
from posrefund.errors import LinkTimeoutError, PosRefundError
from posrefund.link import Stream
from posrefund.testing import RecordingStream, pipe
from posrefund.values import PAN, CardRead

THE_NEXT = (SECOND.pan.reveal(), "2222")
OLD_ANSWER = packet(b"GPN000036" + b"A5" * 8 + b"0" * 20)
CARD = CardRead("051", PAN("6200000000000005"))
PATIENT = PadTimes(ack_s=0.6, byte_s=0.1, answer_s=2.0, quiet_s=0.05, customer_s=2.0)


class Steady(RecordingStream):
    """A line that stays as it is: what was on it is still there after it was opened again, nothing is flushed."""

    def __init__(self, inner: Stream) -> None:
        super().__init__(inner)
        self._is_open = False

    def open(self, timeout_s: float) -> None:
        if not self._is_open:
            super().open(timeout_s)
            self._is_open = True

    def close(self) -> None:
        pass


@pytest.mark.parametrize("is_flushed", [True, False])
@pytest.mark.parametrize("at", [2, 4, 7], ids=["GCX", "GTK", "GPN"])
def test_late_answer_is_not_the_next_customers(at: int, is_flushed: bool) -> None:
    near, far = pipe()
    device = emulated()
    line: Stream = near if is_flushed else Steady(near)
    fault = LineFault.spelt(f"late:0.4s@{at}")
    with AbecsPinPad(line, QUICK) as pad, serving(device, far, fault):
        with pytest.raises(LinkTimeoutError):
            read_and_enter(pad)
        device.inside.card, device.inside.pin = SECOND, "2222"
        assert seen(patiently(pad)) == THE_NEXT
    near.close()


def patiently(pad: AbecsPinPad) -> EnteredPIN:
    """The pad hangs until its late answer has left; until then there is no EOT."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return read_and_enter(pad)
        except PosRefundError:
            if time.monotonic() > deadline:
                raise


def played(pad_says: bytes, times: PadTimes = PATIENT) -> object:
    """Ask for a PIN where the pad said *pad_says* before it heard anything, and then is as it should be."""
    near, far = pipe()
    device = emulated(pin="2222")
    line = Steady(near)
    line.open(1)
    far.open(1)
    far.write(pad_says, time.monotonic() + 1)
    with AbecsPinPad(line, times) as pad, serving(device, far, is_open=True):
        entered = pad.enter_pin(CARD, KEY)
    near.close()
    assert device.inside.did == ["GPN000"]
    return seen(entered)


@pytest.mark.parametrize(
    "left_over",
    [
        OLD_ANSWER,
        b"\x06" + OLD_ANSWER,
        b"\x04\x06" + OLD_ANSWER,  # an EOT of before, the ACK of before, the answer of before
        OLD_ANSWER[:20],
        OLD_ANSWER[:1] + b"\x04",
        b"123456\x04\x06" + OLD_ANSWER + b"\x04",  # from the middle of an older answer on
        packet(b"NTM000003abc") + OLD_ANSWER * 3,
        b"\x15" * 9 + b"\x04" * 9,
    ],
)
def test_what_is_on_the_line_before_the_pads_own_eot_is_nobodys_answer(left_over: bytes) -> None:
    assert played(left_over) == ("6200000000000005", "2222")


Lines = list[list[bytes]]
"""What the other end says to each thing that it hears, in pieces with pauses between them."""


@contextmanager
def scripted(says: Lines) -> Iterator[Stream]:
    """A line whose other end follows a script; then it says EOT to CAN, and ACK and an answer to the rest."""
    near, far = pipe()
    thread = threading.Thread(target=follow, args=(far, deque(says)), daemon=True)
    thread.start()
    try:
        yield near
    finally:
        far.close()
        thread.join(5)


def follow(far: Stream, says: deque[list[bytes]]) -> None:
    with suppress(PosRefundError):
        far.open(2)
        while heard := far.read_some(time.monotonic() + 5):
            usual = [b"\x04"] if heard == b"\x18" else [b"\x06" + OLD_ANSWER]
            for piece in says.popleft() if says else usual:
                far.write(piece, time.monotonic() + 1)
                time.sleep(0.03)


def test_answer_between_the_question_and_its_ack_is_not_believed() -> None:
    """The pad answers a GPN that was never acknowledged: its ACK was lost, or it is an older answer."""
    with (
        scripted([[b"\x04"], [OLD_ANSWER]]) as line,
        AbecsPinPad(line, QUICK) as pad,
        pytest.raises(LinkTimeoutError),
    ):
        pad.enter_pin(CARD, KEY)


def test_eot_of_an_earlier_can_does_not_end_what_follows() -> None:
    """The pad hears the first CAN late: its two EOTs come one after the other."""
    with scripted([[], [b"\x04", b"\x04"]]) as line, AbecsPinPad(line, PATIENT) as pad:
        assert pad.enter_pin(CARD, KEY).card.pin_block == bytes.fromhex("A5" * 8)


@pytest.mark.parametrize("stray", [b"\x06", b"\x15", OLD_ANSWER])
def test_only_eot_is_eot(stray: bytes) -> None:
    """Something of before comes between CAN and EOT."""
    with scripted([[stray, b"\x04"]]) as line, AbecsPinPad(line, PATIENT) as pad:
        assert pad.enter_pin(CARD, KEY).card.pin_block == bytes.fromhex("A5" * 8)


def test_the_same_question_twice_gets_two_answers_of_its_own() -> None:
    near, far = pipe()
    device = emulated()
    device.inside.pins.extend(["1111", "3333"])
    with AbecsPinPad(near, TIMES) as pad, serving(device, far, LineFault.spelt("duplicate@2")):
        first, second = (pad.enter_pin(CARD, KEY) for _ in range(2))
    assert [seen(each).pin for each in (first, second)] == ["1111", "3333"]
    assert WRAPPED_PIK.hex() not in repr((first, second))
