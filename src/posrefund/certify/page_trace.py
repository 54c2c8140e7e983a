"""The messages of a page: a line for each, and its fields behind it, request beside answer. Floor 10."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from posrefund.certify.said import span
from posrefund.certify.trace import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posrefund.certify.trace import Step
    from posrefund.codec import Node

__all__ = ["trace_rows"]


_COMPARED = ("DE2", "DE3", "DE4", "DE11", "DE23", "DE25", "DE41", "DE42", "DE49")
"""What an answer repeats; what differs there stands out."""


def trace_rows(steps: Iterable[Step]) -> Iterator[str]:
    """Yield one closed row for each step."""
    for step in steps:
        asked, answered = step.mtis
        took = f"{step.answer_ms} ms" if step.answer_ms is not None else "–"
        note = f"<em>{span(step.note_zh, step.note_en)}</em>" if step.note_en else ""
        yield (
            f'<details class="message" id="step-{step.number}"><summary>'
            f'<span class="number">{step.number}</span><code>{escape(asked)} → {escape(answered or "–")}</code>'
            f'<span>{span(step.title_zh, step.title_en)} {note}</span><span class="case-name">{escape(step.case)}</span>'
            f'<code>{escape(step.code or "–")}</code><span class="ms">{took}</span></summary>'
            f'<div class="table">{_table(step)}</div></details>'
        )


def _table(step: Step) -> str:
    """Every field of either message in the order of their numbers."""
    asked, answered = (dict(_by_path(nodes)) for nodes in (step.sent, step.received))
    rows = []
    for path in sorted(asked.keys() | answered.keys(), key=_order):
        depth, node = asked.get(path) or answered[path]
        left, right = (
            escape(side[path][1].value) if path in side else "" for side in (asked, answered)
        )
        differs = (
            ' class="differs"' if left and right and left != right and path in _COMPARED else ""
        )
        rows.append(
            f'<tr><td class="path depth-{min(depth, 2)}">{escape(path)}</td><td>{span(node.zh, node.en)}</td>'
            f"<td><code>{left}</code></td><td{differs}><code>{right}</code></td></tr>"
        )
    heads = (("域", "field"), ("名称", "name"), ("请求", "request"), ("应答", "answer"))
    head = "".join(f"<th>{span(zh, en)}</th>" for zh, en in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _by_path(nodes: tuple[Node, ...]) -> Iterator[tuple[str, tuple[int, Node]]]:
    for depth, node in walk(nodes):
        yield node.path, (depth, node)


def _order(path: str) -> tuple[int, str]:
    """MTI and bitmap first, then the fields by number, each with its parts behind it."""
    head = path.removeprefix("DE").replace("/", ".").partition(".")[0]
    return (int(head) if head.isdecimal() else -1, path if path != "bitmap" else "Z")
