"""The report as text: literal, aligned, and quiet where there is nothing to say."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PROPERTY
from journal.builders import fill, open_journal
from posrefund.journal import Moment
from posrefund.office.report import Period, Report, as_text, make_report, table_lines
from posrefund.office.report.shown import cell, grouped, span
from posrefund.values.amount import format_minor

if TYPE_CHECKING:
    from posrefund.office.paper import Language

VECTORS = Path(__file__).parent.parent / "vectors" / "report"
"""Read and found right by people; of the history that ``journal.builders.fill`` writes."""

each_language = pytest.mark.parametrize("language", ["zh", "en"])


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


@each_language
def test_report_is_literally_this(language: Language, tmp_path: Path) -> None:
    with open_journal(tmp_path / "journal.db") as journal:
        fill(journal)
    period = Period.day(date(2026, 3, 9), now=datetime(2026, 3, 9, 3, 0, tzinfo=UTC))
    with Moment(tmp_path / "journal.db") as moment:
        text = as_text(make_report(moment, period), language)

    assert text == (VECTORS / f"day.{language}.txt").read_text(encoding="utf-8")


def test_empty_day_says_so_in_a_few_lines(empty: Report) -> None:
    assert as_text(empty, "zh").splitlines()[:5] == [
        "退款日报 2025-03-12",
        "终端 48020001, 48020002, 48020003   制表 2026-03-20 09:00",
        "",
        "这段时间没有数据",
        "期初 + 新增 − 已解决 = 期末: ¥0.00 = ¥0.00  [平]",
    ]


def test_month_leaves_the_long_lists_to_the_page(month: Report, day: Report) -> None:
    assert "退款与撤销清单" in as_text(day, "zh")
    assert "退款与撤销清单" not in as_text(month, "zh")
    assert "每日" in as_text(month, "zh")


@PROPERTY
@given(
    st.lists(
        st.tuples(st.text("abc已受理", max_size=9), st.text("0123456789", max_size=9)),
        min_size=1,
        max_size=9,
    )
)
def test_columns_stand_under_each_other(rows: list[tuple[str, str]]) -> None:
    lines = table_lines([("状态", False), ("n", True)], rows)
    widest = max(width(line) for line in lines)

    assert len(lines) == len(rows) + 1
    for line, (_, number) in zip(lines[1:], rows, strict=True):
        if number:  # it ends where the others end
            assert width(line) == max(widest, width(line))
            assert line.endswith(number)


# --- cells -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minor", "currency", "expected"),
    [
        (0, "156", "¥0.00"),
        (123_456_789, "156", "¥1,234,567.89"),
        (-5, "156", "−¥0.05"),
        (1_500, "392", "JP¥1,500"),
        (123_456, "344", "HK$1,234.56"),
        (1_234_567, "123", "123 1,234,567"),
    ],
)
def test_amount_has_its_thousands_apart(minor: int, currency: str, expected: str) -> None:
    assert grouped(minor, currency) == expected


@PROPERTY
@given(st.integers(-(10**13), 10**13), st.sampled_from(["156", "392", "344", "446", "784", "999"]))
def test_amount_says_what_it_says_everywhere(minor: int, currency: str) -> None:
    assert grouped(minor, currency).replace(",", "").replace("−", "-") == format_minor(
        minor, currency
    )


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "0 s"),
        (2.04, "2 s"),
        (59.9, "59.9 s"),
        (90, "1.5 min"),
        (7_200, "2 h"),
        (129_600, "1.5 d"),
    ],
)
def test_time_is_in_the_unit_that_fits(seconds: float, expected: str) -> None:
    assert span(seconds, "en") == expected


@pytest.mark.parametrize(
    ("name", "value", "figure", "expected"),
    [
        ("ratio_pct", None, "", "–"),
        ("ratio_pct", 12.5, "", "12.5 %"),
        ("state", "INTENT", "", "已记录"),
        ("state", "INTENT", "approvals", "已复核并使用"),
        ("answer", "code_96", "", "应答码 96"),
        ("count", -3, "", "−3"),
        ("stan", "000042", "", "000042"),
        ("why", "something new", "", "something new"),
    ],
)
def test_cell_says(name: str, value: object, figure: str, expected: str) -> None:
    assert cell(name, value, "156", "zh", figure=figure) == expected
