"""One field of a text message: how it looks, what it carries, and what it tells. Floor 6."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from posrefund.errors import ConfigError

__all__ = ["Field"]

_FORMS = {"digits": "[0-9]", "text": "[ -{}~]"}  # no bar: it separates


@dataclass(frozen=True, slots=True)
class Field:
    """A field as the paper of a device has it.

    Attributes:
        name: Its tag in tagged text; a name for people elsewhere.
        form: ``digits``, or printable ASCII without the separator.
        least: Its shortest length in characters.
        most: Its longest; digits shorter than ``least`` are padded with zeros.
        always: What stands there, always; None if it differs.
        carries: What of the question it repeats: ``amount``, ``currency``, ``reference``, or a setting of the till.
        tells: ``code``: a part of how it ended. ``number``: the device's own number of it.
        optional: Whether it may be missing; in tagged text only.

    Raises:
        ConfigError: One of them is something else.

    Example:
        >>> from posrefund.devices.profiled import Field
        >>> amount = Field("CB", "digits", 2, 12, carries="amount")
        >>> amount.written("7"), amount.fits("1234"), amount.fits("12 4")
        ('07', True, False)
    """

    name: str
    form: Literal["digits", "text"]
    least: int
    most: int
    always: str | None = None
    carries: str = ""
    tells: Literal["", "code", "number"] = ""
    optional: bool = False

    def __post_init__(self) -> None:
        for fact, expected in (
            (self.form in _FORMS, "form digits or text"),
            (0 <= self.least <= self.most <= 999, "0 to 999 characters, the shorter length first"),
            (self.tells in ("", "code", "number"), "tells code or number"),
            (self.always is None or not self.carries, "always or carries, not both"),
            (self.always is None or self.fits(self.always), "always of its own form"),
        ):
            if not fact:
                raise ConfigError(f"field {self.name}: expected {expected}")

    @property
    def is_harmless(self) -> bool:
        """Whether it may be kept: what we said ourselves, and codes."""
        return self.always is not None or bool(self.carries) or self.tells == "code"

    def fits(self, text: str) -> bool:
        """Whether *text* may stand there."""
        return bool(re.fullmatch(f"{_FORMS[self.form]}{{{self.least},{self.most}}}", text))

    def written(self, text: str) -> str:
        """Return *text* as it is written there, digits padded with zeros."""
        return text.zfill(self.least) if text and self.form == "digits" else text

    def repeats(self, text: str, asked: str) -> bool:
        """Whether *text* says what was asked; digits are compared as a number, for terminals pad them as they like."""
        if self.form == "digits" and text.isdigit():
            return int(text) == int(asked)
        return text == asked
