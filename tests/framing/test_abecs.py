"""ABECS PIN pads: the frames of the specification, escapes, and one flipped bit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framing.lines import byte_by_byte, play
from posrefund.errors import ConfigError, FramingError
from posrefund.framing import ABECS, ABECSFramer, Control, Damaged

# ABECS 2.12, examples of the specification (the first two); CRCs recomputed with binascii.crc_hqx.
FRAMES = [
    (b"OPN", "16 4F504E 17 A8A9"),
    (b"OPN000", "16 4F504E303030 17 775E"),
    (b"CLO", "16 434C4F 17 E2A8"),
    # each special byte; the CRC over 13 16 17 and 17 by long division, bit by bit
    (b"\x13\x16\x17", "16 1333 1336 1337 17 898A"),
]


@pytest.mark.parametrize(("data", "framed"), FRAMES)
def test_frame_of_the_paper_is_written_and_read(data: bytes, framed: str) -> None:
    raw = bytes.fromhex(framed)

    assert ABECSFramer().frame(data) == raw
    assert play(ABECSFramer(), [raw]) == ([data], None)
    assert play(ABECSFramer(), byte_by_byte(raw)) == ([data], None)


def test_session_begins_with_can_and_eot_whatever_else_comes() -> None:
    framer = ABECSFramer()

    assert framer.control(Control.CAN) == b"\x18"
    assert play(framer, [bytes.fromhex("3F 04 06 16 4F504E303030 17 775E 15")]) == (
        [Damaged("noise", 0, 1), Control.EOT, Control.ACK, b"OPN000", Control.NAK],
        None,
    )
    with pytest.raises(FramingError):
        framer.control(Control.ENQ)


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ("16 4F504E 17 A9A8", [Damaged("check", 0, 7)]),
        ("16 17 0000", [Damaged("check", 0, 4)]),
        ("16 13 41 17 0000", [Damaged("escape", 0, 6)]),
        ("16 41 13 17 0000", [Damaged("escape", 0, 6)]),
        ("16 4F50 16 4F504E 17 A8A9", [Damaged("cut", 0, 3), b"OPN"]),
        ("16 4F504E 17 A8", [Damaged("cut", 0, 6)]),
    ],
)
def test_damage_says_what_is_wrong(stream: str, expected: list[object]) -> None:
    raw = bytes.fromhex(stream)

    assert play(ABECSFramer(), [raw]) == (expected, None)
    assert play(ABECSFramer(), byte_by_byte(raw)) == (expected, None)


@given(st.binary(min_size=1, max_size=40), st.data())
def test_frame_with_one_flipped_bit_is_never_delivered(body: bytes, data: st.DataObject) -> None:
    raw = bytearray(ABECSFramer().frame(body))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    events, _ = play(ABECSFramer(), [bytes(raw)])

    assert not [event for event in events if isinstance(event, bytes)]


def test_longest_data_is_taken_and_longer_data_is_not() -> None:
    longest = b"\x16" * 2049
    raw = ABECSFramer().frame(longest)

    assert len(raw) == 1 + 2 * 2049 + 3
    assert play(ABECSFramer(), [raw]) == ([longest], None)
    with pytest.raises(FramingError, match="1 to 2049 bytes"):
        ABECSFramer().frame(longest + b"A")
    for size in (2050, 9000):
        longer = ABECSFramer(ABECS(9000)).frame(b"A" * size)
        events, _ = play(ABECSFramer(), [longer, raw])
        assert events[1:] == [longest]
        assert isinstance(events[0], Damaged)
        assert events[0].reason == "too long"


def test_bound_that_makes_no_sense_is_refused() -> None:
    for bound in (0, 65_536):
        with pytest.raises(ConfigError):
            ABECS(bound)
