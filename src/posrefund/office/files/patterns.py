"""How one value of a file must look, as a regular expression over bytes, and what it is then. Floor 8."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.office.files.layout import Column

__all__ = ["EXPECTED", "cell_pattern", "is_form", "minor_of", "moment_of"]

_TEXT_BYTES_MAX = 128
_NUMBER_BYTES_MAX = {"rrn": 12, "refund_rrn": 12, "stan": 12}
"""What the journal keeps of a row is too short for a card number that stands in the wrong column."""
_TOKEN = re.compile("YYYY|MM|DD|hh|mm|ss|Z")
_NEEDED = ("MM", "DD", "hh", "mm", "ss")

EXPECTED = {
    "text": "printable characters",
    "word": "printable characters",
    "card": "printable characters",
    "digits": "digits",
    "minor": "digits",
    "decimal": "an amount",
    "signed": "C or D and digits",
    "time": "a date and a time",
}
"""What an error says of a column's type."""


def is_form(form: str) -> bool:
    """Say whether *form* has each part of a time that is needed, once.

    Example:
        >>> from posrefund.office.files.patterns import is_form
        >>> is_form("YYYY-MM-DD hh:mm:ss"), is_form("MMDD")
        (True, False)
    """
    parts = _TOKEN.findall(form)
    is_last = "Z" not in form or form.endswith("Z")
    return len(parts) == len(set(parts)) and set(_NEEDED) <= set(parts) and is_last


def cell_pattern(column: Column, separator: bytes) -> bytes:
    """Return what one value of *column* matches, without a group around it.

    Args:
        column: Which.
        separator: What parts values in a CSV file; empty for a value out of quotes, where it may stand.
    """
    width = column.width
    if column.type == "time":
        pattern = b"".join(_time_parts(column.form))
        return pattern if width or column.role == "time" else b"(?:" + pattern + b")?"
    return _fixed(column.type, width) if width else _csv(column, separator)


def _time_parts(form: str) -> list[bytes]:
    found, at = [], 0
    for token in _TOKEN.finditer(form):
        found.append(re.escape(form[at : token.start()].encode()))
        part = token.group()
        found.append(b"(?:Z|[+-][0-9]{2}:[0-9]{2})" if part == "Z" else b"[0-9]{%d}" % len(part))
        at = token.end()
    return [*found, re.escape(form[at:].encode())]


def _fixed(kind: str, width: int) -> bytes:
    if kind in ("digits", "minor"):
        return b"[0-9]{%d}" % width
    if kind == "signed":
        return b"(?:[CD][0-9]{%d}|[0-9]{%d}| {%d})" % (width - 1, width, width)
    return b"[^\\x00-\\x1f]{%d}" % width


def _csv(column: Column, separator: bytes) -> bytes:
    minus = b"-?" if column.minus else b""
    may_lack = b"" if column.role == "amount" else b"?"
    longest = _NUMBER_BYTES_MAX.get(column.role, _TEXT_BYTES_MAX)
    match column.type:
        case "digits":
            return b"[0-9]{1,%d}" % longest
        case "minor":
            return b"(?:" + minus + b"[0-9]{1,15})" + may_lack
        case "decimal":
            behind = b"(?:\\.[0-9]{1,%d})?" % column.places if column.places else b""
            return b"(?:" + minus + b"[0-9]{1,13}" + behind + b")" + may_lack
        case "signed":
            return b"(?:[CD]?[0-9]{1,15})?"
        case _:
            bounds = b'"' + re.escape(separator) if separator else b""
            return b"[^\\x00-\\x1f" + bounds + b"]{0,%d}" % longest


def minor_of(column: Column) -> Callable[[bytes], int | None]:
    """Return what turns a value of *column* into the smallest unit; None where the file leaves it empty."""
    if column.type == "decimal":
        return _decimal
    return _signed if column.type == "signed" else _minor


def _minor(raw: bytes) -> int | None:
    return int(raw) if raw else None


def _signed(raw: bytes) -> int | None:
    """C stands for the merchant's account being credited: for a fee that is money given back."""
    text = raw.strip()
    if not text:
        return None
    return -int(text[1:]) if text[:1] == b"C" else int(text.removeprefix(b"D"))


def _decimal(raw: bytes) -> int | None:
    text = raw.strip()
    if not text:
        return None
    whole, _, behind = text.removeprefix(b"-").partition(b".")
    more = behind[:2].ljust(2, b"0")
    found = int(whole or b"0") * 100 + int(more) + (behind[2:3] >= b"5")
    return -found if text[:1] == b"-" else found


@lru_cache(maxsize=32)
def _slots(form: str) -> tuple[tuple[int, int], ...]:
    places = {token.group(): token.span() for token in _TOKEN.finditer(form)}
    return tuple(places.get(part, (0, 0)) for part in ("YYYY", *_NEEDED))


def moment_of(text: str, form: str) -> tuple[str, str]:
    """Return the year, or nothing, and MMDDhhmmss.

    Example:
        >>> from posrefund.office.files.patterns import moment_of
        >>> moment_of("2026-03-09 10:00:00", "YYYY-MM-DD hh:mm:ss")
        ('2026', '0309100000')
    """
    year, *rest = (text[start:end] for start, end in _slots(form))
    return year, "".join(rest)
