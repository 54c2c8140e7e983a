"""The form of DE62 as data: SM4 by the oracle of the tests, other lengths, other orders, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given, settings
from hypothesis import strategies as st

import plain_des
import plain_sm4
from posrefund.crypto import (
    SIGN_IN_DOUBLE,
    SIGN_IN_DOUBLE_TDK,
    SIGN_IN_SINGLE,
    SIGN_IN_SM4,
    SIGN_IN_SM4_TDK,
    UNIONPAY_SIGN_IN,
    UNIONPAY_SM4,
    Algorithm,
    Key,
    Purpose,
    SignInLayout,
    SignInRule,
    mac,
    unwrap_key_set,
)
from posrefund.errors import ConfigError, InvalidKeyError, KeyUsageError

TMK = bytes.fromhex("1234567890ABCDEFABCDEF0987654321")
PIK = bytes.fromhex("F351D490994603795C6EBEE8FAEBB481")
PIK_WRAPPED, PIK_KCV = "3D66234C49E4296FF9C78D8BACBD6A76", "861E83E31FAEBF10"
"""TMK, PIK, both as sent and as opened: nameidi.com/n/9rd4jp1z.html (SM4 PIN pad example)."""
MAK = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
TDK = bytes.fromhex("FEDCBA98765432100123456789ABCDEF")
KEK = Key(TMK, Purpose.KEK, Algorithm.SM4)
WHOLE_SET = "the whole set is refused$"
SLOW = settings(deadline=None, derandomize=True, database=None, max_examples=25)


def part(key: bytes, *, kcv_bytes: int = 4) -> bytes:
    """One wrapped key and its check value, made by the oracle."""
    check = plain_sm4.encrypt(key, bytes(16))[:kcv_bytes]
    return plain_sm4.encrypt(TMK, key) + check


def test_oracle_gives_the_standard_s_example() -> None:
    """GB/T 32907-2016, example 1."""
    assert plain_sm4.encrypt(MAK, MAK).hex() == "681edf34d206965e86b3e94f536e4246"
    assert plain_sm4.decrypt(MAK, plain_sm4.encrypt(MAK, TDK)) == TDK


def test_named_layouts_have_the_lengths_that_hosts_send() -> None:
    named = (SIGN_IN_SINGLE, SIGN_IN_DOUBLE, SIGN_IN_DOUBLE_TDK, SIGN_IN_SM4, SIGN_IN_SM4_TDK)
    assert [layout.length_bytes for layout in named] == [24, 40, 60, 40, 60]
    assert UNIONPAY_SIGN_IN.layouts == named


@pytest.mark.parametrize("kcv_bytes", [4, 8])
def test_published_sm4_key_opens_in_a_set(kcv_bytes: int) -> None:
    rule = SignInRule((SignInLayout(Algorithm.SM4, kcv_bytes=kcv_bytes),))
    literal = bytes.fromhex(PIK_WRAPPED + PIK_KCV[: 2 * kcv_bytes])
    keys = unwrap_key_set(KEK, literal + part(MAK, kcv_bytes=kcv_bytes), rule)

    assert keys.pik.use(Purpose.PIN, "a test") == PIK
    assert (keys.pik.algorithm, keys.mak.algorithm) == (Algorithm.SM4, Algorithm.SM4)
    assert keys.key_set_id.startswith("861E83-")
    assert keys.tdk is None
    assert len(mac(keys.mak, b"any", UNIONPAY_SM4)) == 8


def test_sm4_set_with_a_track_key_opens() -> None:
    keys = unwrap_key_set(KEK, part(PIK) + part(MAK) + part(TDK))

    assert keys.mak.use(Purpose.MAC, "a test") == MAK
    assert keys.tdk is not None
    assert keys.tdk.use(Purpose.DATA, "a test") == TDK


def test_zero_tail_is_filler_for_tdea_only() -> None:
    """Sixteen bytes of SM4 cipher text may end in zeros by chance: they are a key like any other."""
    wrapped = bytes.fromhex("0123456789ABCDEF") + bytes(8)
    mak = plain_sm4.decrypt(TMK, wrapped)
    keys = unwrap_key_set(KEK, part(PIK) + part(mak))

    assert keys.mak.use(Purpose.MAC, "a test") == mak


@SLOW
@given(*[st.binary(min_size=16, max_size=16)] * 2)
def test_sm4_set_made_by_the_oracle_opens_unless_two_keys_are_the_same(
    pik: bytes, mak: bytes
) -> None:
    block = part(pik) + part(mak)
    if len({pik, mak, TMK}) < 3:
        with pytest.raises(InvalidKeyError, match="two keys"):
            unwrap_key_set(KEK, block)
        return
    keys = unwrap_key_set(KEK, block)
    assert (keys.pik.use(Purpose.PIN, "-"), keys.mak.use(Purpose.MAC, "-")) == (pik, mak)


def test_sm4_set_with_any_bit_changed_is_refused_whole() -> None:
    right = part(PIK) + part(MAK)
    for bit in range(8 * len(right)):
        wrong = bytearray(right)
        wrong[bit // 8] ^= 1 << bit % 8
        name = "PIK" if bit < 160 else "MAK"
        with pytest.raises(InvalidKeyError, match=rf"^{name} of the sign-in .* {WHOLE_SET}"):
            unwrap_key_set(KEK, bytes(wrong))


@pytest.mark.parametrize(
    "block",
    [
        part(PIK) + part(PIK),
        part(PIK) + part(TMK),
        part(TMK) + part(MAK),
        part(PIK) + part(MAK) + part(PIK),
    ],
)
def test_sm4_set_with_two_equal_keys_is_refused(block: bytes) -> None:
    with pytest.raises(InvalidKeyError, match=r"^two keys of the sign-in are the same"):
        unwrap_key_set(KEK, block)


@SLOW
@given(st.binary(min_size=40, max_size=40) | st.binary(min_size=60, max_size=60))
def test_sm4_set_of_any_bytes_is_refused(block: bytes) -> None:
    with pytest.raises(InvalidKeyError, match=WHOLE_SET) as caught:
        unwrap_key_set(KEK, block)
    assert caught.value.kcv == ""


@pytest.mark.parametrize("size", [0, 24, 39, 41, 48, 59, 61, 72])
def test_sm4_set_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(InvalidKeyError, match=r"^DE62 of a sign-in under SM4 has 40 or 60 bytes$"):
        unwrap_key_set(KEK, bytes(size))


def test_the_cipher_of_the_tmk_is_the_cipher_of_the_set() -> None:
    block = part(PIK) + part(MAK)
    with pytest.raises(InvalidKeyError, match=WHOLE_SET):
        unwrap_key_set(Key(TMK, Purpose.KEK), block)
    with pytest.raises(KeyUsageError, match="DE62 of a sign-in"):
        unwrap_key_set(KEK, block, SignInRule((SIGN_IN_DOUBLE,)))


def test_another_order_and_other_lengths_are_data() -> None:
    """The MAK first, of three parts, and a check value of three bytes."""
    tmk, mak = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9"), bytes(range(1, 25))
    layout = SignInLayout(parts=(("MAK", 24), ("PIK", 16)), kcv_bytes=3)
    block = b"".join(
        plain_des.encrypt(tmk, key) + plain_des.encrypt(key, bytes(8))[:3] for key in (mak, PIK)
    )
    keys = unwrap_key_set(Key(tmk, Purpose.KEK), block, SignInRule((layout,)))

    assert layout.length_bytes == 46
    assert keys.mak.use(Purpose.MAC, "a test") == mak
    assert keys.pik.use(Purpose.PIN, "a test") == PIK


def test_layout_under_aes_has_the_check_values_of_aes() -> None:
    """NIST SP 800-38A F.1.1, blocks 1 and 2 as keys; the check value is a CMAC, SP 800-38B."""
    tmk = Key(bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C"), Purpose.KEK, Algorithm.AES)
    pairs = (
        ("6BC1BEE22E409F96E93D7E117393172A", "3AD77BB40D7A3660A89ECAF32466EF97"),
        ("AE2D8A571E03AC9C9EB76FAC45AF8E51", "F5D3D58503B9699DE785895A96FDBAAF"),
    )
    block = b""
    for clear, wrapped in pairs:
        context = CMAC(AES(bytes.fromhex(clear)))
        context.update(bytes(16))
        block += bytes.fromhex(wrapped) + context.finalize()[:5]
    keys = unwrap_key_set(tmk, block, SignInRule((SignInLayout(Algorithm.AES, kcv_bytes=5),)))

    assert keys.pik.use(Purpose.PIN, "a test") == bytes.fromhex(pairs[0][0])
    assert keys.mak.use(Purpose.MAC, "a test") == bytes.fromhex(pairs[1][0])
    assert keys.mak.algorithm is Algorithm.AES


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"parts": ()}, "PIK and MAK, and TDK or not, each once"),
        ({"parts": (("PIK", 16),)}, "PIK and MAK, and TDK or not, each once"),
        ({"parts": (("PIK", 16), ("MAK", 16), ("PIK", 16))}, "each once"),
        ({"parts": (("PIK", 16), ("MAK", 16), ("TMK", 16))}, "each once"),
        ({"parts": (("PIK", 16), ("MAK", 12))}, "needs 8, 16 or 24 bytes for a key under TDEA"),
        (
            {"cipher": Algorithm.SM4, "parts": (("PIK", 16), ("MAK", 8))},
            "needs 16 bytes for a key under SM4",
        ),
        ({"kcv_bytes": 1}, "needs 2 to 8 bytes for a check value"),
        ({"kcv_bytes": 9}, "needs 2 to 8 bytes for a check value"),
        (
            {"cipher": Algorithm.SM4, "kcv_bytes": 9},
            "needs 2 to 8 bytes for a check value",
        ),
    ],
)
def test_layout_whose_parts_do_not_go_together_is_refused(
    changes: dict[str, object], expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected):
        SignInLayout(**changes)  # type: ignore[arg-type]  # reason: wrong on purpose


def test_rule_without_layouts_or_with_two_that_look_alike_is_refused() -> None:
    turned = SignInLayout(parts=(("MAK", 16), ("PIK", 16)))
    for layouts in ((), (SIGN_IN_DOUBLE, turned)):
        with pytest.raises(ConfigError, match="that cipher and length tell apart"):
            SignInRule(layouts)


@pytest.mark.parametrize("parts", [{"cipher": "TDEA"}, {"cipher": []}, {"kcv_bytes": "4"}])
def test_layout_of_another_type_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="needs an Algorithm, and a number of bytes"):
        SignInLayout(**parts)
