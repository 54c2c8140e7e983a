"""``posrefund journal``: show what happened; verify that nobody changed it; copy it. Floor 11."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from posrefund.cli.config import ConfigOption, load, open_journal, open_keystore, open_terminal
from posrefund.cli.screen import JSONOption, as_text, print_json, stdout
from posrefund.errors import ConfigError, InvalidRequestError
from posrefund.journal import Journal, SQLiteJournal, back_up

__all__ = ["app"]

app = typer.Typer(help="Look into the journal.", no_args_is_help=True)


def _open(config: Path) -> Journal:
    settings = load(config)
    return open_journal(settings, open_keystore(settings).journal_key)


@app.command()
def show(
    config: ConfigOption = Path("posrefund.toml"),
    rows: Annotated[bool, typer.Option("--rows", help="Every row of the chain.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As data.")] = False,
) -> None:
    """List the attempts, or with --rows every row of the chain. No card data: there is none in it."""
    with _open(config) as journal:
        data = _rows(journal) if rows else _attempts(journal)
    if json:
        print_json(data)
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in data[0] if data else ():
        table.add_column(name, overflow="fold", no_wrap=name != "body")
    for line in data:
        table.add_row(*map(as_text, line.values()))
    stdout.print(table if data else "the journal is empty")


@app.command()
def verify(config: ConfigOption = Path("posrefund.toml"), as_json: JSONOption = False) -> None:
    """Check every link of the chain, and every table against it."""
    with _open(config) as journal:
        count = journal.verify()
    _say(f"{count} rows, all in order", as_json=as_json, rows=count)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where; nothing may be there.")],
    config: ConfigOption = Path("posrefund.toml"),
    as_json: JSONOption = False,
) -> None:
    """Copy the journal while the till uses it, and verify the copy. The sealed cards are in it too."""
    settings = load(config)
    if settings.journal_file is None:
        raise ConfigError("the journal is in PostgreSQL: back up the database (pg_dump)")
    key = open_keystore(settings).journal_key
    opened = partial(SQLiteJournal, key=key, terminal=settings.terminal)
    rows = back_up(settings.journal_file, file, opened)
    _say(f"{rows} rows, all in order", as_json=as_json, rows=rows, file=str(file))


@app.command()
def accept(
    by: Annotated[
        list[str], typer.Option(help="Who says so; give it twice, two different people.")
    ],
    evidence: Annotated[str, typer.Option(help="What was reconciled, and how.")],
    config: ConfigOption = Path("posrefund.toml"),
    as_json: JSONOption = False,
) -> None:
    """Refund again after the journal lost rows, once the settlement files of all days in question are read."""
    if len(by) != 2:
        raise InvalidRequestError([("by", "two different people")])
    with open_terminal(load(config)) as terminal:
        terminal.accept_journal(people=(by[0], by[1]), evidence=evidence)
    said = "the journal is accepted: refunds are possible"
    _say(said, as_json=as_json, accepted=True, people=by)


def _say(text: str, *, as_json: bool, **facts: object) -> None:
    if as_json:
        print_json(facts)
    else:
        stdout.print(text)


def _attempts(journal: Journal) -> list[dict[str, str]]:
    return [
        {
            "attempt": attempt.attempt_id,
            "kind": attempt.kind,
            "state": str(attempt.state),
            "amount": str(attempt.amount),
            "batch/stan": f"{attempt.batch}/{attempt.stan}",
            "rrn": attempt.facts.get("rrn", ""),
        }
        for attempt in journal.attempts()
    ]


def _rows(journal: Journal) -> list[dict[str, str]]:
    return [
        {
            "seq": str(row.seq),
            "at": row.at,
            "kind": row.kind,
            "subject": row.subject,
            "body": row.body,
            "link": row.link.hex()[:16],
        }
        for row in journal.rows()
    ]
