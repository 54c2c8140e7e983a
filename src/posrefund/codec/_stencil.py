"""A stencil: what every message of one shape and the same lengths has in common, with holes for the values.

The message is compared as one number: MTI, bitmap, lengths and fillers must be what they were, and text be
ASCII. Then every value stands at a known place. Digits are checked in the same number: a nibble is one
unless its bit 8 is set together with bit 4 or 2. A stencil that does not fit answers None, and the decoder
that reads lengths has the word. Floor 2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from posrefund.codec._classes import byte_class, is_only_characters
from posrefund.codec.check import Check
from posrefund.codec.record import Record, View, record_class

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from posrefund.codec._rule import Rule

__all__ = ["NO_STENCIL", "NoStencil", "Stencil", "lay"]

_EVERY_BYTE = frozenset({"ascii", "iso8859-1", "cp037", "cp1140", "cp273", "cp500"})
"""Encodings that can read every byte, or (ASCII) say in one bit which they cannot."""

_WORDS = frozenset({byte_class(Check("an")), byte_class(Check("ans"))})


@dataclass
class _Hole:
    """Where a value stands, in nibbles."""

    name: str
    encoding: str
    start: int
    end: int


@dataclass
class _Laying:
    """A stencil in the making.

    Attributes:
        raw: The message it is made from.
        constant: Bits that are the same in every message.
        digits: Bit 8 of each nibble that has to be a digit.
        track: The same for digits and the separator D.
        classes: Bytes that have to be of a class: start, end, pattern of one byte.
        holes: The values.
    """

    raw: bytes
    constant: bytearray
    digits: bytearray
    track: bytearray
    classes: list[tuple[int, int, bytes]] = field(default_factory=list)
    holes: list[_Hole] = field(default_factory=list)
    at: int = 0

    def keep(self, size: int) -> None:
        """The next *size* bytes are the same in every message."""
        self.constant[self.at : self.at + size] = b"\xff" * size
        self.at += size

    def value(self, rule: Rule, value: str, check: Check | None) -> bool:
        """Lay one field; False if a stencil cannot say what is asked of it."""
        self.keep(rule.prefix_bytes)
        if check is not None and not is_only_characters(check):
            return False
        characters = check.characters if check else None
        if rule.encoding:
            return self._text(rule, value, check)
        start = 2 * self.at
        if len(value) % 2:
            filler = start if rule.pad_left else start + len(value)
            _mark(self.constant, filler, filler + 1, 0xF)
            start += rule.pad_left
        end = start + len(value)
        self.holes.append(_Hole(rule.name, "", start, end))
        self.at += (len(value) + 1) // 2
        if characters == "n":
            _mark(self.digits, start, end, 8)
        elif characters == "z":
            _mark(self.track, start, end, 8)
        elif characters == "x+n":
            _mark(self.constant, start, start + 1, 0xE)  # C or D
            _mark(self.digits, start + 1, end, 8)
        return True

    def _text(self, rule: Rule, value: str, check: Check | None) -> bool:
        start, end = self.at, self.at + len(value)
        self.holes.append(_Hole(rule.name, rule.encoding, 2 * start, 2 * end))
        self.at = end
        if rule.encoding == "ascii":
            _mark(self.constant, 2 * start, 2 * end, 8, step=2)
        if check is None or check.characters is None:
            return rule.encoding in _EVERY_BYTE
        if check.characters == "n":  # in every encoding: one high nibble, the digit in the low one
            _mark(self.constant, 2 * start, 2 * end, 0xF, step=2)
            _mark(self.digits, 2 * start + 1, 2 * end, 8, step=2)
            return rule.encoding in _EVERY_BYTE
        pattern = byte_class(check)
        self.classes.append((start, end, pattern))
        return bool(pattern) and rule.encoding in ("ascii", "iso8859-1")


def _mark(mask: bytearray, start: int, end: int, bits: int, step: int = 1) -> None:
    for nibble in range(start, end, step):
        mask[nibble >> 1] |= bits if nibble & 1 else bits << 4


def lay(
    raw: bytes,
    fields: Mapping[str, str],
    rules: Sequence[Rule],
    head_bytes: int,
    checks: Mapping[str, Check],
) -> Stencil | None:
    """Make the stencil of *raw*, or None if something in it is left to the decoder that reads lengths.

    Args:
        raw: A message that was read.
        fields: What it was read to.
        rules: The fields in the order of the line; a header stands first.
        head_bytes: MTI and bitmaps.
        checks: What is expected of values.
    """
    size = len(raw)
    laying = _Laying(raw, bytearray(size), bytearray(size), bytearray(size))
    rest = list(rules)
    if rest and rest[0].name == "h" and not laying.value(rest[0], fields["h"], checks.get("h")):
        return None
    laying.keep(head_bytes)
    for rule in rest:
        if rule.name != "h" and not laying.value(rule, fields[rule.name], checks.get(rule.name)):
            return None
    return Stencil(laying, fields) if laying.at == size else None


class NoStencil:
    """Stands where there is no stencil: every answer is None."""

    __slots__ = ()

    def decode(self, raw: bytes) -> dict[str, str] | None:
        """Not sure."""

    def record(self, raw: bytes) -> Record | None:
        """Not sure."""

    def view(self, raw: bytes) -> View | None:
        """Not sure."""


NO_STENCIL = NoStencil()


class Stencil:
    """The generated functions of one stencil; those for records and views are made when first asked for."""

    __slots__ = (
        "_blank",
        "_conditions",
        "_holes",
        "_names",
        "_numbers",
        "_size",
        "decode",
        "record",
        "view",
    )

    decode: Callable[[bytes], dict[str, str] | None]
    record: Callable[[bytes], Record | None]
    view: Callable[[bytes], View | None]

    def __init__(self, laying: _Laying, fields: Mapping[str, str]) -> None:
        self._holes = laying.holes
        held = {hole.name for hole in laying.holes}
        self._blank = {name: "" if name in held else value for name, value in fields.items()}
        self._size = len(laying.raw)
        self._numbers, self._conditions, self._names = _conditions(laying)
        self.decode = self._made("decode", self._decoder_lines())
        self.record = self._first_record
        self.view = self._first_view

    def source(self) -> str:
        """Return the text of the decoder."""
        return self._text("decode", self._decoder_lines())

    def _text(self, verb: str, lines: Sequence[str]) -> str:
        body = "".join(f"    {line}\n" for line in (*self._conditions, *lines))
        return f"{self._numbers}\ndef {verb}(raw):\n{body}"

    def _decoder_lines(self) -> list[str]:
        """Fill a copy of the blank dict, which has all keys in order and MTI and bitmaps filled in."""
        self._names["blank"] = self._blank
        targets = [f"fields[{hole.name!r}]" for hole in self._holes]
        rows = [", ".join(targets[at : at + 6]) for at in range(0, len(targets), 6)]
        block = ",\n        ".join(rows)
        if len(targets) > 1:
            block = f"(\n        {block},\n    )"
        filled = [f"{block} = {self._cut()}"] if rows else []
        return ["fields = blank.copy()", *filled, "return fields"]

    def _cut(self) -> str:
        """The expression that cuts every value with one prepared ``itemgetter``."""
        size = 2 * self._size
        starts, sources, at = {}, [], 0
        for encoding in dict.fromkeys(map(_read_as, (hole.encoding for hole in self._holes))):
            starts[encoding] = at
            sources.append(f"raw.decode({encoding!r})" if encoding else "raw.hex().upper()")
            at += size // 2 if encoding else size
        slices = []
        for hole in self._holes:
            scale, start = (2 if hole.encoding else 1), starts[_read_as(hole.encoding)]
            slices.append(slice(start + hole.start // scale, start + hole.end // scale))
        if not slices:
            return "()"
        self._names["cut"] = itemgetter(*slices)
        return f"cut({' + '.join(sources)})"

    def _made(self, verb: str, lines: Sequence[str]) -> Any:
        source = self._text(verb, lines)
        exec(compile(source, "<stencil>", "exec"), self._names)  # noqa: S102 — our own text
        return self._names[verb]

    def _first_record(self, raw: bytes) -> Record | None:
        held = {hole.name for hole in self._holes}
        fixed = {name: value for name, value in self._blank.items() if name not in held}
        kind = record_class(tuple(self._blank), tuple(hole.name for hole in self._holes), fixed)
        self._names |= {"Record": kind, "new": object.__new__}
        values = self._cut() if len(self._holes) != 1 else f"({self._cut()},)"
        lines = [
            "record = new(Record)",
            f"record._values = {values}",
            "return record",
        ]
        self.record = self._made("record", lines)
        return self.record(raw)

    def _first_view(self, raw: bytes) -> View | None:
        cuts: dict[str, Callable[[Any], str]] = {}
        places = {hole.name: hole for hole in self._holes}
        for name, value in self._blank.items():
            cuts[name] = _cutter(places[name]) if name in places else _always(value)
        self._names |= {"View": View, "new": object.__new__, "cuts": cuts}
        lines = ["view = new(View)", "view._source, view._cuts = bytes(raw), cuts", "return view"]
        self.view = self._made("view", lines)
        return self.view(raw)


def _read_as(encoding: str) -> str:
    """ASCII was checked in the number: Latin-1 reads it as well."""
    return "latin-1" if encoding in ("ascii", "iso8859-1") else encoding


def _cutter(hole: _Hole) -> Callable[[bytes], str]:
    start, end = hole.start, hole.end
    if hole.encoding:
        first, last, encoding = start // 2, end // 2, _read_as(hole.encoding)
        return lambda raw: raw[first:last].decode(encoding)
    first, last, odd = start // 2, (end + 1) // 2, start % 2
    width = end - start
    return lambda raw: raw[first:last].hex().upper()[odd : odd + width]


def _always(value: str) -> Callable[[bytes], str]:
    return lambda _: value


def _conditions(laying: _Laying) -> tuple[str, list[str], dict[str, Any]]:
    """Return the numbers, the lines that compare with them, and the names that those use."""
    names: dict[str, Any] = {"from_bytes": int.from_bytes}
    number = int.from_bytes(laying.raw)
    constant = int.from_bytes(laying.constant)
    numbers = {"constant": constant, "expected": number & constant}
    lines = ["number = from_bytes(raw)", "if number & constant != expected: return None"]
    if any(laying.digits):
        numbers["digits"] = int.from_bytes(laying.digits)
        lines.append("if number & (number << 1 | number << 2) & digits: return None")
    if any(laying.track):
        numbers["track"] = int.from_bytes(laying.track)
        lines.append(
            "if number & (number << 2 | number << 1 & ~(number << 3)) & track: return None"
        )
    width = 2 * len(laying.raw)
    text = "".join(f"{name:<8} = 0x{value:0{width}X}\n" for name, value in numbers.items())
    words = [place for place in laying.classes if place[2] in _WORDS]
    for name, places in (("words", words), ("classes", [*set(laying.classes) - set(words)])):
        if places:
            pattern = _pattern(sorted(places))
            names[name] = re.compile(pattern, re.DOTALL).match
            text += f"# {name}: {pattern!r}\n"
            call = f"{name}(raw)"
            if name == "words":
                call = f"({_plain(sorted(places))} or {call})"
            lines.append(f"if not {call}: return None")
    return text, lines, names


def _plain(places: Sequence[tuple[int, int, bytes]]) -> str:
    """Letters and digits alone are of both classes of text, and quick to see."""
    runs: list[list[int]] = []
    for start, end, _ in places:
        if runs and runs[-1][1] == start:
            runs[-1][1] = end
        else:
            runs.append([start, end])
    return " and ".join(f"raw[{start}:{end}].isalnum()" for start, end in runs)


def _pattern(classes: Sequence[tuple[int, int, bytes]]) -> bytes:
    """One pattern for all that is text: the gaps are skipped at once."""
    pattern, at = b"", 0
    for start, end, one in classes:
        if start > at:
            pattern += b".{%d}" % (start - at)
        if end > start:
            pattern += one + b"{%d}" % (end - start)
        at = end
    return pattern
