"""Clear PIN blocks in software: the published blocks, and one error whatever is wrong."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plain_des
from posrefund.crypto import Key, Purpose
from posrefund.crypto.soft import decrypt_pin_block, encrypt_pin_block
from posrefund.errors import InvalidPINBlockError
from posrefund.values import PAN
from published import known_answers

PIK_BYTES = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
PIK = Key(PIK_BYTES, Purpose.PIN)
CARD = PAN("6200000000000005")
REFUSAL = "^PIN block refused$"

pins = st.from_regex(r"[0-9]{4,12}", fullmatch=True)
accounts = st.from_regex(r"[0-9]{11,18}", fullmatch=True).map(
    lambda body: next(body + d for d in "0123456789" if _passes(body + d))
)


def _passes(digits: str) -> bool:
    total = 0
    for place, char in enumerate(reversed(digits)):
        total += sum(map(int, str(int(char) * (1 + place % 2))))
    return total % 10 == 0


def account_of(printed: str) -> PAN:
    """The printed number with a right check digit; it is not part of a PIN block."""
    return PAN(next(printed[:-1] + d for d in "0123456789" if _passes(printed[:-1] + d)))


def cases(table: str) -> pytest.MarkDecorator:
    rows = known_answers("pin_blocks", table)
    return pytest.mark.parametrize("case", [pytest.param(row, id=row["name"]) for row in rows])


@cases("clear")
def test_pin_block_before_encryption_is_the_published_one(case: dict[str, str]) -> None:
    block = encrypt_pin_block(PIK, case["pin"], account_of(case["account"]))

    assert plain_des.decrypt(PIK_BYTES, block).hex().upper() == case["block"]
    assert decrypt_pin_block(PIK, block, account_of(case["account"])) == case["pin"]


@cases("enciphered")
def test_pin_block_is_the_published_one(case: dict[str, str]) -> None:
    key = Key(bytes.fromhex(case["key"]), Purpose.PIN, allow_weak=True)
    block, account = bytes.fromhex(case["block"]), account_of(case["account"])

    assert encrypt_pin_block(key, case["pin"], account) == block
    assert decrypt_pin_block(key, block, account) == case["pin"]


@given(pins, accounts, st.binary(min_size=16, max_size=16))
def test_pin_comes_back_from_its_block(pin: str, account: str, key: bytes) -> None:
    pik = Key(key, Purpose.PIN, allow_weak=True)
    block = encrypt_pin_block(pik, pin, PAN(account))

    assert len(block) == 8
    assert decrypt_pin_block(pik, block, PAN(account)) == pin


@pytest.mark.parametrize(
    "pin",
    ["", "1", "123", "1234567890123", "12A4", "１２３４", "12٣4", "12 4", "-123", "1234\n", "²²²²"],
)
def test_pin_of_another_shape_is_refused_and_not_repeated(pin: str) -> None:
    with pytest.raises(InvalidPINBlockError, match=REFUSAL) as caught:
        encrypt_pin_block(PIK, pin, CARD)

    assert caught.value.args == ("PIN block refused",)
    assert caught.value.__dict__ == {}


def blocks_that_are_none() -> list[bytes]:
    """Blocks for an account of zeros with one thing wrong each: form, length, digit, filler."""
    fields = (
        "141234FFFFFFFFFF",
        "031234FFFFFFFFFF",
        "0D1234FFFFFFFFFF",
        "0412A4FFFFFFFFFF",
        "041234FFFFFFFFF0",
        "0412340FFFFFFFFF",
        "061234FFFFFFFFFF",
        "FFFFFFFFFFFFFFFF",
    )
    return [plain_des.encrypt(PIK_BYTES, bytes.fromhex(field)) for field in fields]


@pytest.mark.parametrize(
    "block", [b"", bytes(7), bytes(9), bytes(16), bytes(8), *blocks_that_are_none()]
)
def test_block_with_anything_wrong_gives_one_error_that_says_nothing(block: bytes) -> None:
    account = PAN("0" * 13)  # leaves the clear block as it is
    with pytest.raises(InvalidPINBlockError, match=REFUSAL) as caught:
        decrypt_pin_block(PIK, block, account)

    assert caught.value.args == ("PIN block refused",)
    assert caught.value.__dict__ == {}
    assert caught.value.__cause__ is None


@given(st.binary(max_size=16))
def test_block_of_any_bytes_is_a_pin_or_refused(block: bytes) -> None:
    try:
        pin = decrypt_pin_block(PIK, block, CARD)
    except InvalidPINBlockError:
        return
    assert encrypt_pin_block(PIK, pin, CARD) == block


@given(pins)
def test_block_under_another_key_is_refused_or_another_pin(pin: str) -> None:
    block = encrypt_pin_block(PIK, pin, CARD)
    other = Key(PIK_BYTES[8:] + PIK_BYTES[:8], Purpose.PIN)
    with suppress(InvalidPINBlockError):
        assert decrypt_pin_block(other, block, CARD) != pin
