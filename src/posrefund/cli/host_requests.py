"""``posrefund host-requests``: what the host asks for in the headers of its answers, and who has done it. Floor 11."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.screen import JSONOption, Lang, LangOption, as_text, print_json, stdout
from posrefund.engine.selfcheck_table import REASONS

__all__ = ["app"]

app = typer.Typer(help="What the host asks the terminal for.", no_args_is_help=True)


@app.command("list")
def show(
    config: ConfigOption = Path("posrefund.toml"),
    json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """List what the host asked for and nobody has done, and who has to do it. Exit status: 0, whether there is any or not."""
    with open_terminal(load(config)) as terminal:
        found = terminal.host_requests()
    if json:
        print_json([{"name": each.name, "since": each.since.isoformat()} for each in found])
        return
    is_zh = lang is Lang.ZH
    for each in found:
        reason = REASONS[f"host_asks.{each.name}"]
        said, remedy = (reason.zh, reason.remedy_zh) if is_zh else (reason.en, reason.remedy_en)
        told = f"{each.name}  {each.since:%Y-%m-%d %H:%M}  {said}: {remedy}"
        stdout.print(as_text(told), soft_wrap=True)
    if not found:
        stdout.print("主机没有要求" if is_zh else "the host asks for nothing")


@app.command("done")
def done(
    name: Annotated[str, typer.Argument(help="What was done, as list has it: software.")],
    by: Annotated[str, typer.Option("--by", help="Operator number of who says so.")],
    config: ConfigOption = Path("posrefund.toml"),
    json: JSONOption = False,
) -> None:
    """Write down that somebody did what the host asked for. Exit status: 2 if it asked for no such thing."""
    with open_terminal(load(config)) as terminal:
        terminal.host_request_done(name, by=by)
    if json:
        print_json({"name": name, "by": by})
    else:
        stdout.print(as_text(f"written down: {name}"))


@app.command("obey")
def obey(
    config: ConfigOption = Path("posrefund.toml"),
    json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Sign in again if the host asked for it, at most every ten minutes; made for a timer to call when nobody waits.

    Exit status: 0 nothing to do, or done; 1 the host still asks for a sign-in.
    """
    with open_terminal(load(config)) as terminal:
        has_tried = terminal.when_idle()
        is_left = "sign_in" in {each.name for each in terminal.host_requests()}
    if json:
        print_json({"tried": has_tried, "still_asked": is_left})
    elif has_tried or is_left:
        zh, en = _LEFT if is_left else _DONE
        stdout.print(zh if lang is Lang.ZH else en)
    raise typer.Exit(1 if is_left else 0)


_DONE = ("已按主机要求重新签到", "signed in again, as the host asked")
_LEFT = ("主机仍要求重新签到", "the host still asks for a sign-in")
