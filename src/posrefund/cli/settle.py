"""``posrefund settle``: read the host's settlement file and let it resolve what is in doubt. Floor 11."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.screen import stdout
from posrefund.office import reconcile

__all__ = ["settle"]

_FINE = {"MATCH", "RESOLVED_YES", "PENDING"}


def settle(
    file: Annotated[Path, typer.Argument(help="IND…ACOM file of one settlement day.")],
    day: Annotated[str, typer.Option(help="Which day, YYYY-MM-DD.")],
    lines: Annotated[
        int | None,
        typer.Option(help="How many lines the acquirer says it has; else absences prove nothing."),
    ] = None,
    config: ConfigOption = Path("posrefund.toml"),
) -> None:
    """Compare the journal with a settlement file, both ways; exit status 4 if people have to look."""
    try:
        file_day = date.fromisoformat(day)
        text = file.read_text(encoding="latin-1")
    except ValueError:
        raise typer.BadParameter("--day is YYYY-MM-DD") from None
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from None
    with open_terminal(load(config)) as terminal:
        result = reconcile(
            terminal.journal, text, file_day=file_day, now=datetime.now(UTC), line_count=lines
        )
    for finding in result.findings:
        row = f" (line {finding.row.row})" if finding.row else ""
        stdout.print(f"{finding.category:<20} {finding.attempt_id or 'unknown here'}{row}")
    cases = sum(finding.category not in _FINE for finding in result.findings)
    stdout.print(f"{len(result.findings)} compared, {cases} for people to look at")
    raise typer.Exit(4 if cases else 0)
