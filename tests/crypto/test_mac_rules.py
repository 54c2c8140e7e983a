"""MAC rules: every algorithm against published numbers and DES in plain Python, and what a rule may say."""

from __future__ import annotations

import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plain_des
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
    mac,
    verify,
)
from posrefund.crypto._blockcipher import encrypt_ecb
from posrefund.crypto._mac_tools import MAKERS, fold, pad
from posrefund.errors import ConfigError, InvalidKeyError, KeyUsageError, MACMismatchError
from published import known_answers

KEY = bytes.fromhex("55036372B17543ECB173730768B8D6C4")
DATA = bytes.fromhex("082000000000000000100011000000013010")
NAMED = {
    "UNIONPAY_ECB": UNIONPAY_ECB,
    "UNIONPAY_SM4": UNIONPAY_SM4,
    "ISO9797_1": ISO9797_1,
    "ISO9797_3": ISO9797_3,
    "SM4_CBC": SM4_CBC,
    "AES_CMAC": AES_CMAC,
    "HMAC_SHA256": HMAC_SHA256,
    "X9.19 as text": MACRule("iso9797-3", length_bytes=4, encoding="hex"),
    "fold and one block": MACRule("xor-encrypt"),
    "TDEA CMAC": MACRule("cmac"),
}
every_rule = pytest.mark.parametrize("rule", [pytest.param(r, id=n) for n, r in NAMED.items()])


def cases(table: str) -> pytest.MarkDecorator:
    rows = known_answers("macs", table)
    return pytest.mark.parametrize("case", [pytest.param(row, id=row["name"]) for row in rows])


def key_for(rule: MACRule, material: bytes = KEY) -> Key:
    return Key(material, Purpose.MAC, rule.cipher)


def xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


# --- published numbers -----------------------------------------------------------------------------


@cases("iso9797")
def test_chained_mac_is_the_published_one(case: dict[str, Any]) -> None:
    key, data, tag = (bytes.fromhex(case[name]) for name in ("key", "data", "tag"))
    cipher = Algorithm(case["cipher"])
    rule = MACRule(case["algorithm"], cipher, padding=case["padding"], length_bytes=len(tag))

    assert mac(Key(key, Purpose.MAC, cipher), data, rule) == tag
    verify(Key(key, Purpose.MAC, cipher), data, tag, rule)


@cases("cmac")
def test_cmac_is_the_published_one(case: dict[str, str]) -> None:
    key, data, tag = (bytes.fromhex(case[name]) for name in ("key", "data", "tag"))
    cipher = Algorithm(case["cipher"])

    assert mac(Key(key, Purpose.MAC, cipher), data, MACRule("cmac", cipher)) == tag


@cases("cmac_verify")
def test_cmac_is_taken_or_refused_as_published(case: dict[str, str]) -> None:
    key, data, tag = (bytes.fromhex(case[name]) for name in ("key", "data", "tag"))
    held = Key(key, Purpose.MAC, Algorithm(case["cipher"]))
    if case["verdict"] == "valid":
        verify(held, data, tag, AES_CMAC)
        return
    with pytest.raises(MACMismatchError):
        verify(held, data, tag, AES_CMAC)


@cases("hmac")
def test_hmac_is_the_published_one(case: dict[str, str]) -> None:
    """The keys of RFC 4231 have lengths that a ``Key`` has not: the tool beneath is asked."""
    key, data, tag = (bytes.fromhex(case[name]) for name in ("key", "data", "tag"))

    assert MAKERS["hmac-sha256"](key, Algorithm.AES)(data, 1) == tag


@cases("pad")
def test_padding_is_the_published_one(case: dict[str, Any]) -> None:
    assert pad(bytes.fromhex(case["data"]), case["method"], 8) == bytes.fromhex(case["blocks"])


@cases("unionpay_sm4")
def test_fold_over_sm4_stays_as_we_read_it(case: dict[str, str]) -> None:
    key, data = bytes.fromhex(case["key"]), bytes.fromhex(case["data"])

    assert mac(key_for(UNIONPAY_SM4, key), data, UNIONPAY_SM4) == case["tag"].encode()


# --- second witnesses ------------------------------------------------------------------------------


@given(st.sampled_from((8, 16, 24)), st.integers(1, 3), st.binary(max_size=60), st.data())
def test_chained_mac_agrees_with_the_one_written_from_its_definition(
    size: int, method: int, data: bytes, draw: st.DataObject
) -> None:
    key = draw.draw(st.binary(min_size=size, max_size=size))
    blocks = pad(data, method, 8)
    state = bytes(8)
    for start in range(0, len(blocks), 8):
        state = plain_des.encrypt(key, xor(state, blocks[start : start + 8]))

    assert mac(Key(key, Purpose.MAC), data, MACRule("iso9797-1", padding=method)) == state


