"""``posrefund complaints`` and ``posrefund feedback``: what customers say of refunds, and who answers until when. Floor 11."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.screen import JSONOption, Lang, LangOption, as_text, print_json, stdout
from posrefund.office import answer_complaint, close_complaint, give_feedback, open_complaint
from posrefund.office import complaints as complaints_of
from posrefund.office.complaint_words import complaint_line

if TYPE_CHECKING:
    from posrefund.cli.config import Settings
    from posrefund.engine.complaints import Channel, Complaint, ComplaintKind, Ending

__all__ = ["app", "feedback"]

app = typer.Typer(help="Complaints of customers, with their clocks.", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(help="K-…")]
_By = Annotated[str, typer.Option("--by", help="Operator number.")]
_Words = Annotated[
    str, typer.Option(help="As the customer says it; no card number, no name. Kept for ever.")
]


@app.command("list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
    config: ConfigOption = Path("posrefund.toml"),
) -> None:
    """List the complaints, oldest first, each with what it waits for and until when."""
    settings, now = load(config), datetime.now(UTC)
    with open_terminal(settings) as terminal:
        found = complaints_of(terminal.journal, open_only=not every)
    if as_json:
        print_json({"complaints": [each.as_data(now) for each in found]})
        return
    for each in found:
        line = complaint_line(each, now, settings.dialect.zone, lang.value)
        for text in (line, *(f"  {said}" for said in (each.words, each.answer, each.how) if said)):
            stdout.print(as_text(text), soft_wrap=True)
    if not found:
        stdout.print("没有投诉" if lang is Lang.ZH else "no complaints")


@app.command("open")
def open_(  # noqa: PLR0913, PLR0917 — one per option
    request_id: Annotated[str, typer.Argument(help="The refund, or the sale, that it is about.")],
    kind: Annotated[
        str, typer.Option(help="not_arrived, amount, refused, twice, service or other.")
    ],
    words: _Words,
    by: _By,
    channel: Annotated[str, typer.Option(help="counter, phone, message or letter.")] = "counter",
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
    config: ConfigOption = Path("posrefund.toml"),
) -> None:
    """Write down a complaint; the same in the same words, as long as it is open, is that one."""
    settings, now = load(config), datetime.now(UTC)
    with open_terminal(settings) as terminal:
        made = open_complaint(
            terminal.journal,
            request_id,
            kind=cast("ComplaintKind", kind),
            channel=cast("Channel", channel),
            words=words,
            by=by,
            level=settings.complaints,
            zone=settings.dialect.zone,
            now=now,
        )
    _show(made, now, settings, lang, as_json=as_json)


@app.command("answer")
def answer(
    complaint: _Name,
    words: Annotated[str, typer.Option(help="What was answered; no card number.")],
    by: _By,
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
    config: ConfigOption = Path("posrefund.toml"),
) -> None:
    """Write down the first answer: it stops the first clock."""
    settings, now = load(config), datetime.now(UTC)
    with open_terminal(settings) as terminal:
        after = answer_complaint(terminal.journal, complaint, by=by, words=words, now=now)
    _show(after, now, settings, lang, as_json=as_json)


@app.command("close")
def close(
    complaint: _Name,
    how: Annotated[str, typer.Option(help="How it ended; no card number.")],
    by: _By,
    withdrawn: Annotated[
        bool, typer.Option("--withdrawn", help="The customer took it back; else it is solved.")
    ] = False,
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
    config: ConfigOption = Path("posrefund.toml"),
) -> None:
    """Write down that a complaint is solved, or was withdrawn."""
    settings, now = load(config), datetime.now(UTC)
    ending: Ending = "withdrawn" if withdrawn else "solved"
    with open_terminal(settings) as terminal:
        after = close_complaint(terminal.journal, complaint, by=by, how=how, ending=ending, now=now)
    _show(after, now, settings, lang, as_json=as_json)


def feedback(
    request_id: Annotated[str, typer.Argument(help="The refund.")],
    score: Annotated[int, typer.Option(help="1 to 5, from bad to good.")],
    by: _By,
    words: _Words = "",
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
    config: ConfigOption = Path("posrefund.toml"),
) -> None:
    """Write down what a customer thinks of a refund; the last word counts."""
    with open_terminal(load(config)) as terminal:
        made = give_feedback(
            terminal.journal, request_id, score=score, words=words, by=by, now=datetime.now(UTC)
        )
    if as_json:
        print_json(made.as_data())
    else:
        said = "已记录评分" if lang is Lang.ZH else "score written down"
        stdout.print(as_text(f"{made.request_id}: {said} {made.score}"))


def _show(
    complaint: Complaint, now: datetime, settings: Settings, lang: Lang, *, as_json: bool
) -> None:
    if as_json:
        print_json(complaint.as_data(now))
        return
    line = complaint_line(complaint, now, settings.dialect.zone, lang.value)
    stdout.print(as_text(line), soft_wrap=True)
