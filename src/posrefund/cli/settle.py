"""``posrefund settle``: read the host's settlement file and let it resolve what is in doubt. Floor 11."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.days import day_of
from posrefund.cli.screen import Lang, LangOption, as_text, print_json, stderr, stdout
from posrefund.errors import ConfigError, DecodeError
from posrefund.office import keep_file_fault, reconcile, reconcile_text
from posrefund.office.files import Expected, layout, layout_names, load_layout

if TYPE_CHECKING:
    from posrefund.office.files import FileLayout
    from posrefund.office.findings import Reconciliation
    from posrefund.terminal import Terminal

__all__ = ["as_text_lines", "layout_of", "settle"]


def settle(  # noqa: PLR0913, PLR0917 — each is an option of the command
    file: Annotated[Path, typer.Argument(help="The acquirer's file of one settlement day.")],
    day: Annotated[str, typer.Option(help="Which day, YYYY-MM-DD.")],
    layout_name: Annotated[
        str, typer.Option("--layout", help="What it looks like: a name, or a TOML file of yours.")
    ] = "unionpay-acom",
    count: Annotated[
        int | None,
        typer.Option(
            "--count",
            "--lines",
            help="How many rows the acquirer says it has; without a total absences prove nothing.",
        ),
    ] = None,
    sum_minor: Annotated[
        int | None,
        typer.Option("--sum", help="Sum of the amounts of all its rows, in the smallest unit."),
    ] = None,
    sha256: Annotated[str, typer.Option(help="Its SHA-256, as the acquirer says.")] = "",
    sha1: Annotated[str, typer.Option(help="Its SHA-1, as WeChat says.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    lang: LangOption = Lang.EN,
    config: ConfigOption = Path("posrefund.toml"),
) -> None:
    """Compare the journal with a settlement file, both ways; exit status 4 if people have to look.

    A file that does not fit its layout or its totals changes nothing, is kept as a case, and ends with status 2.
    """
    file_day = day_of(day, "--day")
    expected = Expected(count, sum_minor, sha256, sha1)
    with open_terminal(load(config)) as terminal:
        found = _read(terminal, file, file_day, layout_of(layout_name), expected)
    if as_json:
        print_json(found.as_data())
    else:
        stdout.print(as_text_lines(reconcile_text(found, lang.value)), end="", soft_wrap=True)
    raise typer.Exit(4 if found.for_people else 0)


def as_text_lines(text: str) -> object:
    """Return what a file said so that a screen can only show it, line by line."""
    return Text("\n").join(as_text(line) for line in text.split("\n"))


def _read(
    terminal: Terminal, file: Path, file_day: date, known: FileLayout, expected: Expected
) -> Reconciliation:
    now = datetime.now(UTC)
    try:
        with file.open("rb") as source:
            return reconcile(
                terminal.journal,
                source,
                file_day=file_day,
                now=now,
                layout=known,
                expected=expected,
            )
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from None
    except DecodeError as error:
        case = keep_file_fault(terminal.journal, error, file_day=file_day, now=now)
        stderr.print(f"FILE_FAULT, case {case.case_id}: nothing was applied")
        raise


def layout_of(name: str) -> FileLayout:
    """Return the layout that ``--layout`` names: one of ours, or a TOML file.

    Raises:
        ConfigError: It is neither.
    """
    if name in layout_names():
        return layout(name)
    path = Path(name)
    if not path.is_file():
        raise ConfigError(f"--layout: one of {', '.join(layout_names())}, or a TOML file")
    try:
        return load_layout(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise ConfigError("--layout: a TOML file that can be read") from None
