"""Specifications of moov-io/iso8583 as JSON: what its types, encodings and prefixes write. Floor 3: takes text.

The meaning of each name is from its public source. What is not in the tables is named and left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.dialects.file.lines import parse
from posrefund.dialects.importing.rows import EBCDIC, Coding, Foreign, Imported, plain, write_file
from posrefund.errors import DialectFileError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.dialects.file.lines import Lines

__all__ = ["import_moov"]

_TYPES = ("String", "Numeric", "Binary", "Bitmap", "Composite", "Hex")
_DATA: Mapping[str, tuple[str, bool]] = {
    "ASCII": ("text", False),
    "EBCDIC": (EBCDIC, False),
    "EBCDIC1047": (EBCDIC, False),
    "Binary": ("b", False),
    "BCD": ("b", False),
    "LBCD": ("b", False),
    "Hex": ("text", True),
    "HexToASCII": ("text", True),
}
"""Name there to the data encoding here, and whether bytes are written as hexadecimal digits."""
_PREFIXES = {"ASCII": "ascii", "BCD": "bcd", "EBCDIC": EBCDIC}
_DIGITS_MAX = 4


def import_moov(text: str, *, name: str = "imported") -> Imported:
    """Return the dialect file of a specification in JSON.

    Args:
        text: Of the JSON.
        name: What the dialect will be called.

    Raises:
        DialectFileError: It is no specification, or one without an MTI or a bitmap that we can write.
    """
    data, lines = parse(text, "json")
    fields = data.get("fields")
    if not isinstance(fields, dict) or not fields:
        raise DialectFileError([(lines.of(("fields",)), "fields", "an object of fields by number")])
    rows = [_foreign(number, row, lines) for number, row in fields.items()]
    return write_file(name, "a moov specification", rows, [])


def _foreign(number: str, row: Any, lines: Lines) -> Foreign:
    given = row if isinstance(row, dict) else {}
    kind = "/".join(_word(given, key) for key in ("type", "enc", "prefix") if _word(given, key))
    length = given.get("length")
    is_length = isinstance(length, int) and not isinstance(length, bool)
    coding = _coding(given)
    note = ""
    if coding and (_word(given, "type") == "Composite" or given.get("subfields")):
        note = "taken whole; its subfields are not supported"
    elif coding and coding.data == EBCDIC and coding.characters == "ans":
        note = f"EBCDIC 1047 is written as {EBCDIC}: [ ] ^ stand elsewhere"
    return Foreign(
        number,
        lines.of(("fields", number)),
        _word(given, "description"),
        length if is_length and length is not None else 0,
        coding,
        plain(kind),
        note,
    )


def _word(row: dict[str, Any], key: str) -> str:
    value = row.get(key, "")
    return value if isinstance(value, str) else ""


def _coding(row: dict[str, Any]) -> Coding | None:
    kind, encoding = _word(row, "type"), _word(row, "enc")
    family, _, size = _word(row, "prefix").partition(".")
    is_fixed = size == "Fixed"
    if kind not in _TYPES or not (is_fixed or (family in _PREFIXES and size.strip("L") == "")):
        return None
    digits = 0 if is_fixed else len(size)
    if not is_fixed and not 1 <= digits <= _DIGITS_MAX:
        return None
    prefix = "" if is_fixed else _PREFIXES[family]
    if kind == "Composite" or row.get("subfields"):
        return Coding("b", "b", prefix, digits)
    if encoding not in _DATA:
        return None
    data, is_hex = _DATA[encoding]
    if is_hex:  # a length there counts the bytes, here the digits
        return Coding("b", data, is_hex=True) if is_fixed else None
    if encoding in ("BCD", "LBCD"):
        return Coding("n", "b", prefix, digits, "right" if encoding == "LBCD" else "left")
    if encoding == "Binary":
        return Coding("b", "b", prefix, digits)
    return Coding("n" if kind == "Numeric" else "ans", data, prefix, digits)
