"""One field's pyiso8583 rule, read once: what both code generators ask about it. Floor 2.

A rule that the generators do not understand is no ``Rule``; a message with such a field is left to
pyiso8583, which stays the reference for everything.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Rule", "prefix_table", "rule_of", "size_table"]

_SINGLE_BYTE = frozenset({"ascii", "iso8859-1", "cp500", "cp037", "cp1140", "cp273", "cp1252"})
"""Encodings in which one byte is one character, so that a run of fields is decoded at once."""

_TABLE_MAX = 999
"""Longer fields compute their length; a table of it would cost more than it saves."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A field as the generators see it.

    Attributes:
        name: Its key in the specification.
        encoding: Python's name of the text encoding; empty for packed or binary data.
        nibbles: Lengths count nibbles.
        prefix_bytes: Width of the length prefix, 0 for a fixed field.
        prefix: ``"bcd"``, ``"b"`` or the encoding of a text prefix.
        size_max: Its ``max_len``: the length of a fixed field.
        pad: Filler nibble, or empty.
        pad_left: Whether the filler stands first.
    """

    name: str
    encoding: str
    nibbles: bool
    prefix_bytes: int
    prefix: str
    size_max: int
    pad: str
    pad_left: bool

    @property
    def is_fixed(self) -> bool:
        """Whether it has no length prefix."""
        return self.prefix_bytes == 0

    @property
    def is_odd(self) -> bool:
        """Whether a fixed field has a filler nibble."""
        return self.nibbles and self.size_max % 2 == 1

    @property
    def prefix_encoding(self) -> str:
        """Encoding of the length prefix; empty where it is packed or binary."""
        return "" if self.prefix in ("bcd", "b") else self.prefix

    def characters(self, size: int) -> int:
        """Characters of a value of *size* units."""
        return size if self.nibbles or self.encoding else 2 * size

    def bytes_of(self, size: int) -> int:
        """Bytes that *size* units take on the line."""
        return (size + 1) // 2 if self.nibbles else size


def rule_of(name: str, spec: Mapping[str, Any]) -> Rule | None:
    """Return the rule of a field, or None if the generators had better leave it alone."""
    try:
        encoding = "" if spec["data_enc"] == "b" else _single_byte(spec["data_enc"])
        prefix_bytes, size_max = spec["len_type"], spec["max_len"]
        prefix = spec["len_enc"] if prefix_bytes else ""
        if prefix not in ("", "bcd", "b"):
            prefix = _single_byte(prefix)
    except (KeyError, LookupError, TypeError):
        return None
    nibbles = spec.get("len_count", "bytes") == "nibbles"
    left, right = spec.get("left_pad", "")[:1], spec.get("right_pad", "")[:1]
    is_plain = 0 <= prefix_bytes <= 4 and 0 <= size_max <= 9999 and name.isalnum()
    # Text counted in nibbles and two pads at once are legal and odd: the reference knows them.
    if not is_plain or (nibbles and encoding) or (left and right):
        return None
    if (left or right) not in ("", *"0123456789ABCDEF"):
        return None
    if nibbles and not (left or right) and not prefix_bytes and size_max % 2:
        return None
    return Rule(name, encoding, nibbles, prefix_bytes, prefix, size_max, left or right, bool(left))


def _single_byte(encoding: str) -> str:
    name = codecs.lookup(encoding).name
    if name not in _SINGLE_BYTE:
        raise LookupError(encoding)
    return name


@cache
def size_table(rule: Rule) -> dict[str, tuple[int, int]] | None:
    """Return prefix → (characters of the value, hexadecimal digits on the line); None if too long."""
    if rule.size_max > _TABLE_MAX:
        return None
    sizes = range(min(rule.size_max, _largest(rule)) + 1)
    return {_prefix(rule, n): (rule.characters(n), 2 * rule.bytes_of(n)) for n in sizes}


@cache
def prefix_table(rule: Rule) -> dict[int, tuple[str, str]] | None:
    """Return characters of the value → (prefix, filler after the value); None if too long."""
    if rule.size_max > _TABLE_MAX:
        return None
    sizes = range(min(rule.size_max, _largest(rule)) + 1)
    return {
        rule.characters(n): (_prefix(rule, n), rule.pad if rule.nibbles and n % 2 else "")
        for n in sizes
        if rule.pad or not (rule.nibbles and n % 2)  # half a byte cannot be sent
    }


def _digits(rule: Rule) -> int:
    return rule.prefix_bytes if rule.prefix_encoding else 2 * rule.prefix_bytes


def _largest(rule: Rule) -> int:
    return int((16 if rule.prefix == "b" else 10) ** _digits(rule)) - 1


def _prefix(rule: Rule, size: int) -> str:
    """The prefix of *size* as the generated code sees it: hexadecimal digits, or text."""
    width = _digits(rule)
    return f"{size:0{width}X}" if rule.prefix == "b" else f"{size:0{width}d}"
