"""What becomes of a ZVT refund when the line fails: every fault at every frame, every byte with every bit flipped.

All on a line where no time passes, so three minutes of silence are waited for in no time.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.still_line import VirtualStream
from devices.zvt_lines import FORMS, REFUND, void
from posrefund.devices import (
    DeviceApproved,
    DeviceDeclined,
    DeviceInDoubt,
    DeviceNotSent,
    DeviceRefund,
    DeviceResult,
)
from posrefund.devices.zvt import ZVTSettings, ZvtTerminal
from posrefund.emulators.device import LineFault, Say, Scene, Script
from posrefund.emulators.zvt import EmulatedZVT
from posrefund.values import Amount, RequestID

if TYPE_CHECKING:
    from collections.abc import Sequence

LETTERS = {DeviceApproved: "A", DeviceNotSent: "N", DeviceInDoubt: "?", DeviceDeclined: "D"}
FIRST = DeviceRefund(RequestID("R-0"), Amount(500, "978"))


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver's clock is that of the line it is on."""
    monkeypatch.setattr("posrefund.devices.line._now", lambda: Lane.now.now)


class Lane:
    """A driver on a virtual line, and which line it is on."""

    now: VirtualStream

    def __init__(self, form: str, device: Any = None, **line: object) -> None:
        self.device: Any = device or EmulatedZVT()
        self.stream = VirtualStream(self.device, **line)  # type: ignore[arg-type]
        Lane.now = self.stream
        how = ZVTSettings()
        self.driver = ZvtTerminal(self.stream, how, serial=form == "serial")

    def refund(self, request: DeviceRefund = REFUND) -> DeviceResult:
        return self.driver.refund(request)


# Frames and controls of the terminal, from 0. Serial: 0–3 registration, 4–7 what was last, 8 the ACK of the refund,
# 9 its 80 00 00, 10 insert card, 12 status information, 14–22 lines to print, 24 completion; odd ones are ACKs.
# TCP: 0–1 registration, 2–3 what was last, 4 the refund's 80 00 00, 5 insert card, 6 status information, 7–11 lines,
# 12 completion.   A approved, N not sent, ? in doubt.
TABLE = {
    "serial": """
        drop             NAAANAAA ?AAAAAAAAAAAAAAAAA
        delay:1s         AAAAAAAA AAAAAAAAAAAAAAAAAA
        late:200s        NNNNNNN? ?????????????????A
        duplicate        AAAAAAAA AAAAAAAAAAAAAAAAAA
        truncate         NAAANAAA ?AAAAAAAAAAAAAAAAA
        split:0.05s      AAAAAAAA AAAAAAAAAAAAAAAAAA
        split:1s         AAAAAAAA AAAAAAAAAAAAAAAAAA
        coalesce         AAAAAAAA AAAAAAAAAAAAAAAAAA
        corrupt          NAAANAAA ?AAAAAAAAAAAAAAAAA
        check            NAAANAAA ?AAAAAAAAAAAAAAAAA
        nak              NAAANAAA ?AAAAAAAAAAAAAAAAA
        no_ack           NAAANAAA ?AAAAAAAAAAAAAAAAA
        noise            AAAAAAAA AAAAAAAAAAAAAAAAAA
        close_before     NNNNNNNN ?????????????????A
        close_mid        NNNNNNNN ?????????????????A
        close_after      NNNNNNNN ????????????????AA
        stall            NNNNNNN? ?????????????????A
        reorder          NAAANAAA ?AAAAAAAAAAAAAAAAA
    """,
    "tcp": """
        drop             NNNN ?????????
        delay:1s         AAAA AAAAAAAAA
        late:200s        NNNN ?????????
        duplicate        NANA ?AAAAAAAA
        truncate         NNNN ?????????
        split:0.05s      AAAA AAAAAAAAA
        coalesce         ANAN A????????
        noise            NNNN ?????????
        close_before     NNNN ?????????
        close_mid        NNNN ?????????
        close_after      NNNN ????????A
        stall            NNNN ?????????
        reorder          NNNN ?????????
    """,
}
ROWS = [
    (form, *line.split(maxsplit=1))
    for form, table in TABLE.items()
    for line in table.strip().splitlines()
]


