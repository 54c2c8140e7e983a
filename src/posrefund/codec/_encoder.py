"""Writes the straight-line encoder of one message shape: the keys of its dict, in any order. Floor 2.

Binary fields are joined as hexadecimal digits and turned into bytes at once, text fields of one encoding
likewise. Every length is checked; joining refuses whatever is not text, and a text type that prints itself
as something else is joined as what it holds. Anything that does not fit raises, and pyiso8583 then says
what is wrong.
"""

from __future__ import annotations

from binascii import unhexlify
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from posrefund.codec._classes import check_lines
from posrefund.codec._rule import Rule, prefix_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from posrefund.codec.check import Check

__all__ = ["encoder_source", "make_encoder"]


@dataclass
class _Writer:
    """Collects lines, the lengths to check, and the pieces of the message in order."""

    lines: list[str] = field(default_factory=list)
    fixed: dict[int, list[str]] = field(default_factory=dict)
    pieces: list[tuple[str, str]] = field(default_factory=list)  # expression, encoding
    names: dict[str, Any] = field(default_factory=lambda: {"unhexlify": unhexlify})

    def constant(self, value: Any, stem: str) -> str:
        name = f"{stem}{len(self.names)}"
        self.names[name] = value
        return name


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
    writer = _Writer()
    for rule in rules:
        (_fixed if rule.is_fixed else _variable)(writer, rule)
        if rule.name == "t":
            writer.pieces += [(repr(text), encoding) for text, encoding in bitmaps]
    used = {rule.name for rule in rules}
    targets = ", ".join(f"f{name}" for name in keys if name in used)
    values = ", ".join(f"fields[{name!r}]" for name in keys if name in used)
    lines = [f"{targets} = {values}"]
    lines += [f"fields[{name!r}]  # computed here" for name in keys if name not in used]
    if writer.fixed:
        lengths = " and ".join(
            f"{size} == {' == '.join(f'len({value})' for value in values)}"
            for size, values in writer.fixed.items()
        )
        lines.append(f"if not ({lengths}): raise ValueError")
    checked = [(rule, checks[rule.name]) for rule in rules if rule.name in checks]
    lines += check_lines(checked, writer.constant, given=True)
    body = "\n    ".join([*lines, *writer.lines, f"return {_concatenation(writer.pieces)}"])
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


def _fixed(writer: _Writer, rule: Rule) -> None:
    value = (f"f{rule.name}", rule.encoding)
    writer.fixed.setdefault(rule.characters(rule.size_max), []).append(value[0])
    filler = [(repr(rule.pad), "")] if rule.is_odd else []
    writer.pieces += [*filler, value] if rule.pad_left else [value, *filler]


def _variable(writer: _Writer, rule: Rule) -> None:
    value, prefix, filler = f"f{rule.name}", f"l{rule.name}", f"p{rule.name}"
    table = prefix_table(rule)
    if table is None:
        raise LookupError(rule.name)  # too long for a table: the reference is fast enough for it
    if rule.nibbles:
        writer.lines.append(f"{prefix}, {filler} = {writer.constant(table, 'size')}[len({value})]")
    else:
        prefixes = {characters: text for characters, (text, _) in table.items()}
        writer.lines.append(f"{prefix} = {writer.constant(prefixes, 'size')}[len({value})]")
    writer.pieces.append((prefix, rule.prefix_encoding))
    parts = [(value, rule.encoding)]
    if rule.nibbles:
        parts.insert(0 if rule.pad_left else 1, (filler, ""))
    writer.pieces += parts


def _concatenation(pieces: Sequence[tuple[str, str]]) -> str:
    """Join neighbours of one encoding, then add the runs."""
    runs: list[tuple[str, list[str]]] = []
    for expression, encoding in pieces:
        if not runs or runs[-1][0] != encoding:
            runs.append((encoding, []))
        runs[-1][1].append(expression)
    parts = []
    for encoding, expressions in runs:
        joined = f"''.join(({', '.join(expressions)},))"
        parts.append(f"{joined}.encode({encoding!r})" if encoding else f"unhexlify({joined})")
    return " + ".join(parts)
