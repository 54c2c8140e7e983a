"""From how a foreign table says a field is written to a row of ours. Floor 3.

A row gets a ``format`` alone where the encoding of the whole dialect writes the very same bytes, else the
pyiso8583 rule as well. How much of it may be shown is not a packager's business: what ISO 8583 gives a meaning
is shown as in ``iso87-ascii``, private fields never.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from posrefund.codec import Field
from posrefund.dialects.file.dump import write_toml
from posrefund.dialects.file.lines import spoken
from posrefund.dialects.file.load import read_dialect
from posrefund.dialects.iso87.fields import FIELDS as ISO87
from posrefund.errors import DialectFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posrefund.codec import Encoding, Show

__all__ = ["EBCDIC", "Coding", "Foreign", "Imported", "Problem", "plain", "write_file"]

EBCDIC = "cp037"
"""Python has no code page 1047, which others mean by EBCDIC. This one has the same letters, digits and
punctuation but for six signs: ``[ ] ^``, the not sign, the diaeresis and Y with acute."""

_TRACKS = ("35", "36")
_PRIVATE = ("60",)
"""Shown in ``iso87-ascii`` for it is our choice there, and anything elsewhere."""
_LENGTH_MAX = 9999
_NAME_MAX = 60
_MARK = "域"
"""No foreign table has Chinese names: ``域60`` waits for one."""


class Coding(NamedTuple):
    """How a field is written.

    Attributes:
        characters: What its value consists of.
        data: ``"b"`` for packed digits and bytes, ``"text"`` for ASCII, or a Python encoding.
        prefix: ``"bcd"``, ``"b"``, ``"ascii"`` or a Python encoding; empty for a fixed field.
        digits: Of the length prefix; bytes of it where it is binary.
        pad: Where the zero of an odd number of packed digits stands.
        is_hex: Whether bytes are written as two digits of text each.
    """

    characters: Literal["n", "ans", "b", "x+n"]
    data: str
    prefix: str = ""
    digits: int = 0
    pad: Literal["left", "right"] = "left"
    is_hex: bool = False


class Foreign(NamedTuple):
    """A field of a foreign table.

    Attributes:
        number: As it stands there.
        line: Where.
        name: What it is called there.
        length: What stands there as its length.
        coding: How it is written; None if we cannot write so.
        kind: What the other program calls that: a class, an encoding.
        note: What is not taken over though the field is.
    """

    number: str
    line: int
    name: str
    length: int
    coding: Coding | None
    kind: str
    note: str = ""


class Problem(NamedTuple):
    """What an import could not take over.

    Attributes:
        line: Of the foreign file.
        field: Its number there, or another place.
        kind: The class or encoding that is not supported, by its name there.
        words: What follows from it.
        is_left_out: Whether the field is missing from the result.
    """

    line: int
    field: str
    kind: str
    words: str
    is_left_out: bool = True

    def __str__(self) -> str:
        """One line for a person."""
        return f"field {self.field}: {self.kind}: {self.words}"


class Imported(NamedTuple):
    """A dialect file made from a foreign one.

    Attributes:
        text: TOML; it loads.
        problems: What it lacks, in the order of the lines.
        field_count: How many fields it has.
    """

    text: str
    problems: tuple[Problem, ...]
    field_count: int


def plain(text: str) -> str:
    """Return a foreign name as one short line that holds no number of a card."""
    return spoken(" ".join(text.split()))[:_NAME_MAX].strip() or "?"


def write_file(
    name: str, source: str, rows: Sequence[Foreign], problems: list[Problem]
) -> Imported:
    """Return the dialect file of *rows*, and beside *problems* what of them cannot be written.

    Raises:
        DialectFileError: There is no MTI, or no bitmap, that we can write, or *name* is none.
    """
    head: dict[str, Foreign] = {row.number: row for row in rows if row.number in ("0", "1")}
    data: dict[str, Any] = {"name": name} | _head(head)
    encoding: Encoding = data["encoding"]
    fields: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.number in head:
            continue
        words = _refusal(row, fields)
        if row.coding is not None and not words:
            fields[row.number] = _row(row, row.coding, encoding)
            if row.note:
                problems.append(
                    Problem(row.line, row.number, row.kind, row.note, is_left_out=False)
                )
        else:
            problems.append(
                Problem(row.line, plain(row.number), row.kind, words or "is not supported")
            )
    data["fields"] = dict(sorted(fields.items(), key=lambda item: int(item[0])))
    _drop_unwritable(data, rows, problems)
    found = tuple(sorted(problems, key=lambda each: each.line))
    text = write_toml(data, {"": "\n".join([*_opening(source), *map(str, found)])})
    return Imported(text, found, len(data["fields"]))


def _opening(source: str) -> list[str]:
    return [
        f"Made by posrefund dialect import from {source}.",
        f"It can read. Names in Chinese ({_MARK}2 …), messages and response codes are yours to add; what is",
        "private is never shown unless you say so.",
    ]


def _head(head: dict[str, Foreign]) -> dict[str, str]:
    """The encoding of the whole, from MTI and bitmap."""
    mti, bitmap = head.get("0"), head.get("1")
    for number, row in (("0", mti), ("1", bitmap)):
        if row is None or row.coding is None or row.coding.prefix:
            what = "an MTI of four digits" if number == "0" else "a bitmap"
            kind = f"; {row.kind} is not supported" if row else ""
            raise DialectFileError([(row.line if row else 1, f"field {number}", what + kind)])
    assert mti is not None
    assert mti.coding is not None
    assert bitmap is not None
    assert bitmap.coding is not None
    if mti.length != 4:
        raise DialectFileError([(mti.line, "field 0", "an MTI of four digits")])
    mti_enc, bitmap_enc = (
        "ascii" if row.coding.data == "text" else row.coding.data
        for row in (mti, bitmap)
        if row.coding
    )
    found = {"encoding": "packed" if mti_enc == "b" else "ascii"}
    usual = "b" if mti_enc == "b" else "ascii"
    found |= {} if mti_enc == usual else {"mti_enc": mti_enc}
    return found | ({} if bitmap_enc == usual else {"bitmap_enc": bitmap_enc})


def _refusal(row: Foreign, seen: dict[str, dict[str, Any]]) -> str:
    """Say why a field cannot be taken over, or nothing."""
    if not (row.number.isascii() and row.number.isdigit() and len(row.number) <= 3):
        return "its number is none"
    if not 2 <= int(row.number) <= 128 or row.number == "65":
        return "only fields 2 to 128 without 65 are carried"
    if row.number in seen:
        return "stands there twice; the first one is taken"
    if row.coding is None:
        return ""
    most = min(_LENGTH_MAX, _countable(row.coding))
    if not 1 <= row.length <= most:
        return f"its length is none from 1 to {most}"
    return ""


def _countable(coding: Coding) -> int:
    if not coding.prefix:
        return _LENGTH_MAX
    return int((256 if coding.prefix == "b" else 10) ** coding.digits) - 1


def _row(row: Foreign, coding: Coding, encoding: Encoding) -> dict[str, Any]:
    rule = _rule(row.length, coding)
    iso = ISO87.get(row.number)
    form = _format(row, coding, iso)
    if rule["data_enc"] == "text":
        rule["data_enc"] = "latin-1" if coding.prefix and form.startswith("an") else "ascii"
    usual = getattr(Field(int(row.number), form, "x", "x"), encoding)()
    if not coding.prefix:
        rule["len_enc"] = usual["len_enc"]
    if row.length % 2 == 0 and not coding.prefix and "len_count" in rule and "len_count" in usual:
        rule = {key: value for key, value in rule.items() if not key.endswith("_pad")}
        rule |= {key: value for key, value in usual.items() if key.endswith("_pad")}
    data: dict[str, Any] = {"format": form, "zh": f"{_MARK}{row.number}", "en": plain(row.name)}
    show: Show = "never" if iso is None or row.number in _PRIVATE else iso.show
    if show != "clear":
        data["show"] = show
    if coding.digits > 3 or {**rule, "desc": "x"} != usual:
        data["rule"] = rule
    return data


def _rule(length: int, coding: Coding) -> dict[str, Any]:
    is_digits = coding.characters == "n" and coding.data == "b"
    width = (coding.digits + 1) // 2 if coding.prefix == "bcd" else coding.digits
    rule: dict[str, Any] = {
        "data_enc": coding.data,
        "len_enc": coding.prefix,
        "len_type": width,
        "max_len": 2 * length if coding.is_hex else length,
    }
    if is_digits:
        rule |= {"len_count": "nibbles", f"{coding.pad}_pad": "0"}
    return rule


def _format(row: Foreign, coding: Coding, iso: Field | None) -> str:
    kind, length, dots = coding.characters, row.length, ""
    if coding.prefix:
        dots = ".." if coding.digits <= 2 and coding.prefix != "b" else "..."
    if row.number in _TRACKS and kind != "b":
        return f"z{dots}{length}" if kind == "n" or coding.data == "text" else f"ans{dots}{length}"
    if kind == "b":
        return f"b{dots}{length}" if dots else f"b{8 * length}"
    if kind == "x+n":
        return f"x+n{length - 1}"
    if kind == "ans" and iso is not None and iso.format == f"n{length}" and not dots:
        return iso.format  # a text that ISO 8583 says holds digits
    left = (
        "<"
        if kind == "n" and coding.data == "b" and not dots and coding.pad == "right" and length % 2
        else ""
    )
    return f"{kind}{dots}{length}{left}"


def _drop_unwritable(
    data: dict[str, Any], rows: Sequence[Foreign], problems: list[Problem]
) -> None:
    """Take out what the loader refuses, so that the result always loads."""
    by_number = {row.number: row for row in rows}
    for fault in read_dialect(write_toml(data)).faults:
        _, _, number = fault.path.partition("fields.")
        number = number.partition(".")[0]
        if number not in by_number:  # the name of the dialect
            raise DialectFileError([(1, fault.path, fault.expected)])
        if data["fields"].pop(number, None) is not None:
            row = by_number[number]
            problems.append(Problem(row.line, number, row.kind, f"expected {fault.expected}"))
    if not data["fields"]:
        raise DialectFileError([(1, "file", "at least one field that can be written")])
