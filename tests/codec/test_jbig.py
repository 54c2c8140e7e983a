"""JBIG: the standard's own test sequence, pictures that jbigkit decodes to what was drawn, and headers that are none."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posrefund.codec.jbig import SIDE_MAX, JBIGHeader, encode_jbig, read_jbig
from posrefund.codec.qm_coder import QMEncoder
from posrefund.errors import DecodeError, EncodeError

# ITU-T T.82, clause 7.1: 256 decisions, the contexts they are made in, and the bytes of the coder without stuffing and
# without the zeros at the end. As jbigkit's tstcodec.c and SpanDSP's T.81/T.82 test carry them.
PIXELS = "05e000008b0001c4170000347fff1a3f951b05d81d17e7700000000006560e6a"
CONTEXTS = "0fe000000f0000f0ff00" + "0" * 44
CODED = "6989995c32eafaa0d5ff527fffffffc00000003fff2d208291"

# Made with pbmtojbg of jbigkit 2.1: -q -o 0 -p 0 -m 0 -s 16: one layer, no typical prediction, three lines, one stripe.
JBIGKIT_CROSS = bytes.fromhex("0000010000000010000000100000001000000000b7dc66b5101e9e8ce4ff02")
CROSS = bytes.fromhex("8001400220041008081004200240018001800240042008101008200440028001")


def bits(digits: str) -> list[int]:
    return [int(bit) for bit in f"{int(digits, 16):0{4 * len(digits)}b}"]


def decoded(picture: bytes) -> bytes:
    """What jbigkit makes of *picture*: a PBM without its header."""
    tool = shutil.which("jbgtopbm")
    if tool is None:
        pytest.skip("jbgtopbm is not here: Debian has it in jbigkit-bin")
    done = subprocess.run([tool], input=picture, capture_output=True, check=True, timeout=20)
    return done.stdout.split(b"\n", 3)[3] if done.stdout[:2] == b"P4" else b""


def test_the_coder_gives_the_bytes_of_the_standard() -> None:
    coder = QMEncoder(2)
    for context, pixel in zip(bits(CONTEXTS), bits(PIXELS), strict=True):
        coder.encode(context, pixel)

    assert coder.finish().hex() == CODED


def test_a_picture_has_the_bytes_that_jbigkit_gives_it() -> None:
    assert encode_jbig(CROSS, 16, 16) == JBIGKIT_CROSS


def test_a_header_says_what_the_picture_is() -> None:
    assert read_jbig(encode_jbig(CROSS, 16, 16)) == JBIGHeader(16, 16, 1, 0, 16, 0, 0)


def test_what_stands_behind_a_line_is_not_looked_at() -> None:
    assert encode_jbig(b"\x80\xbf", 2, 2) == encode_jbig(b"\x80\x80", 2, 2)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.integers(1, 70), st.integers(1, 30), st.sampled_from([0, 1, 2]), st.randoms())
def test_jbigkit_decodes_what_was_coded(width: int, height: int, grey: int, chance: object) -> None:
    stride = -(-width // 8)
    rows = bytearray(chance.randbytes(stride * height))  # type: ignore[attr-defined]  # reason: hypothesis' Random
    for _ in range(grey):  # sparser, as writing is
        other = chance.randbytes(len(rows))  # type: ignore[attr-defined]  # reason: the same
        rows = bytearray(a & b for a, b in zip(rows, other, strict=True))
    for last in range(stride - 1, len(rows), stride):
        rows[last] &= 0xFF << (-width % 8) & 0xFF

    assert decoded(encode_jbig(bytes(rows), width, height)) == rows


@pytest.mark.parametrize("colour", [b"\x00", b"\xff"])
def test_a_picture_of_one_colour_comes_back(colour: bytes) -> None:
    assert decoded(encode_jbig(colour * 8 * 64, 64, 64)) == colour * 8 * 64


@pytest.mark.parametrize(
    ("rows", "width", "height", "expected"),
    [
        (b"", 0, 1, "1 to 2000 pixels"),
        (b"", 1, 0, "1 to 2000 pixels"),
        (bytes(251), SIDE_MAX + 1, 1, "1 to 2000 pixels"),
        (bytes(SIDE_MAX + 1), 1, SIDE_MAX + 1, "1 to 2000 pixels"),
        (bytes(3), 9, 2, "2 bytes for each of 2 lines"),
        (bytes(5), 9, 2, "2 bytes for each of 2 lines"),
    ],
)
def test_what_is_no_picture_is_refused(rows: bytes, width: int, height: int, expected: str) -> None:
    with pytest.raises(EncodeError, match=expected):
        encode_jbig(rows, width, height)


GOOD = encode_jbig(CROSS, 16, 16)


@pytest.mark.parametrize(
    ("at", "byte", "said_at"),
    [
        (0, 1, 0),
        (2, 0, 2),
        (2, 8, 2),
        (3, 1, 3),
        (4, 1, 4),
        (7, 0, 4),
        (8, 0xFF, 8),
        (11, 0, 8),
        (15, 0, 12),
        (18, 0x10, 18),
        (19, 0x80, 19),
        (len(GOOD) - 1, 4, len(GOOD)),
        (len(GOOD) - 2, 0, len(GOOD)),
    ],
)
def test_a_header_that_is_none_is_refused_where_it_is_wrong(
    at: int, byte: int, said_at: int
) -> None:
    with pytest.raises(DecodeError) as caught:
        read_jbig(GOOD[:at] + bytes([byte]) + GOOD[at + 1 :])

    assert (caught.value.path, caught.value.offset_bytes) == ("picture", said_at)


def test_a_stripe_may_end_in_its_other_way() -> None:
    assert read_jbig(GOOD[:-1] + b"\x03").width == 16


@given(st.binary(max_size=40) | st.integers(0, len(GOOD) - 1).map(lambda cut: GOOD[:cut]))
def test_whatever_the_bytes_only_our_error_leaves(data: bytes) -> None:
    try:
        header = read_jbig(data)
    except DecodeError:
        return
    assert 0 < header.width <= SIDE_MAX
    assert len(data) >= 22
