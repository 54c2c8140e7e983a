"""Tagged text: no end mark, so a message ends with the next one, with silence, or not at all."""

from __future__ import annotations

import pytest

from framing.lines import Played, byte_by_byte, play
from posrefund.errors import ConfigError, FramingError
from posrefund.framing import TagText, TagTextFramer

CREDIT = b"CZ0040300CJ012012345678901CA00201CE003978BA0010CD0011CB0041234"
"""A credit of 12.34 EUR as a public simulator of Caisse-AP took it."""
DONE = CREDIT + b"AE00210"


def test_message_that_came_in_two_segments_is_one_message() -> None:
    """The public simulator answers such a request twice, the first time with half of CJ."""
    framer = TagTextFramer()

    ends = []
    for part in (CREDIT[:20], CREDIT[20:]):
        assert framer.feed(part) == []
        ends.append(framer.may_end)
    assert ends == [False, True]
    assert framer.end() == [CREDIT]
    assert framer.end() == []
    assert framer.frame(CREDIT) == CREDIT


def test_message_ends_where_the_next_one_begins() -> None:
    stream = CREDIT + DONE

    assert TagTextFramer().feed(stream) == [CREDIT]
    assert play(TagTextFramer(), [stream]) == ([CREDIT, DONE], None)
    assert play(TagTextFramer(), byte_by_byte(stream)) == ([CREDIT, DONE], None)


def test_value_may_look_like_the_beginning_of_a_message() -> None:
    body = b"CZ0040300CJ009CZ0040300"

    assert play(TagTextFramer(), byte_by_byte(body)) == ([body], None)


def test_line_is_used_again_after_silence() -> None:
    framer = TagTextFramer()

    for _ in range(3):
        assert framer.feed(CREDIT) == []
        assert framer.end() == [CREDIT]
    with pytest.raises(FramingError, match=f"at byte {3 * len(CREDIT)}: expected a message that"):
        framer.feed(b"XX")


@pytest.mark.parametrize(
    ("stream", "offset", "expected"),
    [
        (b"AE00210", 0, "a message that begins with CZ"),
        (b"CZ0040300ae00210", 9, "a tag of two capitals or digits"),
        (b"CZ0040300AE0x", 9, "three digits of length"),
        (b"CZ+04", 0, "three digits of length"),
        (b"CZ0040300AE002", 14, "the rest of a frame"),
        (b"C", 1, "the rest of a frame"),
        (
            b"CZ999" + b"0" * 999 + (b"AA990" + b"0" * 990) * 3 + b"AA200",
            0,
            "a message of at most 4096 bytes",
        ),
    ],
)
def test_stream_that_is_no_message_is_refused(stream: bytes, offset: int, expected: str) -> None:
    assert play(TagTextFramer(), [stream]) == ([], (expected, offset))
    assert play(TagTextFramer(), byte_by_byte(stream)) == ([], (expected, offset))


def test_bound_is_passed_before_the_digits_behind_it_are_read() -> None:
    line = TagText(body_bytes_max=13)
    for stream in (b"CZ0040300AE0xx", b"CZ0040300AE002"):
        expected: Played = ([], ("a message of at most 13 bytes", 0))
        assert play(TagTextFramer(line), [stream]) == expected
        assert play(TagTextFramer(line), byte_by_byte(stream)) == expected
    whole = b"CZ0040300AE000"
    assert play(TagTextFramer(TagText(body_bytes_max=14)), [whole]) == ([whole], None)


@pytest.mark.parametrize("body", [b"", b"AE00210", CREDIT[:-1], CREDIT + CREDIT, CREDIT + b"A"])
def test_body_that_is_not_one_message_is_not_framed(body: bytes) -> None:
    with pytest.raises(FramingError, match="one message of whole fields") as caught:
        TagTextFramer().frame(body)
    assert caught.value.effect == "nothing_sent"


def test_line_that_makes_no_sense_is_refused() -> None:
    for wrong in ({"first": b"cz"}, {"first": b""}, {"first": b"CZA"}, {"body_bytes_max": 4}):
        with pytest.raises(ConfigError):
            TagText(**wrong)
