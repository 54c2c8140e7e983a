"""Misuse of PIN blocks: digits of other scripts, numbers for texts, accounts that are none. One error, one message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from posrefund.crypto import Algorithm, Key, Purpose
from posrefund.crypto.soft import (
    decrypt_pin_block,
    encrypt_pin_block,
    make_offline_pin_block,
    read_offline_pin_block,
)
from posrefund.errors import InvalidPINBlockError, InvalidRequestError
from posrefund.values import PAN

KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
PAN_16 = PAN("6200000000000005")
PIK = Key(KEY, Purpose.PIN)
NO_BYTES: list[Any] = [None, 0, 1.5, True, "0123456789ABCDEF", KEY.hex(), [*KEY], (), {}, object()]
no_bytes = pytest.mark.parametrize("wrong", NO_BYTES, ids=lambda each: type(each).__name__)
no_buffer = pytest.mark.parametrize("kind", [bytearray, memoryview])

BAD_PINS: list[Any] = [
    "", "1", "123", "1234567890123", "12 34", " 1234", "1234 ", "1234\n", "12a4", "-123", "+1234", "1_234",
    "12.4", "\uff11\uff12\uff13\uff14", "\u0661\u0662\u0663\u0664", "\u00b2\u00b2\u00b2\u00b2", "1234\0",
    b"1234", bytearray(b"1234"), 1234, None, ["1", "2", "3", "4"], ("1234",), 1234.0, True,
]  # fmt: skip


@pytest.mark.parametrize("pin", BAD_PINS, ids=repr)
def test_pin_of_another_shape_is_refused_in_every_format(pin: Any) -> None:
    aes = Key(KEY, Purpose.PIN, Algorithm.AES)
    for key, pin_format in ((PIK, 0), (PIK, 1), (PIK, 3), (aes, 4)):
        with pytest.raises(InvalidPINBlockError, match=r"^PIN block refused$"):
            encrypt_pin_block(key, pin, PAN_16, pin_format=pin_format)  # type: ignore[arg-type]  # reason: a literal
    with pytest.raises(InvalidPINBlockError, match=r"^PIN block refused$"):
        make_offline_pin_block(pin)


@pytest.mark.parametrize("pan", [None, "6200000000000005", 6200000000000005, b"6200000000000005"])
def test_account_that_is_no_pan_is_refused(pan: Any) -> None:
    for key, pin_format in ((PIK, 0), (PIK, 3), (Key(KEY, Purpose.PIN, Algorithm.AES), 4)):
        with pytest.raises(InvalidPINBlockError):
            encrypt_pin_block(key, "1234", pan, pin_format=pin_format)  # type: ignore[arg-type]  # reason: a literal
        with pytest.raises(InvalidPINBlockError):
            decrypt_pin_block(key, bytes(8), pan, pin_format=pin_format)  # type: ignore[arg-type]  # reason: a literal


@pytest.mark.parametrize(
    "number",
    ["6200 0000 0000 0005", "\uff16200000000000005", "62000000\u0665", "6200000000000005\n", "", "62", b"6200000000000005", 6200000000000005, None],
)  # fmt: skip
def test_account_that_is_not_digits_of_ascii_is_no_pan(number: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"^pan: expected"):
        PAN(number)


@no_bytes
def test_pin_block_that_is_no_bytes_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidPINBlockError):
        decrypt_pin_block(PIK, wrong, PAN_16)
    with pytest.raises(InvalidPINBlockError):
        read_offline_pin_block(wrong)


@no_buffer
def test_pin_block_in_another_buffer_is_read(kind: Callable[[bytearray], Any]) -> None:
    block = bytearray(encrypt_pin_block(PIK, "1234", PAN_16))
    assert decrypt_pin_block(PIK, kind(block), PAN_16) == "1234"
    assert read_offline_pin_block(kind(bytearray.fromhex("241234FFFFFFFFFF"))) == "1234"


@pytest.mark.parametrize("pin_format", [2, 5, -1, None, "0", 0.5, [0], True, 1.0, 3.0, 4.0])
def test_format_that_is_none_is_refused(pin_format: Any) -> None:
    with pytest.raises(InvalidPINBlockError):
        encrypt_pin_block(PIK, "1234", PAN_16, pin_format=pin_format)
    with pytest.raises(InvalidPINBlockError):
        decrypt_pin_block(PIK, bytes(8), PAN_16, pin_format=pin_format)
