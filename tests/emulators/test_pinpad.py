"""The emulated PIN pad alone, by its literal bytes and with the time as an argument: it is strict where the paper is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.emulators.device import Scene, Script
from posrefund.emulators.pinpad import EmulatedPinPad, PadKeys
from posrefund.emulators.pinpad.wire import packet

EOT, ACK, NAK = "04", "06", "15"
OPN = bytes.fromhex("164F504E17A8A9")  # ABECS 2.12, 2.2.2.1
OPN_DONE = "164f504e30303017775e"  # 2.2.2.1, CRC recomputed
WRAPPED = "6701EAD6A9AD51E51AA406E2C27FCFA9"


def said(pad: EmulatedPinPad, data: bytes, now: float = 0.0) -> list[str]:
    return [say.data.hex() for say in pad.receive(data, now)]


def due(pad: EmulatedPinPad, now: float) -> list[str]:
    return [say.data.hex() for say in pad.deadline_passed(now)]


def fresh(**given: object) -> EmulatedPinPad:
    pad = EmulatedPinPad(**given)  # type: ignore[arg-type]
    pad.connect()
    return pad


def gpn(
    method: str = "1", least: str = "04", entries: str = "1", pan: str = "6200000000000005"
) -> bytes:
    body = f"{method}01{WRAPPED}{len(pan):02d}{pan:<19}{entries}{least}12{'PIN':<32}"
    return packet(f"GPN{len(body):03d}{body}".encode("ascii"))


def answered(pad: EmulatedPinPad, data: bytes) -> bytes:
    ack, answer = said(pad, data)
    assert ack == ACK
    return bytes.fromhex(answer)[1:-3]


def test_can_is_always_answered_and_a_command_is_acknowledged_first() -> None:
    pad = fresh()

    assert said(pad, b"\x18\x18") == [EOT, EOT]
    assert said(pad, OPN) == [ACK, OPN_DONE]


def test_answer_is_repeated_at_nak_and_only_there() -> None:
    pad = fresh()

    assert said(pad, b"\x15") == []  # there is none yet
    said(pad, OPN)
    assert said(pad, b"\x06") == []
    assert said(pad, b"\x15") == [OPN_DONE]


def test_wrong_crc_is_nak_after_silence_and_what_comes_meanwhile_is_thrown_away() -> None:
    pad = fresh()

    assert said(pad, OPN[:-1] + b"\x00", 1.0) == []
    assert said(pad, b"\x18" + OPN, 1.3) == []
    assert due(pad, 1.7) == []
    assert due(pad, 1.8) == [NAK]
    assert said(pad, OPN, 2.0) == [ACK, OPN_DONE]


def test_pause_inside_a_command_is_nak() -> None:
    pad = fresh()
    said(pad, OPN[:3], 0.0)

    assert (pad.deadline, due(pad, 2.0), due(pad, 2.5)) == (2.0, [], [NAK])


def test_customer_who_does_nothing_is_waited_for_a_minute() -> None:
    pad = fresh(pin="nothing")

    assert said(pad, gpn(), 100.0) == [ACK]
    assert due(pad, 159.9) == []
    assert due(pad, 160.0) == [packet(b"GPN012").hex()]


@pytest.mark.parametrize(
    ("pin", "status"), [("123", b"012"), ("short", b"012"), ("1" * 13, b"012")]
)
def test_too_few_or_too_many_digits_end_in_silence(pin: str, status: bytes) -> None:
    pad = fresh(pin=pin)
    said(pad, gpn())

    assert due(pad, 60.0) == [packet(b"GPN" + status).hex()]
    assert pad.inside.entered_for == []


@pytest.mark.parametrize("ended_by", [b"\x18", OPN])
def test_can_and_the_next_command_end_what_waits(ended_by: bytes) -> None:
    pad = fresh(pin="nothing")
    said(pad, gpn())

    assert said(pad, ended_by, 1.0)[0] in (EOT, ACK)
    assert pad.deadline is None
    assert due(pad, 100.0) == []


def test_dukpt_register_moves_only_with_a_pin_that_was_given() -> None:
    pad = fresh()
    pad.inside.pins.extend(["cancel", "1234"])

    assert answered(pad, gpn("3", pan="4012345678909")) == b"GPN013"
    # ANSI X9.24-1:2009, appendix A.4
    assert (
        answered(pad, gpn("3", pan="4012345678909"))
        == b"GPN0000361B9C1845EB993A7AFFFF9876543210E00001"
    )
    assert answered(pad, packet(b"GDU003301")) == b"GDU000020FFFF9876543210E00002"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (b"XYZ", b"ERR010"),
        (b"", b"ERR010"),
        (b"GTK", b"GTK010"),  # no card was read
        (b"GCX", b"GCX019"),  # no date
        (b"EBX", b"EBX019"),
        (b"GIX", b"GIX019"),
        (b"GDU003201", b"GDU011"),
        (b"GDU003309", b"GDU042"),
        (b"GPN005abcde", b"GPN011"),
        (b"GPN999", b"GPN011"),
        (b"DSP005HELLO", b"DSP000"),
        (b"EBX004\x00\x0f\x00\x09", b"EBX011"),
    ],
)  # fmt: skip
def test_wrong_command_is_answered_as_the_paper_says(command: bytes, answer: bytes) -> None:
    assert answered(fresh(), packet(command)) == answer


@pytest.mark.parametrize(
    "wrong", [{"least": "03"}, {"entries": "2"}, {"method": "0"}, {"method": "2"}]
)
def test_question_for_a_pin_that_security_forbids_is_refused(wrong: dict[str, str]) -> None:
    assert answered(fresh(), gpn(**wrong)) == b"GPN011"


def test_question_without_a_number_needs_a_card_that_was_read() -> None:
    assert answered(fresh(), gpn(pan="")) == b"GPN010"
    assert answered(fresh(keys=PadKeys(pin_masters={})), gpn()) == b"GPN042"


def test_card_is_told_once_in_clear() -> None:
    pad = fresh(script=Script(usual=Scene(seconds=2.0)))
    gcx = packet(b"GCX028\x00\x15\x00\x06260310\x00\x16\x00\x06150405\x00\x23\x00\x040604")

    assert said(pad, gcx) == [ACK]
    (told,) = due(pad, 2.0)
    assert b"620000******0005" in bytes.fromhex(told)
    assert bytes.fromhex("6200000000000005") in answered(pad, packet(b"GTK"))
    assert answered(pad, packet(b"GTK")) == b"GTK010"


@given(st.lists(st.binary(max_size=40), max_size=8), st.lists(st.integers(1, 5), max_size=30))
def test_any_bytes_cut_anyhow_say_the_same_and_raise_nothing(
    bodies: list[bytes], sizes: list[int]
) -> None:
    stream = b"".join(packet(body) if body else b"\x18" for body in bodies)
    whole, pieces = fresh(), fresh()
    expected = said(whole, stream)
    found, at = [], 0
    for size in [*sizes, len(stream)]:
        found += said(pieces, stream[at : at + size])
        at += size
    assert found == expected


@given(st.lists(st.binary(max_size=60)))
def test_garbage_raises_nothing(chunks: list[bytes]) -> None:
    pad, now = fresh(), 0.0
    for chunk in chunks:
        pad.receive(chunk, now)
        now += 3.0
        pad.deadline_passed(now)
