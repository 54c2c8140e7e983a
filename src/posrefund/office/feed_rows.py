"""A file's bytes as rows with names: CSV, a JSON array, or JSON lines. Floor 8.

It knows lines and columns and nothing of what stands in them; a fault names where, never what. A row is forgotten once
the next one is asked for.

Source:
    CSV: RFC 4180. JSON: RFC 8259; JSON lines: jsonlines.org.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from posrefund.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Encoding", "FeedRow", "read_rows"]

Encoding = Literal["utf-8", "gbk"]

_CODECS: Mapping[Encoding, str] = {"utf-8": "utf-8-sig", "gbk": "gb18030"}
"""A mark at the beginning is left out; GB 18030 is what GBK has become, and reads all of it."""

_BLANK = " \t\r\n"


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One row.

    Attributes:
        line: Where it begins, from 1.
        values: By column, as text or, from JSON, a whole number; what is empty or null is left out.
    """

    line: int
    values: dict[str, str | int] = field(repr=False)


def read_rows(data: bytes, *, encoding: Encoding = "utf-8") -> Iterator[FeedRow]:
    """Yield the rows of a file; what kind it is, its first character says.

    Args:
        data: All of it.
        encoding: ``"gbk"`` reads GB 18030, too; a byte order mark of UTF-8 is left out.

    Raises:
        DecodeError: Path ``line N``, the byte or character in it, and what should stand there.

    Example:
        >>> from posrefund.office.feed_rows import read_rows
        >>> [row.line for row in read_rows(b'{"stan": "000001"}')]
        [1]
    """
    text = _decoded(data, encoding)
    first = text.lstrip(_BLANK)[:1]
    if first == "[":
        yield from _array(text)
    elif first == "{":
        yield from _json_lines(text)
    else:
        yield from _csv(text)


def _decoded(data: bytes, encoding: Encoding) -> str:
    codec = _CODECS.get(encoding)
    if codec is None:
        raise _refusal(1, f"an encoding of {', '.join(_CODECS)}", 0)
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        start = error.start
    line = 1 + data.count(b"\n", 0, start)
    raise _refusal(line, f"text in {encoding}", start - (data.rfind(b"\n", 0, start) + 1))


def _csv(text: str) -> Iterator[FeedRow]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if header is None:
                    header = _header(cells, line)
                else:
                    yield _row_of_cells(header, cells, line)
            line = reader.line_num + 1
    except csv.Error:
        where = line
    else:
        return
    raise _refusal(where, "cells as RFC 4180 quotes them", 0)


def _header(cells: list[str], line: int) -> list[str]:
    names = [cell.strip() for cell in cells]
    if len(set(names)) != len(names):
        raise _refusal(line, "each column once", 0)
    return names


def _row_of_cells(header: list[str], cells: list[str], line: int) -> FeedRow:
    if len(cells) != len(header):
        raise _refusal(line, f"{len(header)} cells, found {len(cells)}", 0)
    stripped = (cell.strip() for cell in cells)
    return FeedRow(line, {name: cell for name, cell in zip(header, stripped, strict=True) if cell})


def _json_lines(text: str) -> Iterator[FeedRow]:
    for line, one in enumerate(text.split("\n"), start=1):
        if one.strip(_BLANK):
            value, end = _json(one.lstrip(_BLANK), 0, line)
            if one.lstrip(_BLANK)[end:].strip(_BLANK):
                raise _refusal(line, "one object", end)
            yield FeedRow(line, _object(value, line))


def _array(text: str) -> Iterator[FeedRow]:
    at = _skip(text, text.index("[") + 1)
    line, counted = 1, 0
    is_first = True
    while text[at : at + 1] != "]":
        if not is_first:
            at = _after_comma(text, at)
        is_first = False
        line, counted = line + text.count("\n", counted, at), at
        value, at = _json(text, at, line)
        yield FeedRow(line, _object(value, line))
        at = _skip(text, at)
    end = _skip(text, at + 1)
    if end != len(text):
        raise _refusal(_line_of(text, end), "nothing after the array", 0)


def _after_comma(text: str, at: int) -> int:
    if text[at : at + 1] != ",":
        raise _refusal(_line_of(text, at), "a comma or the end of the array", 0)
    return _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _BLANK:
        at += 1
    return at


def _line_of(text: str, at: int) -> int:
    return 1 + text.count("\n", 0, at)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = {name.strip(): value for name, value in pairs}
    if len(values) != len(pairs):
        message = "a name twice"
        raise ValueError(message)
    return values


_DECODER = json.JSONDecoder(object_pairs_hook=_once)


def _json(text: str, at: int, line: int) -> tuple[object, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        line, column = line + text.count("\n", at, error.pos), error.colno - 1
    except (ValueError, RecursionError):  # a name twice, a number without end, brackets without end
        column = 0
    raise _refusal(line, "JSON, each name of an object once", column)


def _object(value: object, line: int) -> dict[str, str | int]:
    if not isinstance(value, dict):
        raise _refusal(line, "an object", 0)
    values = {name: one for name, one in value.items() if one is not None and one != ""}
    for name, one in values.items():
        if isinstance(one, bool) or not isinstance(one, str | int):
            # A JSON number with a point is no exact one: an amount of that kind is text.
            raise DecodeError(
                f"line {line}, {_shown(name)}", "text or a whole number", offset_bytes=0
            )
    return {name: one.strip() if isinstance(one, str) else one for name, one in values.items()}


def _shown(name: str) -> str:
    """A name as an error may say it: it is from outside, and could be anything."""
    is_plain = name.isidentifier() and len(name) <= 32 and not any(map(str.isdigit, name))
    return name if is_plain else "a column"


def _refusal(line: int, expected: str, column: int) -> DecodeError:
    return DecodeError(f"line {line}", expected, offset_bytes=column)
