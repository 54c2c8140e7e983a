"""JSON lines: an entry and back, and files that are damaged."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.errors import ConfigError, DecodeError, FramingError
from posrefund.framing import LengthPrefixFramer, TagTextFramer, frame
from posrefund.wirelog import Entry, JSONLinesFile, as_line, read_lines, read_log, replay
from posrefund.wirelog.entry import WAYS, WHAT
from wirelog.lines import NOW

if TYPE_CHECKING:
    from pathlib import Path

zones = st.sampled_from([UTC, timezone(timedelta(hours=8))])
some_entries = st.builds(
    Entry,
    time=st.datetimes(timezones=zones),
    line=st.text(max_size=8),
    conversation=st.integers(0, 1 << 40),
    what=st.sampled_from(WHAT),
    way=st.sampled_from(WAYS),
    length_bytes=st.integers(0, 65_540),
    data=st.binary(max_size=40),
    note=st.text(max_size=20),
)
LINE = as_line(Entry(NOW, "iso8583", 1, "frame", "sent", 3, frame(b"abc")))


def test_line_is_what_the_page_says() -> None:
    assert LINE == (
        b'{"time": "2026-03-09T10:30:00+00:00", "line": "iso8583", "conversation": 1, "what": "frame", '
        b'"way": "sent", "length": 3, "hex": "0003616263"}\n'
    )


@given(st.lists(some_entries, max_size=4))
def test_entries_come_back_from_their_lines(entries: list[Entry]) -> None:
    text = b"".join(map(as_line, entries))

    assert text.count(b"\n") == len(entries)
    assert list(read_lines(text)) == entries


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time", "2026-03-09T10:30:00"), ("time", 5), ("time", "today"), ("line", None), ("conversation", -1),
        ("conversation", True), ("conversation", 1 << 70), ("conversation", "1"), ("what", "frames"), ("what", []), ("way", "there"), ("length", 1.5),
        ("hex", "0"), ("hex", "zz"), ("hex", 5), ("note", {}),
    ],
)  # fmt: skip
def test_line_with_a_wrong_value_is_refused_by_number_name_and_place(
    name: str, value: object
) -> None:
    wrong = json.dumps({**json.loads(LINE), name: value}).encode()

    with pytest.raises(DecodeError) as caught:
        list(read_lines(LINE + b"\n" + wrong + b"\n"))

    assert caught.value.path == f"line 3.{name}"
    assert caught.value.offset_bytes == len(LINE) + 1


@pytest.mark.parametrize(
    "text",
    [b"hello\n", b"[1]\n", b"{}", b'{"time": }', b"[" * 100_000, b'{"a":' * 50_000 + b"}", b"\xff\xfe}", b"{" + b" " * (1 << 20) + b"}"],
    ids=len,
)  # fmt: skip
def test_text_that_is_no_log_is_refused(text: bytes) -> None:
    with pytest.raises(DecodeError):
        list(read_lines(text))


def test_line_that_was_cut_off_is_left_out_and_the_next_run_begins_a_new_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "line.jsonl"
    path.write_bytes(LINE + LINE[:40])
    sink = JSONLinesFile(path)
    sink.write(Entry(NOW, "iso8583", 2, "close"))

    assert [entry.what for entry in read_log(path.read_bytes())] == ["frame", "close"]


@given(st.integers(0, 3 * len(LINE)))
def test_log_that_ends_anywhere_gives_its_whole_lines(cut: int) -> None:
    text = (LINE * 3)[:cut]
    whole, rest_bytes = divmod(cut, len(LINE))

    if 0 < rest_bytes < len('{"time": "'):  # it cannot be told from anything else
        with pytest.raises(DecodeError) as caught:
            list(read_log(text))
        assert caught.value.offset_bytes == cut - rest_bytes
    else:
        assert len(list(read_log(text))) == whole + (rest_bytes == len(LINE) - 1)


def test_file_is_made_for_its_owner_alone_and_another_is_left_alone(tmp_path: Path) -> None:
    made, other = tmp_path / "line.jsonl", tmp_path / "posrefund.toml"
    JSONLinesFile(made)
    other.write_text("[host]\n")

    assert made.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError, match="is no wire log"):
        JSONLinesFile(other)
    assert other.read_text() == "[host]\n"
    with pytest.raises(ConfigError, match="cannot be"):
        JSONLinesFile(tmp_path)


def test_disk_that_takes_half_a_line_is_left_with_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "line.jsonl"
    sink = JSONLinesFile(path)
    sink.write(Entry(NOW, "iso8583", 1, "open"))
    before, write = path.read_bytes(), os.write
    monkeypatch.setattr("os.write", lambda file, data: write(file, data[:10]))

    with pytest.raises(OSError, match="no room"):
        sink.write(Entry(NOW, "iso8583", 1, "close"))

    assert path.read_bytes() == before


# --- replay ---------------------------------------------------------------------------------------


def test_replay_gives_bodies_controls_and_the_entries_without_bytes_in_order() -> None:
    entries = [
        Entry(NOW, "iso8583", 1, "open"),
        Entry(NOW, "iso8583", 1, "frame", "sent", 1, frame(b"a")),
        Entry(NOW, "iso8583", 2, "frame", "sent", 1, frame(b"b")),
        Entry(NOW, "iso8583", 1, "damage", "received", 7, note="boundary"),
    ]

    found = list(replay(entries, LengthPrefixFramer))

    assert [each.event for each in found] == [None, b"a", b"b", None]
    assert [each.entry for each in found] == entries


def test_half_a_frame_does_not_run_into_the_next_conversation() -> None:
    half, whole = (
        Entry(NOW, "", 1, "bytes", "sent", 3, data) for data in (b"\0\4ab", frame(b"cd"))
    )
    again = Entry(NOW, "", 1, "open")

    assert [e.event for e in replay([half, again, whole], LengthPrefixFramer)] == [None, b"cd"]


def test_bytes_of_another_line_are_refused() -> None:
    entry = Entry(datetime(2026, 3, 9, tzinfo=UTC), "x", 1, "frame", "sent", 3, b"\xff\xff\xff")
    with pytest.raises(FramingError):
        list(replay([entry], LengthPrefixFramer))


def test_tagged_text_ends_where_its_frame_does() -> None:
    entry = Entry(NOW, "concert", 1, "frame", "sent", 16, b"CZ0040300AE00210")

    assert [e.event for e in replay([entry, entry], TagTextFramer)] == [entry.data] * 2
