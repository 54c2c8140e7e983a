"""Tracks under the TDK: which block, by the oracle of the tests; what the block does not hide."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plain_des
import plain_sm4
from posrefund.crypto import Algorithm, Key, Purpose, decrypt_track, encrypt_track
from posrefund.errors import DecodeError, EncodeError, KeyUsageError

MATERIAL = bytes.fromhex("C7D50808A7DFFE62B9943B45A4C77FC7")
TDK = Key(MATERIAL, Purpose.DATA)
SM4 = Key(MATERIAL, Purpose.DATA, Algorithm.SM4)
TRACK2 = "6200000000000005D30122010000012345678"
"""37 digits: the block is 16 of the last 17."""
QUICK = settings(deadline=None, derandomize=True, database=None, max_examples=60)


def sealed(block: str) -> str:
    return plain_des.encrypt(MATERIAL, bytes.fromhex(block)).hex().upper()


@pytest.mark.parametrize(
    ("digits", "head", "block", "tail"),
    [
        # The block's place from the 39 digits that a public terminal specification prints (CHAN), with a
        # test number in them.
        (
            "6205500000000000004D0508201781999168302",
            "6205500000000000004D05",
            "0820178199916830",
            "2",
        ),
        (TRACK2, "6200000000000005D301", "2201000001234567", "8"),
        (TRACK2 + "0", "6200000000000005D301", "2201000001234567", "80"),
        ("6200000000000005D3", "", "6200000000000005", "D3"),
        ("6200000000005D301", "", "6200000000005D30", "1"),
    ],
)
def test_one_block_before_the_last_byte_is_encrypted(
    digits: str, head: str, block: str, tail: str
) -> None:
    assert head + block + tail == digits
    assert encrypt_track(TDK, digits) == head + sealed(block) + tail
    assert decrypt_track(TDK, head + sealed(block) + tail) == digits


def test_number_of_a_usual_track_stays_clear() -> None:
    """Known and said: the block hides what copies a card, not its number."""
    assert encrypt_track(TDK, TRACK2).startswith("6200000000000005D301")
    assert "2201000001234567" not in encrypt_track(TDK, TRACK2)


def test_block_under_sm4_is_twice_as_long() -> None:
    block = TRACK2[4:36]
    cipher = plain_sm4.encrypt(MATERIAL, bytes.fromhex(block)).hex().upper()

    assert encrypt_track(SM4, TRACK2) == TRACK2[:4] + cipher + TRACK2[36:]
    assert decrypt_track(SM4, encrypt_track(SM4, TRACK2)) == TRACK2
    with pytest.raises(EncodeError, match=r"^track: expected 33 to 104 digits and separators$"):
        encrypt_track(SM4, TRACK2[:32])


@QUICK
@given(st.text(alphabet="0123456789D", min_size=17, max_size=104))
def test_track_opens_to_itself_and_changes_in_its_block_only(digits: str) -> None:
    found = encrypt_track(TDK, digits)
    end = len(digits) - 2 + len(digits) % 2

    assert decrypt_track(TDK, found) == digits
    assert (found[: end - 16], found[end:]) == (digits[: end - 16], digits[end:])
    assert found[end - 16 : end] == sealed(digits[end - 16 : end])


@pytest.mark.parametrize(
    "digits",
    ["", "6" * 16, "6" * 105, TRACK2.replace("D", "="), TRACK2 + "\n", "六" * 20, "A" * 20],
)
def test_what_is_no_track_is_refused_without_showing_it(digits: str) -> None:
    with pytest.raises(EncodeError) as caught:
        encrypt_track(TDK, digits)
    assert str(caught.value) == "track: expected 17 to 104 digits and separators"
    assert caught.value.__context__ is None


@pytest.mark.parametrize("digits", ["", "F" * 16, "F" * 105, "g" * 20, "a" * 20])
def test_what_is_no_encrypted_track_is_refused(digits: str) -> None:
    with pytest.raises(DecodeError, match=r"^track at byte 0: expected 17 to 104 digits and sep"):
        decrypt_track(TDK, digits)


def test_only_a_track_key_opens_tracks() -> None:
    for purpose in (Purpose.PIN, Purpose.MAC, Purpose.KEK):
        for use in (encrypt_track, decrypt_track):
            with pytest.raises(KeyUsageError):
                use(Key(MATERIAL, purpose), TRACK2)
