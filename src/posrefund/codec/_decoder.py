"""Writes the straight-line decoder of one message shape: its MTI and bitmap are constants. Floor 2.

A message that is text from end to end is decoded once and cut; any other is turned into hexadecimal
digits once, and text is cut from its bytes. Neighbouring fields of one kind are cut by one prepared
``itemgetter``, a length prefix with the run before it. Whatever surprises the generated code makes it
raise, and pyiso8583 then says what is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from posrefund.codec._classes import grouped
from posrefund.codec._rule import Rule, size_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from posrefund.codec.check import Check

__all__ = ["Head", "decoder_source", "make_decoder"]

_ASCII = frozenset({"", "ascii", "iso8859-1", "cp1252"})


@dataclass
class _Cut:
    """A piece of fixed width: a field, a filler, or the prefix of the field after it."""

    target: str
    start: int
    end: int
    encoding: str


@dataclass
class _Writer:
    """Collects lines and the constants they use. Offsets count bytes of text, or digits."""

    is_text: bool
    lines: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)
    cuts: list[_Cut] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    base: str = ""  # name of the running offset, once a variable field has passed
    at: int = 0  # units after the base

    def constant(self, value: Any, stem: str) -> str:
        name = f"{stem}{len(self.names)}"
        self.names[name] = value
        return name

    def cut(self, target: str, digits: int, encoding: str = "") -> None:
        units = digits // 2 if self.is_text else digits
        self.cuts.append(_Cut(target, self.at, self.at + units, encoding))
        self.at += units

    def flush(self) -> None:
        """Write the pending cuts, one line for each run of one kind, then their checks."""
        run: list[_Cut] = []
        for cut in self.cuts:
            if run and not self.is_text and run[-1].encoding != cut.encoding:
                self._write_run(run)
                run = []
            run.append(cut)
        if run:
            self._write_run(run)
        self.lines += self.checks
        self.cuts, self.checks = [], []

    def offset(self, at: int) -> str:
        """Return the expression of an offset."""
        if not self.base:
            return str(at)
        return f"{self.base} + {at}" if at else self.base

    def piece(self, start: str, end: str, encoding: str) -> str:
        """Return the expression of what stands between two offsets."""
        if self.is_text:
            return f"text[{start}:{end}]"
        if not encoding:
            return f"digits[{start}:{end}]"
        return f"raw[({start}) >> 1:({end}) >> 1].decode({encoding!r})"

    def _write_run(self, run: Sequence[_Cut]) -> None:
        first, last, encoding = run[0].start, run[-1].end, run[0].encoding
        source = self.piece(self.offset(first), self.offset(last), encoding)
        if len(run) == 1:
            self.lines.append(f"{run[0].target} = {source}")
            return
        scale = 2 if encoding and not self.is_text else 1
        slices = [slice((c.start - first) // scale, (c.end - first) // scale) for c in run]
        getter = self.constant(itemgetter(*slices), "cut")
        self.lines.append(f"{', '.join(c.target for c in run)} = {getter}({source})")


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the fields.

    Attributes:
        values: MTI and bitmaps, decoded: the same in every message of the shape.
        start: Bytes before the MTI: those of the header.
        end: Where the fields begin.
    """

    values: Mapping[str, str]
    start: int
    end: int


