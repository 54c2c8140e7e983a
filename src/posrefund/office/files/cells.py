"""One line into the values that are used, all checked by one expression; where it does not fit, why. Floor 8.

A card number is not among the values unless somebody takes its digest: the expression passes over it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.errors import ConfigError, DecodeError
from posrefund.office.files.patterns import EXPECTED, cell_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posrefund.office.files.layout import Column, FileLayout

__all__ = ["Cells", "csv_cells", "fixed_cells", "split"]


@dataclass(frozen=True, slots=True)
class Cells:
    """How a line of one file becomes values.

    Attributes:
        layout: Of the file.
        used: The columns whose values come out, in order.
        line: Matches a whole line; one group for each of *used*.
        places: Each column of the line, or None where nobody looks at it.
    """

    layout: FileLayout
    used: tuple[Column, ...]
    line: re.Pattern[bytes]
    places: tuple[Column | None, ...]

    def read(self, line: bytes, number: int) -> tuple[bytes, ...]:
        """Return the values of *line*.

        Raises:
            DecodeError: Path ``line N`` and where in it the first value that does not fit begins.
        """
        found = self.line.fullmatch(line)
        if found is not None:
            return found.groups()
        if self.layout.form == "fixed":
            raise _why_fixed(self, line, number)
        return _slowly(self, line, number)


def _is_used(column: Column, layout: FileLayout, *, takes_card: bool) -> bool:
    if column.type == "card":
        return takes_card
    ruled = {name for rule in layout.kinds for name in rule.when} | set(layout.booked)
    return bool(column.role) or column.name in ruled or column.name in layout.trailer.sums.values()


def fixed_cells(layout: FileLayout, *, takes_card: bool) -> Cells:
    """Return how the lines of a file of fixed width are read."""
    used = tuple(c for c in layout.columns if _is_used(c, layout, takes_card=takes_card))
    parts = [
        b"(%s)" % cell_pattern(column, b"") if column in used else b".{%d}" % column.width
        for column in layout.columns
    ]
    pattern = re.escape(layout.separator).join(parts)
    return Cells(layout, used, re.compile(pattern, re.DOTALL), layout.columns)


def csv_cells(layout: FileLayout, heading: bytes, *, takes_card: bool) -> Cells:
    """Return how the lines below *heading* are read.

    Raises:
        DecodeError: Path ``line 1``: a column that is needed is missing, or stands there twice.
    """
    names = [name.decode(layout.encoding, "replace").strip() for name in _split(layout, heading, 1)]
    by_name = {column.name: column for column in layout.columns}
    for column in layout.columns:
        if names.count(column.name) > 1 or not (column.optional or column.name in names):
            at = list(by_name).index(column.name) + 1
            raise DecodeError("line 1", f"column {at} of the layout once", offset_bytes=0)
    places = tuple(by_name.get(name) for name in names)
    used = tuple(c for c in places if c and _is_used(c, layout, takes_card=takes_card))
    gap, prefix = re.escape(layout.separator), re.escape(layout.prefix)
    other = b'[^"' + gap + b"]*"
    parts = [
        b"%s(%s)" % (prefix, cell_pattern(column, layout.separator)) if column in used else other
        for column in places
    ]
    try:
        return Cells(layout, used, re.compile(gap.join(parts), re.DOTALL), places)
    except (re.error, OverflowError, RecursionError):
        raise ConfigError("layout: too many columns") from None


def split(layout: FileLayout, line: bytes, number: int) -> list[bytes]:
    """Return the values of any line, without their prefix."""
    return [value.removeprefix(layout.prefix) for value in _split(layout, line, number)]


def _split(layout: FileLayout, line: bytes, number: int) -> list[bytes]:
    if b'"' not in line:
        return line.split(layout.separator)
    found, at = [], 0
    while True:
        value, at = _value(layout.separator, line, at, number)
        found.append(value)
        if at >= len(line):
            return found
        at += 1
        if at == len(line):
            return [*found, b""]


def _value(separator: bytes, line: bytes, at: int, number: int) -> tuple[bytes, int]:
    """One value that begins at *at*, perhaps in quotes, and where it ends."""
    if line[at : at + 1] != b'"':
        end = line.find(separator, at)
        end = len(line) if end < 0 else end
        if b'"' in line[at:end]:
            raise DecodeError(f"line {number}", "no quote inside a value", offset_bytes=at)
        return line[at:end], end
    parts, start = [], at + 1
    while True:
        end = line.find(b'"', start)
        if end < 0:
            raise DecodeError(f"line {number}", "a quote at its end", offset_bytes=at)
        parts.append(line[start:end])
        if line[end + 1 : end + 2] != b'"':
            break
        start = end + 2
    if end + 1 < len(line) and line[end + 1 : end + 2] != separator:
        raise DecodeError(f"line {number}", "nothing behind a quote", offset_bytes=end + 1)
    return b'"'.join(parts), end + 1


def _slowly(cells: Cells, line: bytes, number: int) -> tuple[bytes, ...]:
    """Read a line with quotes, or find out what is wrong with it."""
    raw = _split(cells.layout, line, number)
    if len(raw) != len(cells.places):
        raise DecodeError(f"line {number}", f"{len(cells.places)} columns", offset_bytes=len(line))
    found, start, prefix = [], 0, cells.layout.prefix
    for column, value in zip(cells.places, raw, strict=True):
        if column is not None and column in cells.used:
            pattern = re.compile(re.escape(prefix) + b"(%s)" % _inside_quotes(column), re.DOTALL)
            match = pattern.fullmatch(value)
            if match is None:
                raise DecodeError(f"line {number}", EXPECTED[column.type], offset_bytes=start)
            found.append(match[1])
        start += len(value) + 1
    return tuple(found)


def _inside_quotes(column: Column) -> bytes:
    """Quotes are there for the sake of separators and quotes: between them both may stand."""
    return cell_pattern(column, b"")


def _why_fixed(cells: Cells, line: bytes, number: int) -> DecodeError:
    path, gap = f"line {number}", cells.layout.separator
    columns: Sequence[Column] = cells.layout.columns
    width = sum(column.width for column in columns) + len(gap) * (len(columns) - 1)
    if len(line) != width:
        return DecodeError(path, f"{width} characters", offset_bytes=min(len(line), width))
    start = 0
    for column in columns:
        end = start + column.width
        if end < width and line[end : end + len(gap)] != gap:
            return DecodeError(path, _gap_name(gap), offset_bytes=end)
        if column in cells.used and not re.fullmatch(
            cell_pattern(column, b""), line[start:end], re.DOTALL
        ):
            expected = "digits" if column.type == "time" else EXPECTED[column.type]
            return DecodeError(path, expected, offset_bytes=start)
        start = end + len(gap)
    return DecodeError(path, "a line of this layout", offset_bytes=0)


def _gap_name(gap: bytes) -> str:
    return "a space between two fields" if gap == b" " else "the separator between two fields"
