"""A watched stream: what passes is what passed before, and the log says what it was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framing.lines import LINES, garbage, in_pieces
from posrefund.errors import LinkClosedError
from posrefund.framing import (
    STXETX,
    ABECSFramer,
    LengthPrefixFramer,
    STXETXFramer,
    TagTextFramer,
    ZVTTCPFramer,
    frame,
    keep_only,
    redact_all,
)
from posrefund.testing import pipe
from posrefund.wirelog import NOT_KEPT, LoggedStream, MemorySink, WireLog
from wirelog.lines import NOW, Script, Ticks, in_memory, seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.framing import Framer
    from posrefund.wirelog import Entry

every_line = pytest.mark.parametrize("name", LINES)


def whole(body: bytes) -> bytes:
    return body


def zeros(body: bytes) -> bytes:
    return keep_only(body, [], "text")


# --- what passes ----------------------------------------------------------------------------------


@every_line
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_whatever_passes_passes_unchanged_and_in_the_same_pieces(
    name: str, data: st.DataObject
) -> None:
    pieces = data.draw(st.lists(garbage | LINES[name].bodies.map(LINES[name].make().frame)))
    inner = Script(pieces)
    log, _ = in_memory()
    stream = LoggedStream(inner, log.watch(name, LINES[name].make, redact_all))
    stream.open(1)

    for piece in pieces:
        stream.write(piece, 0)
    found = [stream.read_some(0) for _ in pieces]

    assert inner.written == pieces
    assert found == pieces


def test_stream_is_asked_what_it_would_be_asked_without_a_log() -> None:
    inner = Script()
    stream = LoggedStream(inner, in_memory()[0].watch("x", LengthPrefixFramer, redact_all))

    stream.open(1)
    assert stream.peer_closed() is False
    stream.cancel()
    stream.close()

    assert stream.name == "script"
    assert inner.calls == ["open", "peer_closed", "cancel", "close"]


def test_messages_of_a_real_conversation_are_logged_in_order() -> None:
    near, far = pipe()
    log, entries = in_memory()
    stream = LoggedStream(near, log.watch("iso8583", LengthPrefixFramer, whole))
    stream.open(1)
    far.open(1)
    stream.write(frame(b"question"), 0)
    far.write(frame(b"answer") + frame(b"more")[:3], 0)
    stream.read_some(0)
    far.write(frame(b"more")[3:], 0)
    stream.read_some(0)
    stream.close()
    far.close()

    assert seen(entries) == [
        ("open", "", 0, "pipe"),
        ("frame", "sent", 8, ""),
        ("frame", "received", 6, ""),
        ("frame", "received", 4, ""),
        ("close", "", 0, ""),
    ]
    assert [entry.data for entry in entries][1:4] == [
        frame(b"question"),
        frame(b"answer"),
        frame(b"more"),
    ]
    assert {entry.conversation for entry in entries} == {1}
    assert [entry.time for entry in entries] == sorted(entry.time for entry in entries)


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        ("nothing_sent", [("broken", "sent", 5, "nothing_sent")]),
        ("in_doubt", [("frame", "sent", 3, ""), ("broken", "sent", 5, "in_doubt")]),
    ],
)
def test_write_that_fails_is_logged_as_what_may_have_left(effect: Any, expected: object) -> None:
    log, entries = in_memory()
    stream = LoggedStream(
        Script(breaks=effect), log.watch("iso8583", LengthPrefixFramer, redact_all)
    )
    stream.open(1)

    with pytest.raises(LinkClosedError) as caught:
        stream.write(frame(b"abc"), 0)

    assert caught.value.effect == effect
    assert seen(entries)[1:] == expected


def test_every_opening_is_a_conversation_of_its_own_with_framers_of_its_own() -> None:
    log, entries = in_memory()
    stream = LoggedStream(
        Script([b"\0\x09half", frame(b"ok")]), log.watch("x", LengthPrefixFramer, redact_all)
    )
    stream.open(1)
    stream.read_some(0)
    stream.open(1)
    stream.read_some(0)

    assert seen(entries) == [
        ("open", "", 0, "script"),
        ("damage", "received", 6, "boundary"),
        ("close", "", 0, ""),
        ("open", "", 0, "script"),
        ("frame", "received", 2, ""),
    ]
    assert [entry.conversation for entry in entries] == [1, 1, 1, 2, 2]


# --- what is kept ---------------------------------------------------------------------------------


def test_controls_progress_and_damage_of_a_serial_line_are_events_without_their_bytes() -> None:
    line = STXETX(base=0x7F, control_frames=True, progress_bytes=4)
    log, entries = in_memory()
    watch = log.watch("ecr17", lambda: STXETXFramer(line), zeros)
    good = STXETXFramer(line).frame(b"E00")

    watch.passed("received", bytes.fromhex("06037A") + b"\x01WAIT\x04" + good + b"noise" + good[:-1] + b"\xff")  # fmt: skip

    assert seen(entries) == [
        ("control", "received", 1, "ACK"),
        ("progress", "received", 4, ""),
        ("frame", "received", 3, ""),
        ("damage", "received", 5, "noise"),
        ("damage", "received", 6, "check"),
    ]
    assert [entry.data for entry in entries] == [
        bytes.fromhex("06037A"),
        b"",
        STXETXFramer(line).frame(b"000"),
        b"",
        b"",
    ]


def test_stream_without_a_boundary_is_counted_from_where_it_was_lost() -> None:
    log, entries = in_memory()
    watch = log.watch("x", LengthPrefixFramer, redact_all)
    watch.passed("received", frame(b"good") + b"\xff\xffgarbage")
    watch.passed("received", b"more")
    watch.passed("received", b"and more")
    watch.passed("sent", frame(b"other way"))
    watch.ended()

    assert seen(entries) == [
        ("frame", "received", 4, ""),
        ("damage", "received", 13, "boundary"),
        ("frame", "sent", 9, ""),
        ("damage", "received", 8, "boundary"),
        ("close", "", 0, ""),
    ]


def raises(_body: bytes) -> bytes:
    raise KeyError("a redactor of somebody's")


@pytest.mark.parametrize(
    "redactor",
    [raises, lambda body: body[1:], lambda body: body + b"0", lambda _: None, lambda b: b.decode()],
)
def test_body_that_a_redactor_does_not_return_whole_is_not_kept(redactor: Any) -> None:
    log, entries = in_memory()
    watch = log.watch("x", LengthPrefixFramer, redactor)
    watch.passed("sent", frame(b"abc"))

    assert seen(entries) == [("frame", "sent", 3, NOT_KEPT)]
    assert entries[0].data == b""
    assert watch.faults == 0


@pytest.mark.parametrize(
    ("make", "body"),
    [
        (lambda: STXETXFramer(STXETX()), b"C0101"),  # zero bytes are control codes in a text
        (TagTextFramer, b"CZ0040300AE00210"),  # zeros are no tags
        (ZVTTCPFramer, bytes.fromhex("06310100")),  # a length of zero with a byte behind it
    ],
)
def test_body_that_no_frame_can_carry_any_more_is_not_kept(
    make: Callable[[], Framer], body: bytes
) -> None:
    log, entries = in_memory()
    watch = log.watch("x", make, redact_all)
    watch.passed("sent", make().frame(body))
    watch.ended()

    assert seen(entries)[0] == ("frame", "sent", len(body), NOT_KEPT)
    assert entries[0].data == b""


def test_message_that_only_silence_ends_ends_when_the_other_side_speaks() -> None:
    log, entries = in_memory()
    watch = log.watch("concert-ip", TagTextFramer, whole)
    watch.passed("sent", b"CZ0040300AE00210")
    watch.passed("received", b"CZ0040300AE00211CJ")
    assert seen(entries) == [("frame", "sent", 16, "")]
    watch.passed("received", b"003abc")
    watch.ended()

    assert seen(entries) == [
        ("frame", "sent", 16, ""),
        ("frame", "received", 24, ""),
        ("close", "", 0, ""),
    ]


def test_frame_that_a_pause_cut_is_given_up_as_the_line_gives_it_up() -> None:
    for silence_s, last in (
        (0.0005, ("frame", "received", 4, "")),  # a millisecond between any two looks at the clock
        (None, ("damage", "received", 10, "check")),
    ):
        log, entries = in_memory()
        watch = log.watch("concert", STXETXFramer, zeros, silence_s=silence_s)
        framed = STXETXFramer().frame(b"0100")
        watch.passed("received", framed[:3])
        watch.passed("received", framed)

        assert seen(entries)[-1] == last


# --- any split, any damage ------------------------------------------------------------------------


@every_line
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_split_gives_the_same_log(name: str, data: st.DataObject) -> None:
    line = LINES[name]
    parts = st.lists(garbage | line.bodies.map(line.make().frame), max_size=6)
    passing = b"".join(data.draw(parts))

    def logged(pieces: list[bytes]) -> list[tuple[object, bytes]]:
        log, entries = in_memory()
        watch = log.watch(name, line.make, whole)
        watch.opened("")
        for piece in pieces:
            watch.passed("received", piece)
        watch.ended()
        assert watch.faults == 0
        return [(said, e.data) for said, e in zip(seen(entries), entries, strict=True)]

    cuts = data.draw(st.lists(st.integers(0, 200), max_size=8))
    assert joined(logged(in_pieces(passing, cuts))) == joined(logged([passing]))


def joined(entries: list[tuple[Any, bytes]]) -> list[object]:
    """What is lost behind a boundary may be told in several pieces."""
    lost = sum(said[2] for said, _ in entries if said[3] == "boundary")
    return [*(each for each in entries if each[0][3] != "boundary"), lost]


@every_line
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_every_body_is_logged_with_its_length(name: str, data: st.DataObject) -> None:
    line = LINES[name]
    bodies = data.draw(st.lists(line.bodies, max_size=5))
    log, entries = in_memory()
    watch = log.watch(name, line.make, whole)
    for body in bodies:
        watch.passed("sent", line.make().frame(body))
    watch.ended()

    frames = [entry for entry in entries if entry.what == "frame"]
    assert [entry.length_bytes for entry in frames] == [len(body) for body in bodies]
    assert [entry.data for entry in frames] == [line.make().frame(body) for body in bodies]


# --- a log that fails -----------------------------------------------------------------------------


class Full:
    """A sink on a disk that is full after some entries."""

    name = "full"

    def __init__(self, room: int) -> None:
        self.room, self.asked = room, 0

    def write(self, _entry: Entry) -> None:
        self.asked += 1
        if self.asked > self.room:
            raise OSError(28, "No space left on device")


def test_sink_that_fails_is_used_no_more_and_the_others_go_on() -> None:
    full, kept, told = Full(2), MemorySink(), []
    log = WireLog([full, kept], Ticks(), on_failure=lambda *said: told.append(said))
    inner = Script([frame(b"a"), frame(b"b"), frame(b"c")])
    stream = LoggedStream(inner, log.watch("x", LengthPrefixFramer, redact_all))
    stream.open(1)

    assert [stream.read_some(0) for _ in range(3)] == [frame(b"a"), frame(b"b"), frame(b"c")]
    assert full.asked == 3
    assert log.failed == {"full": "OSError"}
    assert told == [("full", "OSError")]
    assert len(kept.entries) == 4


def test_clock_and_framer_that_fail_do_not_reach_the_line() -> None:
    def broken() -> datetime:
        raise ZeroDivisionError

    log = WireLog([MemorySink()], broken)
    watch = log.watch("x", LengthPrefixFramer, redact_all)
    stream = LoggedStream(Script([b"anything"]), watch)
    stream.open(1)
    stream.write(b"whatever", 0)
    assert stream.read_some(0) == b"anything"
    stream.close()

    assert watch.faults == 4


def test_listener_that_fails_does_not_reach_the_line() -> None:
    def deaf(_name: str, _why: str) -> None:
        raise RuntimeError

    watch = WireLog([Full(0)], Ticks(), on_failure=deaf).watch("x", LengthPrefixFramer, redact_all)
    stream = LoggedStream(Script([frame(b"a")]), watch)
    stream.open(1)

    assert stream.read_some(0) == frame(b"a")


def test_interrupt_is_no_failure_of_a_log() -> None:
    class Interrupted:
        name = "interrupted"

        def write(self, _entry: Entry) -> None:
            raise KeyboardInterrupt

    log = WireLog([Interrupted()], lambda: datetime(2026, 3, 9, tzinfo=UTC))
    with pytest.raises(KeyboardInterrupt):
        log.watch("x", ABECSFramer, redact_all).opened("y")
    assert log.failed == {}
    assert NOW.tzinfo is not None
