"""Check bytes against published check values, and an XOR by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.framing.checks import crc_kermit, crc_xmodem, lrc

CHECKED = b"123456789"


def test_crcs_of_the_nine_digits_are_those_of_the_catalogue() -> None:
    """Catalogue of parametrised CRC algorithms (G. Cook): CRC-16/XMODEM and CRC-16/KERMIT."""
    assert crc_xmodem(CHECKED) == bytes.fromhex("31C3")
    assert crc_kermit(CHECKED) == bytes.fromhex("8921")  # 2189, low byte first
    assert crc_xmodem(b"") == crc_kermit(b"") == b"\0\0"


def kermit_bit_by_bit(data: bytes) -> int:
    """Polynomial bits 15, 10 and 3 of the mirrored register, as the ZVT paper prints it."""
    register = 0
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x8408 if register & 1 else 0)
    return register


@given(st.binary(max_size=64))
def test_kermit_is_what_its_polynomial_makes(data: bytes) -> None:
    assert crc_kermit(data) == kermit_bit_by_bit(data).to_bytes(2, "little")


@given(st.binary(max_size=300), st.integers(0, 255))
def test_lrc_is_the_xor_of_every_byte(data: bytes, base: int) -> None:
    expected = base
    for byte in data:
        expected ^= byte

    assert lrc(data, base) == expected


@pytest.mark.parametrize(
    ("data", "base", "expected"),
    [
        (b"", 0, 0x00),
        (b"", 0x7F, 0x7F),
        (b"\x30\x31\x30\x30\x03", 0, 0x02),  # 30^31 = 01, ^30 = 31, ^30 = 01, ^03 = 02
        (b"\x15\x03", 0x7F, 0x69),  # 7F^15 = 6A, ^03 = 69
        (b"\x06\x03", 0x7F, 0x7A),
    ],
)
def test_lrc_is_the_xor_by_hand(data: bytes, base: int, expected: int) -> None:
    assert lrc(data, base) == expected
