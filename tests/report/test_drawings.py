"""Drawings: round scales, columns of the right height, names that cover nothing."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PROPERTY
from posrefund.office.report import Table
from posrefund.office.report.charts_money import ageing, waterfall
from posrefund.office.report.charts_people import funnel
from posrefund.office.report.charts_service import curve, hours, pareto
from posrefund.office.report.columns import Columns
from posrefund.office.report.flow import flow
from posrefund.office.report.svg import Drawing, round_ticks


def shapes(drawing: str, tag: str, style: str = "") -> list[dict[str, str]]:
    found = ElementTree.fromstring(drawing).iter(tag)
    return [each.attrib for each in found if each.get("class", "").startswith(style)]


@pytest.mark.parametrize(
    ("highest", "whole", "expected"),
    [
        (87, False, [0, 25, 50, 75, 100]),
        (0.3, False, [0, 0.1, 0.2, 0.3]),
        (9, True, [0, 5, 10]),
        (2, True, [0, 1, 2]),
        (0, False, [0, 1]),
    ],
)
def test_ticks_are_round(highest: float, whole: bool, expected: list[float]) -> None:
    assert round_ticks(highest, whole=whole) == pytest.approx(expected)


@PROPERTY
@given(st.floats(0.001, 1e12), st.booleans())
def test_ticks_reach_the_highest_and_are_few(highest: float, whole: bool) -> None:
    ticks = round_ticks(highest, whole=whole)

    assert ticks[0] == 0
    assert ticks[-1] >= highest * 0.999_999
    assert 2 <= len(ticks) <= 6
    assert not whole or all(tick == int(tick) for tick in ticks)


@PROPERTY
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=31))
def test_column_is_as_high_as_its_value(values: list[int]) -> None:
    highest = max(values)
    drawing = Columns(
        "t", "d", names=[str(n) for n in range(len(values))], highest=highest, shown=str
    )
    full = drawing.y(0) - drawing.y(max(highest, 1))
    for place, value in enumerate(values):
        drawing.column(place, 0, value, "blue")
    heights = [float(each["height"]) for each in shapes(str(drawing), "rect", "blue")]

    for height, value in zip(heights, values, strict=True):
        assert height == pytest.approx(
            max(full * value / max(highest, 1), 1.5 if value else 0), abs=0.06
        )


def test_waterfall_leads_from_one_sum_to_the_other() -> None:
    rows = (
        ("journal", "156", 3, 900),
        ("file_disagrees", "156", -1, -300),
        ("host", "156", 2, 600),
    )
    drawing = waterfall(Table(("line", "currency", "count", "sum_minor"), rows, ""), "t", "en")
    first, step, last = shapes(drawing, "rect")

    assert float(step["y"]) == pytest.approx(float(first["y"]), abs=0.1)
    assert float(step["y"]) + float(step["height"]) == pytest.approx(float(last["y"]), abs=0.2)
    assert "−¥3.00" in drawing


def test_nothing_is_drawn_of_nothing() -> None:
    assert waterfall(Table(("line", "currency", "count", "sum_minor"), (), ""), "t", "zh") == ""
    assert (
        ageing(Table(("age_days", "state", "currency", "count", "sum_minor"), (), ""), "t", "zh")
        == ""
    )
    assert curve(Table(("milestone", "seconds", "count", "up_to"), (), ""), "t", "zh") == ""
    assert hours(Table(("hour", "made", "in_doubt", "in_doubt_pct"), (), ""), "t", "zh") == ""
    assert pareto(Table(("why", "currency", "count", "sum_minor"), (), ""), "t", []) == ""
    assert flow(Table(("before", "state", "count"), (), ""), "t", "zh") == ""
    assert funnel(Table(("operator", "sales", "refunds"), (("01", 5, 0),), ""), "t", "zh") == ""


def test_longest_bar_is_on_top_and_shares_add_up() -> None:
    rows = (("price", "156", 3, 1), ("customer", "156", 6, 1), ("defect", "156", 1, 1))
    drawing = pareto(
        Table(("why", "currency", "count", "sum_minor"), rows, ""), "t", ["p", "c", "d"]
    )
    widths = [float(each["width"]) for each in shapes(drawing, "rect")]

    assert widths == sorted(widths, reverse=True)
    assert [text for text in ("Σ 60 %", "Σ 90 %", "Σ 100 %") if text in drawing] == [
        "Σ 60 %",
        "Σ 90 %",
        "Σ 100 %",
    ]


def test_operator_outside_the_bands_is_red() -> None:
    rows = (("01", 400, 40), ("02", 400, 42), ("03", 400, 80))
    drawing = funnel(Table(("operator", "sales", "refunds"), rows, ""), "t", "en")

    assert [each["class"] for each in shapes(drawing, "circle")] == ["blue", "blue", "red"]


@PROPERTY
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["INTENT", "SENT", "IN_DOUBT", "ACCEPTED", "REVERSING", "MANUAL", "X"]),
            st.sampled_from(
                ["SENT", "IN_DOUBT", "ACCEPTED", "DECLINED", "REVERSED", "CONFIRMED", "X"]
            ),
            st.integers(1, 10**6),
        ),
        max_size=12,
        unique_by=lambda row: row[:2],
    )
)
def test_flow_of_whatever_steps_is_well_formed(rows: list[tuple[str, str, int]]) -> None:
    drawing = flow(Table(("before", "state", "count"), tuple(rows), ""), "t", "zh")

    if drawing:
        for box in shapes(drawing, "rect"):
            assert float(box["y"]) >= 0
            assert float(box["y"]) + float(box["height"]) <= 340


def test_text_in_a_drawing_is_escaped() -> None:
    drawing = Drawing(10, 10, "<&>", "\"'")
    drawing.text(1, 1, "<b>")
    drawing.dot(1, 1, 1, "blue", tip="<i>")

    assert ElementTree.fromstring(str(drawing)).findtext("text") == "<b>"
