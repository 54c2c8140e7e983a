"""Caught messages: what stands around them, what fills them, and that garbage only ever ends in one way."""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.dialects import Dialect, dialect, names
from posrefund.dialects.capture import open_capture
from posrefund.errors import DecodeError, EncodeError
from published import MESSAGES, check_refusal

UNIONPAY = dialect("unionpay")
ECHO_BODY = "082000000000000000100011000000013010"
ECHO = {"t": "0820", "p": "0000000000000010", "60": "00000001301"}
TPDU, HEADER = "6000030000", "603100000000"

SEED = 8583
ROUNDS = 100_000 if os.environ.get("CI") == "true" else 15_000
DIALECTS = tuple(dialect(name) for name in names() if name.startswith("unionpay"))


def raw_of(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.mark.parametrize(
    ("around", "length_prefix", "tpdu", "header"),
    [
        ("001D" + TPDU + HEADER, True, TPDU, HEADER),
        ("0017" + TPDU, True, TPDU, ""),
        ("0018" + HEADER, True, "", HEADER),
        ("0012", True, "", ""),
        (TPDU + HEADER, False, TPDU, HEADER),
        (TPDU, False, TPDU, ""),
        (HEADER, False, "", HEADER),
        ("", False, "", ""),
    ],
)
def test_capture_finds_what_stands_around_the_message(
    around: str, length_prefix: bool, tpdu: str, header: str
) -> None:
    raw = raw_of(around + ECHO_BODY)
    capture = open_capture(raw, UNIONPAY)

    assert capture.fields == ECHO
    assert capture.framing.length_prefix is length_prefix
    assert (capture.framing.tpdu.hex(), capture.framing.header.hex()) == (tpdu, header)
    assert capture.framing.body_at == len(raw_of(around))
    assert not capture.framing.mac_missing
    assert capture.rebuild(UNIONPAY) == raw


def test_capture_counts_spans_from_its_own_start() -> None:
    capture = open_capture(raw_of(TPDU + HEADER + ECHO_BODY), UNIONPAY)

    assert capture.spans == {"t": (11, 13), "p": (13, 21), "60": (21, 29)}


@pytest.mark.parametrize("prefix", ["0000", "001C", "001E", "FFFF"])
def test_capture_names_the_length_prefix_when_it_counts_wrongly(prefix: str) -> None:
    with pytest.raises(DecodeError) as caught:
        open_capture(raw_of(prefix + TPDU + HEADER + ECHO_BODY), UNIONPAY)

    assert caught.value.path == "frame.length_prefix"
    assert caught.value.offset_bytes == 0
    assert caught.value.expected == "29, for that many bytes follow"


def test_capture_says_it_is_empty_when_nothing_was_caught() -> None:
    with pytest.raises(DecodeError, match=r"^frame at byte 0: expected a message$"):
        open_capture(b"", UNIONPAY)


def test_capture_refuses_more_than_a_length_prefix_can_count() -> None:
    with pytest.raises(DecodeError, match=r"^frame at byte 65537: expected at most 65537 bytes$"):
        open_capture(bytes(65_538), UNIONPAY)


def test_capture_moves_the_offset_of_a_field_behind_what_stands_around() -> None:
    with pytest.raises(DecodeError) as caught:
        open_capture(raw_of(TPDU + HEADER + "08200000000000000110" + "00"), UNIONPAY)

    assert (caught.value.path, caught.value.offset_bytes) == ("DE56", 21)


def test_capture_refuses_a_secondary_bitmap_for_unionpay_has_none() -> None:
    for rest in ("0000000000000000", "8000000000000000" + "00" * 8, "0400000000000000", ""):
        with pytest.raises(DecodeError) as caught:
            open_capture(raw_of("08208000000000000001" + rest), UNIONPAY)
        assert (caught.value.path, caught.value.offset_bytes) == ("bitmap.secondary", 10)


def test_capture_reads_a_mac_input_block_and_gives_it_back() -> None:
    raw = raw_of("02002000000000000001000000")
    capture = open_capture(raw, UNIONPAY)

    assert capture.framing.mac_missing
    assert capture.fields == {"t": "0200", "p": "2000000000000001", "3": "000000"}
    assert "64" not in capture.spans
    assert capture.rebuild(UNIONPAY) == raw


def test_capture_refuses_a_mac_that_is_there_in_part() -> None:
    with pytest.raises(DecodeError) as caught:
        open_capture(raw_of("020020000000000000010000004142"), UNIONPAY)

    assert (caught.value.path, caught.value.offset_bytes) == ("DE64", 13)


@pytest.mark.parametrize("pad", "123456789ABCDEF")
def test_capture_keeps_the_filler_of_an_odd_field(pad: str) -> None:
    raw = raw_of("08200000000000000010001100000001301" + pad)
    capture = open_capture(raw, UNIONPAY)

    assert capture.fields["60"] == "00000001301"
    assert capture.framing.pads == {"60": pad}
    assert capture.rebuild(UNIONPAY) == raw


def test_capture_keeps_the_fillers_of_several_fields_left_and_right() -> None:
    raw = raw_of("02006000060020000000191234567890123456781F000000021BC001051234D1")
    with pytest.raises(DecodeError, match=r"^DE35"):
        open_capture(raw[:-1], UNIONPAY)
    capture = open_capture(raw, UNIONPAY)

    assert capture.framing.pads == {"2": "F", "22": "B", "23": "C", "35": "1"}
    assert capture.fields["2"] == "1234567890123456781"
    assert (capture.fields["22"], capture.fields["23"]) == ("021", "001")
    assert capture.fields["35"] == "1234D"
    assert capture.rebuild(UNIONPAY) == raw


def test_capture_does_not_show_its_fields_when_printed() -> None:
    capture = open_capture(raw_of("02004000000000000000166200000000000005"), UNIONPAY)

    assert capture.fields["2"] == "6200000000000005"
    assert "6200000000000005" not in repr(capture)


def test_rebuild_refuses_fields_that_were_changed_to_what_does_not_fit() -> None:
    capture = open_capture(raw_of(ECHO_BODY), UNIONPAY)
    capture.fields["60"] = "1" * 18

    with pytest.raises(EncodeError, match=r"^DE60"):
        capture.rebuild(UNIONPAY)


@given(st.binary(max_size=300))
def test_capture_of_any_bytes_is_refused_or_rebuilt(raw: bytes) -> None:
    for found in DIALECTS:
        check(raw, found)


@given(st.data())
def test_capture_of_any_bytes_behind_a_bitmap_is_refused_or_rebuilt(data: st.DataObject) -> None:
    around = data.draw(st.sampled_from(["", TPDU, HEADER, TPDU + HEADER]))
    mti = data.draw(st.sampled_from(["0200", "0220", "0410", "0810", "0999"]))
    bitmap = data.draw(st.binary(min_size=8, max_size=8))
    rest = data.draw(st.binary(max_size=300))
    raw = raw_of(around + mti) + bitmap + rest
    for found in DIALECTS:
        check(raw, found)


def check(raw: bytes, found: Dialect) -> bool:
    """Open *raw*: whether it was a message; any other end than a rebuild or a refusal raises."""
    try:
        capture = open_capture(raw, found)
    except DecodeError as error:
        check_refusal(error, raw)
        return False
    assert capture.rebuild(found) == raw
    return True


def check_body(body: bytes, found: Dialect) -> bool:
    """Decode *body* with the codec alone, as ``check`` does."""
    try:
        reading = found.codec.read(body)
    except DecodeError as error:
        check_refusal(error, body)
        return False
    assert found.codec.encode(reading.fields, pads=reading.pads) == body
    return True


def mutated(random: Random, raw: bytes, body_at: int) -> bytes:
    """Return *raw* with one to four wounds."""
    data = bytearray(raw)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        place = random.randrange(len(data) + 1)
        match random.randrange(6):
            case 0 if place < len(data):
                data[place] ^= 1 << random.randrange(8)
            case 1:
                del data[place : place + random.choice((1, 2, 8, 300))]
            case 2:
                data[place:place] = random.randbytes(random.choice((1, 2, 8, 64)))
            case 3:
                data[place:place] = data[place : place + random.randrange(1, 40)]
            case 4:
                data[body_at + 2 : body_at + 10] = random.randbytes(8)
            case _ if place < len(data):
                data[place] = random.choice((0x00, 0xFF, 0x99, 0x9A, 0x7F, 0x10))
            case _:
                data += random.randbytes(1)
    return bytes(data)


@pytest.mark.slow
@pytest.mark.parametrize("found", [pytest.param(found, id=found.name) for found in DIALECTS])
def test_wounded_messages_are_refused_or_rebuilt_whatever_the_wound(found: Dialect) -> None:
    random = Random(SEED)
    read = 0
    for _ in range(ROUNDS):
        message = random.choice(MESSAGES)
        raw = mutated(random, message.raw, message.body_at)
        try:
            read += check(raw, found) + check_body(raw[message.body_at :], found)
        except Exception:
            print(f"seed {SEED}, dialect {found.name}, bytes {raw.hex()}")
            raise

    assert (
        read > ROUNDS // 25
    )  # enough of them are still messages for the rebuild to mean something


# --- spelled in another way ------------------------------------------------------------------------

ECHO_87 = b"0800822000000000000004000000000000000309020000000007301"


@pytest.mark.parametrize(
    ("raw", "bitmap"),
    [
        (ECHO_87, ""),
        (
            b"08000220000000c00000030902000000000712345678123456789012345",
            "0220000000c00000",
        ),
        (
            b"0800822000000000000000000000000000000309020000000007",
            "82200000000000000000000000000000",
        ),
        (
            b"08008220000000c000000400000000000000030902000000000712345678123456789012345301",
            "8220000000c000000400000000000000",
        ),
    ],
    ids=["ours", "small letters", "an empty second one", "small letters and a second one"],
)
def test_bitmaps_spelled_in_another_way_are_given_back_as_they_came(
    raw: bytes, bitmap: str
) -> None:
    known = dialect("iso87-ascii")
    capture = open_capture(raw, known)

    assert capture.framing.bitmap == bitmap
    assert capture.rebuild(known) == raw


@pytest.mark.parametrize("bitmap", ["0220000000C00001", "02200000", "x" * 16, "8220000000C00000"])
def test_a_bitmap_of_other_fields_is_not_written(bitmap: str) -> None:
    known = dialect("iso87-ascii")
    raw = b"08000220000000c00000030902000000000712345678123456789012345"
    capture = open_capture(raw, known)
    other = replace(capture, framing=replace(capture.framing, bitmap=bitmap))

    with pytest.raises(EncodeError, match=r"^framing\.bitmap: expected a bitmap of the fields"):
        other.rebuild(known)


@pytest.mark.parametrize("length", [b" 6", b"+6", b"6 ", b"1_"])
def test_a_length_that_is_no_digits_is_refused_where_it_stands(length: bytes) -> None:
    raw = b"02004000000000000000" + length + b"620000"

    with pytest.raises(DecodeError, match=r"^DE2 at byte 20: expected ") as caught:
        open_capture(raw, dialect("iso87-ascii"))
    assert caught.value.offset_bytes == 20
