"""One rule: what it reads, how it decides, and how it says what it does. Floor 4.

A rule that decides and the sentence about it stand side by side, so that neither can be without the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from posrefund.engine.policy.rules import Role, Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posrefund.engine.policy.asked import Asked
    from posrefund.errors import RefusedError

__all__ = ["Rule", "Said", "is_set", "value_of"]

Said = tuple[str, str]
"""A sentence: Chinese, English."""

if TYPE_CHECKING:
    Check = Callable[[Rules, Asked], Iterator[RefusedError]]
    Say = Callable[[Rules], Iterator[Said]]

_NOTHING, _NOBODY = Rules(), Role("")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the book.

    Attributes:
        codes: What it may say, of ``REFUSALS``.
        settings: What of ``Rules`` it reads, ``roles.NAME`` for a column of the roles; it is in force where one is set.
        check: Yields every no, and with a ``review_`` code every reason for a second person.
        say: Yields its sentences.
        always: Whether it is in force whatever is set.
    """

    codes: tuple[str, ...]
    settings: tuple[str, ...]
    check: Check
    say: Say
    always: bool = False

    def is_in_force(self, rules: Rules) -> bool:
        """Say whether *rules* have it."""
        return self.always or any(is_set(rules, setting) for setting in self.settings)


def value_of(rules: Rules, setting: str) -> Any:
    """Return what *rules* say under *setting*: of a column of the roles, what each of them says."""
    table, dot, column = setting.partition(".")
    if dot:
        return tuple((role.name, getattr(role, column)) for role in rules.roles)
    return getattr(rules, table)


def is_set(rules: Rules, setting: str) -> bool:
    """Say whether *setting* is another than where there are no rules."""
    _, dot, column = setting.partition(".")
    value = value_of(rules, setting)
    if dot:
        return any(each != getattr(_NOBODY, column) for _, each in value)
    return bool(value != getattr(_NOTHING, setting))
