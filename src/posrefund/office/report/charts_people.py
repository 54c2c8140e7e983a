"""A drawing of people: who gives back more of what was sold than chance would. Floor 8."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from posrefund.office.report.columns import legend
from posrefund.office.report.svg import Anchor, Drawing, round_ticks, text_width
from posrefund.office.report.words import said, word

if TYPE_CHECKING:
    from posrefund.office.paper import Language
    from posrefund.office.report.figure import Table

__all__ = ["funnel"]

_WIDTH, _HEIGHT = 600, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 592, 30, 258
_POINTS = 60


def funnel(table: Table, title: str, language: Language) -> str:
    """Draw each operator's share of refunds over what they sold, within what chance allows (1.5σ and 3σ)."""
    rows = [row for row in table.dicts() if row["sales"]]
    refunds = sum(row["refunds"] for row in rows)
    if not refunds:
        return ""
    mean = refunds / sum(row["sales"] for row in rows)
    shares = {row["operator"]: row["refunds"] / row["sales"] for row in rows}
    told = "; ".join(
        f"{said('operator', who, language)}: {100 * s:.1f} %" for who, s in shares.items()
    )
    across = round_ticks(max(row["sales"] for row in rows) * 1.08)
    up = round_ticks(min(max(*shares.values(), mean + 3 * _sigma(mean, across[-1] / 8)) * 105, 300))
    drawing = Drawing(_WIDTH, _HEIGHT, title, told)
    axes = _Axes(across[-1], up[-1])
    _draw_bands(drawing, axes, mean)
    for tick in up:
        drawing.text(_LEFT - 7, axes.y(tick / 100) + 4, f"{tick:g} %", anchor="end", style="tick")
    for tick in across:
        anchor: Anchor = "end" if tick == across[-1] else "middle"
        drawing.text(axes.x(tick), _BOTTOM + 16, f"{tick:g}", anchor=anchor, style="tick")
    drawing.text(_RIGHT, _BOTTOM + 34, f"{word('sales_made', language)} →", anchor="end")
    legend(drawing, [("band-1", "1.5σ"), ("band-3", "3σ")])
    drawing.text(_LEFT, 12, f"↑ {word('refund_share', language)}")
    taken = [(axes.x(row["sales"]), axes.y(shares[row["operator"]]), 12.0) for row in rows]
    for row in rows:
        share, name = shares[row["operator"]], said("operator", row["operator"], language)
        z = (share - mean) / _sigma(mean, row["sales"])
        style = "red" if z > 3 else "amber" if z > 1.5 else "blue"
        tip = f"{name}: {row['refunds']} / {row['sales']} = {100 * share:.1f} %"
        drawing.dot(axes.x(row["sales"]), axes.y(share), 5.5, style, tip)
        x, y = _free_place(axes.x(row["sales"]), axes.y(share), text_width(name), taken)
        drawing.text(x, y + 4, name, anchor="middle", style="value")
    return str(drawing)


def _free_place(
    x: float, y: float, width: float, taken: list[tuple[float, float, float]]
) -> tuple[float, float]:
    """Where a name beside its dot covers nothing: above, below, on the right or left, farther above or below."""
    side = width / 2 + 10
    places = [(x, y - 14), (x, y + 14), (x + side, y), (x - side, y), (x, y - 28), (x, y + 28)]
    for found in places:
        others = (each for each in taken if each[:2] != (x, y))
        if all(abs(found[0] - a) > (width + w) / 2 or abs(found[1] - b) > 12 for a, b, w in others):
            break
    else:
        found = places[0]
    taken.append((*found, width))
    return found


class _Axes:
    def __init__(self, sales: float, percent: float) -> None:
        self.sales, self._share = sales, percent / 100

    def x(self, sales: float) -> float:
        return _LEFT + sales / self.sales * (_RIGHT - _LEFT)

    def y(self, share: float) -> float:
        within = min(max(share, 0.0), self._share)
        return _BOTTOM - within / self._share * (_BOTTOM - _TOP)


def _draw_bands(drawing: Drawing, axes: _Axes, mean: float) -> None:
    places = [max(axes.sales * n / _POINTS, 1.0) for n in range(_POINTS + 1)]
    for factor, style in ((3.0, "band-3"), (1.5, "band-1")):
        above = [(axes.x(n), axes.y(mean + factor * _sigma(mean, n))) for n in places]
        below = [(axes.x(n), axes.y(mean - factor * _sigma(mean, n))) for n in places]
        drawing.area([*above, *reversed(below)], style)
        drawing.path(above, "bound")
        drawing.path(below, "bound")
    drawing.line((_LEFT, axes.y(mean), _RIGHT, axes.y(mean)), "mark")
    drawing.line((_LEFT, _BOTTOM, _RIGHT, _BOTTOM), "axis")


def _sigma(share: float, sales: float) -> float:
    within = min(max(share, 0.001), 0.99)
    return sqrt(within * (1 - within) / max(sales, 1))