@given(st.binary(min_size=16, max_size=16), st.integers(1, 3), st.binary(max_size=60))
def test_retail_mac_agrees_with_the_one_written_from_its_definition(
    key: bytes, method: int, data: bytes
) -> None:
    rule = MACRule("iso9797-3", padding=method)
    right = plain_des.iso9797_3_mac(key, pad(data, method, 8))

    assert mac(Key(key, Purpose.MAC), data, rule) == right


@given(st.binary(max_size=200), st.sampled_from((8, 16)))
def test_fold_by_halves_is_the_fold_block_by_block(data: bytes, width: int) -> None:
    total = bytes(width)
    for start in range(0, len(data), width):
        total = xor(total, data[start : start + width].ljust(width, b"\0"))

    assert fold(data, width) == total


@given(st.binary(min_size=16, max_size=16), st.binary(max_size=80))
def test_fold_and_one_block_is_what_it_says(key: bytes, data: bytes) -> None:
    rules = [MACRule("xor-encrypt", cipher) for cipher in (Algorithm.TDEA, Algorithm.SM4)]

    assert mac(key_for(rules[0], key), data, rules[0]) == plain_des.encrypt(key, fold(data))
    assert mac(key_for(rules[1], key), data, rules[1]) == encrypt_ecb(
        key, fold(data, 16), Algorithm.SM4
    )


@given(st.sampled_from((16, 24, 32)).flatmap(lambda n: st.binary(min_size=n, max_size=n)))
def test_hmac_agrees_with_the_standard_library(key: bytes) -> None:
    right = hmac.digest(key, DATA, hashlib.sha256)

    assert mac(Key(key, Purpose.MAC, Algorithm.AES), DATA, HMAC_SHA256) == right


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_padding_two_and_three_say_where_the_message_ends(one: bytes, two: bytes) -> None:
    for method in (2, 3):
        assert (pad(one, method, 8) == pad(two, method, 8)) is (one == two)


# --- every rule ------------------------------------------------------------------------------------


@every_rule
@given(lengths=st.lists(st.integers(0, 100), min_size=2, max_size=6))
def test_mac_is_the_same_with_a_used_key_and_a_new_one(rule: MACRule, lengths: list[int]) -> None:
    used = key_for(rule)
    for length in lengths:
        data = bytes(range(length))
        assert mac(used, data, rule) == mac(key_for(rule), data, rule)


