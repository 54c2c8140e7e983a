"""Checks as generated code: whole groups of values at once. A failure only means: ask the plain path. Floor 2.

``Groups`` writes them for values that are cut already. ``byte_class`` says the same of bytes that are
still on the line. What neither can say, a check digit or a calendar, is a call of ``Check.fault``.
"""

from __future__ import annotations

from binascii import unhexlify
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from posrefund.codec.check import pattern_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from posrefund.codec._rule import Rule
    from posrefund.codec.check import Characters, Check

__all__ = ["Groups", "byte_class", "grouped", "is_only_characters", "joined"]


def is_only_characters(check: Check) -> bool:
    """Whether nothing but characters and length is asked."""
    return not check.luhn and check.calendar is None


def byte_class(check: Check) -> bytes:
    """Return the class of characters as a pattern of one byte of ASCII or Latin-1; empty for any.

    Example:
        >>> from posrefund.codec import Check
        >>> byte_class(Check("an"))
        b'[0-9A-Za-z ]'
    """
    if check.characters in (None, "x+n"):
        return b""
    assert check.characters is not None
    return pattern_of(check.characters).pattern.removesuffix("*").encode("latin-1")


@dataclass
class Groups:
    """Names of values by what is expected of them.

    Attributes:
        digits: Digits only.
        words: Text, by its class: letters and digits, or printable.
        upper: Hexadecimal digits that have to be capitals; packed ones are made to bytes anyway.
        hexadecimal: Whether text is among them, which has to be looked at.
        calls: The rest, each with its own check.
    """

    digits: list[str] = field(default_factory=list)
    words: dict[Characters, list[str]] = field(default_factory=dict)
    upper: list[str] = field(default_factory=list)
    hexadecimal: bool = False
    calls: list[tuple[str, Check]] = field(default_factory=list)

    def lines(self, constant: Callable[[Any, str], str], *, words: str = "") -> list[str]:
        """Return the lines that raise ``ValueError`` where a check would find a fault.

        Args:
            constant: Gives a name to an object that the lines need.
            words: An expression that is true when all text is letters and digits.
        """
        lines = []
        if self.digits:
            digits = joined(self.digits)
            lines.append(f"if not {digits}.encode().isdigit(): raise ValueError")
        lines += self._word_lines(constant, words)
        if self.upper:
            lines.append(f"b = {joined(self.upper)}")
            if self.hexadecimal:  # raises; so it does at half a byte, which is rare enough
                lines.append(f"{constant(unhexlify, 'unhexlify')}(b)")
            lines.append("if b != b.upper(): raise ValueError")
        return lines + [
            f"if {constant(check.fault, 'fault')}({name}): raise ValueError"
            for name, check in self.calls
        ]

    def _word_lines(self, constant: Callable[[Any, str], str], words: str) -> list[str]:
        """Letters and digits alone are right for both classes of text, and quick to see."""
        if not self.words:
            return []
        first = words or f"{joined([*chain(*self.words.values())])}.encode().isalnum()"
        calls = " and ".join(
            f"{constant(pattern_of(characters).fullmatch, 'only')}({joined(names)})"
            for characters, names in self.words.items()
        )
        return [f"if not ({first} or {calls}): raise ValueError"]


def grouped(checked: Sequence[tuple[Rule, Check]], *, given: bool) -> Groups:
    """Sort fields by what their checks ask.

    Args:
        checked: Fields and their checks.
        given: The values are a caller's; packed values that were read are hexadecimal already.
    """
    groups = Groups()
    for rule, check in checked:
        name, characters = f"f{rule.name}", check.characters
        has_length = bool(check.length_min or check.length_max) and not rule.is_fixed
        if has_length or not is_only_characters(check) or characters == "x+n":
            groups.calls.append((name, check))
        elif characters == "n":
            groups.digits.append(name)
        elif characters == "z":
            equals = ".replace('=', '')" if rule.encoding else ""
            groups.digits.append(f"{name}.replace('D', ''){equals}")
        elif characters is None or (not rule.encoding and characters in ("an", "ans")):
            continue  # hexadecimal digits are letters and digits
        elif characters == "b":
            groups.upper += [name] if given or rule.encoding else []
            groups.hexadecimal = groups.hexadecimal or bool(rule.encoding)
        else:
            groups.words.setdefault(characters, []).append(name)
    return groups


def joined(names: Sequence[str]) -> str:
    """Return the expression of values put together; joining refuses what is not text."""
    return f"''.join(({', '.join(names)}))" if len(names) > 1 else names[0]
