"""Checks as generated code: whole groups of values at once. A failure only means: ask the plain path. Floor 2.

``check_lines`` writes them for values that are cut already. ``byte_class`` says the same of bytes that are
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

__all__ = ["byte_class", "check_lines", "is_only_characters"]


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
class _Groups:
    """Names of values by what is expected of them."""

    digits: list[str] = field(default_factory=list)
    words: dict[Characters, list[str]] = field(default_factory=dict)
    upper: list[str] = field(default_factory=list)
    calls: list[tuple[str, Check]] = field(default_factory=list)


def check_lines(
    checked: Sequence[tuple[Rule, Check]], constant: Callable[[Any, str], str], *, given: bool
) -> list[str]:
    """Return the lines that raise ``ValueError`` where a check would find a fault.

    Args:
        checked: Fields and their checks.
        constant: Gives a name to an object that the lines need.
        given: The values are a caller's; packed values that were read are hexadecimal already.
    """
    groups = _Groups()
    for rule, check in checked:
        _sort(groups, rule, check, given=given)
    lines = []
    if groups.digits:
        lines.append(f"if not {_joined(groups.digits)}.encode().isdigit(): raise ValueError")
    lines += _word_lines(groups, constant)
    if groups.upper:
        text = _joined(groups.upper)
        lines.append(f"if {text} != {text}.upper(): raise ValueError")
    lines += [
        f"if {constant(check.fault, 'fault')}({name}): raise ValueError"
        for name, check in groups.calls
    ]
    return lines


def _sort(groups: _Groups, rule: Rule, check: Check, *, given: bool) -> None:
    name, characters = f"f{rule.name}", check.characters
    has_length = bool(check.length_min or check.length_max) and not rule.is_fixed
    if has_length or not is_only_characters(check) or characters == "x+n":
        groups.calls.append((name, check))
    elif characters == "n":
        groups.digits.append(name)
    elif characters is None or (not rule.encoding and characters in ("an", "ans")):
        return  # hexadecimal digits are letters and digits
    elif characters == "b" and not rule.encoding:
        groups.upper += [name] if given else []
    else:
        groups.words.setdefault(characters, []).append(name)


def _word_lines(groups: _Groups, constant: Callable[[Any, str], str]) -> list[str]:
    """Letters and digits alone are right for both classes of text, and quick to see."""
    plain = [*groups.words.get("an", ()), *groups.words.get("ans", ())]
    exact = {
        characters: f"{constant(pattern_of(characters).fullmatch, 'only')}({_joined(names)})"
        for characters, names in groups.words.items()
    }
    lines = [
        f"if not {call}: raise ValueError"
        for characters, call in exact.items()
        if characters not in ("an", "ans")
    ]
    if plain:
        calls = " and ".join(call for name, call in exact.items() if name in ("an", "ans"))
        first = f"{_joined(plain)}.encode().isalnum()"
        lines.append(f"if not ({first} or {calls}): raise ValueError")
    return lines


def _joined(names: Sequence[str]) -> str:
    return f"''.join(({', '.join(names)},))"
