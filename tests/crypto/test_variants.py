"""Key variants: the numbers of psec and of TR-31, and psec itself as second opinion."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.crypto import Algorithm, Key, Purpose, numbered_variant, tr31_variants
from posrefund.errors import ConfigError, InvalidKeyError, KeyUsageError

KEK = Key(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), Purpose.KEK)


@pytest.mark.parametrize(
    ("key", "number", "expected"),
    [
        ("0000000000000000", 1, "0800000000000000"),
        ("0000000000000000", 31, "F800000000000000"),
        (
            "0000000000000001 0000000000000002 0000000000000003",
            31,
            "F8 00000000000001 F8 00000000000002 F8 00000000000003",
        ),
        # The mask is XORed and not added: of 08 it leaves 00.
        ("08000000000000000F00000000000000", 1, "00000000000000000700000000000000"),
    ],
)
def test_numbered_variant_is_the_published_one(key: str, number: int, expected: str) -> None:
    """psec tests/test_des.py; the last row is ours."""
    kek = Key(bytes.fromhex(key), Purpose.KEK, allow_weak=True)
    assert numbered_variant(kek, number).use(Purpose.KEK, "a test") == bytes.fromhex(expected)


@given(st.binary(min_size=16, max_size=16), st.integers(1, 31))
def test_variant_of_a_variant_is_the_key_again(material: bytes, number: int) -> None:
    kek = Key(material, Purpose.KEK, allow_weak=True)
    variant = numbered_variant(kek, number)

    assert not variant.equals(kek)
    assert numbered_variant(variant, number).equals(kek)


def test_variant_has_the_purpose_that_it_was_made_for() -> None:
    assert numbered_variant(KEK, 1, Purpose.PIN).purpose is Purpose.PIN
    assert numbered_variant(KEK, 1).purpose is Purpose.KEK


@pytest.mark.parametrize("number", [-1, 0, 32, 255, "1", None, 1.5])
def test_variant_of_no_number_is_refused(number: int) -> None:
    with pytest.raises(ConfigError, match=r"^a variant has a number from 1 to 31$"):
        numbered_variant(KEK, number)


@pytest.mark.parametrize(
    ("key", "encryption", "authentication"),
    [
        (  # Thales payShield 10k sample, version A
            "EFE0853B256B583D868F251CE99EA1D9",
            "AAA5C07E602E1D78C3CA6059ACDBE49C",
            "A2ADC87668261570CBC26851A4D3EC94",
        ),
        (  # TR-31:2018 A.7.3.1, version C
            "B8ED59E0A279A295E9F5ED7944FD06B9",
            "FDA81CA5E73CE7D0ACB0A83C01B843FC",
            "F5A014ADEF34EFD8A4B8A03409B04BF4",
        ),
    ],
)
def test_tr31_variants_are_the_published_ones(
    key: str, encryption: str, authentication: str
) -> None:
    first, second = tr31_variants(Key(bytes.fromhex(key), Purpose.KEK))

    assert first.use(Purpose.KEK, "a test") == bytes.fromhex(encryption)
    assert second.use(Purpose.MAC, "a test") == bytes.fromhex(authentication)


def test_variants_are_of_tdea_key_encrypting_keys_only() -> None:
    wrong = (
        Key(bytes(range(16)), Purpose.PIN),
        Key(bytes(range(16)), Purpose.KEK, Algorithm.SM4),
        Key(bytes(range(16)), Purpose.KEK, Algorithm.AES),
    )
    for key in wrong:
        with pytest.raises(KeyUsageError, match=r"a variant$"):
            numbered_variant(key, 1)
        with pytest.raises(KeyUsageError, match=r"a variant$"):
            tr31_variants(key)
    with pytest.raises(InvalidKeyError, match="16 or 24 bytes"):
        tr31_variants(Key(bytes(range(8)), Purpose.KEK, allow_weak=True))


@pytest.mark.parametrize("number", [1.0, "1", None, []])
def test_number_of_a_variant_is_a_whole_one(number: Any) -> None:
    with pytest.raises(ConfigError, match="a number from 1 to 31"):
        numbered_variant(Key(bytes(range(16)), Purpose.KEK), number)
