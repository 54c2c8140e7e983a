"""``posrefund cases``: what people have to look at, how old it is, and who does what next. Floor 11."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.days import day_of
from posrefund.cli.screen import Lang, LangOption, as_text, print_json, stdout
from posrefund.office import ageing, close_case, find_case, watch
from posrefund.office import cases as cases_of

if TYPE_CHECKING:
    from posrefund.engine.exceptions import Owner, Severity
    from posrefund.office import Case

__all__ = ["app"]

app = typer.Typer(help="What people have to look at.", no_args_is_help=True)

JSONOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_SEVERITIES: dict[Severity, str] = {"none": "无", "low": "低", "high": "高", "top": "最高"}
_OWNERS: dict[Owner, str] = {
    "nobody": "无须处理",
    "shop": "门店",
    "finance": "财务",
    "security": "安全",
    "support": "技术支持",
}


@app.command("list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    day: Annotated[
        str,
        typer.Option(
            help="The host's settlement day, YYYY-MM-DD: also look for what has waited too long."
        ),
    ] = "",
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
    config: ConfigOption = Path("posrefund.toml"),
) -> None:
    """List the cases, oldest first, and how many there are of each age; exit status 4 if one is open."""
    now = datetime.now(UTC)
    with open_terminal(load(config)) as terminal:
        if day:
            watch(terminal.journal, today=day_of(day, "--day"), now=now)
        found = cases_of(terminal.journal, open_only=not every)
    still_open = [case for case in found if case.is_open]
    ages = ageing(still_open, now)
    if as_json:
        print_json({"cases": [case.as_data(now) for case in found], "ageing": ages})
    else:
        for case in found:
            stdout.print(as_text(_line(case, lang, now)), soft_wrap=True)
        days = "  ".join(f"{age}: {count}" for age, count in ages.items())
        said = "{} 件未结；天数 {}" if lang is Lang.ZH else "{} open; days {}"
        stdout.print(said.format(len(still_open), days), markup=False, soft_wrap=True)
    raise typer.Exit(4 if still_open else 0)


@app.command()
def show(
    case_id: Annotated[str, typer.Argument(help="C-…")],
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
    config: ConfigOption = Path("posrefund.toml"),
) -> None:
    """Show one case: what happened, whose it is, and what to do next."""
    now = datetime.now(UTC)
    with open_terminal(load(config)) as terminal:
        case = find_case(terminal.journal, case_id)
    if as_json:
        print_json(case.as_data(now))
        return
    stdout.print(as_text(_line(case, lang, now)), soft_wrap=True)
    meaning = case.rule.meaning_zh if lang is Lang.ZH else case.rule.meaning_en
    for text in (meaning, *(f"{name}: {value}" for name, value in case.facts.items() if value)):
        stdout.print(as_text(f"  {text}"), soft_wrap=True)
    if not case.is_open:
        closed = "已结" if lang is Lang.ZH else "closed"
        said = f"  {closed} {case.closed_at} {case.closed_by} {case.how}"
        stdout.print(as_text(said), soft_wrap=True)


@app.command()
def close(
    case_id: Annotated[str, typer.Argument(help="C-…")],
    by: Annotated[str, typer.Option(help="Who closes it.")],
    how: Annotated[str, typer.Option(help="How it ended; no card number.")],
    as_json: JSONOption = False,
    config: ConfigOption = Path("posrefund.toml"),
) -> None:
    """Close one case; an attempt that is not settled has to be decided first."""
    with open_terminal(load(config)) as terminal:
        now = datetime.now(UTC)
        case = close_case(terminal.journal, case_id, by=by, how=how, now=now)
    if as_json:
        print_json(case.as_data(now))
        return
    stdout.print(as_text(f"{case.case_id} closed by {case.closed_by or 'a file'}: {case.how}"))


def _line(case: Case, lang: Lang, now: datetime) -> str:
    rule = case.rule
    about = case.attempt_id or case.subject
    step = case.next_step(lang.value)
    if lang is Lang.ZH:
        state = "" if case.is_open else "（已结）"
        return (
            f"{case.case_id} {case.category} {_SEVERITIES[rule.severity]} {case.age_days(now)}天 {about}"
            f" [{_OWNERS[rule.owner]}] {step}{state}"
        )
    state = "" if case.is_open else " (closed)"
    return (
        f"{case.case_id} {case.category} {rule.severity} {case.age_days(now)}d {about}"
        f" [{rule.owner}] {step}{state}"
    )
