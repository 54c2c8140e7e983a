"""STX, ETX, LRC: frames of published lines, what the check finds, and what an XOR cannot find."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framing.lines import SHORT, byte_by_byte, play, texts
from posrefund.errors import ConfigError, FramingError
from posrefund.framing import STXETX, Control, Damaged, Progress, STXETXFramer

TEXT = STXETX()
MIS = STXETX(length="bcd", text=False)
ECR17 = STXETX(base=0x7F, control_frames=True, progress_bytes=20)
SHORT_TEXT = STXETX(body_bytes_max=SHORT)
CREDIT = b"01" + b"00001234" + b"011" + b"978" + b" " * 10 + b"A010B010"
"""Till 01, 12.34, no answer before the end, by card, credit, EUR, nothing private, no delay."""

PUBLISHED = [
    # Transbank POS Integrado: the official SDKs for Python and C
    ("poll", TEXT, b"0100", "02 30313030 03 02"),
    ("close", TEXT, b"0500||", "02 303530307C7C 03 06"),
    ("load keys", TEXT, b"0800", "02 30383030 03 0B"),
    ("last sale", TEXT, b"0250|", "02 303235307C 03 78"),
    ("void of 123", TEXT, b"1200|123|", "02 313230307C3132337C 03 30"),
    # Concert: a credit of 12.34 EUR, laid out as pyTeliumManager does; its LRC is ETX
    ("credit", TEXT, CREDIT, "02" + CREDIT.hex() + "03 03"),
    # a Chinese MIS till: a relay of 60 00 03 00 for host 1234
    (
        "relay",
        MIS,
        bytes.fromhex("DF010101 DF04021234 DF060460000300"),
        "02 0016 DF010101 DF04021234 DF060460000300 03 8A",
    ),
]


@pytest.mark.parametrize(("line", "body", "framed"), [row[1:] for row in PUBLISHED])
def test_published_frame_is_written_and_read(line: STXETX, body: bytes, framed: str) -> None:
    raw = bytes.fromhex(framed)

    assert STXETXFramer(line).frame(body) == raw
    assert play(STXETXFramer(line), [raw]) == ([body], None)
    assert play(STXETXFramer(line), byte_by_byte(raw)) == ([body], None)


def test_check_byte_that_looks_like_a_control_is_no_control() -> None:
    """Concert: LRC 03, then the EOT that ends the session; Transbank: LRC 02, then 06, then an ACK."""
    credit = bytes.fromhex("02" + CREDIT.hex() + "0303")
    stream = credit + bytes.fromhex("04 05 023031303003 02 02303530307C7C03 06 06")

    expected = [CREDIT, Control.EOT, Control.ENQ, b"0100", b"0500||", Control.ACK]
    assert play(STXETXFramer(), [stream]) == (expected, None)
    assert play(STXETXFramer(), byte_by_byte(stream)) == (expected, None)


def test_acknowledgement_glued_to_a_frame_and_a_zero_on_the_opened_line_are_told_apart() -> None:
    raw = bytes.fromhex("00 06 02303130300302")

    assert play(STXETXFramer(), [raw]) == ([Damaged("noise", 0, 1), Control.ACK, b"0100"], None)


def test_reply_with_another_code_under_an_old_check_byte_is_not_delivered() -> None:
    """The case that an official SDK takes for an approval: 05 became 00, the LRC did not change."""
    body = b"1210|05|597029414300|75001234|794981|123"
    raw = STXETXFramer().frame(body).replace(b"|05|", b"|00|")

    assert play(STXETXFramer(), [raw]) == ([Damaged("check", 0, len(raw))], None)


# --- ECR17 ------------------------------------------------------------------------------------------


def test_frame_of_refusal_from_a_real_terminal_is_a_control() -> None:
    """15 03 69, as a ZVT client received it (Portalum issue 42): 7F^15^03 = 69."""
    framer = STXETXFramer(ECR17)

    assert framer.feed(bytes.fromhex("150369")) == [Control.NAK]
    assert framer.feed(bytes.fromhex("06037A")) == [Control.ACK]
    assert framer.control(Control.NAK) == bytes.fromhex("150369")
    assert framer.control(Control.ACK) == bytes.fromhex("06037A")
    assert framer.control(Control.ENQ) == b"\x05"


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("bit", range(8))
def test_acknowledgement_frame_with_a_flipped_bit_is_no_acknowledgement(at: int, bit: int) -> None:
    raw = bytearray.fromhex("06037A")
    raw[at] ^= 1 << bit
    events, _ = play(STXETXFramer(ECR17), [bytes(raw)])

    assert Control.ACK not in events
    assert Control.NAK not in events
    assert events


def test_progress_is_told_and_its_text_is_not_shown() -> None:
    shown = b"INSERT CARD " + b"\x02\x03\x06 " + b"    "
    raw = b"\x01" + shown + b"\x04"

    assert play(STXETXFramer(ECR17), byte_by_byte(raw)) == ([Progress(shown)], None)
    assert repr(Progress(shown)) == "Progress()"
    assert play(STXETXFramer(ECR17), [raw[:-1] + b"\x03"]) == ([Damaged("end", 0, 22)], None)
    assert play(STXETXFramer(TEXT), [b"\x01"]) == ([Damaged("noise", 0, 1)], None)


@pytest.mark.parametrize(
    ("covers_stx", "covers_etx", "check"),
    [(False, True, "0F"), (False, False, "0C"), (True, True, "0D"), (True, False, "0E")],
)
def test_four_ways_to_cover_a_status_request(
    covers_stx: bool, covers_etx: bool, check: str
) -> None:
    """7F^'s' = 0C by hand; then ^03 for ETX, ^02 for STX."""
    line = STXETX(base=0x7F, covers_stx=covers_stx, covers_etx=covers_etx)

    assert STXETXFramer(line).frame(b"s") == bytes.fromhex("027303" + check)


# --- damage -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "stream", "reason"),
    [
        (TEXT, "02 30313030 03 00", "check"),
        (TEXT, "02 03 03", "empty"),
        (TEXT, "02 30 06 30 03 05", "control"),
        (TEXT, "02 30 02 30 03 01", "control"),
        (SHORT_TEXT, "02" + "30" * 25, "too long"),
        (TEXT, "02 3031", "cut"),
        (ECR17, "06 03", "cut"),
        (MIS, "02 0001 41 02 43", "end"),
        (MIS, "02 0000 03 03", "empty"),
        (MIS, "02 000A", "length"),
        (MIS, "02 4097", "length"),
        (MIS, "02 0003 4142", "cut"),
    ],
)
def test_damage_says_what_is_wrong_and_where(line: STXETX, stream: str, reason: str) -> None:
    raw = bytes.fromhex("FF" + stream)

    expected = [Damaged("noise", 0, 1), Damaged(reason, 1, len(raw) - 1)]  # type: ignore[arg-type]
    assert play(STXETXFramer(line), [raw]) == (expected, None)
    assert play(STXETXFramer(line), byte_by_byte(raw)) == (expected, None)


def test_longest_body_is_taken_and_a_longer_one_is_skipped_up_to_its_check_byte() -> None:
    whole = STXETXFramer(SHORT_TEXT).frame(b"0" * SHORT)
    longer = STXETXFramer().frame(b"0" * 99)
    stream = whole + longer + b"\x06" + whole

    expected = [b"0" * SHORT, Damaged("too long", SHORT + 3, SHORT + 2), Control.ACK, b"0" * SHORT]
    assert play(STXETXFramer(SHORT_TEXT), [stream]) == (expected, None)
    assert play(STXETXFramer(SHORT_TEXT), byte_by_byte(stream)) == (expected, None)


def test_silence_ends_a_frame_that_was_being_skipped_too() -> None:
    framer = STXETXFramer(SHORT_TEXT)

    assert framer.feed(b"\x02" + b"0" * 99) == [Damaged("too long", 0, SHORT + 2)]
    assert framer.end() == []
    assert framer.feed(framer.frame(b"0100")) == [b"0100"]


def test_line_without_a_check_byte_ends_its_frames_with_etx() -> None:
    line = STXETX(check="none", text=False)
    raw = bytes.fromhex("02 4102 03 02 42 03 06")

    assert STXETXFramer(line).frame(b"A\x02") == bytes.fromhex("02410203")
    assert play(STXETXFramer(line), byte_by_byte(raw)) == ([b"A\x02", b"B", Control.ACK], None)


ONE_BIT_FROM_ETX = {0x03 ^ 1 << bit for bit in range(8)}
safe_texts = texts.filter(lambda body: not ONE_BIT_FROM_ETX & set(body))


@given(st.data())
def test_text_with_one_flipped_bit_is_never_delivered(data: st.DataObject) -> None:
    """Also when the next frame or the end of the session follows at once."""
    framer = STXETXFramer()
    body, after = (
        data.draw(safe_texts),
        data.draw(st.sampled_from([b"", b"\x04", b"\x05", b"next"])),
    )
    raw = bytearray(framer.frame(body))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    follows = framer.frame(after) if len(after) > 1 else after

    events, _ = play(framer, [bytes(raw) + follows])

    assert [event for event in events if isinstance(event, bytes)] in ([], [after])
    assert any(isinstance(event, Damaged) for event in events)


@given(st.binary(min_size=1, max_size=40), st.data())
def test_body_behind_a_length_with_one_flipped_bit_is_never_delivered(
    body: bytes, data: st.DataObject
) -> None:
    raw = bytearray(STXETXFramer(MIS).frame(body))
    raw[data.draw(st.integers(3, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    assert play(STXETXFramer(MIS), [bytes(raw)]) == (
        [Damaged("check" if raw[-2] == 3 else "end", 0, len(raw))],
        None,
    )


def test_xor_cannot_see_a_letter_that_becomes_etx_where_the_rest_fits() -> None:
    """Not a wish: C is one bit from ETX, and 31^03 = 32. What follows at once is told as noise."""
    raw = STXETXFramer().frame(b"1C2").replace(b"C", b"\x03")

    assert play(STXETXFramer(), [raw]) == ([b"1", Damaged("noise", 4, 2)], None)


# --- what cannot be made ----------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"a\x03b", b"a\x02b", b"\x06", b"\x1a", b"\0"])
def test_text_with_a_control_code_is_not_framed(body: bytes) -> None:
    with pytest.raises(FramingError, match=r"control codes|without ETX") as caught:
        STXETXFramer().frame(body)
    assert caught.value.effect == "nothing_sent"


def test_separators_and_line_ends_are_text() -> None:
    body = b"T00\x1c1.28\x1c02\x1f\t\r\n\x1e\x1d\x1b"

    assert play(STXETXFramer(), [STXETXFramer().frame(body)]) == ([body], None)


def test_control_that_the_line_does_not_know_is_not_said_and_not_heard() -> None:
    framer = STXETXFramer(STXETX(controls=frozenset({Control.ACK})))

    assert play(framer, [b"\x06\x15"]) == ([Control.ACK, Damaged("noise", 1, 1)], None)
    with pytest.raises(FramingError, match="a control of this line"):
        framer.control(Control.NAK)


@pytest.mark.parametrize(
    "wrong",
    [
        {"check": "sum"},
        {"length": "binary"},
        {"base": 256},
        {"base": -1},
        {"length": "bcd"},
        {"controls": frozenset({7})},
        {"check": "none", "control_frames": True},
        {"progress_bytes": 4096},
        {"progress_bytes": -1},
        {"body_bytes_max": 0},
        {"body_bytes_max": 65_536},
        {"length": "bcd", "text": False, "body_bytes_max": 10_000},
    ],
)
def test_line_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"^framing: expected "):
        STXETX(**wrong)
