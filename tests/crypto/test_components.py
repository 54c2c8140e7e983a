"""Keys in parts: the published sum, what people get wrong, and that nothing shows."""

from __future__ import annotations

import copy
import pickle
import traceback
from functools import reduce

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import plain_des
import plain_sm4
from posrefund.crypto import Algorithm, Component, Purpose, combine
from posrefund.errors import InvalidKeyError

FIRST = bytes.fromhex("E09B073B4007541FAB76B04370451031")
SECOND = bytes.fromhex("4CBF5D51EA8525EF045EFED6E386D9D9")
KEY = bytes.fromhex("AC245A6AAA8271F0AF284E9593C3C9E8")
KCV = bytes.fromhex("40D522")
"""jPOS, JCESecurityModuleTest.testFormKeyFromClearComponent; its third part is of zeros."""
CANARY = bytes.fromhex("C0FFEE00C0FFEE11C0FFEE22C0FFEE33")


def parts(*clear: bytes, algorithm: Algorithm = Algorithm.TDEA) -> list[Component]:
    return [Component(each, algorithm) for each in clear]


def test_published_components_make_the_published_key() -> None:
    key = combine(parts(FIRST, SECOND), Purpose.KEK, expected_kcv=KCV)

    assert key.use(Purpose.KEK, "a test") == KEY
    assert plain_des.encrypt(KEY, bytes(8))[:3] == KCV
    assert key.kcv_hex == "40D522"
    assert combine(parts(SECOND, FIRST), Purpose.KEK).equals(key)


def test_each_component_has_the_check_value_that_stands_on_its_paper() -> None:
    for clear in (FIRST, SECOND):
        right = plain_des.encrypt(clear, bytes(8))[:3].hex().upper()
        assert Component(clear).kcv_hex == right
        assert repr(Component(clear)) == f"Component(TDEA, KCV {right})"


@given(st.lists(st.binary(min_size=16, max_size=16), min_size=2, max_size=4, unique=True))
def test_key_is_the_sum_of_its_parts(clear: list[bytes]) -> None:
    total = bytes(reduce(lambda a, b: a ^ b, column) for column in zip(*clear, strict=True))
    assume(all(any(each) for each in clear) and any(total))
    key = combine(parts(*clear, algorithm=Algorithm.SM4), Purpose.KEK)

    assert key.use(Purpose.KEK, "a test") == total
    assert key.algorithm is Algorithm.SM4
    assert plain_sm4.encrypt(total, bytes(16))[:3].hex().upper() == key.kcv_hex


@pytest.mark.parametrize(
    ("clear", "reason"),
    [
        ([], "a key has two components or more"),
        ([FIRST], "a key has two components or more"),
        ([FIRST, SECOND + SECOND[:8]], "of one algorithm and one length"),
        ([FIRST, FIRST], "two components are the same: they cancel each other"),
        ([FIRST, SECOND, FIRST], "two components are the same"),
        ([FIRST, bytes(b ^ 1 for b in FIRST)], "two components are the same"),
        ([FIRST, SECOND, KEY], "the components make a key of zeros"),
        ([FIRST, bytes(b ^ 1 for b in SECOND), KEY], "the components make a key of zeros"),
    ],
)
def test_parts_that_make_no_key_are_refused(clear: list[bytes], reason: str) -> None:
    with pytest.raises(InvalidKeyError, match=reason):
        combine(parts(*clear), Purpose.MAC)


@pytest.mark.parametrize("size", [16, 24])
def test_part_of_zeros_is_refused_as_soon_as_it_is_typed(size: int) -> None:
    for clear in (bytes(size), b"\x01" * size):  # 01 is a zero with its parity bit
        with pytest.raises(InvalidKeyError, match=r"^a component of zeros adds nothing to a key$"):
            Component(clear)
    with pytest.raises(InvalidKeyError, match="zeros"):
        Component(bytes(16), Algorithm.AES)
    assert Component(b"\x01" * 16, Algorithm.AES).algorithm is Algorithm.AES


@pytest.mark.parametrize("size", [0, 7, 8, 15, 17, 23, 25, 32])
def test_part_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(InvalidKeyError, match=r"has (8, )?16 or 24 bytes"):
        Component(b"\xa5" * size)


