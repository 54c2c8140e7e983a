"""Drawings of service: how long it takes, what happens in which hour, what stood in the way, where. Floor 8."""

from __future__ import annotations

from collections import Counter
from math import log10
from typing import TYPE_CHECKING

from posrefund.office.report.columns import Columns, legend
from posrefund.office.report.shown import span
from posrefund.office.report.svg import Anchor, Drawing, text_width
from posrefund.office.report.words import said, word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posrefund.office.paper import Language
    from posrefund.office.report.figure import Table

__all__ = ["answers", "curve", "grid", "hours", "pareto"]

_WIDTH = 600
_HOURS = [f"{hour:02d}" for hour in range(24)]
_CUT_OVER = 23
_ANSWERS_MAX = 6
_ANSWER_STYLES = ("amber", "red", "violet", "blue", "rose", "grey")
_SECONDS = (0.1, 1, 10, 60, 600, 3_600, 14_400, 86_400, 864_000)


def curve(table: Table, title: str, language: Language) -> str:
    """Draw which share had a result, or was confirmed, after how long; the time on a scale of tens."""
    rows = list(table.dicts())
    if not rows:
        return ""
    last = max(row["seconds"] for row in rows)
    ticks = [tick for tick in _SECONDS if tick <= max(last * 1.5, 10)]
    lines = {name: [r for r in rows if r["milestone"] == name] for name in ("final", "confirmed")}
    medians = [
        f"{said('milestone', name, language)} 50 %: {span(_median(some), language)}"
        for name, some in lines.items()
        if some
    ]
    drawing = _shares(title, "; ".join(medians))
    left, right = 44.0, _WIDTH - 14.0
    high = log10(max(last, ticks[-1]))

    def x(seconds: float) -> float:
        return left + (log10(max(seconds, 0.1)) + 1) / (high + 1) * (right - left)

    for tick in ticks:
        drawing.line((x(tick), 30, x(tick), 244), "grid")
        anchor: Anchor = "end" if x(tick) > right - 20 else "middle"
        drawing.text(x(tick), 261, span(tick, language), anchor=anchor)
    used = [
        (name, style) for name, style in (("final", "blue"), ("confirmed", "teal")) if lines[name]
    ]
    legend(drawing, [(style, said("milestone", name, language)) for name, style in used])
    for name, style in used:
        total = lines[name][-1]["up_to"]
        points = [(x(lines[name][0]["seconds"]), _share_y(0))]
        for row in lines[name]:
            points += [
                (x(row["seconds"]), points[-1][1]),
                (x(row["seconds"]), _share_y(row["up_to"] / total)),
            ]
        drawing.path([*points, (right, points[-1][1])], f"stroke-{style}")
    return str(drawing)


def hours(table: Table, title: str, language: Language) -> str:
    """Draw the share that came to be in doubt, of each hour at the host."""
    rows = {row["hour"]: row for row in table.dicts()}
    if not rows:
        return ""
    highest = max(row["in_doubt_pct"] for row in rows.values())
    told = "; ".join(f"{h}: {r['in_doubt_pct']:.1f} %" for h, r in rows.items() if r["in_doubt"])
    drawing = Columns(
        title, told, names=_HOURS, highest=max(highest, 4), shown=lambda v: f"{v:g} %", more=14
    )
    _mark_cut_over(drawing, language)
    for place, hour in enumerate(_HOURS):
        if row := rows.get(hour):
            tip = f"{hour}: {row['in_doubt']} / {row['made']}, {row['in_doubt_pct']:.1f} %"
            drawing.column(place, 0, row["in_doubt_pct"], "amber", tip=tip, gap=0.16)
            if not row["in_doubt"]:
                drawing.dot(drawing.middle(place), drawing.y(0), 2.2, "teal", tip)
    return str(drawing)


