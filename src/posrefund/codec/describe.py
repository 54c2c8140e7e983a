"""A message as a tree that a person may look at: names, masked values, byte spans.

One source for the command line, logs, documents and tests. Masking is an allow-list: what no table
names prints ``***``. Floor 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.codec.tlv import TLV, parse_tlv
from posrefund.errors import DecodeError
from posrefund.values.card import mask_pan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.codec.field import Field, Show

__all__ = ["HIDDEN", "Node", "describe", "mask"]

HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the picture.

    Attributes:
        path: ``"MTI"``, ``"DE4"``, ``"DE61.date"``.
        zh: Chinese name.
        en: English name.
        value: Masked unless the caller asked to reveal it.
        span: First and past-the-last byte in the message, or None for a part of a field.
        children: The parts of a composite field.
    """

    path: str
    zh: str
    en: str
    value: str
    span: tuple[int, int] | None
    children: tuple[Node, ...] = ()


def mask(value: str, show: Show) -> str:
    """Return as much of *value* as *show* allows.

    Example:
        >>> from posrefund.codec.describe import mask
        >>> mask("6200000000000005", "pan"), mask("000001", "clear"), mask("1234", "never")
        ('620000******0005', '000001', '***')
    """
    if show == "clear":
        return value
    return mask_pan(value) if show == "pan" else HIDDEN


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
    return Node(path, field.zh, field.en, shown, span, _parts(path, field, value, reveal=reveal))


def _parts(path: str, field: Field, value: str, *, reveal: bool) -> tuple[Node, ...]:
    if field.tags is not None:
        return _objects(path, value, field.tags, reveal=reveal)
    layout = field.layout_of(value)
    if layout is None or (field.show == "never" and not reveal):
        return ()
    rows = layout.split(value)
    named = {part.name: part for part in layout.parts}
    children = []
    for name, text in rows.items():
        part = named.get(name)
        show: Show = part.show if part else field.show
        zh, en = (part.zh, part.en) if part else ("其余", "rest")
        shown = text if reveal else mask(text, show)
        children.append(Node(f"{path}.{name}", zh, en, shown, None))
    return tuple(children)


def _objects(path: str, value: str, tags: Mapping[str, str], *, reveal: bool) -> tuple[Node, ...]:
    """The data objects of a BER-TLV field; what is no BER-TLV has no parts."""
    try:
        found = parse_tlv(bytes.fromhex(value), path=path)
    except (DecodeError, ValueError):
        return ()
    return tuple(_object(path, item, tags, reveal=reveal) for item in found)


def _object(path: str, item: TLV, tags: Mapping[str, str], *, reveal: bool) -> Node:
    inner = f"{path}/{item.name}"
    name = tags.get(item.name, "")
    children = tuple(_object(inner, child, tags, reveal=reveal) for child in item.children)
    shown = item.value.hex().upper() if reveal or item.name in tags else HIDDEN
    return Node(inner, name, name, "" if children else shown, None, children)
