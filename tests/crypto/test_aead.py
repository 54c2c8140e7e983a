"""Sealed boxes: they open with their key and context, untouched, and in no other way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.crypto import open_box, seal_box
from posrefund.errors import InvalidKeyError
from published import known_answers

KEY = bytes(range(32))
REFUSAL = "^the box does not open with this key$"


@pytest.mark.parametrize(
    "case", [pytest.param(row, id=row["name"]) for row in known_answers("aes_gcm", "box")]
)
def test_box_of_a_published_vector_opens(case: dict[str, str]) -> None:
    key, box, context, clear = (bytes.fromhex(case[n]) for n in ("key", "box", "context", "clear"))

    assert open_box(key, box, context=context) == clear


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), st.binary(max_size=40))
def test_box_opens_to_what_was_sealed(key: bytes, clear: bytes, context: bytes) -> None:
    box = seal_box(key, clear, context=context)

    assert open_box(key, box, context=context) == clear
    assert len(box) == 12 + len(clear) + 16


def test_box_is_never_the_same_twice() -> None:
    boxes = {seal_box(KEY, b"clear", context=b"") for _ in range(100)}

    assert len({box[:12] for box in boxes}) == 100
    assert not [box for box in boxes if b"clear" in box]


def test_box_with_any_bit_changed_does_not_open() -> None:
    box = seal_box(KEY, b"clear", context=b"item 7")
    for bit in range(8 * len(box)):
        wrong = bytearray(box)
        wrong[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InvalidKeyError, match=REFUSAL):
            open_box(KEY, bytes(wrong), context=b"item 7")


def test_box_cut_anywhere_does_not_open() -> None:
    box = seal_box(KEY, b"clear", context=b"")
    for end in range(len(box)):
        with pytest.raises(InvalidKeyError, match=REFUSAL):
            open_box(KEY, box[:end], context=b"")


@pytest.mark.parametrize(("key", "context"), [(KEY[::-1], b"item 7"), (KEY, b"item 8"), (KEY, b"")])
def test_box_does_not_open_with_another_key_or_context(key: bytes, context: bytes) -> None:
    box = seal_box(KEY, b"clear", context=b"item 7")
    with pytest.raises(InvalidKeyError, match=REFUSAL) as caught:
        open_box(key, box, context=context)

    assert caught.value.__cause__ is None


@pytest.mark.parametrize("size", [0, 1, 16, 24, 31, 33, 64])
def test_box_is_sealed_only_with_a_key_of_thirty_two_bytes(size: int) -> None:
    with pytest.raises(InvalidKeyError, match=r"^a box is sealed with 32 bytes of key$"):
        seal_box(bytes(size), b"clear", context=b"")


@given(st.binary(max_size=40), st.binary(max_size=80), st.binary(max_size=10))
def test_box_of_any_bytes_under_any_key_does_not_open(
    key: bytes, box: bytes, context: bytes
) -> None:
    with pytest.raises(InvalidKeyError):
        open_box(key, box, context=context)
