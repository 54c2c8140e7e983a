"""The emulated terminals of Concert, Transbank and Caisse-AP: strict where a real one is, with books of their own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.emulators.caisse_ap import CaisseAPTerminal
from posrefund.emulators.concert import ConcertTerminal, Credit
from posrefund.emulators.device import EmulatedDevice, Scene, Script
from posrefund.emulators.transbank import TransbankTerminal

ENQ, ACK, NAK, EOT = b"\x05", b"\x06", b"\x15", b"\x04"
CREDIT = b"\x02" + b"0100001234" + b"011978" + b" " * 10 + b"A010B010" + b"\x03\x03"
TAGS = b"CZ0040300CJ012012345678901CA00201CE003978BA0010CD0011CB0041234"
VOID = bytes.fromhex("02 313230307C3132337C 03 30")


def said(device: EmulatedDevice, heard: bytes, now: float = 0.0) -> list[bytes]:
    return [say.data for say in device.receive(heard, now)]


def later(device: EmulatedDevice, now: float) -> list[bytes]:
    return [say.data for say in device.deadline_passed(now)]


# --- Concert -----------------------------------------------------------------------------------------


def test_concert_hears_nothing_without_enq() -> None:
    device = ConcertTerminal()

    assert said(device, CREDIT) == []
    assert device.asked == []


@pytest.mark.parametrize(
    "frame",
    [
        CREDIT[:-1] + b"\x02",
        CREDIT.replace(b"00001234", b"00001235"),  # its check byte stays
        b"\x02" + b"0100" + b"\x03\x02",  # another length
    ],
)
def test_concert_says_nak_to_what_is_no_question(frame: bytes) -> None:
    device = ConcertTerminal()

    assert said(device, ENQ) == [ACK]
    assert said(device, frame) == [NAK]
    assert device.credits == []


def told(device: ConcertTerminal) -> None:
    assert said(device, ENQ) == [ACK]
    assert said(device, CREDIT) == [ACK]
    assert said(device, EOT) == []
    assert later(device, 0.0) == [ENQ]


def test_concert_answers_in_a_session_of_its_own() -> None:
    device = ConcertTerminal()
    told(device)

    (answer,) = said(device, ACK)
    assert answer == b"\x02" + b"01000001234" + b"1978" + b" " * 10 + b"\x03\x31"
    assert said(device, ACK) == [EOT]
    assert device.credits == [Credit(1234, "978", "000001")]


def test_concert_repeats_an_answer_three_times_in_all_and_gives_up() -> None:
    device = ConcertTerminal()
    told(device)

    (answer,) = said(device, ACK)
    assert said(device, NAK) == [answer]
    assert later(device, 1.0) == [answer]
    assert said(device, NAK, 1.0) == [EOT]
    assert device.deadline is None


def test_concert_asks_for_attention_three_times_and_books_all_the_same() -> None:
    device = ConcertTerminal()
    told(device)

    assert [later(device, at) for at in (1.0, 2.0, 3.0)] == [[ENQ], [ENQ], [EOT]]
    assert len(device.credits) == 1


def test_a_question_that_is_told_twice_is_done_once_and_counted_twice() -> None:
    device = ConcertTerminal()
    said(device, ENQ)

    assert said(device, CREDIT) == said(device, CREDIT) == [ACK]
    assert (len(device.asked), len(device.credits)) == (2, 1)


def test_a_terminal_may_lie_about_what_it_did() -> None:
    device = ConcertTerminal(Script(usual=Scene(code="7", does_act=True)))
    told(device)
    assert len(device.credits) == 1


# --- Transbank ---------------------------------------------------------------------------------------


def test_transbank_says_nak_to_a_wrong_check_byte_and_to_what_it_does_not_know() -> None:
    device = TransbankTerminal()

    assert said(device, VOID[:-1] + b"\x31") == [NAK]
    assert said(device, bytes.fromhex("02 39393939 03 03")) == [NAK]
    assert device.asked == []


def test_transbank_voids_once_and_says_so_the_second_time() -> None:
    device = TransbankTerminal()

    assert said(device, VOID)[1][1:8] == b"1210|00"
    assert said(device, ACK) == []
    assert said(device, VOID)[1][1:8] == b"1210|04"
    assert device.voided == ["123"]


def test_transbank_repeats_an_answer_twice_after_silence_and_after_nak() -> None:
    device = TransbankTerminal()

    _, answer = said(device, VOID)
    assert later(device, 9.9) == []
    assert later(device, 10.0) == [answer]
    assert said(device, NAK, 11.0) == [answer]
    assert said(device, NAK, 12.0) == []
    assert device.deadline is None


# --- Caisse-AP ---------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 30), max_size=40))
def test_caisse_ap_reads_tags_however_tcp_cuts_them_and_answers_once(cuts: list[int]) -> None:
    device, left, now = CaisseAPTerminal(), TAGS, 0.0
    for size in [*cuts, len(TAGS)]:
        assert said(device, left[:size], now) == []
        left, now = left[size:], now + 0.04
        assert later(device, now) == []
    (answer,) = later(device, now + 0.05)

    assert answer.startswith(TAGS + b"AE00210")
    assert device.credits == [(1234, "978")]


@pytest.mark.parametrize("tag", ["CZ", "CJ", "CA", "CE", "BA", "CD", "CB"])
def test_caisse_ap_gives_nothing_back_without_a_tag_or_with_one_twice(tag: str) -> None:
    text = TAGS.decode()
    at = text.index(tag)
    field = text[at : at + 5 + int(text[at + 2 : at + 5])]
    for changed in (text.replace(field, ""), text + field):
        device = CaisseAPTerminal()
        said(device, changed.encode())
        (answer,) = later(device, 0.05)

        assert answer.endswith(b"AE00201AF00209")
        assert (device.credits, device.asked) == ([], [])


def test_caisse_ap_says_nothing_to_half_a_message() -> None:
    device = CaisseAPTerminal()
    said(device, TAGS[:-1])

    assert later(device, 1.0) == []
    assert device.deadline is None


def test_caisse_ap_sells_nothing() -> None:
    device = CaisseAPTerminal()
    said(device, TAGS.replace(b"CD0011", b"CD0010"))

    assert later(device, 0.05)[0].endswith(b"AE00201AF00205")


# --- all of them -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [ConcertTerminal, TransbankTerminal, CaisseAPTerminal])
@given(data=st.lists(st.binary(max_size=80), max_size=8))
def test_garbage_gives_nothing_back(kind: type, data: list[bytes]) -> None:
    device = kind()
    for at, chunk in enumerate(data):
        said(device, chunk, float(at))
        later(device, at + 0.9)

    assert device.asked == []
