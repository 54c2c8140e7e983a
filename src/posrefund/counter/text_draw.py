"""A screen as text of a terminal: where everything goes, and in which colour. Floor 9."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from rich import box
from rich.align import Align
from rich.console import Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from textual.renderables.digits import Digits

from posrefund.counter.screen import FieldKind, Tone
from posrefund.errors import PosRefundError
from posrefund.office.slips.pictures import qr_modules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from posrefund.counter.screen import Choice, Field, Screen

__all__ = ["COLOURS", "bar_of", "beside", "foot_of", "main_of"]

COLOURS = {
    Tone.PLAIN: "#2f6fed",
    Tone.GOOD: "#1f9d61",
    Tone.BAD: "#d64545",
    Tone.DOUBT: "#c97a12",
}
_QUIET, _BRIGHT, _WARNING = "#8a9bb4", "bold #ffffff", "bold #ffb4a8"
_KEY = "bold #0d1726 on #9fc3ff"
_MARKED = "bold #0d1726 on #ffd479"
_NAMES = {"enter": "Enter", "esc": "Esc"}
_HALF_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
_SPACED_MAX = 8
"""So many choices, sentences counted, have room for an empty line between them."""
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


def bar_of(screen: Screen, tick: int = 0) -> RenderableType:
    """Return the line at the top: the title, and which step it is.

    Args:
        screen: Drawn.
        tick: Counts up while it is busy.
    """
    turning = f"{_SPINNER[tick % len(_SPINNER)]} " if screen.is_busy else ""
    return _both(Text(f"{turning}{screen.title}", style="bold"), Text(_steps(screen)))


def _steps(screen: Screen) -> str:
    if not screen.step:
        return "posrefund"
    dots = "●" * screen.step + "○" * (screen.steps - screen.step)
    return f"{dots}  {screen.step}/{screen.steps}"


def main_of(screen: Screen, typed: str) -> RenderableType:
    """Return the body; *typed* is what stands in the field."""
    if screen.paper:
        return _paper(screen)
    parts: list[RenderableType] = [*_large(screen), *_small(screen)]
    parts += [Text(line, style=_BRIGHT) for line in screen.lines]
    for one in screen.objections:
        parts += [Text(""), Text(one.hint, style=_WARNING), Text(one.code, style=_QUIET)]
        parts += [Text(f"☎ {one.contact}", style="bold #ffd479")] if one.contact else []
    if screen.field is not None:
        parts += [Text(""), _field(screen.field, typed)]
    if not _stands_beside(screen):
        parts += [Text(""), _choices(screen, is_wide=True)]
    return Group(*parts)


def beside(screen: Screen) -> RenderableType | None:
    """Return what stands at the right: a code to scan, choices; None for nothing."""
    if not _stands_beside(screen):
        return None
    parts: list[RenderableType] = []
    if screen.paper:
        parts += [*(Text(line, style=_BRIGHT) for line in screen.lines), Text("")]
    parts.append(_choices(screen, is_wide=False))
    if screen.picture and (drawn := _code(screen.picture)) is not None:
        parts += [Text(""), Align.center(drawn)]
    return Group(*parts)


def foot_of(screen: Screen) -> RenderableType:
    """Return the line at the bottom: the keys that are no digits, and where and who."""
    keys = Text()
    for choice in screen.choices:
        if choice.key in _NAMES:
            keys.append(f" {_NAMES[choice.key]} ", style=_KEY).append(f" {choice.label}   ")
    return _both(keys, Text(screen.footer, style=_QUIET))


def _both(left: Text, right: Text) -> RenderableType:
    """One line: *left* at its left and *right* at its right."""
    line = Table.grid(expand=True)
    line.add_column(ratio=1, no_wrap=True)
    line.add_column(justify="right", no_wrap=True)
    line.add_row(left, right)
    return Padding(line, (0, 1))


def _stands_beside(screen: Screen) -> bool:
    """Whether there is a right side: where the body states something, and there is something to choose from."""
    return bool(screen.paper or (screen.facts and _digits(screen)))


def _digits(screen: Screen) -> list[Choice]:
    return [choice for choice in screen.choices if choice.key not in _NAMES]


def _large(screen: Screen) -> Iterator[RenderableType]:
    for fact in screen.facts:
        if fact.is_large and screen.field is not None:  # the field wants the room
            yield Text(fact.value, f"bold {_lighter(screen.tone)}")
        elif fact.is_large:
            yield Digits(fact.value, f"bold {_lighter(screen.tone)}")
            yield Text("")


def _lighter(tone: Tone) -> str:
    colours = {Tone.GOOD: "#7fe3b1", Tone.BAD: "#ff9d94", Tone.DOUBT: "#ffc46b"}
    return colours.get(tone, "#9fc3ff")


def _small(screen: Screen) -> Iterator[RenderableType]:
    told = [fact for fact in screen.facts if not fact.is_large]
    if not told:
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for fact in told:
        table.add_row(Text(fact.label, style=_QUIET), Text(fact.value))
    yield table
    yield Text("")


def _field(field: Field, typed: str) -> RenderableType:
    is_pin = field.kind is FieldKind.PIN
    said = "●" * len(typed) if is_pin else typed
    inside = Text(said, style=_BRIGHT)
    if not typed and field.value:
        inside = Text(field.value, style=_QUIET)
    inside.append("▌", style="blink #9fc3ff")
    under = Text(field.error, style=_WARNING) if field.error else Text(field.hint, style=_QUIET)
    frame = Panel(
        inside,
        title=Text(f" {field.label} ", style="bold"),
        title_align="left",
        box=box.ROUNDED,
        border_style="#ff8d80" if field.error else "#4f7fd6",
        width=56,
    )
    return Group(frame, Padding(under, (0, 0, 0, 2)))


def _choices(screen: Screen, *, is_wide: bool) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    has_room = is_wide and len(screen.choices) + len(screen.lines) <= _SPACED_MAX
    for choice in _digits(screen):
        style = _MARKED if choice.is_marked else _KEY
        said = Text(choice.label, style="bold #ffd479" if choice.is_marked else "bold")
        if choice.detail:
            said.append(
                f"   {choice.detail}" if is_wide else f"\n{choice.detail}", f"not bold {_QUIET}"
            )
        table.add_row(Text(f" {choice.key} ", style=style), said)
        if has_room:
            table.add_row("", "")
    return table


def _paper(screen: Screen) -> RenderableType:
    """The slip, dark on white, as it comes out of the printer."""
    body = Text("\n".join(screen.paper), style="#101418 on #f7f5ee", no_wrap=True)
    return Panel(body, box=box.SIMPLE, style="on #f7f5ee", width=38, padding=(0, 1))


def _code(text: str) -> Text | None:
    """The QR code of *text*, two rows in a line; None where the library for it is not installed.

    Half of its quiet zone is enough on a screen, and leaves room for what is said beside it.
    """
    try:
        rows = [row[2:-2] for row in qr_modules(text)[2:-2]]
    except PosRefundError:
        return None
    lines = [
        "".join(_HALF_BLOCKS[bool(up), bool(down)] for up, down in zip_longest(upper, lower or ()))
        for upper, lower in zip_longest(rows[::2], rows[1::2])
    ]
    return Text("\n".join(lines), style="#000000 on #ffffff", no_wrap=True)
