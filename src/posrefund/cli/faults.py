"""``posrefund faults``: what is broken, and who has put it right. Floor 11."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.screen import JSONOption, Lang, LangOption, as_text, print_json, stdout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posrefund.engine.faults import TerminalFault

__all__ = ["app"]

app = typer.Typer(help="The fault log of a terminal.", no_args_is_help=True)

_By = Annotated[str, typer.Option("--by", help="Operator number of who says so.")]


@app.command("list")
def show(
    config: ConfigOption = Path("posrefund.toml"),
    every: Annotated[bool, typer.Option("--all", help="Those that are closed, too.")] = False,
    json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """List the open faults, oldest first. Exit status: 0, whether there are any or not."""
    with open_terminal(load(config)) as terminal:
        found = terminal.faults(open_only=not every)
    if json:
        print_json([fault.as_data() for fault in found])
    elif found:
        stdout.print(_table(found, is_zh=lang is Lang.ZH))
    else:
        stdout.print("没有故障" if lang is Lang.ZH else "no faults")


@app.command("open")
def open_(
    kind: Annotated[str, typer.Argument(help="A word for it: printer, battery.")],
    detail: Annotated[str, typer.Option(help="What was seen.")] = "",
    config: ConfigOption = Path("posrefund.toml"),
    json: JSONOption = False,
) -> None:
    """Write down that something is broken; while one of that kind is open it is that one."""
    with open_terminal(load(config)) as terminal:
        fault = terminal.open_fault(kind, detail)
    if json:
        print_json(fault.as_data())
    else:
        stdout.print(fault.fault_id, markup=False)


@app.command("close")
def close(
    fault: Annotated[str, typer.Argument(help="Which: F-17.")],
    by: _By,
    done: Annotated[str, typer.Option(help="What was done about it.")],
    config: ConfigOption = Path("posrefund.toml"),
    json: JSONOption = False,
) -> None:
    """Write down that somebody has put a fault right. Exit status: 2 if none is open under that name."""
    with open_terminal(load(config)) as terminal:
        closed = terminal.close_fault(fault, by=by, done=done)
    if json:
        print_json(closed.as_data())
        return
    stdout.print(f"{closed.fault_id} {closed.kind}: closed by {closed.closed_by}", markup=False)


@app.command("maintained")
def maintained(
    what: Annotated[str, typer.Argument(help="What was done.")],
    by: _By,
    config: ConfigOption = Path("posrefund.toml"),
    json: JSONOption = False,
) -> None:
    """Write down that somebody looked after the terminal: a new battery, a cleaned reader."""
    with open_terminal(load(config)) as terminal:
        terminal.maintained(what, by=by)
    if json:
        print_json({"what": what, "by": by})
    else:
        stdout.print(as_text(f"written down: {what}"), soft_wrap=True)


def _table(found: Sequence[TerminalFault], *, is_zh: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    names = (
        ("编号", "种类", "发生", "说明", "关闭")
        if is_zh
        else ("fault", "kind", "since", "seen", "closed")
    )
    for name in names:
        table.add_column(name, overflow="fold")
    for fault in found:
        closed = (
            f"{fault.closed_at:%Y-%m-%d %H:%M} {fault.closed_by}: {fault.done}"
            if fault.closed_at
            else ""
        )
        since = f"{fault.opened_at:%Y-%m-%d %H:%M}"
        table.add_row(*map(as_text, (fault.fault_id, fault.kind, since, fault.detail, closed)))
    return table
