"""What holds for every framing: any split, any garbage, bounded memory, and back to the same body."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framing.lines import LINES, SERIAL, SHORT, STREAMS, byte_by_byte, garbage, in_pieces, play
from posrefund.errors import FramingError
from posrefund.framing import Damaged, LengthPrefixFramer

if TYPE_CHECKING:
    from collections.abc import Callable

every_line = pytest.mark.parametrize("name", LINES)
every_serial_line = pytest.mark.parametrize("name", SERIAL)
every_stream = pytest.mark.parametrize("name", STREAMS)
# Forty streams for each of twenty lines; the fuzz targets go on from there.
cuts = st.lists(st.integers(0, 200), max_size=8)


def some_stream(name: str, data: st.DataObject) -> bytes:
    """Frames, damaged frames and garbage in any order."""
    framer = LINES[name].make()
    frames = LINES[name].bodies.map(framer.frame)
    damaged = st.builds(
        lambda frame, at, bit: (
            frame[: at % len(frame)]
            + bytes([frame[at % len(frame)] ^ 1 << bit])
            + frame[at % len(frame) + 1 :]
        ),
        frames,
        st.integers(0, 99),
        st.integers(0, 7),
    )
    return b"".join(data.draw(st.lists(frames | damaged | garbage, max_size=6)))


@every_line
@settings(max_examples=40)
@given(data=st.data())
def test_bytes_one_by_one_give_what_all_at_once_gives(name: str, data: st.DataObject) -> None:
    line = LINES[name]
    stream = some_stream(name, data)
    expected = play(line.make(), [stream])

    assert play(line.make(), byte_by_byte(stream)) == expected
    assert play(line.make(), in_pieces(stream, data.draw(cuts))) == expected


@every_line
@settings(max_examples=40)
@given(data=st.data())
def test_body_comes_off_the_line_as_it_was_put_on(name: str, data: st.DataObject) -> None:
    line = LINES[name]
    bodies = data.draw(st.lists(line.bodies, max_size=5))
    stream = b"".join(line.make().frame(body) for body in bodies)

    assert play(line.make(), [stream]) == (bodies, None)


@every_line
@settings(max_examples=40)
@given(data=st.data())
def test_framer_never_holds_more_than_it_says(name: str, data: st.DataObject) -> None:
    framer = LINES[name].make()
    assert framer.held_bytes_max <= 2 * SHORT + 6
    stream = some_stream(name, data)

    try:
        for chunk in in_pieces(stream, data.draw(cuts)):
            framer.feed(chunk)
            assert framer.pending_bytes <= framer.held_bytes_max
    except FramingError:
        assert framer.pending_bytes == 0


@every_line
@pytest.mark.parametrize(
    "filler", [b"\x00", b"\x10", b"\x16\x41", b"\x02\x41", b"\xff", b"CZ", b"1"]
)
def test_flood_of_one_kind_of_byte_is_not_kept(name: str, filler: bytes) -> None:
    framer = LINES[name].make()
    try:
        for _ in range(300):
            framer.feed(filler * 100)
            assert framer.pending_bytes <= framer.held_bytes_max
    except FramingError:
        assert framer.pending_bytes == 0


@every_serial_line
@settings(max_examples=40)
@given(stream=garbage | st.binary(max_size=200))
def test_garbage_on_a_serial_line_is_told_in_order_and_never_raises(
    name: str, stream: bytes
) -> None:
    events, refusal = play(SERIAL[name].make(), [stream])

    assert refusal is None
    damages = [event for event in events if isinstance(event, Damaged)]
    end = 0
    for damage in damages:
        assert damage.offset_bytes >= end
        assert damage.length_bytes > 0
        end = damage.offset_bytes + damage.length_bytes
    assert end <= len(stream)
    assert bool(events) == bool(stream)


@every_serial_line
@settings(max_examples=40)
@given(data=st.data(), before=st.binary(max_size=40))
def test_frame_is_found_between_noise(name: str, data: st.DataObject, before: bytes) -> None:
    """Noise that neither begins nor says anything."""
    noise = bytes(byte | 0x40 for byte in before)
    body = data.draw(SERIAL[name].bodies)
    framer = SERIAL[name].make()
    framed = framer.frame(body)
    told = [Damaged("noise", 0, len(noise))] if noise else []

    assert play(framer, [noise + framed + noise]) == (
        [*told, body, *(Damaged("noise", len(noise + framed), len(noise)) for _ in told)],
        None,
    )


@every_serial_line
@settings(max_examples=40)
@given(data=st.data())
def test_silence_ends_any_unfinished_frame_and_the_next_one_is_read(
    name: str, data: st.DataObject
) -> None:
    body = data.draw(SERIAL[name].bodies)
    framer = SERIAL[name].make()
    framer.feed(some_stream(name, data))

    framer.end()

    assert framer.pending_bytes == 0
    assert framer.feed(framer.frame(body)) == [body]
    assert framer.end() == []


def test_noise_is_told_every_4096_bytes_however_it_comes() -> None:
    for name, line in SERIAL.items():
        expected = [
            Damaged("noise", 0, 4096),
            Damaged("noise", 4096, 4096),
            Damaged("noise", 8192, 1808),
        ]
        stream = b"\x7e" * 10_000
        assert play(line.make(), [stream]) == (expected, None), name
        assert play(line.make(), in_pieces(stream, [1, 4095, 4097, 9000])) == (expected, None)


@every_stream
@settings(max_examples=40)
@given(stream=garbage | st.binary(max_size=200))
def test_garbage_on_a_stream_ends_in_one_error_that_points_into_it(
    name: str, stream: bytes
) -> None:
    framer = STREAMS[name].make()
    _, refusal = play(framer, [stream])

    if refusal is not None:
        assert 0 <= refusal[1] <= len(stream)
        calls: list[Callable[[], object]] = [lambda: framer.feed(b"\0\1a"), framer.end]
        for call in calls:
            with pytest.raises(FramingError) as again:
                call()
            assert (again.value.expected, again.value.offset_bytes) == refusal
            assert again.value.effect == "in_doubt"


@every_stream
def test_stream_that_ends_inside_a_frame_is_refused_where_it_ends(name: str) -> None:
    framer = STREAMS[name].make()
    whole = framer.frame(b"CZ0040300" if name == "tag-text" else bytes.fromhex("800000"))

    framer.feed(whole + whole[:-1] if name == "tag-text" else whole[:-1])
    with pytest.raises(FramingError, match="the rest of a frame"):
        framer.end()


@every_line
@pytest.mark.parametrize("body", [b"", bytes(66_000), b"A" * 66_000])
def test_body_that_no_frame_can_carry_is_refused_before_anything_is_sent(
    name: str, body: bytes
) -> None:
    framer = LINES[name].make()
    if not body and isinstance(framer, LengthPrefixFramer) and framer.prefix.keep_alive == "tell":
        assert framer.feed(framer.frame(body)) == [b""]
        return
    with pytest.raises(FramingError) as caught:
        framer.frame(body)

    assert caught.value.effect == "nothing_sent"
