"""Writes the straight-line encoder of one message shape: the keys of its dict, in any order. Floor 2.

Binary fields are joined as hexadecimal digits and turned into bytes at once, text fields of one encoding
likewise. Every length is checked; joining refuses whatever is not text, and a text type that prints itself
as something else is joined as what it holds. Anything that does not fit raises, and pyiso8583 then says
what is wrong.
"""

from __future__ import annotations

from binascii import unhexlify
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from posrefund.codec._classes import Groups, grouped, joined
from posrefund.codec._rule import Rule, prefix_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from posrefund.codec.check import Check

__all__ = ["encoder_source", "make_encoder"]

_ASCII = frozenset({"ascii", "iso8859-1", "cp1252"})
"""In their bytes a letter or digit is what it is in ASCII."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """An expression; its encoding, empty for hexadecimal digits; whether only digits can be in it."""

    expression: str
    encoding: str
    is_digits: bool = False


@dataclass
class _Writer:
    """Collects lines, the lengths to check, and the pieces of the message in order."""

    groups: Groups
    lines: list[str] = field(default_factory=list)
    fixed: dict[int, list[str]] = field(default_factory=dict)
    pieces: list[_Piece] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=lambda: {"unhexlify": unhexlify})

    def constant(self, value: Any, stem: str) -> str:
        name = f"{stem}{len(self.names)}"
        self.names[name] = value
        return name

    def fixed_field(self, rule: Rule) -> None:
        self.fixed.setdefault(rule.characters(rule.size_max), []).append(f"f{rule.name}")
        self._value(rule, repr(rule.pad) if rule.is_odd else "")

    def variable_field(self, rule: Rule) -> None:
        prefix, filler = f"l{rule.name}", f"p{rule.name}"
        table = prefix_table(rule)
        if table is None:
            raise LookupError(
                rule.name
            )  # too long for a table: the reference is fast enough for it
        if rule.nibbles:
            name = self.constant(table, "size")
            self.lines.append(f"{prefix}, {filler} = {name}[len(f{rule.name})]")
        else:
            prefixes = {characters: text for characters, (text, _) in table.items()}
            self.lines.append(f"{prefix} = {self.constant(prefixes, 'size')}[len(f{rule.name})]")
        self.pieces.append(_Piece(prefix, rule.prefix_encoding, is_digits=rule.prefix != "b"))
        self._value(rule, filler if rule.nibbles else "")

    def _value(self, rule: Rule, filler: str) -> None:
        name = f"f{rule.name}"
        value = _Piece(name, rule.encoding, is_digits=name in self.groups.digits)
        parts = [value, _Piece(filler, "", is_digits=rule.pad in "0123456789")]
        self.pieces += [part for part in parts[:: -1 if rule.pad_left else 1] if part.expression]

    def name_digits(self) -> None:
        """Put neighbouring digits together first: they are checked and sent as one."""
        runs: list[list[_Piece]] = []
        for piece in self.pieces:
            last = runs[-1][-1] if runs else piece
            if runs and piece.is_digits and last.is_digits and last.encoding == piece.encoding:
                runs[-1].append(piece)
            else:
                runs.append([piece])
        named: list[str] = []
        self.pieces, alone = [], set(self.groups.digits)
        for run in runs:
            expressions = [piece.expression for piece in run]
            if len(run) > 1 and not alone.isdisjoint(expressions):
                named.append(f"d{len(named)}")
                self.lines.append(f"{named[-1]} = {joined(expressions)}")
                alone.difference_update(expressions)
                self.pieces.append(_Piece(named[-1], run[0].encoding))
            else:
                self.pieces += run
        self.groups.digits = [*named, *(name for name in self.groups.digits if name in alone)]

    def runs(self) -> list[tuple[str, list[str]]]:
        """Return neighbours of one encoding together: the encoding, the expressions."""
        runs: list[tuple[str, list[str]]] = []
        for piece in self.pieces:
            if not runs or runs[-1][0] != piece.encoding:
                runs.append((piece.encoding, []))
            runs[-1][1].append(piece.expression)
        return runs

    def finish(self) -> str:
        """Write checks, and return the expression of the message."""
        words = {*chain(*self.groups.words.values())}
        parts: list[str] = []
        named: list[str] = []
        for encoding, expressions in self.runs():
            part = _bytes_of(encoding, expressions)
            if encoding in _ASCII and not words.isdisjoint(expressions):
                words.difference_update(expressions)
                named.append(f"t{len(named)}")
                self.lines.append(f"{named[-1]} = {part}")
                part = named[-1]
            parts.append(part)
        plain = "" if words else " and ".join(f"{name}.isalnum()" for name in named)
        self.lines += self.groups.lines(self.constant, words=plain)
        return " + ".join(parts)


def encoder_source(
    keys: Sequence[str],
    rules: Sequence[Rule],
    bitmaps: Sequence[tuple[str, str]],
    checks: Mapping[str, Check],
) -> tuple[str, dict[str, Any]]:
    """Return the source of the encoder of one shape and the constants it needs.

    Args:
        keys: Keys of the dict; those without a rule are computed or ignored.
        rules: The header if there is one, the MTI (as rule ``t``), the fields in the order of the line.
        bitmaps: Text and encoding of each (empty for hexadecimal digits).
        checks: What is expected of values.
    """
    checked = [(rule, checks[rule.name]) for rule in rules if rule.name in checks]
    writer = _Writer(grouped(checked, given=True))
    for rule in rules:
        (writer.fixed_field if rule.is_fixed else writer.variable_field)(rule)
        if rule.name == "t":
            writer.pieces += [_Piece(repr(text), encoding) for text, encoding in bitmaps]
    if writer.groups.digits:
        writer.name_digits()
    message = writer.finish()
    names = [name for name in keys if name in {rule.name for rule in rules}]
    lines = [f"f{name} = fields[{name!r}]" for name in names]
    lines += [f"fields[{name!r}]  # computed here" for name in keys if name not in names]
    lengths = " and ".join(
        f"{size} == {' == '.join(f'len({value})' for value in values)}"
        for size, values in writer.fixed.items()
    )
    lines.append(f"if not ({lengths}): raise ValueError")
    body = "\n    ".join([*lines, *writer.lines, f"return {message}"])
    return f"def encode(fields):\n    {body}\n", writer.names


def make_encoder(
    keys: Sequence[str],
    rules: Sequence[Rule],
    bitmaps: Sequence[tuple[str, str]],
    checks: Mapping[str, Check],
) -> Callable[[Mapping[str, str]], bytes]:
    """Compile the encoder of one shape."""
    source, names = encoder_source(keys, rules, bitmaps, checks)
    exec(compile(source, "<encoder>", "exec"), names)  # noqa: S102 — our own text, made of numbers
    encode: Callable[[Mapping[str, str]], bytes] = names["encode"]
    return encode


def _bytes_of(encoding: str, expressions: Sequence[str]) -> str:
    if encoding:
        return f"{joined(expressions)}.encode({encoding!r})"
    return f"unhexlify(''.join(({', '.join(expressions)},)))"  # unhexlify alone would take bytes
