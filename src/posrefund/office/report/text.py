"""A report as plain text, for a screen or a printer of full width. Floor 8."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from posrefund.office.report.cards import card, tiles
from posrefund.office.report.shown import grouped
from posrefund.office.report.words import said, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posrefund.office.paper import Language
    from posrefund.office.report.cards import Card
    from posrefund.office.report.made import Check, Report

__all__ = ["as_text", "table_lines"]

_FIGURES = (
    *("totals", "doubts", "bridge", "outcomes", "times", "files", "daily"),
    *(
        "reasons",
        "failures",
        "operators",
        "terminals",
        "approvals",
        "open_cases",
        "complaints",
        "feedback",
        "undecided",
        "refunds",
    ),
)
_GRIDS_ONLY_OF_A_DAY = ("files", "refunds")
"""A month of them is for the page and the CSV."""

_FINDINGS_MAX = 20


def as_text(report: Report, language: Language = "zh") -> str:
    """Return the report as text; figures without anything to say are left out.

    Args:
        report: All that it says.
        language: Of every word.
    """
    parts = [_head(report, language), _tops(report, language)]
    parts += [_figure(card(report, name, language)) for name in _figures(report)]
    parts.append(_findings(report, language))
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def table_lines(heads: Sequence[tuple[str, bool]], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table as lines: text on the left, numbers on the right, Chinese two columns wide.

    Example:
        >>> from posrefund.office.report.text import table_lines
        >>> for line in table_lines([("状态", False), ("笔数", True)], [("已受理", "7")]):
        ...     print(line)
        状态    笔数
        已受理     7
    """
    named = [[head for head, _ in heads], *rows]
    widths = [max(map(_width, column)) for column in zip(*named, strict=True)]
    return [
        "  ".join(
            _padded(text, width, is_number=is_number)
            for text, width, (_, is_number) in zip(row, widths, heads, strict=True)
        ).rstrip()
        for row in named
    ]


def _figures(report: Report) -> Iterator[str]:
    is_month = report.scope.period.is_month
    for name in _FIGURES:
        left_out = is_month if name in _GRIDS_ONLY_OF_A_DAY else name == "daily" and not is_month
        if report.tables[name].rows and not left_out:
            yield name


def _head(report: Report, language: Language) -> list[str]:
    period = report.scope.period
    title = word("month_report" if period.is_month else "day_report", language)
    running = f" ({word('running', language)})" if period.as_of < period.until else ""
    made = f"{period.now.astimezone(period.zone):%Y-%m-%d %H:%M}"
    practice = [f"*** {word('no_money', language)} ***"] if report.is_training else []
    return [
        *practice,
        f"{title} {period.name}{running}",
        f"{word('terminals', language)} {', '.join(report.terminals) or '–'}   {word('made_at', language)} {made}",
    ]


def _tops(report: Report, language: Language) -> list[str]:
    if report.is_empty:
        return [word("nothing", language), *_checks(report, language)]
    rows = [(tile.title, tile.value, tile.beside) for tile in tiles(report, language)]
    lines = table_lines((("", False), ("", True), ("", False)), rows)[1:]
    return [*lines, *_checks(report, language)]


def _checks(report: Report, language: Language) -> list[str]:
    return [_check(check, language) for check in report.checks()]


def _check(check: Check, language: Language) -> str:
    left, right = (
        grouped(minor, check.currency) for minor in (check.left_minor, check.right_minor)
    )
    state = word("balanced" if check.is_balanced else "unbalanced", language)
    sign = "=" if check.is_balanced else "≠"
    return f"{word(f'check_{check.name}', language)}: {left} {sign} {right}  [{state}]"


def _figure(shown: Card) -> list[str]:
    return [shown.title, "-" * _width(shown.title), *table_lines(shown.heads, shown.rows)]


def _findings(report: Report, language: Language) -> list[str]:
    title = word("to_look_at", language)
    found = [
        f"[{said('verdict', f.verdict, language)}] {f.reason_zh if language == 'zh' else f.reason_en}"
        for f in report.findings[:_FINDINGS_MAX]
    ]
    return [title, "-" * _width(title), word("hint", language), *found] if found else []


def _width(text: str) -> int:
    return len(text) + sum(unicodedata.east_asian_width(char) in "WF" for char in text)


def _padded(text: str, width: int, *, is_number: bool) -> str:
    gap = " " * (width - _width(text))
    return gap + text if is_number else text + gap