@pytest.mark.parametrize(("form", "fault", "expected"), ROWS)
def test_a_fault_at_every_frame_ends_as_the_table_says_and_money_is_asked_for_once(
    form: str, fault: str, expected: str
) -> None:
    found = ""
    for at in range(len(expected.replace(" ", ""))):
        lane = Lane(form, faults=[LineFault.spelt(f"{fault}@{at}")])
        result = lane.refund()
        found += LETTERS[type(result)]
        assert lane.device.money_asked == (not isinstance(result, DeviceNotSent))
        assert sum(_is_money(wrote) for wrote in lane.stream.wrote) <= 1
        if isinstance(result, DeviceApproved):
            assert lane.device.ledger.refunded_minor == 1234
            assert result.reference == "000122/0044"
    assert found == expected.replace(" ", "")


def _is_money(wrote: bytes) -> bool:
    return b"\x06\x31\x0d" in wrote[:5]


@pytest.mark.parametrize("form", FORMS)
def test_the_table_has_a_column_for_every_frame(form: str) -> None:
    lane = Lane(form)
    lane.refund()
    widths = {len(row[2].replace(" ", "")) for row in ROWS if row[0] == form}
    assert widths == {lane.stream.said}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("at", range(26))
def test_what_a_fault_left_in_doubt_is_recovered_and_never_booked_twice(form: str, at: int) -> None:
    lane = Lane(form)
    lane.refund(FIRST)
    lane.stream.voice.add(LineFault("close_before", at))
    doubt = lane.refund()
    if isinstance(doubt, DeviceInDoubt):
        found = lane.driver.recover(replace(REFUND, after=doubt.after))
        booked = lane.device.ledger.refunded_minor == 500 + 1234
        assert isinstance(found, DeviceApproved) == booked
    assert lane.device.money_asked <= 2


# --- flips -----------------------------------------------------------------------------------------


@cache
def _clean(form: str) -> tuple[DeviceResult, int]:
    lane = Lane(form)
    return lane.refund(), lane.stream.read_bytes


@pytest.mark.parametrize("bit", range(8))
def test_one_bit_flipped_anywhere_on_a_serial_line_is_repaired_or_no_yes(bit: int) -> None:
    """The CRC sees it: the terminal says the right bytes again, or there is no approval."""
    clean, count = _clean("serial")
    approved = 0
    for at in range(count):
        lane = Lane("serial", flips={at: 1 << bit})
        result = lane.refund()
        approved += isinstance(result, DeviceApproved)
        assert result == clean or not isinstance(result, DeviceApproved)
        assert not isinstance(result, DeviceDeclined)
        assert lane.device.money_asked <= 1
    assert approved > count / 2  # they were repaired, not only refused


@pytest.mark.parametrize("bit", range(8))
def test_one_bit_flipped_over_tcp_approves_nothing_else(bit: int) -> None:
    """TCP has checks of its own; if they failed, what is compared is result, amount, currency, TID and the numbers.

    A number may come damaged, for nothing is known to compare it with but the one before it; that it is of this
    refund, of this amount in this currency, stands. Neither a no nor a "not sent" is ever made of a yes.
    """
    clean, count = _clean("tcp")
    numbers = 0
    for at in range(count):
        lane = Lane("tcp", flips={at: 1 << bit})
        result = lane.refund()
        assert lane.device.money_asked == (not isinstance(result, DeviceNotSent))
        assert not isinstance(result, DeviceDeclined)
        if isinstance(result, DeviceApproved):
            assert (result.amount, result.raw_code) == (REFUND.amount, "00")
            assert lane.device.ledger.refunded_minor == 1234
            numbers += result.reference != clean.reference
    assert numbers <= 5  # three bytes of trace, two of receipt


@pytest.mark.parametrize("bits", range(1, 256))
def test_no_pattern_in_result_amount_or_currency_is_approved(bits: int) -> None:
    lane = Lane("tcp")
    lane.refund()
    status_at = lane.stream.heard.rindex(b"\x04\x0f")
    tags = {b"\x27": 1, b"\x04": 6, b"\x49": 2}
    heard = bytes(lane.stream.heard)
    places = [heard.index(b"\x27\x00\x04", status_at) + 1]
    amount_at = places[0] + 2
    places += [*range(amount_at, amount_at + tags[b"\x04"])]
    currency_at = heard.index(bytes.fromhex("490978"), status_at) + 1
    places += [currency_at, currency_at + 1]
    for at in places:
        assert isinstance(Lane("tcp", flips={at: bits}).refund(), DeviceInDoubt)


# --- late ------------------------------------------------------------------------------------------


