"""Both MACs: the published numbers, an oracle, a strict ``verify``, and the weaknesses they have."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import plain_des
from posrefund.crypto import ISO9797_3, UNIONPAY_ECB, Key, MACRule, Purpose, mac, verify
from posrefund.crypto._blockcipher import encrypt_ecb
from posrefund.crypto._mac_tools import fold as fold_of
from posrefund.errors import InvalidKeyError, KeyUsageError, MACMismatchError
from published import by_name, known_answers

KEY = bytes.fromhex("55036372B17543ECB173730768B8D6C4")
MAK = Key(KEY, Purpose.MAC)
DATA = bytes.fromhex("082000000000000000100011000000013010")

every_case = pytest.mark.parametrize(
    "case", [pytest.param(row, id=row["name"]) for row in known_answers("unionpay", "mac")]
)
mac_keys = st.sampled_from((8, 16, 24)).flatmap(lambda n: st.binary(min_size=n, max_size=n))


@every_case
def test_mac_is_the_published_one(case: dict[str, str]) -> None:
    key, data = bytes.fromhex(case["key"]), bytes.fromhex(case["data"])
    tag = case["tag"].encode()

    assert mac(Key(key, Purpose.MAC), data) == plain_des.unionpay_mac(key, data) == tag
    verify(Key(key, Purpose.MAC), data, tag)


@every_case
def test_mac_goes_through_the_published_steps(case: dict[str, str]) -> None:
    key, data = bytes.fromhex(case["key"]), bytes.fromhex(case["data"])
    fold = fold_of(data)
    text = fold.hex().upper().encode()
    first = encrypt_ecb(key, text[:8])
    mixed = bytes(a ^ b for a, b in zip(first, text[8:], strict=True))
    steps = {
        "fold": fold,
        "text": text,
        "first": first,
        "mixed": mixed,
        "second": encrypt_ecb(key, mixed),
    }

    for name in steps.keys() & case.keys():
        assert steps[name] == bytes.fromhex(case[name]), name


def test_mac_of_the_published_answer_is_the_one_it_carries() -> None:
    raw = by_name("capk_list_0830_response_mab_plus_mac").raw

    assert mac(MAK, raw[:-8]) == raw[-8:] == b"5FE058DB"


@given(mac_keys, st.binary(max_size=120))
def test_mac_agrees_with_the_one_written_from_its_definition(key: bytes, data: bytes) -> None:
    tag = mac(Key(key, Purpose.MAC), data)

    assert tag == plain_des.unionpay_mac(key, data)
    assert len(tag) == 8
    assert set(tag) <= set(b"0123456789ABCDEF")
    verify(Key(key, Purpose.MAC), data, tag)


@given(st.binary(min_size=8, max_size=8), st.binary(max_size=60))
def test_mac_under_a_doubled_key_is_that_of_the_single_one(key: bytes, data: bytes) -> None:
    assert mac(Key(key, Purpose.MAC), data) == mac(Key(key + key, Purpose.MAC), data)


# --- verify ----------------------------------------------------------------------------------------


def test_verify_takes_the_right_tag_and_says_nothing() -> None:
    verify(MAK, DATA, plain_des.unionpay_mac(KEY, DATA))


@pytest.mark.parametrize("change", ["empty", "short", "long", "lower", "zero", "hex", "reversed"])
def test_verify_refuses_a_tag_of_another_shape(change: str) -> None:
    raw = by_name("capk_list_0830_response_mab_plus_mac").raw
    data, right = raw[:-8], raw[-8:]
    tag = {
        "empty": b"",
        "short": right[:-1],
        "long": right + b"0",
        "lower": right.lower(),
        "zero": bytes(8),
        "hex": bytes.fromhex(right.decode()),
        "reversed": right[::-1],
    }[change]
    with pytest.raises(MACMismatchError, match=r"^message authentication code does not match$"):
        verify(MAK, data, tag)


def test_verify_refuses_a_tag_with_any_one_bit_changed() -> None:
    right = plain_des.unionpay_mac(KEY, DATA)
    for bit in range(64):
        wrong = bytearray(right)
        wrong[bit // 8] ^= 1 << bit % 8
        with pytest.raises(MACMismatchError):
            verify(MAK, DATA, bytes(wrong))


def test_verify_refuses_data_with_any_one_bit_changed() -> None:
    right = plain_des.unionpay_mac(KEY, DATA)
    for bit in range(8 * len(DATA)):
        wrong = bytearray(DATA)
        wrong[bit // 8] ^= 1 << bit % 8
        with pytest.raises(MACMismatchError):
            verify(MAK, bytes(wrong), right)


@given(st.binary(max_size=12))
def test_verify_refuses_every_tag_but_the_right_one(tag: bytes) -> None:
    assume(tag != plain_des.unionpay_mac(KEY, DATA))
    with pytest.raises(MACMismatchError):
        verify(MAK, DATA, tag)


def test_verify_under_another_key_refuses() -> None:
    with pytest.raises(MACMismatchError):
        verify(Key(KEY[8:] + KEY[:8], Purpose.MAC), DATA, plain_des.unionpay_mac(KEY, DATA))


def test_key_that_only_verifies_makes_no_mac_before_or_after() -> None:
    right = plain_des.unionpay_mac(KEY, DATA)
    checking = Key(KEY, Purpose.MAC_VERIFY)
    for _ in range(2):  # the second time it has a cipher context of its own
        with pytest.raises(KeyUsageError, match=r"^a MAC-VERIFY key cannot be used for a MAC$"):
            mac(checking, DATA)
        verify(checking, DATA, right)
        with pytest.raises(MACMismatchError):
            verify(checking, DATA, right[:-1] + bytes([right[-1] ^ 1]))


def test_verify_is_refused_to_a_key_for_something_else_whatever_the_tag() -> None:
    for tag in (b"", plain_des.unionpay_mac(KEY, DATA)):
        with pytest.raises(KeyUsageError):
            verify(Key(KEY, Purpose.PIN), DATA, tag)


# --- rules -----------------------------------------------------------------------------------------


def test_rule_of_unionpay_is_the_default() -> None:
    assert MACRule() == UNIONPAY_ECB
    assert mac(MAK, DATA) == mac(MAK, DATA, UNIONPAY_ECB)


# --- the weakness, stated --------------------------------------------------------------------------


@given(st.lists(st.binary(min_size=8, max_size=8), min_size=2, max_size=8), st.data())
def test_fold_keeps_the_mac_when_two_blocks_are_swapped(blocks: list[bytes], data: Any) -> None:
    """Known and documented: this MAC is no protection against someone who can change the line."""
    one, two = data.draw(st.tuples(*[st.integers(0, len(blocks) - 1)] * 2))
    swapped = list(blocks)
    swapped[one], swapped[two] = swapped[two], swapped[one]

    assert mac(MAK, b"".join(swapped)) == mac(MAK, b"".join(blocks))


@pytest.mark.parametrize("tail", [bytes(8), bytes(3), DATA[:8] + DATA[:8]])
def test_fold_keeps_the_mac_when_zeros_or_a_block_twice_are_appended(tail: bytes) -> None:
    """Known and documented, as above: what was appended must be noticed by the codec instead."""
    data = DATA[:16]

    assert mac(MAK, data + tail) == mac(MAK, data)


@given(st.binary(min_size=8, max_size=8))
def test_fold_keeps_the_mac_when_two_blocks_change_alike(change: bytes) -> None:
    """Known and documented, as above: an amount can be changed where another field absorbs it."""
    data = bytes(range(24))
    left, right = data[:8], data[8:16]
    changed = b"".join(
        bytes(a ^ b for a, b in zip(block, change, strict=True)) for block in (left, right)
    )

    assert mac(MAK, changed + data[16:]) == mac(MAK, data)


# --- ISO 9797-1, algorithm 3 -----------------------------------------------------------------------

double_keys = st.binary(min_size=16, max_size=16)


@pytest.mark.parametrize(
    "case", [pytest.param(row, id=row["name"]) for row in known_answers("iso9797", "mac")]
)
def test_retail_mac_is_the_published_one(case: dict[str, str]) -> None:
    key, data, tag = (bytes.fromhex(case[name]) for name in ("key", "data", "tag"))
    found = mac(Key(key, Purpose.MAC), data, ISO9797_3)

    assert len(found) == 8
    assert found[: len(tag)] == tag  # some print the first half only
    assert found == plain_des.iso9797_3_mac(key, data)
    verify(Key(key, Purpose.MAC), data, found, ISO9797_3)


@given(double_keys, st.binary(max_size=80))
def test_retail_mac_agrees_with_the_one_written_from_its_definition(
    key: bytes, data: bytes
) -> None:
    tag = mac(Key(key, Purpose.MAC), data, ISO9797_3)

    assert tag == plain_des.iso9797_3_mac(key, data)
    assert len(tag) == 8


def test_retail_mac_of_nothing_is_that_of_one_block_of_zeros() -> None:
    assert mac(MAK, b"", ISO9797_3) == mac(MAK, bytes(8), ISO9797_3)
    assert mac(MAK, b"", ISO9797_3) == plain_des.iso9797_3_mac(KEY, bytes(8))


@given(st.binary(max_size=40))
def test_retail_mac_of_equal_halves_is_plain_chaining_under_one_of_them(data: bytes) -> None:
    single = KEY[:8]
    padded = (data + bytes(-len(data) % 8)) or bytes(8)
    state = bytes(8)
    for start in range(0, len(padded), 8):
        mixed = bytes(a ^ b for a, b in zip(state, padded[start : start + 8], strict=True))
        state = plain_des.encrypt(single, mixed)

    assert mac(Key(single * 2, Purpose.MAC), data, ISO9797_3) == state


@given(double_keys, st.binary(min_size=1, max_size=24), st.data())
def test_retail_verify_takes_its_own_and_refuses_every_changed_bit(
    material: bytes, data: bytes, draw: Any
) -> None:
    key = Key(material, Purpose.MAC)
    tag = mac(key, data, ISO9797_3)
    verify(key, data, tag, ISO9797_3)
    for bit in range(64):
        wrong = bytearray(tag)
        wrong[bit // 8] ^= 1 << bit % 8
        with pytest.raises(MACMismatchError):
            verify(key, data, bytes(wrong), ISO9797_3)
    changed = bytearray(data)
    changed[draw.draw(st.integers(0, len(data) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    with pytest.raises(MACMismatchError):
        verify(key, bytes(changed), tag, ISO9797_3)


@pytest.mark.parametrize("size", [8, 24])
def test_retail_mac_is_refused_to_a_key_that_is_not_double_length(size: int) -> None:
    key = Key(bytes(range(1, size + 1)), Purpose.MAC)
    with pytest.raises(InvalidKeyError, match="takes a MAC key of 16 bytes"):
        mac(key, DATA, ISO9797_3)
    with pytest.raises(InvalidKeyError):
        verify(key, DATA, bytes(8), ISO9797_3)


def test_retail_mac_is_refused_to_a_key_for_something_else() -> None:
    with pytest.raises(KeyUsageError):
        mac(Key(KEY, Purpose.PIN), DATA, ISO9797_3)


def test_retail_mac_of_two_swapped_blocks_is_another() -> None:
    swapped = DATA[8:16] + DATA[:8] + DATA[16:]

    assert mac(MAK, swapped, ISO9797_3) != mac(MAK, DATA, ISO9797_3)


def test_retail_mac_keeps_the_tag_when_zeros_fill_the_last_block() -> None:
    """Known and documented: padding method 1 does not say where the message ends."""
    assert mac(MAK, DATA + bytes(-len(DATA) % 8), ISO9797_3) == mac(MAK, DATA, ISO9797_3)
