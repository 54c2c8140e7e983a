"""PINs of operators: which may be chosen, and that a digest knows its own and no other."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from hypothesis import given
from hypothesis import strategies as st

from posrefund.crypto import operator_pin
from posrefund.crypto.operator_pin import check_choice, hash_pin, pin_fits
from posrefund.errors import InvalidKeyError, InvalidRequestError

KEY = bytes(range(32))
WHOSE = ("12345678", "02")


@pytest.mark.parametrize("pin", ["482915", "100200", "112358", "190283746510", "111223"])
def test_pin_that_is_not_the_first_to_be_guessed_is_taken(pin: str) -> None:
    check_choice(pin)


@pytest.mark.parametrize(
    "pin",
    [
        *("000000", "999999999999", "123456", "654321", "567890", "890123", "135791", "246802"),
        *("121212", "188881", "110011", "123123", "20262026", "482482482", "12341234"),
    ],
)
def test_pin_that_many_would_choose_is_refused(pin: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"^pin: expected one that is harder to guess$"):
        check_choice(pin)


@pytest.mark.parametrize(
    "pin", ["", "48291", "4829150000001", "48291a", "482 915", "٤٨٢٩١٥", "482915\n", None, 482915]
)
def test_what_is_no_pin_is_refused(pin: object) -> None:
    with pytest.raises(InvalidRequestError, match=r"^pin: expected 6 to 12 digits$"):
        hash_pin(pin, KEY, whose=WHOSE)  # type: ignore[arg-type]  # reason: callers without a type checker


@given(pin=st.from_regex("[0-9]{6,12}", fullmatch=True), other=st.text())
def test_digest_knows_its_own_pin_and_no_other(pin: str, other: str) -> None:
    try:
        kept = hash_pin(pin, KEY, whose=WHOSE, n=2)
    except InvalidRequestError:
        return
    assert pin_fits(pin, KEY, kept, whose=WHOSE)
    assert pin_fits(other, KEY, kept, whose=WHOSE) == (other == pin)
    assert not pin_fits(pin[:-1] + str((int(pin[-1]) + 1) % 10), KEY, kept, whose=WHOSE)


def test_digest_is_bound_to_key_terminal_and_number() -> None:
    kept = hash_pin("482915", KEY, whose=WHOSE)
    others = [(KEY[::-1], WHOSE), (KEY, ("12345678", "03")), (KEY, ("87654321", "02"))]

    assert pin_fits("482915", KEY, kept, whose=WHOSE)
    assert not any(pin_fits("482915", key, kept, whose=whose) for key, whose in others)


def test_two_digests_of_one_pin_differ() -> None:
    one, other = (hash_pin("482915", KEY, whose=WHOSE) for _ in range(2))

    assert one != other


def test_digest_is_scrypt_of_a_keyed_digest() -> None:
    """Made again by cryptography's Scrypt; the text is what another program would have to write."""
    text = json.dumps(["12345678", "02", "482915"], separators=(",", ":")).encode()
    secret = hmac.new(KEY, text, hashlib.sha256).digest()
    salt = bytes(range(16))
    made = Scrypt(salt=salt, length=32, n=16, r=8, p=3).derive(secret)

    assert made.hex() == "0a123d6c33b5d8e8589f83e9a75b1170a32eb766143c7c010606b11f38caa2c0"
    assert pin_fits("482915", KEY, f"scrypt$16$8$3${salt.hex()}${made.hex()}", whose=WHOSE)


def test_new_digests_cost_what_owasp_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of its table the row of 32 MiB: N = 2^15, r = 8, p = 3."""
    monkeypatch.setattr(operator_pin, "_NEW_N", 2**15)
    kept = hash_pin("482915", KEY, whose=WHOSE)

    assert kept.split("$")[:4] == ["scrypt", "32768", "8", "3"]
    assert pin_fits("482915", KEY, kept, whose=WHOSE)
    assert not pin_fits("482916", KEY, kept, whose=WHOSE)


def test_cost_that_is_the_default_is_the_one_of_the_test_above() -> None:
    source = operator_pin.__file__
    with open(source, encoding="utf-8") as file:  # noqa: PTH123
        assert "_NEW_N = 2**15\n" in file.read()


GOOD = f"scrypt$16$8$3${'00' * 16}${'00' * 32}"


@pytest.mark.parametrize(
    "kept",
    [
        "",
        GOOD[:-2],
        GOOD + "00",
        GOOD.replace("scrypt", "argon2"),
        GOOD.replace("$16$", "$2097152$"),
        GOOD.replace("$16$", "$17$"),
        GOOD.replace("$16$", "$0$"),
        GOOD.replace("$8$3$", "$9$3$"),
        GOOD.replace("$8$3$", "$8$17$"),
        GOOD.replace("$8$3$", "$8$0$"),
        GOOD.upper(),
    ],
)
def test_digest_that_was_changed_is_an_error_and_never_a_wish_for_memory(kept: str) -> None:
    with pytest.raises(InvalidKeyError):
        pin_fits("482915", KEY, kept, whose=WHOSE)


@given(kept=st.text(max_size=200), pin=st.text(max_size=20))
def test_whatever_is_kept_only_a_documented_error_escapes(kept: str, pin: str) -> None:
    with pytest.raises(InvalidKeyError):
        pin_fits(pin, KEY, kept, whose=WHOSE)
