r"""Entries as JSON, one to a line, and back. Floor 6: no I/O here.

Refuses what is no line of such a log, with the number of the line and the byte where it begins.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from posrefund.errors import DecodeError
from posrefund.wirelog.entry import WAYS, WHAT, Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BEGINNING", "LINE_BYTES_MAX", "as_line", "read_lines"]

LINE_BYTES_MAX = 1 << 19
"""The longest frame is 64 KiB, two digits a byte; what is longer is no line of ours."""
BEGINNING = b'{"time": "'
"""Of every line that is written here."""
_COUNT_MAX = (1 << 63) - 1


def as_line(entry: Entry) -> bytes:
    r"""Return *entry* as a line; what it does not have is left out.

    Example:
        >>> from datetime import UTC, datetime
        >>> from posrefund.wirelog import Entry, as_line
        >>> now = datetime(2026, 3, 9, 10, 30, tzinfo=UTC)
        >>> as_line(Entry(now, "abecs", 1, "control", "received", 1, b"\x06", "ACK"))[:58]
        b'{"time": "2026-03-09T10:30:00+00:00", "line": "abecs", "co'
    """
    found: dict[str, object] = {
        "time": entry.time.isoformat(),
        "line": entry.line,
        "conversation": entry.conversation,
        "what": entry.what,
        "way": entry.way,
        "length": entry.length_bytes,
        "hex": entry.data.hex(),
        "note": entry.note,
    }
    kept = {name: value for name, value in found.items() if value or name not in _ABSENT}
    return json.dumps(kept, ensure_ascii=True).encode("ascii") + b"\n"


def read_lines(text: bytes) -> Iterator[Entry]:
    r"""Yield the entries of *text*, one for each line; empty lines are nothing.

    A line without its last brace was cut off while it was written: it is left out.

    Raises:
        DecodeError: A line is something else; those before it have been yielded.

    Example:
        >>> from posrefund.wirelog import read_lines
        >>> line = b'{"time": "2026-03-09T10:30:00+00:00", "line": "abecs", "conversation": 1, "what": "open"}\n'
        >>> [entry.what for entry in read_lines(line + line[:20])]
        ['open']
    """
    at = 0
    for number, line in enumerate(text.split(b"\n"), start=1):
        if line.strip() and not _is_cut_off(line):
            yield _entry(line, f"line {number}", at)
        at += len(line) + 1


def _is_cut_off(line: bytes) -> bool:
    return line.startswith(BEGINNING) and not line.endswith(b"}")


def _entry(line: bytes, path: str, at: int) -> Entry:
    try:
        found = json.loads(line) if len(line) <= LINE_BYTES_MAX else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise DecodeError(path, "a JSON object", offset_bytes=at)
    for name, (is_right, expected) in _KEYS.items():
        if not is_right(found.get(name, _ABSENT.get(name))):
            raise DecodeError(f"{path}.{name}", expected, offset_bytes=at)
    return Entry(
        time=datetime.fromisoformat(found["time"]),
        line=found["line"],
        conversation=found["conversation"],
        what=found["what"],
        way=found.get("way", ""),
        length_bytes=found.get("length", 0),
        data=bytes.fromhex(found.get("hex", "")),
        note=found.get("note", ""),
    )


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_hex(value: Any) -> bool:
    try:
        return isinstance(value, str) and bytes.fromhex(value) is not None
    except ValueError:
        return False


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _COUNT_MAX


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_ABSENT = {"way": "", "length": 0, "hex": "", "note": ""}
_KEYS = {
    "time": (_is_time, "a time with its zone"),
    "line": (_is_text, "text"),
    "conversation": (_is_count, "a number"),
    "what": (lambda value: value in WHAT, f"one of {', '.join(WHAT)}"),
    "way": (lambda value: value in WAYS, "sent or received"),
    "length": (_is_count, "a number"),
    "hex": (_is_hex, "hexadecimal digits"),
    "note": (_is_text, "text"),
}
