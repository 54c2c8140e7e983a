"""``posrefund report day|month`` and ``posrefund refunds list``: what happened, in figures that can be asked again. Floor 11."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table

from posrefund.cli.config import ConfigOption, Settings, load
from posrefund.cli.screen import JSONOption, Lang, LangOption, as_text, print_json, stdout
from posrefund.errors import ConfigError
from posrefund.journal import Moment
from posrefund.office import report as office
from posrefund.office.report.shown import HIDDEN, cell, grouped, is_number
from posrefund.office.report.words import column, word
from posrefund.values import settlement_day

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["app", "refunds"]

app = typer.Typer(help="Reports of a day or a month of the host.", no_args_is_help=True)
refunds = typer.Typer(help="The refunds that this journal knows.", no_args_is_help=True)


class Format(StrEnum):
    """What a report is written as."""

    TEXT = "text"
    CSV = "csv"
    HTML = "html"
    JSON = "json"


_WIDEST = 1000
_Day = Annotated[
    str, typer.Argument(metavar="[DATE]", help="YYYY-MM-DD; the running day without it.")
]
_Month = Annotated[
    str,
    typer.Argument(metavar="[DATE]", help="YYYY-MM or a day of it; the running month without it."),
]
_Format = Annotated[
    Format, typer.Option("--format", help="csv writes a file for each figure into --out.")
]
_Out = Annotated[
    Path | None, typer.Option("--out", help="File, or folder for csv; else the screen.")
]
_Terminal = Annotated[str, typer.Option("--terminal", help="One terminal of a file of many.")]
_File = Annotated[
    Path | None, typer.Option("--journal", help="Another journal file than that of the settings.")
]


@app.command()
def day(
    wanted: _Day = "",
    form: _Format = Format.TEXT,
    out: _Out = None,
    terminal: _Terminal = "",
    journal: _File = None,
    config: ConfigOption = Path("posrefund.toml"),
    lang: LangOption = Lang.EN,
) -> None:
    """Report one settlement day of the host; exit status 4 if its sums do not balance."""
    settings = load(config)
    _report(_period(settings, _date(wanted)), settings, (form, out, terminal, journal), lang)


@app.command()
def month(
    wanted: _Month = "",
    form: _Format = Format.TEXT,
    out: _Out = None,
    terminal: _Terminal = "",
    journal: _File = None,
    config: ConfigOption = Path("posrefund.toml"),
    lang: LangOption = Lang.EN,
) -> None:
    """Report a calendar month of settlement days; exit status 4 if its sums do not balance."""
    settings = load(config)
    some_day = _date(f"{wanted}-01" if len(wanted) == 7 else wanted)
    period = _period(settings, some_day, is_month=True)
    _report(period, settings, (form, out, terminal, journal), lang)


@refunds.command("list")
def list_refunds(  # noqa: PLR0913, PLR0917 — one per option
    wanted: Annotated[
        str, typer.Option("--day", help="YYYY-MM-DD; the running day without it.")
    ] = "",
    state: Annotated[str, typer.Option("--state", help="Such as IN_DOUBT.")] = "",
    operator: Annotated[str, typer.Option("--operator", help="Who made it.")] = "",
    terminal: _Terminal = "",
    as_json: JSONOption = False,
    journal: _File = None,
    config: ConfigOption = Path("posrefund.toml"),
    lang: LangOption = Lang.EN,
) -> None:
    """List the refunds and voids of one settlement day of the host, and their sum."""
    settings = load(config)
    choice = office.RefundFilter(state, operator, terminal)
    with Moment(_file(settings, journal)) as moment:
        table = office.refund_list(moment, _period(settings, _date(wanted)), choice)
        is_training = moment.is_training
    if as_json:
        print_json(list(table.dicts()))
        return
    if is_training:
        stdout.print(f"*** {word('no_money', lang.value)} ***", markup=False)
    _show(table, lang)


def _report(
    period: office.Period,
    settings: Settings,
    choice: tuple[Format, Path | None, str, Path | None],
    lang: Lang,
) -> None:
    form, out, terminal, journal = choice
    with Moment(_file(settings, journal)) as moment:
        made = office.make_report(moment, period, terminal=terminal)
    with _writing(out):
        _write(made, form, out, lang)
    raise typer.Exit(0 if all(check.is_balanced for check in made.checks()) else 4)


def _write(made: office.Report, form: Format, out: Path | None, lang: Lang) -> None:
    match form:
        case Format.CSV:
            if out is None:
                raise ConfigError("--format csv needs a folder: --out FOLDER")
            out.mkdir(parents=True, exist_ok=True)
            for name, text in office.csv_files(made).items():
                (out / name).write_text(text, encoding="utf-8", newline="")
        case Format.HTML:
            _put(office.as_html(made, lang.value), out)
        case Format.JSON:
            _put(json.dumps(_as_data(made), ensure_ascii=False, indent=2) + "\n", out)
        case Format.TEXT:
            _put(office.as_text(made, lang.value), out)


def _as_data(made: office.Report) -> dict[str, object]:
    """Every figure by its name, and whether the sums balance that must."""
    return {
        "is_training": made.is_training,
        "terminals": list(made.terminals),
        "is_balanced": all(check.is_balanced for check in made.checks()),
        "tables": {name: list(table.dicts()) for name, table in made.tables.items()},
    }


def _put(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")


@contextmanager
def _writing(out: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{out}: {error.strerror}") from None


def _show(table: office.Table, lang: Lang) -> None:
    shown = [name for name in table.columns if name not in HIDDEN]
    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in shown:
        justify = "right" if is_number(name) else "left"
        grid.add_column(column(name, lang.value), justify=justify, no_wrap=True)  # type: ignore[arg-type]
    sums: dict[str, int] = {}
    for row in table.dicts():
        cells = (cell(name, row[name], row["currency"], lang.value) for name in shown)
        grid.add_row(*map(as_text, cells))
        if row["state"] in ("ACCEPTED", "CONFIRMED"):
            sums[row["currency"]] = sums.get(row["currency"], 0) + row["amount_minor"]
    if table.rows:
        # as wide as it is: a reference number in pieces can be neither read out nor copied
        grid.width = grid.__rich_measure__(stdout, stdout.options.update(width=_WIDEST)).maximum
        stdout.print(grid, crop=False, no_wrap=True, overflow="ignore")
    else:
        stdout.print(word("nothing", lang.value))
    for currency, minor in sorted(sums.items()):
        stdout.print(
            f"{word('accepted_sum', lang.value)}: {grouped(minor, currency)}", markup=False
        )


def _file(settings: Settings, journal: Path | None) -> Path:
    found = journal or settings.journal_file
    if found is None:
        raise ConfigError("the journal is in PostgreSQL: reports read a journal file")
    return found


def _period(settings: Settings, day: date | None, *, is_month: bool = False) -> office.Period:
    now, known = datetime.now(UTC), settings.dialect
    running = settlement_day(now.astimezone(known.zone), known.cut_off)
    make = office.Period.month if is_month else office.Period.day
    return make(day or running, now=now, zone=known.zone, cut_off=known.cut_off)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter("a day is YYYY-MM-DD, a month YYYY-MM") from None
