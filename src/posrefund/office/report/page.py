"""A report as one page that needs nothing else: no network, no other file, light, dark and on paper. Floor 8.

It needs the ``report`` extra (jinja2).
"""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING

from posrefund.errors import ConfigError
from posrefund.office.report.cards import SECTIONS, card, tiles
from posrefund.office.report.shown import grouped
from posrefund.office.report.words import WORDS, said, word

if TYPE_CHECKING:
    from types import ModuleType

    from posrefund.office.paper import Language
    from posrefund.office.report.made import Check, Report

__all__ = ["as_html"]

_FINDINGS_MAX = 40


def as_html(report: Report, language: Language = "zh") -> str:
    """Return the page.

    Args:
        report: All that it says.
        language: Of every word.

    Raises:
        ConfigError: The ``report`` extra is not installed.
    """
    jinja2 = _jinja2()
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_text("page.html"))
    period = report.scope.period
    words = {name: word(name, language) for name in WORDS}
    page: str = template.render(
        lang={"zh": "zh-CN", "en": "en"}[language],
        css=_safe(_text("page.css")),
        w=words,
        title=words["month_report" if period.is_month else "day_report"],
        period=period.name,
        days=f"{period.first} – {period.last}" if period.is_month else str(period.first),
        made_at=f"{period.now.astimezone(period.zone):%Y-%m-%d %H:%M}",
        is_training=report.is_training,
        is_running=period.as_of < period.until,
        terminals=report.terminals,
        tiles=tiles(report, language),
        checks=[_said(check, words) for check in report.checks()],
        sections=[
            (
                name,
                words[name],
                [card(report, each, language) for each in figures if _is_worth(report, each)],
            )
            for name, figures in SECTIONS.items()
        ],
        findings=[
            (
                f.verdict,
                said("verdict", f.verdict, language),
                f.reason_zh if language == "zh" else f.reason_en,
                f.attempts,
            )
            for f in report.findings[:_FINDINGS_MAX]
        ],
        safe=_safe,
    )
    return page


def _jinja2() -> ModuleType:
    try:
        return import_module("jinja2")
    except ImportError:
        raise ConfigError("a report as HTML needs: pip install 'posrefund[report]'") from None


_MAY_BE_NOTHING = ("cases", "open_cases", "complaints", "feedback")


def _is_worth(report: Report, name: str) -> bool:
    """A day has no course of days; and most shops have no cases, no faults and no complaints, and need not read so every day."""
    if name == "daily":
        return report.scope.period.is_month
    return name not in _MAY_BE_NOTHING or bool(report.tables[name].rows)


def _safe(text: str) -> object:
    """Our own style and drawings, whose texts are escaped already."""
    return import_module("markupsafe").Markup(text)


def _text(name: str) -> str:
    return files("posrefund.office.report").joinpath(name).read_text(encoding="utf-8")


def _said(check: Check, words: dict[str, str]) -> tuple[bool, str, str, str]:
    left, right = (
        grouped(minor, check.currency) for minor in (check.left_minor, check.right_minor)
    )
    state = words["balanced" if check.is_balanced else "unbalanced"]
    sign = "=" if check.is_balanced else "≠"
    return check.is_balanced, words[f"check_{check.name}"], f"{left} {sign} {right}", state
