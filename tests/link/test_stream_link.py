"""Messages over streams: whole, once, and against one deadline."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from link.lines import LINES, LONG_S, Line, soon
from posrefund.errors import FramingError, LinkClosedError, LinkOpenError, LinkTimeoutError
from posrefund.link import SerialStream, Stream, StreamLink, TCPLink, TLSLink
from posrefund.testing import FaultyStream, StreamFaults, pipe


@pytest.fixture(params=["pipe", "tcp", "tls-1.3", "pty", "socket-url"])
def line(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Line]:
    with LINES[request.param](tmp_path) as line:
        yield line
        line.end()


def test_message_goes_and_its_answer_comes_over_every_line(line: Line) -> None:
    link = StreamLink(line.near)
    far = line.dial()

    link.send(b"question")
    assert far.receive(10) == b"\x00\x08question"
    far.send(b"\x00\x06ans")
    far.send(b"wer\x00\x00\x00\x04more")
    assert [link.receive(LONG_S), link.receive(LONG_S)] == [b"answer", b"more"]
    link.close()


def test_closed_host_is_noticed_before_the_first_byte(line: Line) -> None:
    link = StreamLink(line.near)
    line.dial().hang_up()
    deadline = soon()
    while not line.near.peer_closed():
        assert time.monotonic() < deadline

    with pytest.raises(LinkClosedError) as closed:
        link.send(b"message")
    assert closed.value.effect == "nothing_sent"
    link.close()


def test_half_an_answer_of_an_older_conversation_is_forgotten(line: Line) -> None:
    link = StreamLink(line.near)
    line.dial().send(b"\x00\x09half")
    with pytest.raises(LinkTimeoutError):
        link.receive(0.05)
    link.close()
    far = line.dial()
    far.send(b"\x00\x05whole")

    assert link.receive(LONG_S) == b"whole"
    link.close()


class Chatter:
    """A line that always has another byte, none of which is the end of a message."""

    name = "chatter"

    def __init__(self, byte: bytes) -> None:
        self._byte = byte
        self.reads = 0

    def open(self, timeout_s: float) -> None: ...
    def write(self, data: bytes, deadline: float) -> None: ...
    def cancel(self) -> None: ...
    def close(self) -> None: ...

    def peer_closed(self) -> bool:
        return False

    def read_some(self, deadline: float) -> bytes:
        self.reads += 1
        return self._byte


def test_line_that_never_falls_silent_does_not_stretch_the_deadline() -> None:
    """A time-out for each read never fires there: pymodbus issue 2960."""
    chatter = Chatter(b"\x00\x00")  # keep-alives
    with pytest.raises(LinkTimeoutError):
        StreamLink(chatter).receive(0.02)
    assert chatter.reads > 1


def test_message_that_fits_no_frame_is_not_sent() -> None:
    near, far = pipe()
    link = StreamLink(near)
    link.open(1)
    far.open(1)
    with pytest.raises(FramingError) as refused:
        link.send(b"x" * 5000)
    assert refused.value.effect == "nothing_sent"
    assert far.read_some(0) == b""
    link.close()
    far.close()


@pytest.mark.parametrize(
    "make",
    [
        lambda: TCPLink("127.0.0.1", 9),
        lambda: TLSLink("127.0.0.1", 9),
        lambda: StreamLink(SerialStream("loop://")),
    ],
)
def test_link_that_is_not_open_sends_nothing_and_leaves_a_doubt_when_it_listens(
    make: Callable[[], StreamLink],
) -> None:
    link = make()
    link.cancel()
    with pytest.raises(LinkClosedError) as sent:
        link.send(b"message")
    with pytest.raises(LinkClosedError) as heard:
        link.receive(1)
    assert (sent.value.effect, heard.value.effect) == ("nothing_sent", "in_doubt")


# --- faults --------------------------------------------------------------------------------------


def opened(faults: StreamFaults) -> tuple[FaultyStream, StreamLink, Stream]:
    near, far = pipe()
    stream = FaultyStream(near, faults)
    link = StreamLink(stream)
    link.open(1)
    far.open(1)
    return stream, link, far


@given(cut=st.integers(0, 12))
@settings(max_examples=13, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_broken_send_says_nothing_sent_only_if_the_far_end_got_nothing(cut: int) -> None:
    _, link, far = opened(StreamFaults(cut_write_at=cut))
    try:
        link.send(b"0123456789")
        effect = None
    except LinkClosedError as error:
        effect = error.effect
    arrived = far.read_some(0)
    link.close()
    far.close()

    assert arrived == b"\x00\x0a0123456789"[:cut]
    assert effect == (None if cut >= 12 else "in_doubt" if arrived else "nothing_sent")


@given(pieces=st.integers(1, 20), messages=st.lists(st.binary(min_size=1, max_size=40), max_size=5))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_split_gives_the_same_messages(pieces: int, messages: list[bytes]) -> None:
    _, link, far = opened(StreamFaults(read_bytes_at_most=pieces))
    for message in messages:
        far.write(len(message).to_bytes(2, "big") + message, soon())
    found = [link.receive(LONG_S) for _ in messages]
    link.close()
    far.close()

    assert found == messages


def test_answer_that_breaks_off_leaves_a_doubt() -> None:
    _, link, far = opened(StreamFaults(cut_read_at=5))
    far.write(b"\x00\x06answer", soon())
    with pytest.raises(LinkClosedError) as cut:
        link.receive(LONG_S)
    link.close()
    far.close()

    assert cut.value.effect == "in_doubt"


def test_noise_and_changed_bits_are_where_they_were_put() -> None:
    stream, link, far = opened(StreamFaults(noise=b"\x00", flips={2: 0xFF}))
    far.write(b"abc", soon())
    found = stream.read_some(soon()) + stream.read_some(soon())
    link.close()
    far.close()

    assert found == b"\x00a\x9dc"


def test_half_open_line_takes_a_message_and_loses_it() -> None:
    _, link, far = opened(StreamFaults(swallow_writes=True))
    link.send(b"message")
    with pytest.raises(LinkTimeoutError):
        link.receive(0.01)
    assert far.read_some(0) == b""
    link.close()
    far.close()


def test_pipe_that_nobody_answers_is_not_opened() -> None:
    _, far = pipe()
    with pytest.raises(LinkOpenError):
        far.open(0.01)
