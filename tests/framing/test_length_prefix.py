"""Length prefixes: any split of the bytes gives the same messages, and noise ends in one error."""

from __future__ import annotations

from copy import copy
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framing.lines import byte_by_byte, play
from posrefund.errors import ConfigError, FramingError
from posrefund.framing import LengthPrefix, LengthPrefixFramer, frame
from published import MESSAGES

frames = st.lists(st.binary(min_size=1, max_size=40), max_size=6)


def fed(chunks: list[bytes], prefix: LengthPrefix | None = None) -> list[bytes]:
    framer = LengthPrefixFramer(prefix)
    return [message for chunk in chunks for message in framer.feed(chunk)]


# --- frame -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "framed"),
    [
        (b"a", b"\x00\x01a"),
        (b"x" * 255, b"\x00\xff" + b"x" * 255),
        (b"x" * 256, b"\x01\x00" + b"x" * 256),
        (b"x" * 4096, b"\x10\x00" + b"x" * 4096),
    ],
)
def test_frame_puts_the_length_before_the_message(message: bytes, framed: bytes) -> None:
    assert frame(message) == framed


@pytest.mark.parametrize("size", [0, 4097, 65_536])
def test_frame_refuses_an_empty_or_oversize_message(size: int) -> None:
    with pytest.raises(
        FramingError, match=r"^frame at byte 0: expected 1 to 4096 bytes$"
    ) as caught:
        frame(bytes(size))

    assert caught.value.effect == "nothing_sent"
    assert copy(caught.value).effect == "nothing_sent"


# --- feed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message", [m for m in MESSAGES if m.length_prefix and m.clean], ids=lambda m: m.name
)
def test_feed_cuts_a_published_message_as_it_stood_on_the_line(message: object) -> None:
    raw = message.raw  # type: ignore[attr-defined]

    assert fed([raw]) == [raw[2:]]
    assert frame(raw[2:]) == raw


def test_feed_gives_the_same_messages_however_two_of_them_are_split() -> None:
    stream = bytes.fromhex("0003 616263 0000 0001 7A")
    for one in range(len(stream) + 1):
        for two in range(one, len(stream) + 1):
            assert fed([stream[:one], stream[one:two], stream[two:]]) == [b"abc", b"z"]
    assert fed([stream[i : i + 1] for i in range(len(stream))]) == [b"abc", b"z"]


