"""Messages as pictures for a terminal screen: the fields as a tree, the bytes as a map. Floor 11.

Both come from ``describe``; the bytes of whatever is masked are dots in the map too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from posrefund.codec import Node, describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from posrefund.dialects import Dialect
    from posrefund.dialects.capture import Capture

__all__ = ["message_picture"]

_BYTES_ON_A_LINE = 24
"""Three characters each: 72 columns, which fits a screen of 80 with a frame around it."""
_COLOURS = ("green", "yellow", "blue", "magenta", "cyan")
_WORDS = {"zh": ("长度", "报文头"), "en": ("length", "header")}


def message_picture(
    raw: bytes, capture: Capture, dialect: Dialect, *, reveal: bool = False, lang: str = "en"
) -> Group:
    """Return the picture of a message, masked unless *reveal*.

    Each field and its bytes have the same colour; the parts of a composite field follow it.
    """
    language = lang if lang in _WORDS else "en"
    nodes = [
        *_around(raw, capture, language),
        *describe(capture.fields, dialect.fields, spans=capture.spans, reveal=reveal),
    ]
    colours = {node.path: _COLOURS[place % len(_COLOURS)] for place, node in enumerate(nodes)}
    hidden = {node.path for node in nodes if _is_hidden(node, capture)}
    return Group(_tree(nodes, colours, language), Text(), _map(raw, nodes, colours, hidden))


def _around(raw: bytes, capture: Capture, language: str) -> Iterable[Node]:
    """Yield a node for everything before the MTI."""
    framing = capture.framing
    length, header = _WORDS[language]
    at = 0
    if framing.length_prefix:
        yield Node(length, "", "", str(len(raw) - 2), (0, 2))
        at = 2
    for name, part in (("TPDU", framing.tpdu), (header, framing.header)):
        if part:
            yield Node(name, "", "", part.hex().upper(), (at, at + len(part)))
            at += len(part)


def _tree(nodes: Iterable[Node], colours: Mapping[str, str], language: str) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(style="dim", max_width=26)
    table.add_column(overflow="fold")
    for node in nodes:
        path = Text(node.path, style=colours[node.path])
        table.add_row(path, getattr(node, language), Text(node.value, style="bold"))
        if node.children:
            parts = [_part(child, language) for child in node.children]
            table.add_row("", "", Text(" · ").join(parts))
    return table


def _part(node: Node, language: str) -> Text:
    name = node.path.rpartition("/")[2]
    if "/" not in node.path:
        name = node.zh if language == "zh" else node.path.partition(".")[2]
    if node.children:
        inner = [_part(child, language) for child in node.children]
        return Text.assemble((f"{name} (", "dim"), Text(" · ").join(inner), (")", "dim"))
    return Text.assemble((f"{name} ", "dim"), node.value)


def _map(raw: bytes, nodes: Iterable[Node], colours: Mapping[str, str], hidden: set[str]) -> Text:
    """Return the bytes of *raw*, 24 on a line, each in the colour of its field."""
    cells = [("··", "dim")] * len(raw)
    for node in nodes:
        if node.span is None or node.path in hidden:
            continue
        for at in range(*node.span):
            cells[at] = (f"{raw[at]:02X}", colours[node.path])
    text = Text()
    for at, (octet, style) in enumerate(cells):
        text.append(octet, style=style)
        text.append("\n" if at % _BYTES_ON_A_LINE == _BYTES_ON_A_LINE - 1 else " ")
    text.rstrip()
    return text


def _is_hidden(node: Node, capture: Capture) -> bool:
    number = node.path.removeprefix("DE")
    return number in capture.fields and node.value != capture.fields[number]
