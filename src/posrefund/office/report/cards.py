"""What stands on a page: a card for each figure with its drawing, table, query and file; and a few numbers on top. Floor 8."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.office.report.charts_money import ageing, daily, main_currency, waterfall
from posrefund.office.report.charts_people import funnel
from posrefund.office.report.charts_service import answers, curve, grid, hours, pareto
from posrefund.office.report.export import as_csv
from posrefund.office.report.figures import FIGURES
from posrefund.office.report.flow import flow
from posrefund.office.report.shown import HIDDEN, cell, grouped, is_number, span
from posrefund.office.report.words import column, said, word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from posrefund.office.paper import Language
    from posrefund.office.report.figure import Figure, Table
    from posrefund.office.report.made import Report

__all__ = ["SECTIONS", "Card", "Tile", "card", "note_of", "tiles", "title_of"]

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "money": ("doubts", "bridge", "ageing", "totals", "daily", "files", "ceilings"),
    "service": (
        *("outcomes", "times", "curve", "hours", "codes"),
        *("flow", "failures", "reasons", "exceptions", "cases", "open_cases"),
        *("complaints", "feedback"),
    ),
    "people": ("habits", "operators", "terminals", "approvals"),
    "lists": ("undecided", "refunds", "watched"),
}
"""Which figures stand together."""

_BESIDE_MAX, _LIST_MAX = 31, 200
_BOOKED = ("ACCEPTED", "CONFIRMED")


@dataclass(frozen=True, slots=True)
class Card:
    """One figure on the page.

    Attributes:
        name: Of the figure.
        title: Above it.
        note: How to read it.
        drawing: SVG; empty where there is nothing to draw.
        heads: Above the columns, and whether numbers stand in them.
        rows: Cells.
        more: How many rows are left out.
        sql: What was asked.
        csv: A data URI of all rows.
        csv_name: What to call it.
    """

    name: str
    title: str
    note: str
    drawing: str
    heads: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[str, ...], ...]
    more: int
    sql: str
    csv: str
    csv_name: str


@dataclass(frozen=True, slots=True)
class Tile:
    """One number on top.

    Attributes:
        title: What.
        value: How much.
        beside: In small letters.
        mood: ``good``, ``bad`` or empty.
    """

    title: str
    value: str
    beside: str = ""
    mood: str = ""


def title_of(figure: Figure, language: Language) -> str:
    """Return what stands above a figure."""
    return figure.title_zh if language == "zh" else figure.title_en


def note_of(figure: Figure, language: Language) -> str:
    """Return how to read it."""
    return figure.note_zh if language == "zh" else figure.note_en


def card(report: Report, name: str, language: Language) -> Card:
    """Return the card of the figure *name*."""
    figure, table = FIGURES[name], report.tables[name]
    shown = [at for at, each in enumerate(table.columns) if each not in HIDDEN]
    limit = _LIST_MAX if figure.kind == "list" else _BESIDE_MAX
    title = title_of(figure, language)
    draw = _DRAWINGS.get(name)
    csv = b64encode(as_csv(table).encode()).decode()
    return Card(
        name=name,
        title=title,
        note=note_of(figure, language),
        drawing=draw(table, title, language) if draw else "",
        heads=tuple(
            (column(table.columns[at], language), is_number(table.columns[at])) for at in shown
        ),
        rows=tuple(tuple(row[at] for at in shown) for row in _cells(name, table, language)[:limit]),
        more=max(len(table.rows) - limit, 0),
        sql=table.sql,
        csv=f"data:text/csv;charset=utf-8;base64,{csv}",
        csv_name=f"{report.scope.period.name}_{name}.csv",
    )


def _cells(name: str, table: Table, language: Language) -> list[list[str]]:
    return [
        [
            cell(key, value, row.get("currency", "156"), language, figure=name)
            for key, value in row.items()
        ]
        for row in table.dicts()
    ]


def tiles(report: Report, language: Language) -> list[Tile]:
    """Return the numbers that somebody looks at first."""
    totals = report.tables["totals"]
    currency = main_currency(totals)
    back = _booked(totals, currency, ("refund", "void"))
    sold = _booked(totals, currency, ("sale",))
    return [
        _sum_tile("given_back", back, currency, language),
        _sum_tile("sold", sold, currency, language),
        _rate_tile(report.tables["outcomes"], language),
        _line_tile("in_doubt", report.tables["doubts"], "closing", language),
        _line_tile("difference", report.tables["bridge"], "difference", language),
        _median_tile(report.tables["times"], language),
    ]


def _booked(totals: Table, currency: str, kinds: tuple[str, ...]) -> tuple[int, int]:
    rows = [
        row
        for row in totals.dicts()
        if row["kind"] in kinds and row["state"] in _BOOKED and row["currency"] == currency
    ]
    return sum(row["count"] for row in rows), sum(row["sum_minor"] for row in rows)


def _counted(count: int, language: Language) -> str:
    return f"{count} {word('count', language)}".strip() if language == "zh" else f"× {count}"


def _sum_tile(name: str, sums: tuple[int, int], currency: str, language: Language) -> Tile:
    return Tile(word(name, language), grouped(sums[1], currency), _counted(sums[0], language))


def _rate_tile(outcomes: Table, language: Language) -> Tile:
    rows = [row for row in outcomes.dicts() if row["kind"] != "sale"]
    made, accepted = sum(r["made"] for r in rows), sum(r["accepted"] for r in rows)
    value = f"{100 * accepted / made:.1f} %" if made else "–"
    return Tile(word("accepted_rate", language), value, f"{accepted} / {made}" if made else "")


def _line_tile(name: str, table: Table, line: str, language: Language) -> Tile:
    currency = main_currency(table)
    rows = [r for r in table.dicts() if r["line"] == line and r["currency"] == currency]
    minor, count = (rows[0]["sum_minor"], rows[0]["count"]) if rows else (0, 0)
    mood = "bad" if count or minor else "good"
    return Tile(word(name, language), grouped(minor, currency), _counted(count, language), mood)


def _median_tile(times: Table, language: Language) -> Tile:
    rows = [row for row in times.dicts() if row["milestone"] == "final"]
    value = span(rows[0]["p50_s"], language) if rows else "–"
    beside = f"90 %: {span(rows[0]['p90_s'], language)}" if rows else ""
    return Tile(word("median", language), value, beside)


def _reasons(table: Table, title: str, language: Language) -> str:
    return pareto(table, title, [said("why", row["why"], language) for row in table.dicts()])


def _failures(table: Table, title: str, language: Language) -> str:
    names = [
        " · ".join(said(name, row[name], language) for name in ("what", "why") if row[name] != "-")
        for row in table.dicts()
    ]
    return pareto(table, title, names)


_FILE_STYLES = {"complete": "teal", "partial": "amber", "missing": "red", "not_due": "grey"}


def _files(table: Table, title: str, language: Language) -> str:
    cells = [
        (
            r["terminal"],
            r["day"],
            _FILE_STYLES[r["file"]],
            f"{r['day']} {r['terminal']}: {said('file', r['file'], language)}",
        )
        for r in table.dicts()
    ]
    return grid(
        cells, title, [(s, said("file", name, language)) for name, s in _FILE_STYLES.items()]
    )


def _exceptions(table: Table, title: str, language: Language) -> str:
    rows = list(table.dicts())
    highest = max((row["exceptions"] for row in rows), default=0)
    if not highest:
        return ""
    cells = [
        (
            r["terminal"],
            r["day"],
            f"heat-{_heat(r['exceptions'], highest)}",
            f"{r['day']} {r['terminal']}: {r['exceptions']} / {r['made']}",
        )
        for r in rows
    ]
    return grid(
        cells,
        title,
        [("heat-0", "0"), ("heat-2", str((highest + 1) // 2)), ("heat-4", str(highest))],
    )


def _heat(count: int, highest: int) -> int:
    return 0 if not count else min(4, 1 + (count * 4 - 1) // highest)


_DRAWINGS: Mapping[str, Callable[[Table, str, Language], str]] = {
    "doubts": waterfall,
    "bridge": waterfall,
    "daily": daily,
    "ageing": ageing,
    "files": _files,
    "curve": curve,
    "hours": hours,
    "codes": answers,
    "flow": flow,
    "failures": _failures,
    "reasons": _reasons,
    "exceptions": _exceptions,
    "habits": funnel,
}