def decoder_source(
    rules: Sequence[Rule], head: Head, checks: Mapping[str, Check]
) -> tuple[str, dict[str, Any]]:
    """Return the source of the decoder of one shape and the constants it needs.

    Args:
        rules: The fields in the order of the line; a header stands first.
        head: What stands before them.
        checks: What is expected of values.
    """
    numbers = [rule for rule in rules if rule.name != "h"]
    is_text = all(
        rule.encoding
        and {rule.encoding, rule.prefix_encoding} <= _ASCII
        and rule.prefix not in ("bcd", "b")
        for rule in numbers
    )
    writer = _Writer(is_text, at=0 if is_text else 2 * head.end)
    whole = "text" if is_text else "digits"
    writer.lines += [_header(rule, head.start) for rule in rules if rule.name == "h"]
    writer.lines.append(
        f"text = raw[{head.end}:].decode('ascii')" if is_text else "digits = raw.hex().upper()"
    )
    for rule in numbers:
        (_fixed if rule.is_fixed else _variable)(writer, rule)
    writer.flush()
    writer.lines.append(f"if {writer.offset(writer.at)} != len({whole}): raise ValueError")
    checked = [(rule, checks[rule.name]) for rule in rules if rule.name in checks]
    writer.lines += grouped(checked, given=False).lines(writer.constant)
    items = [f"'h': f{rule.name}" for rule in rules if rule.name == "h"]
    items += [f"{name!r}: {value!r}" for name, value in head.values.items()]
    items += [f"{rule.name!r}: f{rule.name}" for rule in numbers]
    body = "\n    ".join([*writer.lines, f"return {{{', '.join(items)}}}"])
    return f"def decode(raw):\n    {body}\n", writer.names


def make_decoder(
    rules: Sequence[Rule], head: Head, checks: Mapping[str, Check]
) -> Callable[[bytes], dict[str, str]]:
    """Compile the decoder of one shape."""
    source, names = decoder_source(rules, head, checks)
    exec(compile(source, "<decoder>", "exec"), names)  # noqa: S102 — our own text, made of numbers
    decode: Callable[[bytes], dict[str, str]] = names["decode"]
    return decode


def _header(rule: Rule, size: int) -> str:
    read = f"decode({rule.encoding!r})" if rule.encoding else "hex().upper()"
    return f"fh = raw[:{size}].{read}"


def _fixed(writer: _Writer, rule: Rule) -> None:
    value, filler = f"f{rule.name}", f"p{rule.name}"
    if rule.encoding:
        writer.cut(value, 2 * rule.size_max, rule.encoding)
        return
    if rule.is_odd and rule.pad_left:
        writer.cut(filler, 1)
    writer.cut(value, rule.characters(rule.size_max))
    if rule.is_odd and not rule.pad_left:
        writer.cut(filler, 1)
    if rule.is_odd:
        writer.checks.append(f"if {filler} != {rule.pad!r}: raise ValueError")


def _variable(writer: _Writer, rule: Rule) -> None:
    prefix, value = f"l{rule.name}", f"f{rule.name}"
    writer.cut(prefix, 2 * rule.prefix_bytes, rule.prefix_encoding)
    writer.flush()
    _write_length(writer, rule, prefix)
    writer.lines.append(f"o = {writer.offset(writer.at)}")
    writer.base, writer.at = "o", 0
    if rule.encoding:
        writer.lines.append(f"{value} = {writer.piece('o', 'o + e', rule.encoding)}")
    elif rule.nibbles and rule.pad_left:
        writer.lines.append(f"{value} = digits[o + e - n:o + e]")
        writer.lines.append(f"if n != e and digits[o] != {rule.pad!r}: raise ValueError")
    else:
        writer.lines.append(f"{value} = digits[o:o + n]")
        if rule.nibbles:
            writer.lines.append(f"if n != e and digits[o + n] != {rule.pad!r}: raise ValueError")
    writer.lines.append("o += e")


def _write_length(writer: _Writer, rule: Rule, prefix: str) -> None:
    """Set n, the value's characters, and e, the units it takes on the line."""
    table = size_table(rule)
    if table is not None and writer.is_text:
        sizes = {text: characters for text, (characters, _) in table.items()}
        writer.lines.append(f"e = {writer.constant(sizes, 'size')}[{prefix}]")
        return
    if table is not None:
        writer.lines.append(f"n, e = {writer.constant(table, 'size')}[{prefix}]")
        return
    base = ", 16" if rule.prefix == "b" else ""
    writer.lines.append(f"if not {prefix}.isalnum(): raise ValueError")
    writer.lines.append(f"n = e = int({prefix}{base})")
    writer.lines.append(f"if n > {rule.size_max}: raise ValueError")
    if rule.nibbles:
        writer.lines.append("e += n & 1")
    elif not writer.is_text:
        writer.lines.append("e += n" if rule.encoding else "n = e = n + n")
