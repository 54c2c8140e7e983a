"""The misuse list: what a tired integrator passes in, and the documented error that he gets.

Bytes, bytearray and memoryview are taken alike and left alone. Anything else in the place of a key is an
``InvalidKeyError``, of a PIN or its block an ``InvalidPINBlockError``, of data or a tag a ``TypeError``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.crypto import (
    AES_CMAC,
    HMAC_SHA256,
    ISO9797_1,
    ISO9797_3,
    SM4_CBC,
    UNIONPAY_ECB,
    UNIONPAY_SM4,
    Algorithm,
    Key,
    MACRule,
    Purpose,
    kcv,
    mac,
    open_box,
    seal_box,
    unwrap_key,
    unwrap_key_set,
    verify,
    wrap_key,
)
from posrefund.crypto.keyblock import unwrap_key_block, wrap_key_block
from posrefund.crypto.ksn import KSN
from posrefund.crypto.soft import (
    decrypt_pin_block,
    encrypt_pin_block,
    make_offline_pin_block,
    read_offline_pin_block,
)
from posrefund.errors import (
    ConfigError,
    InvalidKeyError,
    InvalidPINBlockError,
    InvalidRequestError,
    KeyUsageError,
    MACMismatchError,
)
from posrefund.values import PAN

KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
DATA = bytes.fromhex("4E6F77206973207468652074696D6520666F7220616C6C20")
PAN_16 = PAN("6200000000000005")
KEK, PIK, MAK = (Key(KEY, purpose) for purpose in (Purpose.KEK, Purpose.PIN, Purpose.MAC))
RULES = [
    AES_CMAC,
    HMAC_SHA256,
    ISO9797_1,
    ISO9797_3,
    SM4_CBC,
    UNIONPAY_ECB,
    UNIONPAY_SM4,
    MACRule("iso9797-1", padding=2),
    MACRule("iso9797-3", padding=2),
    MACRule("iso9797-1", Algorithm.AES, padding=3),
    MACRule("xor-encrypt"),
    MACRule("cmac"),
]
every_rule = pytest.mark.parametrize(
    "rule", [pytest.param(r, id=f"{r.algorithm}-{r.cipher}-{r.padding}") for r in RULES]
)
NO_BYTES: list[Any] = [
    None,
    0,
    16,
    1.5,
    True,
    "0123456789ABCDEF",
    KEY.hex(),
    [*KEY],
    (),
    {},
    object(),
]
no_bytes = pytest.mark.parametrize("wrong", NO_BYTES, ids=lambda each: type(each).__name__)
no_buffer = pytest.mark.parametrize("kind", [bytearray, memoryview])


def key_for(rule: MACRule) -> Key:
    return Key(KEY, Purpose.MAC, rule.cipher)


# --- keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("size", [0, 1, 7, 9, 15, 17, 23, 25, 31, 33])
def test_key_of_a_length_that_no_cipher_has_is_refused(size: int, algorithm: Algorithm) -> None:
    for purpose in Purpose:
        with pytest.raises(InvalidKeyError, match=r"^an? (TDEA|AES|SM4) key has "):
            Key(bytes(range(size)), purpose, algorithm)
    with pytest.raises(InvalidKeyError, match=r" key has "):
        kcv(bytes(size), length_bytes=3, algorithm=algorithm)


@no_bytes
def test_key_that_is_no_bytes_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidKeyError, match=r"^a key is bytes$"):
        Key(wrong, Purpose.MAC)
    with pytest.raises(InvalidKeyError, match=r"^a key is bytes$"):
        kcv(wrong, length_bytes=3)


def test_key_as_hexadecimal_is_refused_as_text_and_as_bytes() -> None:
    with pytest.raises(InvalidKeyError, match=r"^a key is bytes$"):
        Key(KEY.hex(), Purpose.MAC)  # type: ignore[arg-type]  # reason: the misuse
    with pytest.raises(InvalidKeyError, match=r"16 or 24 bytes$"):
        Key(KEY.hex().encode(), Purpose.MAC)


def test_key_whose_hexadecimal_has_the_length_of_a_key_cannot_be_told_from_one() -> None:
    """Known: 16 characters of text are 16 bytes of key. Its check value is what tells."""
    assert Key(b"0123456789ABCDEF", Purpose.MAC).kcv_hex != Key(KEY, Purpose.MAC).kcv_hex


@no_buffer
def test_key_from_another_buffer_is_a_copy(kind: Callable[[bytearray], Any]) -> None:
    buffer = bytearray(KEY)
    key = Key(kind(buffer), Purpose.MAC)
    assert key.kcv_hex == MAK.kcv_hex
    buffer[:] = bytes(16)

    assert key.use(Purpose.MAC, "a test") == KEY


@pytest.mark.parametrize("wrong", ["PIN", None, 1, Algorithm.TDEA])
def test_key_for_no_purpose_or_of_no_algorithm_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidKeyError, match=r"^a key is for a Purpose$"):
        Key(KEY, wrong)
    if wrong is not Algorithm.TDEA:
        with pytest.raises(InvalidKeyError, match=r"^a key is one of an Algorithm$"):
            Key(KEY, Purpose.PIN, wrong)


@pytest.mark.parametrize("parity", [0, 1])
def test_key_with_equal_halves_is_refused_but_for_macs(parity: int) -> None:
    half = KEY[:8]
    other = bytes(byte ^ parity for byte in half)
    for purpose in [each for each in Purpose if not each.name.startswith("MAC")]:
        with pytest.raises(InvalidKeyError, match=r"must not be single DES"):
            Key(half + other, purpose)
    assert Key(half + other, Purpose.MAC).kcv_hex


@pytest.mark.parametrize("size", [0, -1, -8, 9, 17, 1 << 40, None, "3", 3.0])
def test_check_value_of_no_length_or_over_a_block_is_refused(size: Any) -> None:
    with pytest.raises(InvalidKeyError, match=r"^a check value of TDEA has 1 to 8 bytes$"):
        kcv(KEY, length_bytes=size)


# --- purposes --------------------------------------------------------------------------------------


@every_rule
def test_pin_key_makes_no_mac(rule: MACRule) -> None:
    pik = Key(KEY, Purpose.PIN, rule.cipher)
    with pytest.raises(KeyUsageError, match=r"^a PIN key cannot be used for a MAC$"):
        mac(pik, DATA, rule)
    with pytest.raises(KeyUsageError):
        verify(pik, DATA, bytes(rule.tag_bytes), rule)


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - {Purpose.PIN}, key=str))
def test_only_a_pin_key_touches_a_pin(purpose: Purpose) -> None:
    for algorithm, pin_format, size in ((Algorithm.TDEA, 0, 8), (Algorithm.AES, 4, 16)):
        key = Key(KEY, purpose, algorithm)
        with pytest.raises(KeyUsageError, match=r"cannot be used for a PIN block$"):
            encrypt_pin_block(key, "1234", PAN_16, pin_format=pin_format)  # type: ignore[arg-type]  # reason: a literal
        with pytest.raises(KeyUsageError):
            decrypt_pin_block(key, bytes(size), PAN_16, pin_format=pin_format)  # type: ignore[arg-type]  # reason: a literal


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - {Purpose.KEK}, key=str))
def test_only_a_key_encrypting_key_carries_keys(purpose: Purpose) -> None:
    key = Key(KEY, purpose)
    for act in (
        lambda: unwrap_key(key, KEY, Purpose.PIN),
        lambda: unwrap_key_set(key, bytes(40)),
        lambda: wrap_key(key, MAK),
        lambda: wrap_key_block(key, MAK),
        lambda: unwrap_key_block(key, "B0080P0TE00E0000" + "0" * 64, Purpose.PIN),
    ):
        with pytest.raises(KeyUsageError):
            act()


def test_key_block_comes_in_for_no_other_purpose() -> None:
    kek = Key(bytes(range(24)), Purpose.KEK)
    block = wrap_key_block(kek, PIK)
    assert unwrap_key_block(kek, block, Purpose.PIN).kcv_hex == PIK.kcv_hex
    for purpose in set(Purpose) - {Purpose.PIN}:
        with pytest.raises(KeyUsageError, match=r"^a P0/T/E key cannot be used for"):
            unwrap_key_block(kek, block, purpose)


# --- data and tags ---------------------------------------------------------------------------------


@every_rule
def test_mac_of_nothing_is_a_mac_and_not_nothing(rule: MACRule) -> None:
    tag = mac(key_for(rule), b"", rule)

    assert len(tag) == rule.tag_bytes >= 4
    verify(key_for(rule), b"", tag, rule)
    assert mac(key_for(rule), b"\x01", rule) != tag


@every_rule
def test_tag_that_is_empty_cut_or_text_of_the_right_one_is_refused(rule: MACRule) -> None:
    key = key_for(rule)
    tag = mac(key, DATA, rule)
    for wrong in (
        b"",
        tag[:4] if len(tag) > 4 else tag[:3],
        tag[:-1],
        tag + tag[:1],
        bytes(len(tag)),
    ):
        with pytest.raises(MACMismatchError):
            verify(key, DATA, wrong, rule)
    if rule.encoding == "hex":
        for wrong in (bytes.fromhex(tag.decode()), tag.lower() if tag.lower() != tag else b"x" * 8):
            with pytest.raises(MACMismatchError):
                verify(key, DATA, wrong, rule)
    else:
        with pytest.raises(MACMismatchError):
            verify(key, DATA, tag.hex().upper().encode(), rule)


@every_rule
@no_bytes
def test_data_or_tag_that_is_no_bytes_is_refused(rule: MACRule, wrong: Any) -> None:
    key = key_for(rule)
    before = mac(key, DATA, rule)
    for act in (
        lambda: mac(key, wrong, rule),
        lambda: verify(key, wrong, before, rule),
        lambda: verify(key, DATA, wrong, rule),
    ):
        with pytest.raises(TypeError, match=r"^a MAC is made of bytes$"):
            act()
    verify(key, DATA, before, rule)  # and the key is as good as before


@every_rule
@no_buffer
def test_other_buffers_are_read_and_left_alone(
    rule: MACRule, kind: Callable[[bytearray], Any]
) -> None:
    buffer = bytearray(DATA + b"odd")
    key = key_for(rule)
    tag = mac(key, bytes(buffer), rule)

    assert mac(key, kind(buffer), rule) == tag
    assert type(mac(key, kind(buffer), rule)) is bytes
    verify(key, kind(buffer), kind(bytearray(tag)), rule)
    assert buffer == DATA + b"odd"


def test_fold_is_written_in_capitals() -> None:
    """Lower-case letters in the fold give another MAC: 61 is not 41."""
    data = bytes.fromhex("ABCDEFABCDEFABCD")
    lower, upper = data.hex().encode(), data.hex().upper().encode()
    encrypt = Key(KEY, Purpose.MAC)
    rule = MACRule("xor-encrypt")  # one encryption of what it is given

    def folded(text: bytes) -> str:
        first = mac(encrypt, text[:8], rule)
        mixed = bytes(a ^ b for a, b in zip(first, text[8:], strict=True))
        return mac(encrypt, mixed, rule).hex().upper()[:8]

    assert mac(encrypt, data).decode() == folded(upper) != folded(lower)


@pytest.mark.parametrize("length", [-8, -1, 1, 2, 3, 9, 1 << 40, "8", None, 4.0])
def test_rule_of_no_length_or_over_a_block_is_refused(length: Any) -> None:
    with pytest.raises(ConfigError):
        MACRule("iso9797-3", length_bytes=length)


@pytest.mark.parametrize("parts", [{"algorithm": None}, {"algorithm": ["cmac"]}, {"cipher": "DES"}, {"cipher": None},
                                   {"padding": 0}, {"padding": "2"}, {"encoding": "HEX"}, {"encoding": None}])  # fmt: skip
def test_rule_of_parts_that_are_none_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        MACRule(**{"algorithm": "iso9797-1", **parts})


# --- boxes, blocks and numbers ---------------------------------------------------------------------


@no_bytes
def test_box_or_its_key_that_is_no_bytes_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidKeyError):
        seal_box(wrong, b"clear", context=b"")
    with pytest.raises(InvalidKeyError):
        open_box(wrong, bytes(40), context=b"")
    with pytest.raises(InvalidKeyError):
        open_box(bytes(32), wrong, context=b"")
    with pytest.raises(TypeError):
        seal_box(bytes(32), wrong, context=b"")


@pytest.mark.parametrize("wrong", [None, 7, b"B0080P0TE00E0000", ["B"], "", "B", "\u0660" * 80])
def test_key_block_that_is_no_block_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidKeyError, match=r"^the key block is refused$"):
        unwrap_key_block(KEK, wrong, Purpose.PIN)


@no_bytes
def test_serial_number_that_is_no_bytes_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidKeyError, match=r"^a key serial number has 10 bytes"):
        KSN(wrong)


ANYTHING = st.one_of(
    st.none(), st.integers(), st.booleans(), st.floats(), st.text(max_size=40), st.binary(max_size=80),
    st.binary(max_size=80).map(bytearray), st.lists(st.integers(0, 255), max_size=40),
)  # fmt: skip


@given(ANYTHING)
def test_nothing_but_documented_errors_leaves_whatever_comes_in(given_: Any) -> None:
    acts: list[Callable[[], object]] = [
        lambda: Key(given_, Purpose.KEK),
        lambda: kcv(given_, length_bytes=3),
        lambda: mac(MAK, given_),
        lambda: mac(MAK, given_, ISO9797_3),
        lambda: verify(MAK, DATA, given_),
        lambda: encrypt_pin_block(PIK, given_, PAN_16),
        lambda: decrypt_pin_block(PIK, given_, PAN_16),
        lambda: make_offline_pin_block(given_),
        lambda: read_offline_pin_block(given_),
        lambda: unwrap_key_block(KEK, given_, Purpose.PIN),
        lambda: open_box(bytes(32), given_, context=b""),
        lambda: KSN(given_),
        lambda: PAN(given_),
    ]
    documented = (
        InvalidKeyError,
        InvalidPINBlockError,
        InvalidRequestError,
        KeyUsageError,
        MACMismatchError,
    )
    for act in acts:
        with suppress(*documented):
            try:
                act()
            except KeyUsageError:
                raise
            except TypeError:
                assert not isinstance(given_, (bytes, bytearray))
