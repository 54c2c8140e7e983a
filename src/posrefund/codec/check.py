"""What a specification cannot say about a value: its characters, its check digit, its calendar. Floor 2.

A table of these stands beside a specification and is opt-in: pyiso8583 takes a letter in an amount, a
dialect that says *n* does not. Each check answers with what it expected, never with what it saw.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from posrefund.values.card import passes_luhn

__all__ = ["Calendar", "Characters", "Check", "pattern_of"]

Characters = Literal["n", "an", "ans", "z", "b", "x+n"]
"""ISO 8583 classes: digits; letters and digits; and specials; track; hexadecimal; C or D and digits."""
Calendar = Literal["MMDD", "YYMM", "YYMMDD", "hhmmss", "MMDDhhmmss"]

_CHARACTERS = {
    "n": (re.compile(r"[0-9]*"), "digits"),
    "an": (re.compile(r"[0-9A-Za-z ]*"), "letters, digits and spaces"),
    "ans": (re.compile(r"[^\x00-\x1f\x7f]*"), "printable characters"),
    "z": (re.compile(r"[0-9D=]*"), "digits and a separator"),
    "b": (re.compile(r"[0-9A-F]*"), "upper-case hexadecimal"),
    "x+n": (re.compile(r"[CD][0-9]*"), "C or D, then digits"),
}
_LEAP_YEAR = 2024
"""29 February is a day of some year: a date without one cannot say more."""


@dataclass(frozen=True, slots=True)
class Check:
    """What is expected of one field's value.

    Attributes:
        characters: Its class.
        length_min: At least so many characters.
        length_max: At most so many.
        luhn: Whether its last digit is a check digit (ISO/IEC 7812-1, annex B).
        calendar: Which digits of a date or time it holds.
        zeros: Whether it may be all zeros instead, for what is not known.

    Example:
        >>> from posrefund.codec import Check
        >>> amount, day = Check("n", length_min=12, length_max=12), Check("n", calendar="MMDD")
        >>> amount.fault("00000000000A"), amount.fault("1"), day.fault("0230"), day.fault("0229")
        ('digits', '12 characters', 'a date or time MMDD', None)
    """

    characters: Characters | None = None
    length_min: int = 0
    length_max: int | None = None
    luhn: bool = False
    calendar: Calendar | None = None
    zeros: bool = False

    def fault(self, value: str) -> str | None:
        """Say what was expected of *value*, or None if it is right."""
        if self.characters is not None:
            pattern, expected = _CHARACTERS[self.characters]
            if not pattern.fullmatch(value):
                return expected
        if not self.length_min <= len(value) <= (self.length_max or len(value)):
            return self._length()
        if self.luhn and not (value.isascii() and value.isdigit() and passes_luhn(value)):
            return "digits that pass the Luhn check"
        if self.zeros and value and not value.strip("0"):
            return None
        if self.calendar is not None and not _is_on_calendar(value, self.calendar):
            return f"a date or time {self.calendar}"
        return None

    def _length(self) -> str:
        if self.length_max is None:
            return f"at least {self.length_min} characters"
        if self.length_min == self.length_max:
            return f"{self.length_max} characters"
        return f"{self.length_min} to {self.length_max} characters"


def pattern_of(characters: Characters) -> re.Pattern[str]:
    """Return the pattern of a class of characters."""
    return _CHARACTERS[characters][0]


def _is_on_calendar(value: str, calendar: Calendar) -> bool:
    if len(value) != len(calendar) or not (value.isascii() and value.isdigit()):
        return False
    part = {
        name: int(value[calendar.index(name) :][:2])
        for name in ("MM", "DD", "hh", "mm", "ss")
        if name in calendar
    }
    if part.get("hh", 0) > 23 or part.get("mm", 0) > 59 or part.get("ss", 0) > 59:
        return False
    if "MM" not in part:
        return True
    year = 2000 + int(value[:2]) if calendar == "YYMMDD" else _LEAP_YEAR
    try:
        date(year, part["MM"], part.get("DD", 1))
    except ValueError:
        return False
    return True
