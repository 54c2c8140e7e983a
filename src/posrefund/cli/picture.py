"""Messages as pictures for a terminal screen: the fields as a tree, the bytes as a map. Floor 11.

Both come from ``describe``; the bytes of whatever is masked are dots in the map too. They stand side by side
where there is room, else one below the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from posrefund.cli.screen import as_text
from posrefund.codec import Node, describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rich.console import Console, ConsoleOptions, RenderResult

    from posrefund.dialects import Dialect
    from posrefund.dialects.capture import Capture

__all__ = ["MessagePicture", "message_picture"]

_BYTES_ON_A_LINE = 24
"""Three characters each: 72 columns, which fits a screen of 80 with a frame around it."""
_BYTES_BESIDE = 16
_COLUMNS_BESIDE = 116
"""From here on 16 bytes leave the tree 66 columns, enough for its longest names and a value; a screen of 120
has them with a frame around the picture."""
_COLOURS = ("green", "yellow", "blue", "magenta", "cyan")
_WORDS = {"zh": ("长度", "报文头"), "en": ("length", "header")}


@dataclass(frozen=True, slots=True)
class MessagePicture:
    """What rich prints: each field and its bytes have the same colour.

    Attributes:
        raw: The message.
        nodes: What stands in it, masked.
        hidden: Paths of the fields whose bytes are not shown.
        language: Of the names.
    """

    raw: bytes
    nodes: tuple[Node, ...]
    hidden: frozenset[str]
    language: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw as wide as there is room."""
        places = enumerate(self.nodes)
        colours = {node.path: _COLOURS[place % len(_COLOURS)] for place, node in places}
        is_wide = options.max_width >= _COLUMNS_BESIDE
        tree = _tree(self.nodes, colours, self.language, is_wide=is_wide)
        if not is_wide:
            yield tree
            yield Text()
            yield _map(self, colours, _BYTES_ON_A_LINE)
            return
        both = Table.grid(padding=(0, 3, 0, 0), expand=True)
        both.add_column(ratio=1)
        both.add_column(no_wrap=True, width=3 * _BYTES_BESIDE - 1)
        both.add_row(tree, _map(self, colours, _BYTES_BESIDE))
        yield both


def message_picture(
    raw: bytes, capture: Capture, dialect: Dialect, *, reveal: bool = False, lang: str = "en"
) -> MessagePicture:
    """Return the picture of a message, masked unless *reveal*."""
    language = lang if lang in _WORDS else "en"
    nodes = (
        *_around(raw, capture, language),
        *describe(capture.fields, dialect.fields, spans=capture.spans, reveal=reveal),
    )
    hidden = frozenset(node.path for node in nodes if _is_hidden(node, capture))
    return MessagePicture(raw, nodes, hidden, language)


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


def _tree(
    nodes: Iterable[Node], colours: Mapping[str, str], language: str, *, is_wide: bool
) -> Table:
    """Return one line for each field; what stands inside has lines of its own, or flows where it is narrow."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(style="dim", max_width=26)
    table.add_column(overflow="fold")
    for node in nodes:
        path = Text(node.path, style=colours[node.path])
        table.add_row(path, getattr(node, language), as_text(node.value, "bold"))
        if is_wide:
            for lead, child in _inner(node, ""):
                label = Text.assemble((lead, "dim"), (_name(child), colours[node.path]))
                table.add_row(label, getattr(child, language), as_text(child.value))
        elif node.children:
            parts = [_part(child, language) for child in node.children]
            table.add_row("", "", Text(" · ").join(parts))
    return table


def _inner(node: Node, lead: str) -> Iterator[tuple[str, Node]]:
    """Yield everything inside a field, each behind the lines of a tree."""
    for place, child in enumerate(node.children, start=1):
        is_last = place == len(node.children)
        yield f"{lead}{'└' if is_last else '├'} ", child
        yield from _inner(child, f"{lead}{' ' if is_last else '│'} ")


def _name(node: Node) -> str:
    """The last step of a path: a part, a tag, a subfield."""
    return node.path[max(node.path.rfind("/"), node.path.rfind(".")) + 1 :]


def _part(node: Node, language: str) -> Text:
    name = _label(node, language)
    if node.children:
        inner = [_part(child, language) for child in node.children]
        return Text.assemble((f"{name} (", "dim"), Text(" · ").join(inner), (")", "dim"))
    return Text.assemble((f"{name} ", "dim"), as_text(node.value))


def _label(node: Node, language: str) -> str:
    """Tags by themselves, subfields by number and name, parts by name."""
    name, words = _name(node), getattr(node, language)
    if node.path.endswith(f"/{name}"):
        return name
    if name.isdigit():
        return f"{name} {words}"
    return str(words) if language == "zh" else name


def _map(picture: MessagePicture, colours: Mapping[str, str], bytes_on_a_line: int) -> Text:
    """Return the bytes of the message, each in the colour of its field."""
    cells = [("··", "dim")] * len(picture.raw)
    for node in picture.nodes:
        seen = _seen_tags(node) if node.path in picture.hidden else (node,)
        for at in (at for each in seen if each.span for at in range(*each.span)):
            cells[at] = (f"{picture.raw[at]:02X}", colours[node.path])
    text = Text()
    for at, (octet, style) in enumerate(cells):
        text.append(octet, style=style)
        text.append("\n" if at % bytes_on_a_line == bytes_on_a_line - 1 else " ")
    text.rstrip()
    return text


def _seen_tags(node: Node) -> Iterator[Node]:
    """Yield the tags inside a hidden field that are shown whole; each has bytes of its own."""
    for child in node.children:
        if child.children:
            yield from _seen_tags(child)
        elif "*" not in child.value and "/" in child.path:
            yield child


def _is_hidden(node: Node, capture: Capture) -> bool:
    number = node.path.removeprefix("DE")
    return number in capture.fields and node.value != capture.fields[number]
