"""Versions as they are compared: the numbers of a release, and a range of them. Floor 4."""

from __future__ import annotations

import re
from dataclasses import dataclass

from posrefund.errors import ConfigError

__all__ = ["VersionRange", "release_of"]

_RELEASE = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})*")


def release_of(version: str) -> tuple[int, ...]:
    """Return the numbers a version begins with, trailing zeros left out; empty if it begins with none.

    What follows them (``rc1``, ``+local``) is not looked at: a release candidate counts as its release.

    Example:
        >>> from posrefund.engine.versions import release_of
        >>> release_of("1.10.0rc2"), release_of("1.10"), release_of("none")
        ((1, 10), (1, 10), ())
    """
    found = _RELEASE.match(version)
    numbers = [int(part) for part in found[0].split(".")] if found else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers) if numbers else ((0,) if found else ())


@dataclass(frozen=True, slots=True)
class VersionRange:
    """From *least* on, and below *below*; an empty end is open.

    Raises:
        ConfigError: An end begins with no number, or no version lies between them.

    Example:
        >>> from posrefund.engine.versions import VersionRange
        >>> wanted = VersionRange.of_text(">=0.9, <2")
        >>> [wanted.holds(version) for version in ("0.8.7", "0.9", "1.10.3", "2.0")]
        [False, True, True, False]
    """

    least: str = ""
    below: str = ""

    def __post_init__(self) -> None:
        ends = [release_of(end) for end in (self.least, self.below) if end]
        if not all(ends) or (len(ends) == 2 and ends[0] >= ends[1]):
            raise ConfigError(
                "a range of versions: expected numbers, the lower end below the upper"
            )

    @classmethod
    def of_text(cls, text: str) -> VersionRange:
        """Read ``>=1.2, <2``; either part alone is a range, too.

        Raises:
            ConfigError: It is something else.
        """
        ends = {"least": "", "below": ""}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name = "least" if part.startswith(">=") else "below" if part.startswith("<") else ""
            value = part.lstrip("<>=").strip()
            if not name or ends[name] or not value or part.startswith("<="):
                raise ConfigError("a range of versions: expected text such as >=1.2, <2")
            ends[name] = value
        return cls(**ends)

    def holds(self, version: str) -> bool:
        """Say whether *version* is in the range; one that begins with no number never is."""
        found = release_of(version)
        is_low = bool(self.least) and found < release_of(self.least)
        is_high = bool(self.below) and found >= release_of(self.below)
        return bool(found) and not is_low and not is_high

    def __str__(self) -> str:
        ends = ((">=", self.least), ("<", self.below))
        return ", ".join(f"{sign}{end}" for sign, end in ends if end)
