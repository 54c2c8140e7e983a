"""PIN blocks under SM4: both layouts as one page prints them, there and back, and one refusal for whatever is wrong."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plain_sm4
from posrefund.crypto import Algorithm, Key, Purpose
from posrefund.crypto.soft_sm4 import SM4Layout, decrypt_sm4_pin_block, encrypt_sm4_pin_block
from posrefund.errors import InvalidPINBlockError, KeyUsageError
from posrefund.values import PAN

MATERIAL = bytes.fromhex("F351D490994603795C6EBEE8FAEBB481")  # CSDN M_Kerry 104625499
CARD, OTHER = PAN("4111111111111111"), PAN("6205500000000000004")
CLEAR: dict[SM4Layout, str] = {  # by hand: the account is 111111111111
    "wide": "06123654FFFFFFFFFFFFEEEEEEEEEEEE",
    "filled": "06122745EEEEEEEE0000000000000000",
}
every_layout = pytest.mark.parametrize("layout", CLEAR)
pins = st.from_regex(r"[0-9]{4,12}", fullmatch=True)


def pik() -> Key:
    return Key(MATERIAL, Purpose.PIN, Algorithm.SM4)


@every_layout
def test_block_is_the_one_worked_out_by_hand(layout: SM4Layout) -> None:
    block = encrypt_sm4_pin_block(pik(), "123654", CARD, layout=layout)

    assert block == plain_sm4.encrypt(MATERIAL, bytes.fromhex(CLEAR[layout]))


@every_layout
@given(pins)
def test_block_opens_again_with_its_account_alone(layout: SM4Layout, pin: str) -> None:
    block = encrypt_sm4_pin_block(pik(), pin, CARD, layout=layout)

    assert decrypt_sm4_pin_block(pik(), block, CARD, layout=layout) == pin
    with suppress(InvalidPINBlockError):
        assert decrypt_sm4_pin_block(pik(), block, OTHER, layout=layout) != pin


@every_layout
def test_every_changed_bit_is_refused(layout: SM4Layout) -> None:
    block = encrypt_sm4_pin_block(pik(), "123654", CARD, layout=layout)
    for bit in range(128):
        changed = (int.from_bytes(block, "big") ^ 1 << bit).to_bytes(16, "big")
        with pytest.raises(InvalidPINBlockError):
            decrypt_sm4_pin_block(pik(), changed, CARD, layout=layout)


@every_layout
@pytest.mark.parametrize(
    "pin", ["", "123", "1234567890123", "12 4", "１２３４", "12A4", b"1234", None]
)
def test_what_is_no_pin_is_refused(layout: SM4Layout, pin: Any) -> None:
    with pytest.raises(InvalidPINBlockError, match=r"^PIN block refused$"):
        encrypt_sm4_pin_block(pik(), pin, CARD, layout=layout)


@pytest.mark.parametrize("size", [0, 8, 15, 17])
def test_block_of_another_length_and_another_layout_are_refused(size: int) -> None:
    with pytest.raises(InvalidPINBlockError):
        decrypt_sm4_pin_block(pik(), bytes(size), CARD, layout="wide")
    odd: Any = "narrow"
    for call in (
        lambda: decrypt_sm4_pin_block(pik(), bytes(16), CARD, layout=odd),
        lambda: encrypt_sm4_pin_block(pik(), "1234", CARD, layout=odd),
    ):
        with pytest.raises(InvalidPINBlockError):
            call()


@pytest.mark.parametrize(
    "key",
    [
        Key(MATERIAL, Purpose.MAC, Algorithm.SM4),
        Key(MATERIAL, Purpose.PIN, Algorithm.AES),
        Key(MATERIAL, Purpose.PIN),
    ],
    ids=["purpose", "AES", "TDEA"],
)
def test_key_for_something_else_is_refused(key: Key) -> None:
    with pytest.raises(KeyUsageError):
        encrypt_sm4_pin_block(key, "1234", CARD, layout="wide")
    with pytest.raises(KeyUsageError):
        decrypt_sm4_pin_block(key, bytes(16), CARD, layout="wide")


@pytest.mark.parametrize("block", [None, 16, "0" * 16, [0] * 16])
@pytest.mark.parametrize("layout", ["wide", "filled"])
def test_what_is_no_block_is_refused_as_a_wrong_one(layout: SM4Layout, block: Any) -> None:
    with pytest.raises(InvalidPINBlockError):
        decrypt_sm4_pin_block(pik(), block, CARD, layout=layout)
