"""Whatever a pad sends, cut anyhow: a result that its bytes hold, or an error of the documentation, in time."""

from __future__ import annotations

import time
from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.abecs.bench import KEY, NOW
from posrefund.devices.abecs import AbecsPinPad, PadTimes, redact
from posrefund.devices.abecs.card import read_card
from posrefund.devices.abecs.message import read_answer, read_parameters
from posrefund.emulators.pinpad.wire import packet
from posrefund.errors import DeviceRefusedError, PosRefundError, RemoteProtocolError
from posrefund.values import PAN, CardRead

TIMES = PadTimes(ack_s=0.002, byte_s=0.001, answer_s=0.002, quiet_s=0.001, customer_s=0.002)
CARD = CardRead("051", PAN("6200000000000005"))
GCX = packet(
    b"GCX000047\x80\x4f\x00\x0203\x80\x52\x00\x10620000******0005\x80\x53\x00\x0201\x80\x5d\x00\x06301231\x80\x50\x00\x010"
)
GTK = packet(b"GTK000012\x80\x4a\x00\x08\x62\x00\x00\x00\x00\x00\x00\x05")
GPN = packet(b"GPN000036" + b"A5" * 8 + b"0" * 20)


class Puppet:
    """A line whose other end says a fixed thing after each question, in given pieces; EOT to CAN."""

    name = "puppet"

    def __init__(self, answers: list[bytes], sizes: list[int]) -> None:
        self._answers, self._sizes = deque(answers), deque(sizes)
        self._coming = bytearray()

    def open(self, timeout_s: float) -> None:
        self._coming.clear()

    def write(self, data: bytes, deadline: float) -> None:
        if data == b"\x18":
            self._coming += b"\x04"
        elif data != b"\x15":
            self._coming += self._answers.popleft() if self._answers else b""

    def read_some(self, deadline: float) -> bytes:
        if not self._coming:
            time.sleep(max(0.0, deadline - time.monotonic()))
            return b""
        size = self._sizes.popleft() if self._sizes else len(self._coming)
        piece = bytes(self._coming[:size])
        del self._coming[:size]
        return piece

    def peer_closed(self) -> bool:
        return False

    def cancel(self) -> None:
        pass

    def close(self) -> None:
        pass


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 7)))
def test_any_cut_of_the_same_bytes_gives_the_same_card_and_pin(sizes: list[int]) -> None:
    patient = PadTimes(ack_s=2, byte_s=1, answer_s=2, quiet_s=0.001, customer_s=2)
    puppet = Puppet([b"\x06" + GCX, b"\x06" + GTK, b"\x06" + GPN], sizes)
    with AbecsPinPad(puppet, patient) as pad:
        card = pad.read_card(None, now=NOW)
        entered = pad.enter_pin(card, KEY)

    assert card == CardRead("051", PAN("6200000000000005"), "3012", "001")
    assert entered.card.pin_block == bytes.fromhex("A5" * 8)


junk = st.one_of(
    st.binary(max_size=60),
    st.binary(max_size=40).map(packet),
    st.builds(
        lambda name, rest: packet(name + rest),
        st.sampled_from([b"GPN000", b"GCX000", b"NTM000"]),
        st.binary(max_size=40),
    ),
    st.sampled_from([GCX, GTK, GPN, b"\x06", b"\x15", b"\x04"]),
)


@settings(deadline=None, max_examples=80)
@given(st.lists(st.lists(junk, max_size=4).map(b"".join), min_size=1, max_size=3), st.booleans())
def test_garbage_gives_a_documented_error_or_what_its_bytes_hold(
    answers: list[bytes], is_acknowledged: bool
) -> None:
    said = [(b"\x06" if is_acknowledged else b"") + answer for answer in answers]
    began = time.monotonic()
    with AbecsPinPad(Puppet(said, []), TIMES) as pad:
        try:
            entered = pad.enter_pin(CARD, KEY)
        except PosRefundError as error:
            found = (error.effect, error.retry_is_safe)
        else:
            found = ("nothing_sent", True)
            assert entered.card.pan == CARD.pan
            assert GPN in b"".join(said)
            assert entered.card.pin_block == bytes.fromhex("A5" * 8)
    assert found == ("nothing_sent", True)
    assert time.monotonic() - began < 30


@given(st.binary(max_size=200))
def test_decoder_takes_any_bytes(body: bytes) -> None:
    try:
        answer = read_answer(body, "GPN")
        read_parameters(answer.blocks)
    except RemoteProtocolError:
        pass
    redacted = redact(body)
    assert len(redacted) == len(body)
    assert redact(redacted) == redacted


known = st.sampled_from([0x804F, 0x8050, 0x8052, 0x8053, 0x8042, 0x8045, 0x804A, 0x805D])
value = st.one_of(
    st.binary(max_size=20), st.sampled_from([b"00", b"03", b"05", b"06", b"620000******0005"])
)


@given(st.dictionaries(known, value), st.dictionaries(known, value))
def test_card_is_read_from_anything_or_refused(
    first: dict[int, bytes], second: dict[int, bytes]
) -> None:
    try:
        card = read_card(first, second)
    except (DeviceRefusedError, RemoteProtocolError):
        return
    assert card.pan.reveal() in second.get(0x804A, b"").hex() + second.get(0x8045, b"").hex()