def answers(table: Table, title: str, language: Language) -> str:
    """Draw how often the host said anything but yes, of each hour: the commonest answers apart."""
    rows = [row for row in table.dicts() if row["answer"] not in ("00", "no_code")]
    if not rows:
        return ""
    by_answer: Counter[str] = Counter()
    for row in rows:
        by_answer[row["answer"]] += row["count"]
    common = [answer for answer, _ in by_answer.most_common(_ANSWERS_MAX - 1)]
    groups = [*common, *(["others"] if len(by_answer) > len(common) else [])]
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        counts[row["hour"], row["answer"] if row["answer"] in common else "others"] += row["count"]
    words = {
        g: word("others", language) if g == "others" else said("answer", g, language)
        for g in groups
    }
    told = "; ".join(f"{said('answer', a, language)}: {n}" for a, n in by_answer.most_common())
    highest = max(sum(counts[hour, g] for g in groups) for hour in _HOURS)
    drawing = Columns(
        title, told, names=_HOURS, highest=highest, shown=lambda v: f"{v:g}", more=14, whole=True
    )
    legend(drawing, [(_ANSWER_STYLES[n], words[g]) for n, g in enumerate(groups)])
    _mark_cut_over(drawing, language)
    for place, hour in enumerate(_HOURS):
        level = 0
        for n, group in enumerate(groups):
            if count := counts[hour, group]:
                tip = f"{hour}, {words[group]}: {count}"
                drawing.column(place, level, level + count, _ANSWER_STYLES[n], tip=tip, gap=0.16)
                level += count
    return str(drawing)


def pareto(table: Table, title: str, names: Sequence[str]) -> str:
    """Draw counts as bars, the longest first, and the share that they make up to here.

    Args:
        table: Its rows in that order.
        title: What it is.
        names: Of the rows.
    """
    counts: Counter[str] = Counter()
    for name, row in zip(names, table.dicts(), strict=True):
        counts[name] += row["count"]
    shown = counts.most_common(10)
    if not shown:
        return ""
    total, highest = sum(counts.values()), shown[0][1]
    left = min(max(map(text_width, counts)) + 16, 220)
    drawing = Drawing(
        _WIDTH, 26 * len(shown) + 12, title, "; ".join(f"{name}: {n}" for name, n in shown)
    )
    room, so_far = _WIDTH - left - 130, 0
    for place, (name, count) in enumerate(shown):
        y, so_far = 6 + 26 * place, so_far + count
        tip = f"{name}: {count}, {100 * count / total:.1f} %"
        drawing.text(left - 8, y + 15, name, anchor="end")
        drawing.rect((left, y + 3, max(room * count / highest, 2), 17), "blue", tip)
        drawing.text(left + room * count / highest + 7, y + 16, str(count), style="value")
        drawing.text(
            _WIDTH - 6, y + 16, f"Σ {100 * so_far / total:.0f} %", anchor="end", style="tick"
        )
    return str(drawing)


def grid(
    cells: Sequence[tuple[str, str, str, str]], title: str, entries: Sequence[tuple[str, str]]
) -> str:
    """Draw a box for each pair of row and column.

    Args:
        cells: Row, day, style and what it says.
        title: What it is.
        entries: Of the legend.
    """
    if not cells:
        return ""
    rows, days = sorted({cell[0] for cell in cells}), sorted({cell[1] for cell in cells})
    left, top, size = max(map(text_width, rows)) + 14, 24.0, 22.0
    step = min((_WIDTH - left - 4) / len(days), 60.0)
    drawing = Drawing(
        _WIDTH,
        top + size * len(rows) + 24,
        title,
        f"{rows[0]} – {rows[-1]}, {days[0]} – {days[-1]}",
    )
    legend(drawing, entries)
    for row, day, style, tip in cells:
        x, y = left + step * days.index(day), top + size * rows.index(row)
        drawing.rect((x + 1, y + 1, step - 2, size - 2), style, tip)
    for place, row in enumerate(rows):
        drawing.text(left - 8, top + size * place + 15, row, anchor="end")
    for place, day in enumerate(days):
        x = left + step * (place + 0.5)
        name = day[5:] if len(days) < 8 else day[8:].lstrip("0")
        drawing.text(x, top + size * len(rows) + 15, name, anchor="middle", style="tick")
    return str(drawing)


def _mark_cut_over(drawing: Columns, language: Language) -> None:
    left, _ = drawing.band(_CUT_OVER, 0)
    drawing.line((left, 26, left, drawing.y(0)), "mark")
    text = f"{word('cut_over', language)} 23:00"
    drawing.text(left - 5, 36, text, anchor="end", style="marked")


def _shares(title: str, told: str) -> Drawing:
    drawing = Drawing(_WIDTH, 270, title, told)
    for percent in (0, 25, 50, 75, 100):
        y = _share_y(percent / 100)
        drawing.line((44, y, _WIDTH - 4, y), "grid" if percent else "axis")
        drawing.text(37, y + 4, f"{percent} %", anchor="end", style="tick")
    return drawing


def _share_y(share: float) -> float:
    return 244 - share * 214


def _median(rows: Sequence[dict[str, float]]) -> float:
    half = rows[-1]["up_to"] / 2
    return next(row["seconds"] for row in rows if row["up_to"] >= half)
