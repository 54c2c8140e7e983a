"""``posrefund compare-day``: one settlement file beside the journals of a fleet; nothing is changed. Floor 11."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from posrefund.cli.config import ConfigOption, load
from posrefund.cli.days import day_of
from posrefund.cli.screen import JSONOption, Lang, LangOption, print_json, stdout
from posrefund.cli.settle import as_text_lines, layout_of
from posrefund.errors import ConfigError
from posrefund.office import compare_day as compare
from posrefund.office import day_text
from posrefund.office.files import Expected

__all__ = ["compare_day"]


class JoinedBy(StrEnum):
    """What joins the two sides."""

    PLAIN = "plain"
    DUCKDB = "duckdb"


def compare_day(  # noqa: PLR0913, PLR0917 — each is an option of the command
    file: Annotated[Path, typer.Argument(help="The acquirer's file of one settlement day.")],
    day: Annotated[str, typer.Option(help="Which day, YYYY-MM-DD.")],
    layout_name: Annotated[
        str, typer.Option("--layout", help="What it looks like: a name, or a TOML file of yours.")
    ] = "unionpay-acom",
    count: Annotated[
        int | None, typer.Option("--count", help="How many rows the acquirer says it has.")
    ] = None,
    terminal: Annotated[
        str, typer.Option("--terminal", help="Only this one of a file of many.")
    ] = "",
    engine: Annotated[
        JoinedBy,
        typer.Option("--engine", help="Both say the same; duckdb needs posrefund[report]."),
    ] = JoinedBy.PLAIN,
    journal: Annotated[
        Path | None, typer.Option("--journal", help="Another file than that of the settings.")
    ] = None,
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
    config: ConfigOption = Path("posrefund.toml"),
) -> None:
    """Compare a settlement file with all terminals of one journal file; exit status 4 if people have to look.

    It writes nothing and moves nothing; each terminal's settle does.
    """
    books = journal or load(config).journal_file
    if books is None:
        raise ConfigError("the journal is in PostgreSQL: a day is compared with a journal file")
    try:
        with file.open("rb") as source:
            found = compare(
                books,
                source,
                file_day=day_of(day, "--day"),
                layout=layout_of(layout_name),
                expected=Expected(rows=count),
                terminal=terminal,
                engine=engine.value,
            )
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from None
    if as_json:
        print_json(found.as_data())
    else:
        stdout.print(as_text_lines(day_text(found, lang.value)), end="", soft_wrap=True)
    raise typer.Exit(4 if found.differences else 0)