def test_parts_of_two_ciphers_are_refused() -> None:
    mixed = [Component(FIRST), Component(SECOND, Algorithm.SM4)]
    with pytest.raises(InvalidKeyError, match="of one algorithm and one length"):
        combine(mixed, Purpose.KEK)


def test_key_that_is_single_des_is_refused_where_its_purpose_forbids_it() -> None:
    half = bytes.fromhex("0723C80DB5F4CD3D")
    other = bytes(a ^ b for a, b in zip(half * 2, FIRST, strict=True))
    for purpose in (Purpose.KEK, Purpose.PIN, Purpose.DATA):
        with pytest.raises(InvalidKeyError, match=r"must not be single DES"):
            combine(parts(FIRST, other), purpose)
    assert combine(parts(FIRST, other), Purpose.MAC).use(Purpose.MAC, "a test") == half * 2


@pytest.mark.parametrize(
    "half", ["0101010101010101", "FEFEFEFEFEFEFEFE", "E0E0E0E0F1F1F1F1", "1F1F1F1F0E0E0E0E"]
)
def test_key_with_a_weak_half_is_refused(half: str) -> None:
    """NIST SP 800-67, 3.3.2."""
    for weak in (bytes.fromhex(half) + KEY[:8], KEY[:8] + bytes.fromhex(half)):
        other = bytes(a ^ b for a, b in zip(weak, FIRST, strict=True))
        with pytest.raises(InvalidKeyError, match=r"^the components make a weak key$"):
            combine(parts(FIRST, other), Purpose.MAC)


@pytest.mark.parametrize("expected", ["40D523", "41D522", "40D5220", "40D52200"])
def test_key_with_another_check_value_is_refused_and_shows_the_one_it_has(expected: str) -> None:
    given_kcv = bytes.fromhex(expected.ljust(len(expected) + len(expected) % 2, "0"))
    with pytest.raises(InvalidKeyError, match=r"another check value \(KCV 40D522\)$") as caught:
        combine(parts(FIRST, SECOND), Purpose.KEK, expected_kcv=given_kcv)
    assert caught.value.kcv == "40D522"


@pytest.mark.parametrize("expected", [b"", b"\x40"])
def test_check_value_that_proves_nothing_is_refused(expected: bytes) -> None:
    with pytest.raises(InvalidKeyError, match=r"^a check value has 2 bytes or more$"):
        combine(parts(FIRST, SECOND), Purpose.KEK, expected_kcv=expected)
    with pytest.raises(InvalidKeyError, match=r"1 to 8 bytes"):
        combine(parts(FIRST, SECOND), Purpose.KEK, expected_kcv=bytes(9))


def test_component_is_not_printed_pickled_copied_or_compared() -> None:
    part = Component(CANARY)
    for shown in (repr(part), str(part), f"{part}", f"{[part]}"):
        assert "C0FFEE" not in shown.upper()
    assert not hasattr(part, "__dict__")
    for close in (pickle.dumps, copy.copy, copy.deepcopy, Component.__getstate__):
        with pytest.raises(TypeError):
            close(part)
    with pytest.raises(TypeError, match="not compared"):
        assert part == Component(CANARY)
    with pytest.raises(TypeError):
        hash(part)


def test_component_is_wiped_when_it_is_closed() -> None:
    with Component(CANARY) as part:
        held = part._material
        assert bytes(held) == CANARY
    assert held == b""
    with pytest.raises(InvalidKeyError, match=r"^the component was closed$"):
        combine([part, Component(FIRST)], Purpose.KEK)


def test_no_error_holds_a_component() -> None:
    tries = (
        lambda: combine(parts(CANARY, CANARY), Purpose.KEK),
        lambda: combine(parts(CANARY, FIRST), Purpose.KEK, expected_kcv=b"wrong"),
        lambda: Component(CANARY + b"\0"),
        lambda: Component(CANARY, Algorithm.SM4) == 1,
    )
    for attempt in tries:
        with pytest.raises((InvalidKeyError, TypeError)) as caught:
            attempt()
        error = caught.value
        text = "".join(traceback.format_exception(error)) + repr(error.args) + repr(vars(error))
        assert "C0FFEE" not in text.upper()
        assert repr(CANARY)[2:-1] not in text
        assert error.__context__ is None
