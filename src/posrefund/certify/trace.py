"""The trace: every message that passed, masked before it is kept. Floor 10.

A step holds no bytes and no clear value: the tree that ``describe`` drew, and nothing it was drawn from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.codec import describe
from posrefund.codec.mask import HIDDEN
from posrefund.dialects.definition import MAC_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from posrefund.codec import Node
    from posrefund.dialects import Dialect

__all__ = ["Step", "tree_of", "walk"]


@dataclass(frozen=True, slots=True)
class Step:
    """One message of ours and what came of it.

    Attributes:
        number: From 1, through the whole run.
        case: During which.
        message: Our name for it: ``"refund"``.
        title_zh: What it is called, Chinese.
        title_en: The same, English.
        at: When it was sent.
        sent: The masked tree of the request.
        received: The masked tree of the answer; empty where none came, or none that could be read.
        length_bytes: Of the answer, its envelope included; 0 for none.
        answer_ms: How long the answer took; None where none came.
        note_zh: What was done to it on our side, or became of it; Chinese.
        note_en: The same, English.
    """

    number: int
    case: str
    message: str
    title_zh: str
    title_en: str
    at: datetime
    sent: tuple[Node, ...]
    received: tuple[Node, ...] = ()
    length_bytes: int = 0
    answer_ms: int | None = None
    note_zh: str = ""
    note_en: str = ""

    @property
    def code(self) -> str:
        """DE39 of the answer; empty where there is none."""
        return next((node.value for node in self.received if node.path == "DE39"), "")

    @property
    def mtis(self) -> tuple[str, str]:
        """MTI of the request and of the answer."""
        return _mti(self.sent), _mti(self.received)

    def as_data(self) -> dict[str, object]:
        """Return it as plain data."""
        return {
            "step": self.number,
            "case": self.case,
            "message": self.message,
            "at": self.at.isoformat(),
            "sent": _leaves(self.sent),
            "received": _leaves(self.received),
            "answer_ms": self.answer_ms,
            "note": {"zh": self.note_zh, "en": self.note_en},
        }


@closed
def tree_of(fields: Mapping[str, str], dialect: Dialect) -> tuple[Node, ...]:
    """Return what may be shown of *fields*.

    What has parts is shown by its parts alone, and MAC and bitmap byte by byte or as the text that they spell: sixteen digits in a
    row look like a card number, and whoever scans the evidence for those must find none.
    """
    return tuple(map(_shown, describe(fields, dialect.fields)))


def _shown(node: Node) -> Node:
    if node.children:
        return replace(node, value="")
    if node.path.removeprefix("DE") in MAC_FIELDS or node.path.startswith("bitmap"):
        return replace(node, value=_spelt(node.value))
    return node


def _spelt(digits: str) -> str:
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        return HIDDEN
    text = raw.decode("latin-1")
    return text if re.fullmatch("[0-9A-F]{8}", text) else raw.hex(":").upper()


def walk(nodes: tuple[Node, ...], depth: int = 0) -> Iterator[tuple[int, Node]]:
    """Yield every line of a tree with how far it is set in."""
    for node in nodes:
        yield depth, node
        yield from walk(node.children, depth + 1)


def _leaves(nodes: tuple[Node, ...]) -> dict[str, str]:
    return {node.path: node.value for _, node in walk(nodes) if not node.children}


def _mti(nodes: tuple[Node, ...]) -> str:
    return next((node.value for node in nodes if node.path == "MTI"), "")
