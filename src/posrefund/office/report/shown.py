"""Cells for people: money with its sign, seconds as a person says them, codes as words. Floor 8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.office.report.words import said, word
from posrefund.values.amount import format_minor

if TYPE_CHECKING:
    from posrefund.office.paper import Language

__all__ = ["HIDDEN", "cell", "grouped", "is_number", "span"]

HIDDEN = frozenset({"currency"})
"""Said beside each amount already."""

_STEPS = ((60, 1, "second"), (3_600, 60, "minute"), (86_400, 3_600, "hour_word"))


def cell(name: str, value: Any, currency: str, language: Language, *, figure: str = "") -> str:
    """Return what the cell of column *name* shows.

    Args:
        name: Of the column.
        value: As the query gave it.
        currency: Of the row.
        language: Of the words.
        figure: Of which table; a used approval is worded otherwise than an intent.

    Example:
        >>> from posrefund.office.report.shown import cell
        >>> cell("sum_minor", 123456, "156", "zh"), cell("p50_s", 90.0, "", "en")
        ('¥1,234.56', '1.5 min')
    """
    if value is None:
        return "–"
    if name.endswith("_minor"):
        return grouped(value, currency)
    if name == "seconds" or name.endswith("_s"):
        return span(value, language)
    if name.endswith("_pct"):
        return f"{value:.1f} %"
    if figure == "approvals" and name == "state":
        return said("approval", value, language)
    return (
        said(name, value, language).replace("-", "−")
        if type(value) is int
        else said(name, value, language)
    )


def grouped(minor: int, currency: str) -> str:
    """Return an amount with its thousands apart."""
    text = format_minor(abs(minor), currency)
    start = next(at for at, char in enumerate(text) if char.isdigit())
    if text[:3].isdigit() and " " in text:  # a currency without a sign is its number
        start = text.index(" ") + 1
    whole, dot, part = text[start:].partition(".")
    sign = "−" if minor < 0 else ""
    return f"{sign}{text[:start]}{int(whole):,}{dot}{part}"


def span(seconds: float, language: Language) -> str:
    """Return a length of time in the unit that fits it."""
    for below, unit, name in _STEPS:
        if abs(seconds) < below:
            return f"{seconds / unit:.1f}".removesuffix(".0") + f" {word(name, language)}"
    return f"{seconds / 86_400:.1f}".removesuffix(".0") + f" {word('day_word', language)}"


def is_number(name: str) -> bool:
    """Whether column *name* holds numbers, which stand on the right."""
    return name.endswith(("_minor", "_pct", "_s")) or name in _NUMBERS


_NUMBERS = frozenset(
    [
        "count",
        "sales",
        "refunds",
        "given_back",
        "confirmed",
        "rows",
        "times_read",
        "days",
        "made",
        "accepted",
        "declined",
        "not_sent",
        "undecided",
        "seconds",
        "up_to",
        "in_doubt",
        "attempts",
        "exceptions",
        "card_no",
        "opened",
        "answered",
        "ended",
        "late",
        "still_open",
        "mean",
        *(f"score_{score}" for score in range(1, 6)),
    ]
)
