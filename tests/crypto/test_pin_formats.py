"""PIN blocks of formats 0 to 4: published blocks, fresh filling, and no digit of a PIN in any refusal."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plain_des
from posrefund.crypto import Algorithm, Key, Purpose
from posrefund.crypto.soft import (
    PINFormat,
    account_field,
    decrypt_pin_block,
    encrypt_pin_block,
    make_offline_pin_block,
    read_offline_pin_block,
)
from posrefund.errors import ConfigError, InvalidPINBlockError, KeyUsageError
from posrefund.values import PAN
from published import known_answers

PIK_BYTES = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
CARD, OTHER_CARD = PAN("6200000000000005"), PAN("6200000000000047")
FORMATS: tuple[PINFormat, ...] = (0, 1, 3, 4)
REFUSAL = "^PIN block refused$"

pins = st.from_regex(r"[0-9]{4,12}", fullmatch=True)
lengths = st.integers(12, 19)
every_format = pytest.mark.parametrize("pin_format", FORMATS)


def account(digits: str) -> PAN:
    """An account number whose check digit may be wrong, as printed examples have them."""
    pan = PAN.__new__(PAN)
    pan._clear = digits
    return pan


def key_for(pin_format: int, material: bytes = PIK_BYTES) -> Key:
    kind = Algorithm.AES if pin_format == 4 else Algorithm.TDEA
    return Key(material, Purpose.PIN, kind, allow_weak=True)


def giving(fixed: bytes) -> Callable[[int], bytes]:
    """Chance that gives *fixed*, over and over."""
    stream = chain.from_iterable([fixed] * 100)
    return lambda count: bytes(next(stream) for _ in range(count))


def cases(table: str) -> pytest.MarkDecorator:
    rows = known_answers("pin_formats", table)
    return pytest.mark.parametrize("case", [pytest.param(row, id=row["name"]) for row in rows])


# --- published blocks ------------------------------------------------------------------------------


@cases("clear")
def test_clear_block_is_the_published_one_and_opens(case: dict[str, Any]) -> None:
    block, pin = bytes.fromhex(case["block"]), case["pin"]
    if case["format"] == 2:
        assert make_offline_pin_block(pin) == block
        assert read_offline_pin_block(block) == pin
        return
    pan = account(case["account"]) if "account" in case else None
    sealed = plain_des.encrypt(PIK_BYTES, block)

    assert decrypt_pin_block(key_for(0), sealed, pan, pin_format=case["format"]) == pin


@cases("clear")
def test_block_filled_as_published_is_the_published_one(case: dict[str, Any]) -> None:
    if case["format"] == 2:
        return
    pan = account(case["account"]) if "account" in case else None
    clear = bytes.fromhex(case["block"])
    mixed = clear if pan is None else bytes.fromhex(f"{int(pan.reveal()[-13:-1]):016d}")
    field = clear if pan is None else bytes(a ^ b for a, b in zip(clear, mixed, strict=True))
    fill = field.hex()[2 + len(case["pin"]) :].ljust(32, "a")
    block = encrypt_pin_block(
        key_for(0),
        case["pin"],
        pan,
        pin_format=case["format"],
        random_bytes=giving(bytes.fromhex(fill)),
    )

    assert block == plain_des.encrypt(PIK_BYTES, clear)


@cases("format_4")
def test_block_of_format_4_is_the_published_one_both_ways(case: dict[str, str]) -> None:
    key, pan = key_for(4, bytes.fromhex(case["key"])), account(case["account"])
    block = bytes.fromhex(case["block"])

    assert decrypt_pin_block(key, block, pan, pin_format=4) == case["pin"]
    if "random" in case:
        fixed = giving(bytes.fromhex(case["random"]))
        made = encrypt_pin_block(key, case["pin"], pan, pin_format=4, random_bytes=fixed)
        assert made == block


@cases("format_4_refused")
def test_block_of_a_defect_elsewhere_does_not_open(case: dict[str, str]) -> None:
    key = key_for(4, bytes.fromhex(case["key"]))
    with pytest.raises(InvalidPINBlockError, match=REFUSAL):
        decrypt_pin_block(key, bytes.fromhex(case["block"]), account(case["account"]), pin_format=4)


@cases("account_field")
def test_account_of_format_4_is_the_published_field(case: dict[str, str]) -> None:
    assert account_field(case["account"]) == bytes.fromhex(case["block"])


# --- properties ------------------------------------------------------------------------------------


@every_format
@given(pin=pins, size=lengths, key=st.binary(min_size=16, max_size=16), data=st.data())
def test_pin_comes_back_from_its_block(
    pin_format: PINFormat, pin: str, size: int, key: bytes, data: st.DataObject
) -> None:
    pan = account(data.draw(st.text("0123456789", min_size=size, max_size=size)))
    pik = key_for(pin_format, key)
    for _ in range(2):
        block = encrypt_pin_block(pik, pin, pan, pin_format=pin_format)
        assert len(block) == (16 if pin_format == 4 else 8)
        assert decrypt_pin_block(pik, block, pan, pin_format=pin_format) == pin


@given(pins)
def test_pin_comes_back_from_its_offline_block(pin: str) -> None:
    assert read_offline_pin_block(make_offline_pin_block(pin)) == pin


@pytest.mark.parametrize("pin_format", [1, 3, 4])
def test_block_is_new_every_time(pin_format: PINFormat) -> None:
    pik = key_for(pin_format)
    made = {encrypt_pin_block(pik, "1234", CARD, pin_format=pin_format) for _ in range(50)}

    assert len(made) == 50


def test_block_of_format_3_is_filled_with_all_six_letters_and_nothing_else() -> None:
    seen = set()
    for _ in range(60):
        block = encrypt_pin_block(key_for(3), "1234", account("0" * 16), pin_format=3)
        seen |= set(plain_des.decrypt(PIK_BYTES, block).hex()[6:])

    assert seen == set("abcdef")


@pytest.mark.parametrize("pin_format", [0, 3, 4])
@given(pin=pins)
def test_block_for_another_account_gives_another_pin_or_none(
    pin_format: PINFormat, pin: str
) -> None:
    pik = key_for(pin_format)
    fixed = giving(bytes(range(0xA0, 0xB0)))
    block = encrypt_pin_block(pik, pin, CARD, pin_format=pin_format, random_bytes=fixed)

    fixed = giving(bytes(range(0xA0, 0xB0)))
    other = encrypt_pin_block(pik, pin, OTHER_CARD, pin_format=pin_format, random_bytes=fixed)
    assert block != other
    if pin_format == 4:
        with pytest.raises(InvalidPINBlockError):
            decrypt_pin_block(pik, block, OTHER_CARD, pin_format=4)


def test_block_of_format_0_differs_when_a_digit_of_a_long_account_does_but_not_the_first() -> None:
    """Twelve digits are counted from the right: the first of a 19-digit number are not in it."""
    one, two = account("6200000000000000003"), account("7777770000000000003")
    near = account("6200000000000000013")
    made = [encrypt_pin_block(key_for(0), "1234", pan) for pan in (one, two, near)]

    assert made[0] == made[1] != made[2]


@every_format
@given(st.binary(max_size=20))
def test_block_of_any_bytes_is_a_pin_or_refused(pin_format: PINFormat, block: bytes) -> None:
    with suppress(InvalidPINBlockError):
        pin = decrypt_pin_block(key_for(pin_format), block, CARD, pin_format=pin_format)
        assert pin.isdigit()
    with suppress(InvalidPINBlockError):
        assert read_offline_pin_block(block).isdigit()


# --- refusals --------------------------------------------------------------------------------------

SHAPES: tuple[Any, ...] = (
    "",
    "123",
    "9" * 13,
    "73A9",
    "７３９１",
    "73٣9",
    "73 9",
    "7391\n",
    "-739",
)


def refusals() -> list[Callable[[], object]]:
    """Everything that is refused, with a PIN of 7391 in it where there is one."""
    found: list[Callable[[], object]] = []
    for shape in FORMATS:
        pik = key_for(shape)
        make = partial(encrypt_pin_block, pin_format=shape)
        read = partial(decrypt_pin_block, pin_format=shape)
        sealed = make(pik, "7391", CARD)
        found += [partial(make, pik, pin, CARD) for pin in (*SHAPES, 7391, b"7391", None)]
        found += [partial(read, pik, sealed[:end], CARD) for end in range(len(sealed))]
        if shape != 1:
            found += [partial(make, pik, "7391"), partial(read, pik, sealed)]
    tdea: Any = partial(encrypt_pin_block, key_for(0), "7391", CARD)
    found += [partial(tdea, pin_format=wrong) for wrong in (2, 5, -1, "0", None)]
    found += [partial(make_offline_pin_block, pin) for pin in SHAPES]
    found += [partial(read_offline_pin_block, bytes.fromhex(text)) for text in NO_OFFLINE_BLOCKS]
    return found


NO_OFFLINE_BLOCKS = (
    "",
    "247391FFFFFFFF",
    "247391FFFFFFFFFFFF",
    "047391FFFFFFFFFF",
    "237391FFFFFFFFFF",
    "2D7391FFFFFFFFFF",
    "2473A1FFFFFFFFFF",
    "247391FFFFFFFFF0",
)


@pytest.mark.parametrize("refused", refusals())
def test_refusal_is_one_error_with_one_message_and_no_digit_of_the_pin(
    refused: Callable[[], object],
) -> None:
    with pytest.raises(InvalidPINBlockError, match=REFUSAL) as caught:
        refused()
    error = caught.value

    assert (error.args, vars(error)) == (("PIN block refused",), {})
    assert error.__cause__ is None
    assert error.__context__ is None
    whole = "".join(traceback.format_exception_only(error)) + repr(error)
    assert "7391" not in whole


FIELDS_THAT_ARE_NONE = {
    1: ("041234FFFFFFFFFF", "131234FFFFFFFFFF", "1D1234FFFFFFFFFF", "1412A4FFFFFFFFFF"),
    3: ("041234ABCDEFABCD", "331234ABCDEFABCD", "3412A4ABCDEFABCD", "341234ABCDEFABC9"),
}


@pytest.mark.parametrize(
    ("pin_format", "field"),
    [(f, field) for f, rows in FIELDS_THAT_ARE_NONE.items() for field in rows],
)
def test_block_with_one_thing_wrong_is_refused(pin_format: PINFormat, field: str) -> None:
    block = plain_des.encrypt(PIK_BYTES, bytes.fromhex(field))
    with pytest.raises(InvalidPINBlockError, match=REFUSAL):
        decrypt_pin_block(key_for(0), block, account("0" * 16), pin_format=pin_format)


@every_format
def test_block_is_refused_to_a_key_for_another_cipher_or_something_else(
    pin_format: PINFormat,
) -> None:
    right = Algorithm.AES if pin_format == 4 else Algorithm.TDEA
    block = bytes(16 if pin_format == 4 else 8)
    for kind in set(Algorithm) - {right}:
        key = Key(PIK_BYTES, Purpose.PIN, kind)
        with pytest.raises(KeyUsageError, match=rf"^a {kind} PIN key cannot be used for a PIN"):
            encrypt_pin_block(key, "1234", CARD, pin_format=pin_format)
        with pytest.raises(KeyUsageError):
            decrypt_pin_block(key, block, CARD, pin_format=pin_format)
    for purpose in set(Purpose) - {Purpose.PIN}:
        key = Key(PIK_BYTES, purpose, right)
        with pytest.raises(KeyUsageError, match=r"cannot be used for a PIN block$"):
            encrypt_pin_block(key, "1234", CARD, pin_format=pin_format)


def test_format_three_does_not_wait_for_ever_on_bytes_that_are_always_the_same() -> None:
    with pytest.raises(ConfigError, match="gives no letters for a PIN block"):
        encrypt_pin_block(key_for(3), "1234", CARD, pin_format=3, random_bytes=bytes)
    assert len(encrypt_pin_block(key_for(1), "1234", pin_format=1, random_bytes=bytes)) == 8
