"""Wire logs under fuzz: files that anybody may have written, and what a redactor leaves of any message.

Reading gives entries or refuses with a ``DecodeError`` that points into the file; what was read is written and
read again. What is left of a message is as long, can be read, and holds nothing of a hidden field.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from posrefund.dialects.redact import redacted_pan, redactor
from posrefund.errors import DecodeError, FramingError
from posrefund.framing import ABECSFramer, Envelope, LengthPrefixFramer, frame
from posrefund.wirelog import Entry, as_line, read_lines, read_log, replay
from posrefund.wirelog.pcap import RAW_IP, USER0, file_header, record
from posrefund.wirelog.tcp import Conversation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.dialects import Dialect

__all__ = ["check_log", "check_redacted", "log_seeds"]

_BARE = Envelope(b"", b"")
_NOW = datetime(2026, 3, 9, 10, 30, tzinfo=UTC)


def check_log(data: bytes) -> None:
    """Entries or a refusal; written and read again they are the same; a replay ends or refuses."""
    entries: list[Entry] = []
    try:
        entries.extend(read_log(data))
    except DecodeError as refusal:
        assert 0 <= refusal.offset_bytes <= len(data), "a refusal points into the file"
    text = b"".join(map(as_line, entries))
    assert list(read_lines(text)) == entries, "entries are read as they were written"
    for make in (LengthPrefixFramer, ABECSFramer):
        try:
            for found in replay(entries, make):
                assert found.entry in entries, "what comes out came from an entry"
        except FramingError as refusal:
            assert refusal.offset_bytes >= 0


def check_redacted(known: Dialect, body: bytes) -> None:
    """As long as before; zeros, or a message of the same shape without anything hidden."""
    left = redactor(known, _BARE)(body)
    assert len(left) == len(body), "redacting changes no length"
    if not any(left):
        return
    before, after = _read(known, body), _read(known, left)
    assert [*before] == [*after], "the same fields"
    for name, value in after.items():
        row = known.fields.get(name)
        if row is not None and row.show == "pan":
            assert value in (redacted_pan(before[name]), "0" * len(value)), "the ends of a number"
        elif row is not None and row.show == "never":
            assert not value.strip("0"), "nothing of what is never shown"


def _read(known: Dialect, body: bytes) -> dict[str, str]:
    try:
        return known.codec.decode(body)
    except DecodeError:  # what a MAC is computed over: its bitmap announces a MAC that is not there
        return known.codec.decode(body + b"0" * known.mac_width)


def log_seeds() -> Iterator[tuple[str, bytes]]:
    """Yield a log of either kind of line, as lines and as captures, whole and cut."""
    asked, answered = frame(bytes.fromhex("0800000000000000000000")), frame(b"\0\0")
    entries = [
        Entry(_NOW, "iso8583", 1, "open", note="host:8583"),
        Entry(_NOW, "iso8583", 1, "frame", "sent", 11, asked),
        Entry(_NOW, "iso8583", 1, "damage", "received", 7, note="boundary"),
        Entry(_NOW, "abecs", 2, "control", "received", 1, b"\x06", "ACK"),
        Entry(_NOW, "iso8583", 1, "close"),
    ]
    lines = b"".join(map(as_line, entries))
    talk = Conversation(8583, 7)
    packets = [*talk.begin(), *talk.say("sent", asked), *talk.say("received", answered), *talk.end()]  # fmt: skip
    stream = file_header(RAW_IP) + b"".join(record(_NOW, packet) for packet in packets)
    pad = file_header(USER0) + record(_NOW, ABECSFramer().frame(b"OPN")) + record(_NOW, b"\x06")
    yield "empty", b""
    yield "lines", lines
    yield "lines-cut", lines[:-20]
    yield "stream", stream
    yield "stream-cut", stream[:-9]
    yield "pin-pad", pad
    yield "ethernet", file_header(1) + record(_NOW, bytes(60))
