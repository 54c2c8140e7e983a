"""``posrefund doctor`` and ``posrefund diff``: what is this message, and what differs. Floor 11."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from posrefund.cli.decode import read_message
from posrefund.cli.dialect_file import find_dialect
from posrefund.cli.screen import JSONOption, Lang, LangOption, as_text, print_json, stdout
from posrefund.codec import describe, faults_inside
from posrefund.dialects import names
from posrefund.dialects.capture import open_capture
from posrefund.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posrefund.codec import Node
    from posrefund.dialects import Dialect
    from posrefund.dialects.capture import Capture, Framing

__all__ = ["diff", "doctor"]


def doctor(
    message: Annotated[str, typer.Argument(help="Hex digits, - for standard input, or @FILE.")],
    dialect: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="A dialect file to try besides; repeatable."),
    ] = None,
    as_json: JSONOption = False,
) -> None:
    """Say which dialect and framing a message is of, best first, and why the others are not it.

    Exit status 1 if no dialect reads it.
    """
    raw = read_message(message)
    known = [find_dialect(name) for name in dict.fromkeys([*(dialect or []), *names()])]
    verdicts = sorted((_verdict(raw, each) for each in known), key=lambda v: v[:2])
    status = 0 if verdicts[0][0] < _REFUSED else 1
    if as_json:
        print_json([_verdict_as_data(each) for each in verdicts])
        raise typer.Exit(status)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in ("dialect", "framing", "verdict"):
        table.add_column(title, overflow="fold")
    for rank, _, name, framing, words in verdicts:
        table.add_row(name, framing, Text(words, style="green" if rank < _REFUSED else "dim"))
    stdout.print(table)
    raise typer.Exit(status)


def diff(
    first: Annotated[str, typer.Argument(help="A message, as decode takes it.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    dialect: Annotated[
        str, typer.Option(help="Which table to read them by: a name, or a dialect file.")
    ] = "unionpay",
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Compare two messages field by field, masked; exit status 1 if they differ."""
    known = find_dialect(dialect)
    left, right = (open_capture(read_message(text), known) for text in (first, second))
    found = list(_differences(left, right, known, lang.value))
    names = ("field", "name", "first", "second")
    if as_json:
        print_json([dict(zip(names, each, strict=True)) for each in found])
        raise typer.Exit(1 if found else 0)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in names:
        table.add_column(title, overflow="fold")
    for path, name, one, other in found:
        table.add_row(as_text(path), name, as_text(one), as_text(other))
    stdout.print(table if found else "no difference")
    raise typer.Exit(1 if found else 0)


_READ, _ODD, _REFUSED = 0, 1, 2
_RANKS = ("reads", "odd", "refused")


def _verdict_as_data(verdict: tuple[int, int, str, str, str]) -> dict[str, object]:
    rank, _, name, framing, words = verdict
    return {"dialect": name, "rank": _RANKS[rank], "framing": framing, "said": words}


def _verdict(raw: bytes, known: Dialect) -> tuple[int, int, str, str, str]:
    """Rank, then how far it could be read, then what to show."""
    try:
        capture = open_capture(raw, known)
    except DecodeError as refusal:
        return _REFUSED, -refusal.offset_bytes, known.name, "", f"no: {refusal}"
    inside = faults_inside(capture.fields, known.fields, spans=capture.spans)
    faults = [*known.value_faults(capture.fields), *((each.path, each.expected) for each in inside)]
    framing = _framing(capture.framing)
    if faults:
        path, expected = faults[0]
        return _ODD, len(faults), known.name, framing, f"reads, but {path}: expected {expected}"
    count = sum(name.isdigit() for name in capture.fields)
    words = f"reads: {capture.fields['t']}, {count} fields"
    return _READ, _strangeness(capture, known), known.name, framing, words


def _strangeness(capture: Capture, known: Dialect) -> int:
    """How far a message that reads is from those that the dialect knows: 0 is one of its own."""
    framing, fields = capture.framing, capture.fields
    around = bool(framing.tpdu) != bool(known.tpdu) or bool(framing.header) != bool(known.header)
    approved = known.codes.get(fields.get("39", ""), None)
    faults = [
        table.request_faults(fields)
        if fields["t"] == table.mti
        else table.response_faults(fields, approved=approved is not None)
        for table in known.messages.values()
        if table.fits(fields)
    ]
    return min(map(len, faults), default=len(fields)) * 2 + around


def _framing(framing: Framing) -> str:
    parts = [
        ("length prefix", framing.length_prefix),
        ("TPDU", framing.tpdu),
        ("header", framing.header),
        ("no MAC", framing.mac_missing),
    ]
    return ", ".join(name for name, there in parts if there) or "bare"


def _differences(
    left: Capture, right: Capture, known: Dialect, lang: str
) -> Iterator[tuple[str, str, str, str]]:
    for label in ("length_prefix", "tpdu", "header"):
        one, other = (getattr(side.framing, label) for side in (left, right))
        if one != other:
            yield label, "", _plain(one), _plain(other)
    ours = {node.path: node for node in _flat(describe(left.fields, known.fields))}
    theirs = {node.path: node for node in _flat(describe(right.fields, known.fields))}
    for path in [*ours, *(path for path in theirs if path not in ours)]:
        one, other = ours.get(path), theirs.get(path)
        if _clear(left, path, one) != _clear(right, path, other):
            node = one or other
            assert node is not None
            shown = [found.value if found else "—" for found in (one, other)]
            if shown[0] == shown[1]:
                shown[1] = f"{shown[1]} (another one)"
            yield path, getattr(node, lang), shown[0], shown[1]


def _flat(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield composite fields by their parts where those can be seen, all others whole."""
    for node in nodes:
        if node.children and node.value != "***":
            yield from node.children
        else:
            yield node


def _clear(capture: Capture, path: str, node: Node | None) -> str | None:
    """What is compared: the clear value of a whole field, the shown one of a part."""
    if node is None:
        return None
    return capture.fields.get(path.removeprefix("DE"), node.value)


def _plain(value: bytes | bool) -> str:
    return value.hex().upper() or "—" if isinstance(value, bytes) else str(value)
