"""Keys know what they are for and show nothing but their check value."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plain_des
from posrefund.crypto import Key, KeySet, Purpose, kcv, mac, unwrap_key, wrap_key
from posrefund.crypto._blockcipher import decrypt_ecb, encrypt_ecb, expand
from posrefund.crypto.soft import decrypt_pin_block, encrypt_pin_block
from posrefund.errors import InvalidKeyError, KeyUsageError
from posrefund.values import PAN
from published import known_answers

MATERIAL = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
OTHER = bytes.fromhex("55036372B17543ECB173730768B8D6C4")
K1, K2, K3 = (
    bytes.fromhex("0123456789ABCDEF"),
    bytes.fromhex("FEDCBA9876543210"),
    bytes.fromhex("1122334455667788"),
)
CARD = PAN("6200000000000005")
LENGTHS = (8, 16, 24)

key_bytes = st.sampled_from(LENGTHS).flatmap(lambda size: st.binary(min_size=size, max_size=size))


def cases(table: str) -> pytest.MarkDecorator:
    rows = known_answers("tdea", table)
    return pytest.mark.parametrize("case", [pytest.param(row, id=row["name"]) for row in rows])


# --- the cipher under all of it -------------------------------------------------------------------


@cases("block")
def test_cipher_gives_the_published_block_both_ways(case: dict[str, str]) -> None:
    key, clear, cipher = (bytes.fromhex(case[name]) for name in ("key", "clear", "cipher"))

    assert encrypt_ecb(key, clear) == plain_des.encrypt(key, clear) == cipher
    assert decrypt_ecb(key, cipher) == plain_des.decrypt(key, cipher) == clear


@given(key_bytes, st.integers(0, 4).flatmap(lambda n: st.binary(min_size=8 * n, max_size=8 * n)))
def test_cipher_agrees_with_des_written_from_its_definition(key: bytes, blocks: bytes) -> None:
    cipher = encrypt_ecb(key, blocks)

    assert cipher == plain_des.encrypt(key, blocks)
    assert decrypt_ecb(key, cipher) == blocks


def test_cipher_expands_every_key_to_twenty_four_bytes() -> None:
    assert expand(K1) == K1 + K1 + K1
    assert expand(K1 + K2) == K1 + K2 + K1
    assert expand(K1 + K2 + K3) == K1 + K2 + K3


# --- check values ---------------------------------------------------------------------------------


@cases("kcv")
def test_check_value_is_the_published_one(case: dict[str, str]) -> None:
    key, check = bytes.fromhex(case["key"]), bytes.fromhex(case["kcv"])

    assert kcv(key, length_bytes=len(check)) == check
    assert plain_des.encrypt(key, bytes(8))[: len(check)] == check


@given(key_bytes, st.integers(2, 8))
def test_check_value_agrees_with_des_written_from_its_definition(key: bytes, size: int) -> None:
    assert kcv(key, length_bytes=size) == plain_des.encrypt(key, bytes(8))[:size]


# --- what a key may be ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [size for size in range(40) if size not in LENGTHS])
@pytest.mark.parametrize("purpose", Purpose)
def test_key_of_another_length_is_refused(size: int, purpose: Purpose) -> None:
    with pytest.raises(InvalidKeyError, match=r"^a TDEA key has 8, 16 or 24 bytes$"):
        Key(bytes(range(size)), purpose)
    with pytest.raises(InvalidKeyError):
        kcv(bytes(size), length_bytes=3)


@pytest.mark.parametrize("purpose", [Purpose.PIN, Purpose.KEK, Purpose.DATA])
@pytest.mark.parametrize(
    "material",
    [
        K1,
        K1 + K1,
        K1 + K1 + K1,
        K1 + K1 + K2,  # E D cancel out: K2 alone is left
        K1 + K2 + K2,
        K1 + bytes(byte ^ 1 for byte in K1),  # differ in parity bits only
        bytes(16),
        bytes(8) + b"\x01" * 8,
        K1 + bytes(byte ^ 1 for byte in K1) + K2,
    ],
)
def test_key_that_is_single_des_in_disguise_is_refused(purpose: Purpose, material: bytes) -> None:
    with pytest.raises(
        InvalidKeyError, match=rf"^a {purpose} key must not be single DES"
    ) as caught:
        Key(material, purpose)

    assert caught.value.kcv == plain_des.encrypt(material, bytes(8))[:3].hex().upper()
    assert material.hex() not in str(caught.value).lower()


@pytest.mark.parametrize("material", [K1, K1 + K1, K1 + K2, K1 + K2 + K1, K1 + K2 + K3])
def test_key_for_macs_may_be_single_des_for_hosts_hand_them_out(material: bytes) -> None:
    assert Key(material, Purpose.MAC).purpose is Purpose.MAC


@pytest.mark.parametrize("material", [K1 + K2, K1 + K2 + K1, K1 + K2 + K3])
@pytest.mark.parametrize("purpose", Purpose)
def test_key_of_two_or_three_parts_is_taken_for_any_purpose(
    material: bytes, purpose: Purpose
) -> None:
    assert Key(material, purpose).use(purpose, "a test") == material


def test_weak_key_is_taken_only_when_the_caller_says_so() -> None:
    weak = b"D" * 16  # the TMK of two published sign-ins
    with pytest.raises(InvalidKeyError):
        Key(weak, Purpose.KEK)

    assert repr(Key(weak, Purpose.KEK, allow_weak=True)).startswith("Key(KEK, KCV ")


@given(key_bytes, st.sampled_from(Purpose))
def test_key_refused_as_single_des_is_one_and_no_other_is(
    material: bytes, purpose: Purpose
) -> None:
    probe = b"\x01\x23\x45\x67\x89\xab\xcd\xef"
    singles = {
        encrypt_ecb(material[start : start + 8], probe) for start in range(0, len(material), 8)
    }
    is_single = encrypt_ecb(material, probe) in singles
    for_macs = purpose in (Purpose.MAC, Purpose.MAC_VERIFY)
    try:
        Key(material, purpose)
    except InvalidKeyError:
        assert is_single
        assert not for_macs
    else:
        assert for_macs or not is_single


# --- what a key is for ----------------------------------------------------------------------------


def test_key_gives_its_material_only_for_its_own_purpose() -> None:
    for own in Purpose:
        for asked in Purpose:
            key = Key(MATERIAL, own)
            if own is asked:
                assert key.use(asked, "a test") == MATERIAL
                continue
            with pytest.raises(KeyUsageError) as caught:
                key.use(asked, "a test")
            assert (caught.value.purpose, caught.value.wanted) == (own, "a test")
            assert str(caught.value) == f"a {own} key cannot be used for a test"


@pytest.mark.parametrize("purpose", [Purpose.KEK, Purpose.PIN, Purpose.DATA, Purpose.MAC_VERIFY])
def test_mac_is_refused_to_a_key_for_something_else(purpose: Purpose) -> None:
    with pytest.raises(KeyUsageError, match=rf"^a {purpose} key cannot be used for a MAC$"):
        mac(Key(MATERIAL, purpose), b"data")


@pytest.mark.parametrize("purpose", [Purpose.KEK, Purpose.MAC, Purpose.DATA])
def test_pin_block_is_refused_to_a_key_for_something_else(purpose: Purpose) -> None:
    key = Key(MATERIAL, purpose)
    with pytest.raises(KeyUsageError):
        encrypt_pin_block(key, "123456", CARD)
    with pytest.raises(KeyUsageError):
        decrypt_pin_block(key, bytes(8), CARD)


@pytest.mark.parametrize("purpose", [Purpose.PIN, Purpose.MAC, Purpose.DATA])
def test_ladder_is_refused_to_a_key_for_something_else(purpose: Purpose) -> None:
    key = Key(MATERIAL, purpose)
    with pytest.raises(KeyUsageError):
        unwrap_key(key, OTHER, Purpose.MAC)
    with pytest.raises(KeyUsageError):
        wrap_key(key, Key(OTHER, Purpose.MAC))


# --- what a key shows -----------------------------------------------------------------------------


def test_key_prints_its_purpose_and_three_bytes_of_check_value() -> None:
    key = Key(MATERIAL, Purpose.MAC)

    assert repr(key) == str(key) == f"{key}" == "Key(MAC, KCV 08D7B4)"
    assert repr([key]) == "[Key(MAC, KCV 08D7B4)]"


@given(key_bytes)
def test_key_printed_never_holds_its_material(material: bytes) -> None:
    key = Key(material, Purpose.PIN, allow_weak=True)

    for text in (repr(key), str(key), f"{key}", repr(KeySet(key, Key(material, Purpose.MAC)))):
        assert material.hex() not in text.lower()
        assert repr(material) not in text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_key_cannot_be_pickled(protocol: int) -> None:
    key = Key(MATERIAL, Purpose.MAC)
    with pytest.raises(TypeError, match=r"^a key cannot be pickled or copied$"):
        pickle.dumps(key, protocol)
    with pytest.raises(TypeError):
        pickle.dumps(KeySet(Key(OTHER, Purpose.PIN), key), protocol)


def test_key_cannot_be_copied() -> None:
    key = Key(MATERIAL, Purpose.MAC)
    for way in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=r"^a key cannot be pickled or copied$"):
            way(key)


def test_key_cannot_be_compared_hashed_or_padded_into_a_text() -> None:
    key = Key(MATERIAL, Purpose.MAC)
    with pytest.raises(TypeError, match=r"keys are not compared"):
        _ = key == Key(MATERIAL, Purpose.MAC)
    with pytest.raises(TypeError, match=r"keys are not compared"):
        _ = key != MATERIAL
    with pytest.raises(TypeError):
        hash(key)
    with pytest.raises(TypeError):
        format(key, ">40")
    with pytest.raises(TypeError):
        vars(key)


def test_key_says_whether_it_equals_another_when_asked_by_name() -> None:
    key = Key(MATERIAL, Purpose.MAC)

    assert key.equals(Key(MATERIAL, Purpose.PIN))
    assert not key.equals(Key(OTHER, Purpose.MAC))
    assert not key.equals(Key(MATERIAL[:8], Purpose.MAC))


# --- the end of a key -----------------------------------------------------------------------------


def test_key_when_closed_is_overwritten_and_refuses_to_work() -> None:
    key = Key(MATERIAL, Purpose.MAC)
    held = key._material
    key.close()

    assert held == b""
    with pytest.raises(InvalidKeyError, match=r"^the key was closed$"):
        mac(key, b"data")
    key.close()
    assert repr(key) == "Key(MAC, KCV 08D7B4)"


def test_key_in_a_with_block_is_closed_at_its_end() -> None:
    with Key(MATERIAL, Purpose.MAC) as key:
        assert key.use(Purpose.MAC, "a test") == MATERIAL
    with pytest.raises(InvalidKeyError):
        key.use(Purpose.MAC, "a test")


def test_key_does_not_hold_the_callers_buffer() -> None:
    given = bytearray(MATERIAL)
    key = Key(bytes(given), Purpose.MAC)
    given[:] = bytes(16)

    assert key.use(Purpose.MAC, "a test") == MATERIAL


@pytest.mark.parametrize("size", range(1, 9))
def test_check_value_of_any_length_is_compared(size: int) -> None:
    key = Key(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), Purpose.MAC)
    right = bytes.fromhex("08D7B4FB629D0885")  # openssl enc -des-ede, a block of zeros

    assert key.has_kcv(right[:size])
    assert not key.has_kcv(right[: size - 1] + bytes([right[size - 1] ^ 1]))
    assert not key.has_kcv(b"")
    assert not key.has_kcv(right + b"\x00")