@given(frames, st.data())
def test_feed_gives_the_same_messages_for_any_split(
    messages: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(frame(message) for message in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    edges = [0, *cuts, len(stream)]
    chunks = [stream[start:end] for start, end in pairwise(edges)]

    assert fed(chunks) == messages


@given(frames, st.lists(st.integers(0, 6), max_size=8))
def test_feed_drops_keep_alives_wherever_they_stand(
    messages: list[bytes], places: list[int]
) -> None:
    parts = [frame(message) for message in messages]
    for place in places:
        parts.insert(place, b"\x00\x00")

    assert fed([b"".join(parts)]) == messages


def test_feed_of_nothing_gives_nothing() -> None:
    framer = LengthPrefixFramer()

    assert framer.feed(b"") == []
    assert framer.pending_bytes == 0


def test_feed_takes_the_largest_frame_and_no_larger_one() -> None:
    assert fed([b"\x10\x00" + bytes(4096)]) == [bytes(4096)]
    with pytest.raises(FramingError) as caught:
        fed([b"\x10\x01" + bytes(4097)])

    assert caught.value.offset_bytes == 0
    assert caught.value.expected == "a length of at most 4096"
    assert caught.value.effect == "in_doubt"


def test_feed_tells_the_offset_of_a_wrong_prefix_in_the_whole_stream() -> None:
    framer = LengthPrefixFramer()
    assert framer.feed(b"\x00\x03abc\x00\x00") == [b"abc"]

    with pytest.raises(FramingError, match=r"^frame at byte 7: expected a length of at most 4096$"):
        framer.feed(b"\xff\xff")


def test_feed_gives_what_was_complete_before_a_wrong_prefix_and_refuses_next() -> None:
    framer = LengthPrefixFramer()

    assert framer.feed(b"\x00\x01a\xff\xff" + b"noise") == [b"a"]
    for chunk in (b"", b"\x00\x01a"):
        with pytest.raises(FramingError) as caught:
            framer.feed(chunk)
        assert caught.value.offset_bytes == 3


@given(st.binary(max_size=60), st.data())
def test_feed_of_any_bytes_gives_the_same_end_for_any_split(
    stream: bytes, data: st.DataObject
) -> None:
    def run(chunks: list[bytes]) -> tuple[list[bytes], int | None]:
        framer = LengthPrefixFramer()
        messages: list[bytes] = []
        try:
            for chunk in [*chunks, b""]:
                messages += framer.feed(chunk)
        except FramingError as error:
            return messages, error.offset_bytes
        return messages, None

    cut = data.draw(st.integers(0, len(stream)))
    whole = run([stream])

    assert run([stream[:cut], stream[cut:]]) == whole
    assert run([stream[i : i + 1] for i in range(len(stream))]) == whole


def test_framer_never_holds_more_than_one_frame() -> None:
    framer = LengthPrefixFramer()
    for _ in range(200):
        framer.feed(frame(bytes(4096)) * 3 + b"\x10\x00" + bytes(4095))
        assert framer.pending_bytes == 4097
        framer.feed(b"\x00")
        assert framer.pending_bytes == 0


def test_framer_holds_nothing_of_the_noise_behind_a_wrong_prefix() -> None:
    framer = LengthPrefixFramer()
    for _ in range(20):
        with pytest.raises(FramingError):
            framer.feed(b"\xff" * 100_000)
        assert framer.pending_bytes == 0


def test_framer_counts_what_is_waiting() -> None:
    framer = LengthPrefixFramer()
    for count, byte in enumerate(b"\x00\x03ab", start=1):
        framer.feed(bytes([byte]))
        assert framer.pending_bytes == count


# --- other prefixes ----------------------------------------------------------------------------------

KINDS = [
    # jPOS channels: NAC, BCD, ASCII, HEX, Raw, Amex, VAP, BASE24TCP
    (LengthPrefix(), "0003 616263"),
    (LengthPrefix(size=1), "03 616263"),
    (LengthPrefix(size=3), "000003 616263"),
    (LengthPrefix(encoding="bcd"), "0003 616263"),
    (LengthPrefix(size=4, encoding="ascii"), "30303033 616263"),
    (LengthPrefix(size=4, encoding="hex"), "30303033 616263"),
    (LengthPrefix(size=4), "00000003 616263"),
    (LengthPrefix(counts_itself=True), "0005 616263"),
    (LengthPrefix(header=b"\0\0", counts_header=False), "0003 0000 616263"),
    (LengthPrefix(trailer=b"\x03"), "0004 616263 03"),
    (LengthPrefix(header=b"ISO", trailer=b"\x03", counts_trailer=False), "0006 49534F 616263 03"),
]


@pytest.mark.parametrize(("prefix", "framed"), KINDS)
def test_each_kind_of_prefix_is_written_and_read(prefix: LengthPrefix, framed: str) -> None:
    raw = bytes.fromhex(framed)

    assert LengthPrefixFramer(prefix).frame(b"abc") == raw
    assert play(LengthPrefixFramer(prefix), byte_by_byte(raw + raw)) == ([b"abc", b"abc"], None)


@pytest.mark.parametrize(
    ("encoding", "size", "length"),
    [("bcd", 2, "0291"), ("ascii", 3, "323931"), ("hex", 3, "313233"), ("binary", 2, "0123")],
)
def test_length_of_291_bytes_is_written_in_its_digits(
    encoding: Any, size: int, length: str
) -> None:
    prefix = LengthPrefix(size=size, encoding=encoding)
    body = bytes(291)

    assert LengthPrefixFramer(prefix).frame(body) == bytes.fromhex(length) + body
    assert fed([bytes.fromhex(length) + body], prefix) == [body]


def test_hexadecimal_length_is_read_in_small_letters_too() -> None:
    prefix = LengthPrefix(size=4, encoding="hex")

    assert fed([b"000a" + b"x" * 10], prefix) == fed([b"000A" + b"x" * 10], prefix) == [b"x" * 10]


@pytest.mark.parametrize(
    ("encoding", "length"),
    [
        ("bcd", "000A"),
        ("ascii", "2B303031"),  # +001
        ("ascii", "20202031"),  # blanks
        ("ascii", "305F3031"),  # 0_01
        ("ascii", "B2B2B2B2"),
        ("hex", "30783031"),  # 0x01
        ("hex", "2B303031"),
        ("hex", "30303067"),
    ],
)
def test_length_that_python_would_read_but_no_line_writes_is_refused(
    encoding: Any, length: str
) -> None:
    prefix = LengthPrefix(size=2 if encoding == "bcd" else 4, encoding=encoding)

    with pytest.raises(FramingError, match=f"expected a length in {encoding} digits$"):
        fed([bytes.fromhex(length) + b"abc"], prefix)


@pytest.mark.parametrize(
    ("prefix", "stream", "expected"),
    [
        (LengthPrefix(counts_itself=True), "0001", "a length of at least 3"),
        (LengthPrefix(counts_itself=True), "1003", "a length of at most 4098"),
        (LengthPrefix(keep_alive="refuse"), "0000", "a length of at least 1"),
        (LengthPrefix(trailer=b"\x03"), "0004 616263 04", "the fixed bytes of this line"),
        (
            LengthPrefix(header=b"\0\0", counts_header=False),
            "0003 0100 616263",
            "the fixed bytes of this line",
        ),
        (
            LengthPrefix(header=b"\0\0", counts_header=False),
            "0000 0001",
            "the fixed bytes of this line",
        ),
    ],
)
def test_prefix_that_this_line_never_sends_is_refused(
    prefix: LengthPrefix, stream: str, expected: str
) -> None:
    assert play(LengthPrefixFramer(prefix), [bytes.fromhex(stream)]) == ([], (expected, 0))


@pytest.mark.parametrize(
    ("prefix", "idle"),
    [
        (LengthPrefix(keep_alive="tell"), "0000"),
        (LengthPrefix(size=4, encoding="ascii", keep_alive="tell"), "30303030"),
        (LengthPrefix(header=b"\0\0", counts_header=False, keep_alive="tell"), "00000000"),
        (LengthPrefix(trailer=b"\x03", keep_alive="tell"), "0000"),
    ],
)
def test_keep_alive_is_told_where_it_must_be_answered(prefix: LengthPrefix, idle: str) -> None:
    framer = LengthPrefixFramer(prefix)
    raw = bytes.fromhex(idle)

    assert framer.frame(b"") == raw
    assert framer.feed(raw + framer.frame(b"a") + raw) == [b"", b"a", b""]


def test_frame_of_fixed_bytes_alone_is_a_keep_alive_too() -> None:
    prefix = LengthPrefix(counts_itself=True, trailer=b"\x03", keep_alive="tell")

    assert fed([bytes.fromhex("0003 03 0004 61 03 0000")], prefix) == [b"", b"a", b""]


def test_keep_alive_may_count_more_than_the_longest_body() -> None:
    prefix = LengthPrefix(counts_itself=True, keep_alive="tell", body_bytes_max=1)

    assert fed([bytes.fromhex("0002 0003 61")], prefix) == [b"", b"a"]


def test_longest_body_is_what_the_prefix_can_announce() -> None:
    prefix = LengthPrefix(size=1, counts_itself=True)
    framer = LengthPrefixFramer(prefix)

    assert framer.frame(bytes(254)) == b"\xff" + bytes(254)
    with pytest.raises(FramingError, match="1 to 254 bytes"):
        framer.frame(bytes(255))
    assert LengthPrefix(size=1, encoding="ascii").limit_bytes == 9


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 0},
        {"size": 5},
        {"encoding": "ebcdic"},
        {"keep_alive": "maybe"},
        {"body_bytes_max": 0},
        {"body_bytes_max": 65_536},
        {"size": 1, "encoding": "ascii", "trailer": b"123456789"},
    ],
)
def test_prefix_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"^framing: expected "):
        LengthPrefix(**wrong)
