"""Lines of a slip: so many narrow columns, Chinese characters two of them wide. Floor 8."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from posrefund.values.amount import format_minor

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "COLUMNS",
    "TRAINING",
    "Language",
    "banner",
    "centred",
    "line",
    "lines",
    "money",
    "printable",
    "rule",
    "width",
    "wrap",
]

Language = Literal["zh", "en"]
COLUMNS = 32
"""A 58 mm printer prints 32 narrow characters on a line; one of 80 mm prints 48."""

TRAINING = "培训 TRAINING 无效"
"""On everything that is printed where people practise."""

_PIECE = re.compile(r"[!-,.-~]*-|[!-,.-~]+|[^ -~][，。；：、！？）」』】》…]*| +")
"""What a line may break after: a word or its part up to a hyphen, a character of another script with its punctuation, blanks."""


def width(text: str) -> int:
    """Return how many columns *text* takes at most: what is not ASCII takes two, as in the fonts of Chinese printers.

    Example:
        >>> from posrefund.office.paper import width
        >>> width("退货 REFUND")
        11
    """
    return sum(1 if char.isascii() else 2 for char in text)


def centred(text: str, columns: int = COLUMNS) -> str:
    """Return *text* in the middle of a line."""
    return text.center(columns - width(text) + len(text))


def banner(text: str, columns: int = COLUMNS) -> list[str]:
    """Return *text* across the paper, so that nobody can miss it; nothing for nothing."""
    edge = "*" * columns
    return [edge, *(centred(part, columns) for part in wrap(text, columns)), edge] if text else []


def rule(columns: int = COLUMNS) -> str:
    """Return a line across the paper."""
    return "-" * columns


def line(label: str, value: str, columns: int = COLUMNS) -> str:
    """Return *label* on the left and *value* on the right.

    Example:
        >>> from posrefund.office.paper import line
        >>> line("Batch", "000007")
        'Batch                     000007'
    """
    gap = columns - width(label) - width(value)
    return f"{label}{' ' * max(gap, 1)}{value}"


def lines(label: str, value: str, columns: int = COLUMNS) -> list[str]:
    """Return *label* and *value* on one line, or on as many as they take: nothing is wider, and nothing is cut off.

    Example:
        >>> from posrefund.office.paper import lines
        >>> lines("Shop", "A long name of a shop", 16)
        ['Shop', '  A long name of', '  a shop']
    """
    if width(label) + 1 + width(value) <= columns:
        return [line(label, value, columns)]
    if width(value) <= columns:
        return [*wrap(label, columns), " " * (columns - width(value)) + value]
    return [*wrap(label, columns), *(f"  {part}" for part in wrap(value, columns - 2))]


def wrap(text: str, limit: float, measure: Callable[[str], float] = width) -> list[str]:
    """Return *text* in lines of at most *limit*, broken at blanks and between characters of other scripts than ours.

    Args:
        text: Printable; a word that is longer than a line is divided.
        limit: In the unit of *measure*; room for one character at least.
        measure: Says how much a piece of text takes: columns, or the pixels of a font.

    Example:
        >>> from posrefund.office.paper import wrap
        >>> wrap("Keep this slip: 请保留本单。", 16)
        ['Keep this slip:', '请保留本单。']
    """
    found: list[str] = []
    row = ""
    for piece in _PIECE.findall(text):
        if measure(row + piece) <= limit:
            row += piece
            continue
        found.append(row.rstrip(" "))
        row = piece.lstrip(" ")
        while measure(row) > limit:
            fits = _fitting(row, limit, measure)
            found.append(row[:fits])
            row = row[fits:]
    return [each for each in [*found, row.rstrip(" ")] if each]


def _fitting(text: str, limit: float, measure: Callable[[str], float]) -> int:
    """How many characters of *text* go on a line; one, where not even that fits."""
    fits = 1
    while measure(text[: fits + 1]) <= limit:
        fits += 1
    return fits


def printable(text: str) -> str:
    """Return *text* without anything that a printer or a screen would obey instead of printing it."""
    return "".join(char if char.isprintable() else "?" for char in text)


def money(minor: int, currency: str) -> str:
    """Return an amount; RMB for the yuan, as slips print it: its sign is not in the code pages of all printers."""
    text = format_minor(minor, currency)
    return text.replace("¥", "RMB ") if currency == "156" else text
