"""What every stream has to do, tried on every kind of line. Who waits here waits for an event, never for a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from link.lines import LINES, LONG_S, Line, soon
from posrefund.errors import LinkClosedError, PosRefundError
from posrefund.link import drop_stale

BIG = bytes(range(256)) * 4096
"""A megabyte: more than any buffer between the two ends holds."""


_MARKS = {  # pyserial 3.5 starts its thread with methods that Python has renamed
    "rfc2217-url": [pytest.mark.filterwarnings("ignore:set.*is deprecated:DeprecationWarning")]
}


@pytest.fixture(params=[pytest.param(name, marks=_MARKS.get(name, [])) for name in LINES])
def line(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Line]:
    with LINES[request.param](tmp_path) as line:
        yield line
        line.end()


def read(line: Line, size: int) -> bytes:
    found = b""
    while len(found) < size:
        chunk = line.near.read_some(soon())
        assert chunk
        found += chunk
    return found


def in_thread(call: Callable[[], object]) -> tuple[threading.Thread, list[PosRefundError]]:
    """Start *call*, return when it is about to be made; what it raises is caught."""
    raised: list[PosRefundError] = []
    begun = threading.Event()

    def run() -> None:
        begun.set()
        try:
            call()
        except PosRefundError as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert begun.wait(LONG_S)
    return thread, raised


def noticed(line: Line) -> None:
    """Return when the stream has seen that the other side closed the line."""
    deadline = soon()
    while not line.near.peer_closed():
        assert time.monotonic() < deadline


# --- bytes and deadlines -----------------------------------------------------------------------


def test_bytes_go_both_ways_unchanged(line: Line) -> None:
    far = line.dial()
    every_byte = bytes(range(256))

    line.near.write(every_byte, soon())
    assert far.receive(256) == every_byte
    far.send(every_byte)
    assert read(line, 256) == every_byte


def test_reader_gets_nothing_at_its_deadline_and_not_before(line: Line) -> None:
    line.dial()
    deadline = time.monotonic() + 0.03

    assert line.near.read_some(deadline) == b""
    assert time.monotonic() >= deadline


def test_what_is_there_is_returned_even_after_the_deadline(line: Line) -> None:
    line.dial().send(b"x")
    waited_until = soon()
    while not (found := line.near.read_some(0)):
        assert time.monotonic() < waited_until

    assert found == b"x"


def test_bytes_that_come_one_by_one_are_all_there(line: Line) -> None:
    far = line.dial()
    for byte in b"0123456789":
        far.send(bytes([byte]))

    assert read(line, 10) == b"0123456789"


def test_reader_may_wait_before_the_first_byte_is_sent(line: Line) -> None:
    far = line.dial()
    found: list[bytes] = []
    thread, raised = in_thread(lambda: found.append(line.near.read_some(soon())))
    far.send(b"y")
    thread.join(LONG_S)

    assert (found, raised) == ([b"y"], [])


def test_big_write_arrives_whole_and_in_order(line: Line) -> None:
    data = BIG if line.fills_up else BIG[:3072]
    far = line.dial()
    thread, raised = in_thread(lambda: line.near.write(data, soon()))
    arrived = far.receive(len(data))
    thread.join(LONG_S)

    assert arrived == data
    assert raised == []


def test_stale_bytes_are_dropped_when_that_is_asked_for(line: Line) -> None:
    line.dial().send(b"late answer")
    dropped_bytes, waited_until = 0, soon()
    while dropped_bytes < 11:
        assert time.monotonic() < waited_until
        dropped_bytes += drop_stale(line.near)

    assert line.near.read_some(0) == b""


# --- other threads -------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["cancel", "close"])
def test_reader_is_let_out_from_another_thread(line: Line, way: str) -> None:
    line.dial()
    thread, raised = in_thread(lambda: line.near.read_some(soon()))
    getattr(line.near, way)()
    thread.join(LONG_S / 2)

    assert not thread.is_alive()
    assert [type(error) for error in raised] == [LinkClosedError]
    assert raised[0].effect == "in_doubt"


@pytest.mark.parametrize("way", ["cancel", "close"])
def test_writer_is_let_out_of_a_full_line_and_knows_that_something_left(
    line: Line, way: str
) -> None:
    if not line.fills_up:
        pytest.skip("this kind of line takes everything")
    far = line.dial()
    thread, raised = in_thread(lambda: line.near.write(BIG * 64, soon()))
    assert far.receive(1)
    getattr(line.near, way)()
    thread.join(LONG_S / 2)

    assert not thread.is_alive()
    assert [error.effect for error in raised] == ["in_doubt"]


def test_cancelled_conversation_stays_over_until_it_is_opened_again(line: Line) -> None:
    line.dial()
    line.near.cancel()
    line.near.cancel()

    with pytest.raises(LinkClosedError) as written:
        line.near.write(b"a", soon())
    with pytest.raises(LinkClosedError) as read_:
        line.near.read_some(soon())
    assert (written.value.effect, read_.value.effect) == ("nothing_sent", "in_doubt")

    far = line.dial()
    line.near.write(b"b", soon())
    assert far.receive(1) == b"b"


def test_many_threads_may_close_at_once(line: Line) -> None:
    line.dial()
    threads = [in_thread(line.near.close) for _ in range(8)]
    for thread, _ in threads:
        thread.join(LONG_S)

    assert [raised for _, raised in threads] == [[]] * 8
    assert not any(thread.is_alive() for thread, _ in threads)


# --- the other side goes -------------------------------------------------------------------------


def test_a_peer_that_is_silent_is_not_gone(line: Line) -> None:
    far = line.dial()

    assert not line.near.peer_closed()
    line.near.write(b"a", soon())
    assert far.receive(1) == b"a"


def test_looking_for_the_peer_loses_no_byte(line: Line) -> None:
    far = line.dial()
    far.send(b"abc")
    first = line.near.read_some(soon())
    far.send(b"def")
    assert not line.near.peer_closed()
    assert not line.near.peer_closed()

    assert first + read(line, 6 - len(first)) == b"abcdef"


def test_closed_peer_is_noticed_before_the_first_byte_without_writing(line: Line) -> None:
    if not line.hangs_up:
        pytest.skip("this kind of line has no other side")
    line.dial().hang_up()
    noticed(line)

    with pytest.raises(LinkClosedError) as closed:
        line.near.read_some(soon())
    assert closed.value.effect == "in_doubt"


def test_waiting_reader_is_told_when_the_peer_goes(line: Line) -> None:
    if not line.hangs_up:
        pytest.skip("this kind of line has no other side")
    far = line.dial()
    thread, raised = in_thread(lambda: line.near.read_some(soon()))
    far.hang_up()
    thread.join(LONG_S / 2)

    assert not thread.is_alive()
    assert [type(error) for error in raised] == [LinkClosedError]


def test_last_words_are_read_although_the_peer_is_known_to_be_gone(line: Line) -> None:
    if not (line.hangs_up and line.keeps_last_words):
        pytest.skip("on this kind of line they are lost")
    far = line.dial()
    far.send(b"last words")
    far.hang_up()
    noticed(line)

    assert read(line, 10) == b"last words"
    with pytest.raises(LinkClosedError):
        line.near.read_some(soon())


def test_line_that_takes_no_more_ends_at_the_deadline_in_doubt(line: Line) -> None:
    if not line.fills_up:
        pytest.skip("this kind of line takes everything")
    line.dial()

    with pytest.raises(LinkClosedError, match="no more in time") as closed:
        line.near.write(BIG * 64, time.monotonic() + 0.1)
    assert closed.value.effect == "in_doubt"


# --- closed and opened again ----------------------------------------------------------------------


def test_closed_stream_sends_nothing_and_says_so(line: Line) -> None:
    line.near.close()  # never opened: harmless
    line.near.cancel()
    line.dial()
    line.near.close()
    line.near.close()

    with pytest.raises(LinkClosedError) as written:
        line.near.write(b"a", soon())
    with pytest.raises(LinkClosedError) as looked:
        line.near.peer_closed()
    with pytest.raises(LinkClosedError) as read_:
        line.near.read_some(soon())
    effects = [error.value.effect for error in (written, looked, read_)]
    assert effects == ["nothing_sent", "nothing_sent", "in_doubt"]


def test_opening_again_is_a_new_conversation(line: Line) -> None:
    line.dial().send(b"old")
    assert line.near.read_some(soon())
    far = line.dial()
    far.send(b"new")

    assert read(line, 3) == b"new"


def test_streams_have_a_name_for_people(line: Line) -> None:
    assert line.near.name
