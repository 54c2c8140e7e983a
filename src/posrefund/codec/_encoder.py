"""Writes the straight-line encoder of one message shape: which fields, in which order of the dict. Floor 2.

Binary fields are joined as hexadecimal digits and turned into bytes at once, text fields of one encoding
likewise. Every length is checked; joining refuses whatever is not text. Anything that does not fit raises,
and pyiso8583 then says what is wrong.
"""

from __future__ import annotations

from binascii import unhexlify
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from posrefund.codec._rule import Rule, prefix_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["encoder_source", "make_encoder"]


@dataclass
class _Writer:
    """Collects lines, the lengths to check, and the pieces of the message in order."""

    lines: list[str] = field(default_factory=list)
    fixed: list[tuple[str, int]] = field(default_factory=list)
    pieces: list[tuple[str, str]] = field(default_factory=list)  # expression, encoding
    names: dict[str, Any] = field(default_factory=lambda: {"unhexlify": unhexlify})

    def constant(self, value: Any, stem: str) -> str:
        name = f"{stem}{len(self.names)}"
        self.names[name] = value
        return name


def encoder_source(
    order: Sequence[str], rules: Sequence[Rule], bitmap: tuple[str, str]
) -> tuple[str, dict[str, Any]]:
    """Return the source of the encoder of one shape and the constants it needs.

    Args:
        order: Keys of the dict, in its order; those without a rule are ignored.
        rules: The MTI (as rule ``t``), then the fields in the order of the line.
        bitmap: Its text, and its encoding (empty for hexadecimal digits).
    """
    writer = _Writer()
    for rule in rules:
        (_fixed if rule.is_fixed else _variable)(writer, rule)
        if rule.name == "t":
            writer.pieces.append((repr(bitmap[0]), bitmap[1]))
    lengths = "".join(f"len({value}), " for value, _ in writer.fixed)
    wanted = writer.constant(tuple(size for _, size in writer.fixed), "sizes")
    check = f"if ({lengths}) != {wanted}: raise ValueError"
    body = "\n    ".join([check, *writer.lines, f"return {_concatenation(writer.pieces)}"])
    arguments = ", ".join(f"f{name}" for name in order)
    return f"def encode({arguments}):\n    {body}\n", writer.names


def make_encoder(
    order: Sequence[str], rules: Sequence[Rule], bitmap: tuple[str, str]
) -> Callable[..., bytes]:
    """Compile the encoder of one shape."""
    source, names = encoder_source(order, rules, bitmap)
    exec(compile(source, "<encoder>", "exec"), names)  # noqa: S102 — our own text, made of numbers
    encode: Callable[..., bytes] = names["encode"]
    return encode


def _fixed(writer: _Writer, rule: Rule) -> None:
    value = (f"f{rule.name}", rule.encoding)
    writer.fixed.append((value[0], rule.characters(rule.size_max)))
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