class Unflushed(VirtualStream):
    """What was on its way when the line was closed comes in the next conversation."""

    def open(self, timeout_s: float) -> None:
        kept = self._line
        super().open(timeout_s)
        self._line = kept


@pytest.mark.parametrize("kind", [VirtualStream, Unflushed])
@pytest.mark.parametrize("minor", [1234, 999])
@pytest.mark.parametrize("at", [9, 12, 24])
@pytest.mark.parametrize("seconds", [181.0, 190.0, 500.0])
def test_a_late_answer_is_never_taken_for_the_next_ones(
    kind: type[VirtualStream], minor: int, at: int, seconds: float
) -> None:
    lane = Lane("serial")
    lane.stream = kind(lane.device, [LineFault("late", at, seconds=seconds)])
    Lane.now = lane.stream
    driver = ZvtTerminal(lane.stream, ZVTSettings(), serial=True)
    assert isinstance(driver.refund(REFUND), DeviceInDoubt)
    second = DeviceRefund(RequestID("R-2"), Amount(minor, "978"))
    result = driver.refund(second)
    if isinstance(result, DeviceApproved):
        assert result.reference == "000123/0045"
        assert lane.device.ledger.bookings[-1].minor == minor
    assert lane.device.money_asked <= 2
    if kind is VirtualStream:
        assert isinstance(result, DeviceApproved)


class Replaying:
    """A device that says the status of the last refund again, in time, for the next one: as equal as can be."""

    deadline = None

    def __init__(self, old: Sequence[bytes]) -> None:
        self._inner, self._old = EmulatedZVT(), list(old)

    def connect(self) -> None:
        self._inner.connect()

    def receive(self, chunk: bytes, now: float) -> Sequence[Say]:
        says = self._inner.receive(chunk, now)
        return [
            Say(self._old.pop(0)) if self._old and say.data[:2] == b"\x04\x0f" else say
            for say in says
        ]

    def deadline_passed(self, now: float) -> Sequence[Say]:
        return ()


def test_the_last_refunds_yes_is_not_this_ones() -> None:
    lane = Lane("tcp")
    lane.refund()
    at = lane.stream.heard.rindex(b"\x04\x0f")
    old = bytes(lane.stream.heard[at : at + 3 + lane.stream.heard[at + 2]])
    device = Replaying([])
    lane = Lane("tcp", device)
    assert isinstance(lane.refund(), DeviceApproved)
    device._old = [old, old]  # of the look back, which is true, and of the refund
    assert isinstance(lane.refund(), DeviceInDoubt)


# --- anything ----------------------------------------------------------------------------------------


class Babbling:
    """A device that says whatever it was given, one piece for each that it hears."""

    deadline = None

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = list(pieces)

    def connect(self) -> None:
        pass

    def receive(self, chunk: bytes, now: float) -> Sequence[Say]:
        return [Say(self._pieces.pop(0))] if self._pieces else ()

    def deadline_passed(self, now: float) -> Sequence[Say]:
        return ()


FRAMES = [
    bytes.fromhex(text)
    for text in (
        "800000",
        "849C00",
        "060F00",
        "800000060F00",
        "80000004FF010A",
        "040F022700",
        "061E016C",
        "06D1FFFFFF41",
        "10028000001003F51F",
        "0610028000001003F51F",
        "15",
        "06",
        "040F0922F9F94000",
    )
]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(FRAMES), st.binary(min_size=1, max_size=40)), max_size=25),
    st.sampled_from(FORMS),
    st.booleans(),
)
def test_any_garbage_is_no_yes_and_ends(pieces: list[bytes], form: str, voids: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        lane = Lane(form, Babbling(pieces))
        lane.stream.patch(patch)
        begun = lane.stream.now
        request = void("000122/0044") if voids else REFUND
        result = lane.driver.void(request) if voids else lane.refund()  # type: ignore[arg-type]
        recovered = lane.driver.recover(replace(request, after="000121/0043"))
        assert not isinstance(result, DeviceApproved)
        assert isinstance(recovered, DeviceInDoubt)
        assert lane.stream.now - begun < 6 * ZVTSettings().total_s


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(FORMS), st.integers(1, 40), st.sampled_from(["", "05", "6C", "FF"]))
def test_any_split_of_the_bytes_gives_the_same_result(form: str, chunk: int, code: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        results = []
        for size in (4096, chunk):
            lane = Lane(form, EmulatedZVT(Script(usual=Scene(code=code))), chunk=size)
            lane.stream.patch(patch)
            results.append(lane.refund())
        assert results[0] == results[1]
