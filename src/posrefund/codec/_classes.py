"""Checks as generated code: whole groups of values at once. A failure only means: ask the plain path. Floor 2.

``Groups`` writes them for values that are cut already. ``byte_class`` says the same of bytes that are
still on the line. What neither can say, a check digit or a calendar, is a call of ``Check.fault``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
        words: Text, by its class.
        upper: Hexadecimal digits that have to be capitals.
        calls: The rest, each with its own check.
    """

    digits: list[str] = field(default_factory=list)
    words: dict[Characters, list[str]] = field(default_factory=dict)
    upper: list[str] = field(default_factory=list)
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
            lines += [f"b = {joined(self.upper)}", "if b != b.upper(): raise ValueError"]
        return lines + [
            f"if {constant(check.fault, 'fault')}({name}): raise ValueError"
            for name, check in self.calls
        ]

    def _word_lines(self, constant: Callable[[Any, str], str], words: str) -> list[str]:
        """Letters and digits alone are right for both classes of text, and quick to see."""
        exact = {
            characters: f"{constant(pattern_of(characters).fullmatch, 'only')}({joined(names)})"
            for characters, names in self.words.items()
        }
        plain = [name for one in ("an", "ans") for name in self.words.get(one, ())]
        calls = " and ".join(exact.pop(one) for one in ("an", "ans") if one in exact)
        lines = [f"if not {call}: raise ValueError" for call in exact.values()]
        if plain:
            first = words or f"{joined(plain)}.encode().isalnum()"
            lines.append(f"if not ({first} or {calls}): raise ValueError")
        return lines


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
        elif characters == "z" and not rule.encoding:
            groups.digits.append(f"{name}.replace('D', '')")
        elif characters is None or (not rule.encoding and characters in ("an", "ans")):
            continue  # hexadecimal digits are letters and digits
        elif characters == "b" and not rule.encoding:
            groups.upper += [name] if given else []
        else:
            groups.words.setdefault(characters, []).append(name)
    return groups


def joined(names: Sequence[str]) -> str:
    """Return the expression of values put together; joining refuses what is not text."""
    return f"''.join(({', '.join(names)}))" if len(names) > 1 else names[0]
