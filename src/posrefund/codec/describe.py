"""A message as a tree that a person may look at: names, masked values, byte spans.

One source for the command line, logs, documents and tests. Masking is an allow-list: what no table
names prints ``***``. Floor 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.codec.mask import HIDDEN, mask
from posrefund.codec.place import place_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.codec.field import Field
    from posrefund.codec.inside import Piece
    from posrefund.codec.place import Place

__all__ = ["Node", "describe"]


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the picture.

    Attributes:
        path: ``"MTI"``, ``"DE4"``, ``"DE61.date"``, ``"DE55/9F26"``.
        zh: Chinese name.
        en: English name.
        value: Masked unless the caller asked to reveal it; empty for a tag that was opened.
        span: First and past-the-last byte in the message, or None where no spans were given.
        children: The parts of a composite field.
    """

    path: str
    zh: str
    en: str
    value: str
    span: tuple[int, int] | None
    children: tuple[Node, ...] = ()


@closed
def describe(
    fields: Mapping[str, str],
    table: Mapping[str, Field],
    *,
    spans: Mapping[str, tuple[int, int]] | None = None,
    reveal: bool = False,
) -> tuple[Node, ...]:
    """Return the tree of a decoded message, in the order of the bytes.

    Args:
        fields: As ``Codec.decode`` gave them.
        table: The dialect's fields by number.
        spans: As ``Codec.read`` gave them.
        reveal: Show clear values; the caller answers for where they go.

    Example:
        >>> from posrefund.codec import Field, describe
        >>> table = {"2": Field(2, "n..19", "主账号", "PAN", show="pan")}
        >>> [node.value for node in describe({"t": "0200", "2": "6200000000000005"}, table)]
        ['0200', '620000******0005']
    """
    at = spans or {}
    nodes = [
        Node(path, zh, en, fields[key], at.get(key))
        for key, path, zh, en in (
            ("t", "MTI", "消息类型", "message type"),
            ("p", "bitmap", "位元表", "bitmap"),
            ("1", "bitmap.secondary", "第二位元表", "secondary bitmap"),
        )
        if key in fields
    ]
    numbers = sorted((key for key in fields if key.isdigit() and key != "1"), key=int)
    nodes += [
        _node(key, fields[key], table.get(key), at.get(key), reveal=reveal) for key in numbers
    ]
    return tuple(nodes)


def _node(
    key: str, value: str, field: Field | None, span: tuple[int, int] | None, *, reveal: bool
) -> Node:
    path = f"DE{key}"
    if field is None:
        return Node(path, "未知域", "unknown field", value if reveal else HIDDEN, span)
    shown = value if reveal else mask(value, field.show)
    if field.layout is None:
        return Node(path, field.zh, field.en, shown, span)
    pieces = field.layout.scan(value, "clear" if reveal else field.show).pieces
    place = place_of(field, value, span) if span else None
    children = tuple(_piece(path, piece, place, reveal=reveal) for piece in pieces)
    return Node(path, field.zh, field.en, shown, span, children)


def _piece(parent: str, piece: Piece, place: Place | None, *, reveal: bool) -> Node:
    path = f"{parent}{piece.path}"
    shown = piece.value if reveal else mask(piece.value, piece.show)
    children = tuple(_piece(path, each, place, reveal=reveal) for each in piece.inside)
    span = place.span(piece.start, piece.end) if place else None
    is_opened = piece.is_tag and bool(children)
    return Node(path, piece.zh, piece.en, "" if is_opened else shown, span, children)
