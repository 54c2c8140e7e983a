"""Drawings of money: from one sum to another, the age of what is undecided, day by day. Floor 8."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from posrefund.office.ages import AGES
from posrefund.office.report.columns import Columns, legend
from posrefund.office.report.shown import grouped
from posrefund.office.report.words import said, word

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.office.paper import Language
    from posrefund.office.report.figure import Table

__all__ = ["ageing", "daily", "main_currency", "waterfall"]

_TOTALS = ("journal", "host", "opening", "closing")
_LINES = {
    "new": "amber",
    "resolved": "teal",
    "not_in_a_file": "amber",
    "file_disagrees": "red",
    "host_only": "violet",
}
_STATES = {
    "IN_DOUBT": "amber",
    "REVERSING": "blue",
    "MANUAL": "violet",
    "MISMATCHED": "red",
    "BOUNCED": "rose",
    "SENT": "teal",
    "INTENT": "grey",
}


def main_currency(table: Table) -> str:
    """Return the currency that most of *table* is in: a drawing adds up one, the table beside it shows all."""
    counts: Counter[str] = Counter()
    for row in table.dicts():
        counts[row["currency"]] += abs(row.get("count") or 1)
    return counts.most_common(1)[0][0] if counts else "156"


def waterfall(table: Table, title: str, language: Language) -> str:
    """Draw the lines that lead from one sum to the other; nothing where there is nothing."""
    currency = main_currency(table)
    rows = [r for r in table.dicts() if r["currency"] == currency and r["line"] != "difference"]
    if not any(row["count"] for row in rows):
        return ""
    spans, level = [], 0
    for row in rows:
        start = 0 if row["line"] in _TOTALS else level
        level = start + row["sum_minor"]
        spans.append((start, level))
    ends = [end for both in spans for end in both]
    names = [said("line", row["line"], language) for row in rows]
    told = [f"{n} {grouped(r['sum_minor'], currency)}" for n, r in zip(names, rows, strict=True)]
    drawing = Columns(
        title,
        "; ".join(told),
        names=names,
        highest=max(ends),
        lowest=min(ends),
        shown=_money(currency),
    )
    for place, (row, (start, end)) in enumerate(zip(rows, spans, strict=True)):
        drawing.column(place, start, end, _LINES.get(row["line"], "blue"), tip=told[place])
        if place:
            left, _ = drawing.band(place)
            before, width = drawing.band(place - 1)
            y = drawing.y(spans[place - 1][1])
            drawing.line((before + width, y, left, y), "link")
        value = grouped(row["sum_minor"], currency)
        y = drawing.y(max(start, end)) - 5
        drawing.text(drawing.middle(place), y, value, anchor="middle", style="value")
    return str(drawing)


def ageing(table: Table, title: str, language: Language) -> str:
    """Draw what is undecided by its age, a colour for each state."""
    rows = list(table.dicts())
    if not rows:
        return ""
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        counts[row["age_days"], row["state"]] += row["count"]
    states = [state for state in _STATES if any(counts[age, state] for age in AGES)]
    totals = {age: sum(counts[age, state] for state in states) for age in AGES}
    names = [f"{age} {word('day_word', language)}" for age in AGES]
    told = "; ".join(f"{n}: {totals[age]}" for n, age in zip(names, AGES, strict=True))
    drawing = Columns(
        title, told, names=names, highest=max(totals.values()), shown=_count, more=14, whole=True
    )
    legend(drawing, [(_STATES[state], said("state", state, language)) for state in states])
    for place, age in enumerate(AGES):
        level = 0
        for state in states:
            if count := counts[age, state]:
                tip = f"{names[place]}, {said('state', state, language)}: {count}"
                drawing.column(place, level, level + count, _STATES[state], tip=tip)
                level += count
        if level:
            y = drawing.y(level) - 5
            drawing.text(drawing.middle(place), y, str(level), anchor="middle", style="value")
    return str(drawing)


def daily(table: Table, title: str, language: Language) -> str:
    """Draw what was given back each day, and how much of it a file has confirmed."""
    currency = main_currency(table)
    rows = [row for row in table.dicts() if row["currency"] == currency]
    if len(rows) < 2:
        return ""
    highest = max(row["given_back"] for row in rows)
    names = [row["day"][8:].lstrip("0") for row in rows]
    confirmed, waiting = said("state", "CONFIRMED", language), said("state", "ACCEPTED", language)
    told = f"{rows[0]['day']} – {rows[-1]['day']}"
    drawing = Columns(title, told, names=names, highest=highest, shown=_count, more=14, whole=True)
    legend(drawing, [("teal", confirmed), ("amber", waiting)])
    for place, row in enumerate(rows):
        done, total = row["confirmed"], row["given_back"]
        tip = f"{row['day']}: {total} / {grouped(row['given_back_minor'], currency)}"
        drawing.column(place, 0, done, "teal", tip=f"{tip}, {confirmed} {done}", gap=0.2)
        drawing.column(place, done, total, "amber", tip=f"{tip}, {waiting} {total - done}", gap=0.2)
    return str(drawing)


def _money(currency: str) -> Callable[[float], str]:
    def shown(value: float) -> str:
        text = grouped(round(value), currency)
        return text.removesuffix(".00") if value else "0"

    return shown


def _count(value: float) -> str:
    return f"{value:g}"
