"""The trace as text: every message with its fields, masked. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.certify.trace import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.certify.run import Certification
    from posrefund.certify.trace import Step
    from posrefund.codec import Node

__all__ = ["trace_text"]


def trace_text(run: Certification) -> str:
    """Return the trace of *run*."""
    return "\n".join(line for step in run.steps for line in _lines(step)) + "\n"


def _lines(step: Step) -> Iterator[str]:
    yield f"#{step.number}  {step.at.isoformat()}  {step.case}  {step.title_en} / {step.title_zh}"
    if step.note_en:
        yield f"    ({step.note_en} / {step.note_zh})"
    yield "  ->"
    yield from _fields(step.sent)
    if step.received:
        yield f"  <- {step.length_bytes} bytes, {step.answer_ms} ms"
        yield from _fields(step.received)
    yield ""


def _fields(nodes: tuple[Node, ...]) -> Iterator[str]:
    for depth, node in walk(nodes):
        value = node.value.translate(_CONTROLS)
        yield f"    {'  ' * depth}{node.path:<{14 - 2 * min(depth, 2)}} {value}  ({node.en} / {node.zh})"


_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), "\N{REPLACEMENT CHARACTER}")