@every_rule
def test_mac_is_right_in_many_threads_at_once(rule: MACRule) -> None:
    key = key_for(rule)
    wanted = [mac(key_for(rule), bytes([n]) * n, rule) for n in range(100)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            found = pool.map(lambda n: mac(key, bytes([n]) * n, rule), range(100))
            assert list(found) == wanted


@every_rule
def test_mac_is_right_after_a_call_that_failed(rule: MACRule) -> None:
    key = key_for(rule)
    before = mac(key, DATA, rule)
    with pytest.raises((TypeError, AttributeError)):
        mac(key, DATA.hex(), rule)  # type: ignore[arg-type]

    assert mac(key, DATA, rule) == before


@every_rule
def test_verify_takes_the_tag_and_refuses_it_shortened_empty_or_with_a_bit_changed(
    rule: MACRule,
) -> None:
    key = key_for(rule)
    tag = mac(key, DATA, rule)
    verify(key, DATA, tag, rule)

    assert len(tag) == rule.tag_bytes
    for wrong in [tag[:end] for end in range(len(tag))] + [tag + b"0", tag * 2]:
        with pytest.raises(MACMismatchError):
            verify(key, DATA, wrong, rule)
    for bit in range(8 * len(tag)):
        changed = bytearray(tag)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(MACMismatchError):
            verify(key, DATA, bytes(changed), rule)


@every_rule
def test_mac_of_a_closed_key_or_one_for_something_else_is_refused(rule: MACRule) -> None:
    key = key_for(rule)
    mac(key, DATA, rule)
    key.close()
    with pytest.raises(InvalidKeyError, match=r"^the key was closed$"):
        mac(key, DATA, rule)
    for purpose in set(Purpose) - {Purpose.MAC}:
        with pytest.raises(KeyUsageError, match=r"cannot be used for a MAC$"):
            mac(Key(KEY, purpose, rule.cipher), DATA, rule)


@every_rule
def test_mac_of_a_key_for_another_cipher_is_refused(rule: MACRule) -> None:
    for cipher in set(Algorithm) - {rule.cipher}:
        key = Key(KEY, Purpose.MAC, cipher)
        with pytest.raises(
            KeyUsageError, match=rf"^a {cipher} MAC key cannot be used for {rule.algorithm} with"
        ):
            mac(key, DATA, rule)


def test_cmac_of_a_single_des_key_is_refused() -> None:
    with pytest.raises(InvalidKeyError, match=r"^CMAC takes no single DES key$"):
        mac(Key(KEY[:8], Purpose.MAC), DATA, MACRule("cmac"))


def test_mac_as_text_is_upper_case_and_cut_before_it_is_written() -> None:
    whole = mac(Key(KEY, Purpose.MAC), DATA, ISO9797_3)
    text = mac(Key(KEY, Purpose.MAC), DATA, NAMED["X9.19 as text"])

    assert text == whole[:4].hex().upper().encode()


# --- what a rule may say ---------------------------------------------------------------------------


def test_rule_by_its_name_alone_is_the_one_of_the_dialects() -> None:
    assert MACRule("iso9797-3") == ISO9797_3
    assert (UNIONPAY_ECB.algorithm, ISO9797_3.algorithm) == ("unionpay-ecb", "iso9797-3")
    assert (UNIONPAY_ECB.length_bytes, UNIONPAY_ECB.encoding, UNIONPAY_ECB.tag_bytes) == (
        4,
        "hex",
        8,
    )
    assert (ISO9797_3.length_bytes, ISO9797_3.encoding, ISO9797_3.tag_bytes) == (8, "raw", 8)
    assert hash(MACRule()) == hash(UNIONPAY_ECB)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"algorithm": "iso9797-2"}, "has one of the algorithms"),
        ({"cipher": "TDEA"}, "the cipher of a MAC rule is an Algorithm"),
        ({"cipher": None}, "the cipher of a MAC rule is an Algorithm"),
        ({"cipher": Algorithm.AES}, "unionpay-ecb goes with TDEA, SM4"),
        ({"algorithm": "iso9797-3", "cipher": Algorithm.SM4}, "goes with TDEA"),
        ({"algorithm": "hmac-sha256"}, "hmac-sha256 goes with AES"),
        ({"padding": 2}, "goes with padding method 1"),
        ({"algorithm": "cmac", "padding": 3}, "goes with padding method 1"),
        ({"algorithm": "iso9797-1", "padding": 0}, "goes with padding method 1, 2, 3"),
        ({"algorithm": "iso9797-1", "padding": 4}, "goes with padding method 1, 2, 3"),
        ({"length_bytes": 3}, "gives 4 to 8 bytes"),
        ({"length_bytes": -4}, "gives 4 to 8 bytes"),
        ({"length_bytes": 9}, "gives 4 to 8 bytes"),
        ({"cipher": Algorithm.SM4, "length_bytes": 17}, "gives 4 to 16 bytes"),
        (
            {"algorithm": "hmac-sha256", "cipher": Algorithm.AES, "length_bytes": 33},
            "gives 4 to 32 bytes",
        ),
        ({"encoding": "HEX"}, "a MAC is sent raw or as hex"),
    ],
)
def test_rule_whose_parts_do_not_go_together_is_refused(parts: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        MACRule(**parts)


# --- the weakness, stated --------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [UNIONPAY_ECB, UNIONPAY_SM4, MACRule("xor-encrypt")])
def test_fold_keeps_the_mac_when_two_blocks_are_swapped_under_any_cipher(rule: MACRule) -> None:
    """Known and documented: no cipher mends a fold that forgets the order."""
    blocks = [bytes([n]) * 16 for n in (1, 2, 3)]

    swapped = b"".join(blocks[::-1])
    assert mac(key_for(rule), swapped, rule) == mac(key_for(rule), b"".join(blocks), rule)


@pytest.mark.parametrize("rule", [ISO9797_1, ISO9797_3, SM4_CBC, AES_CMAC, HMAC_SHA256])
def test_chain_does_not_keep_the_mac_when_two_blocks_are_swapped(rule: MACRule) -> None:
    blocks = [bytes([n]) * 16 for n in (1, 2, 3)]

    swapped = b"".join(blocks[::-1])
    assert mac(key_for(rule), swapped, rule) != mac(key_for(rule), b"".join(blocks), rule)
