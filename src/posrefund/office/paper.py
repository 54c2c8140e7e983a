"""Lines of a slip: 32 narrow columns, Chinese characters two of them wide. Floor 8."""

from __future__ import annotations

import unicodedata
from typing import Literal

from posrefund.values.amount import format_minor

__all__ = ["COLUMNS", "Language", "centred", "line", "money", "rule"]

Language = Literal["zh", "en"]
COLUMNS = 32
"""A 58 mm printer prints 32 narrow characters on a line."""


def centred(text: str) -> str:
    """Return *text* in the middle of a line."""
    return text.center(COLUMNS - _extra_width(text))


def rule() -> str:
    """Return a line across the paper."""
    return "-" * COLUMNS


def line(label: str, value: str) -> str:
    """Return *label* on the left and *value* on the right.

    Example:
        >>> from posrefund.office.paper import line
        >>> line("Batch", "000007")
        'Batch                     000007'
    """
    gap = COLUMNS - len(label) - _extra_width(label) - len(value) - _extra_width(value)
    return f"{label}{' ' * max(gap, 1)}{value}"


def money(minor: int, currency: str) -> str:
    """Return an amount; RMB for the yuan, as slips print it: its sign is not in the code pages of all printers."""
    text = format_minor(minor, currency)
    return text.replace("¥", "RMB ") if currency == "156" else text


def _extra_width(text: str) -> int:
    """How many more columns than characters *text* takes."""
    return sum(unicodedata.east_asian_width(char) in "WF" for char in text)
