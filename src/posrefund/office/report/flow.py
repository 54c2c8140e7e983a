"""A drawing of the way that attempts take from state to state; what goes back is in the table beside it. Floor 8."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.office.report.svg import Drawing
from posrefund.office.report.words import said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.office.paper import Language
    from posrefund.office.report.figure import Table

__all__ = ["flow"]

_COLUMNS = (
    ("INTENT",),
    ("SENT",),
    ("IN_DOUBT",),
    ("REVERSING", "MANUAL"),
    ("ACCEPTED", "DECLINED", "REVERSED", "NOT_SENT", "RELEASED"),
    ("CONFIRMED", "MISMATCHED", "BOUNCED"),
)
_PLACE = {state: n for n, some in enumerate(_COLUMNS) for state in some}
_STYLES = {
    "INTENT": "grey",
    "SENT": "blue",
    "ACCEPTED": "teal",
    "CONFIRMED": "teal",
    "IN_DOUBT": "amber",
    "REVERSING": "amber",
    "MANUAL": "violet",
    "MISMATCHED": "red",
    "BOUNCED": "rose",
}
_STRAIGHT = ("INTENT", "SENT", "ACCEPTED", "DECLINED", "CONFIRMED")
_WIDTH, _HEIGHT, _NODE, _PAD, _TOP = 600, 340, 12, 34, 24.0
_BELOW, _THIN = 44, 3.0
_ROOM = 88
"""For the words at the right side."""


@dataclass(slots=True)
class _Node:
    x: float
    y: float
    size: float
    is_straight: bool
    out: float = 0.0
    into: float = 0.0


def flow(table: Table, title: str, language: Language) -> str:
    """Draw states as bars and steps as bands between them, as thick as they are many."""
    steps = [
        (row["before"], row["state"], row["count"])
        for row in table.dicts()
        if _PLACE.get(row["before"], 9) < _PLACE.get(row["state"], -1)
    ]
    if not steps:
        return ""
    sizes = _sizes(steps)
    names = {state: said("state", state, language) for state in sizes}
    told = "; ".join(f"{names[a]} → {names[b]}: {n}" for a, b, n in steps)
    drawing = Drawing(_WIDTH, _HEIGHT, title, told)
    nodes = _placed(sizes)
    for before, after, count in sorted(steps, key=lambda s: (_PLACE[s[0]], nodes[s[1]].y)):
        start, end = nodes[before], nodes[after]
        width = max(start.size * count / sizes[before], 1.0)
        ends = (start.x + _NODE, start.y + start.out), (end.x, end.y + end.into)
        start.out, end.into = start.out + width, end.into + width
        tip = f"{names[before]} → {names[after]}: {count}"
        drawing.ribbon(*ends, width, f"flow {_STYLES.get(after, 'grey')}", tip)
    for state, node in nodes.items():
        drawing.rect(
            (node.x, node.y, _NODE, node.size),
            _STYLES.get(state, "grey"),
            f"{names[state]}: {sizes[state]}",
        )
        _label(drawing, node, names[state], sizes[state])
    return str(drawing)


def _label(drawing: Drawing, node: _Node, name: str, count: int) -> None:
    if node.x > _WIDTH - _ROOM - 2 * _NODE:
        middle = node.y + node.size / 2
        drawing.text(node.x + _NODE + 6, middle - 1, name)
        drawing.text(node.x + _NODE + 6, middle + 13, str(count), style="tick")
    elif node.is_straight and node.x >= _NODE:  # the name of the first stands above, on the left
        drawing.text(node.x, node.y + node.size + 16, f"{name} {count}", anchor="start")
    elif node.x < _NODE:
        drawing.text(node.x, node.y - 7, f"{name} {count}")
    else:
        drawing.text(node.x + _NODE / 2, node.y - 7, f"{name} {count}", anchor="middle")


def _sizes(steps: list[tuple[str, str, int]]) -> Mapping[str, int]:
    out: Counter[str] = Counter()
    into: Counter[str] = Counter()
    for before, after, count in steps:
        out[before] += count
        into[after] += count
    return {state: max(out[state], into[state]) for state in _PLACE if out[state] or into[state]}


def _placed(sizes: Mapping[str, int]) -> Mapping[str, _Node]:
    """Where each state stands: the columns of those that occur, doubts below the straight way."""
    used = [some for column in _COLUMNS if (some := [s for s in column if s in sizes])]
    most = max(sum(sizes[s] for s in some) for some in used)
    scale = min(_scale(some, sizes, most) for some in used)
    step = (_WIDTH - _ROOM - _NODE) / max(len(used) - 1, 1)
    nodes = {}
    for place, some in enumerate(used):
        y = _TOP if some[0] in _STRAIGHT else _TOP + most * scale + _BELOW
        for state in some:
            size = max(sizes[state] * scale, _THIN)
            nodes[state] = _Node(step * place, y, size, state in ("INTENT", "SENT"))
            y += size + _PAD
    return nodes


def _scale(some: list[str], sizes: Mapping[str, int], most: int) -> float:
    """How many pixels an attempt may be thick, so that this column stays within the drawing."""
    above = 0 if some[0] in _STRAIGHT else most
    taken = _TOP + (_BELOW if above else 0) + _PAD * (len(some) - 1) + _THIN * len(some) + 20
    return (_HEIGHT - taken) / (above + sum(sizes[s] for s in some))
