"""``posrefund dialect``: list them, show one as a file, check a file, make one from another program's. Floor 11."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table

from posrefund.cli.dialect_file import find_dialect, read_text, suffix_of
from posrefund.cli.screen import JSONOption, print_json, stderr, stdout
from posrefund.dialects import dialect, names
from posrefund.dialects.file import dialect_data, dump_dialect, read_dialect
from posrefund.dialects.importing import import_jpos, import_moov
from posrefund.errors import ConfigError, DialectFileError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posrefund.dialects import Dialect
    from posrefund.dialects.file.reader import FileFault

__all__ = ["app"]

app = typer.Typer(help="Dialects: built in, and as files.", no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(help="A dialect file, TOML or JSON.")]


@app.command("list")
def list_all(json: JSONOption = False) -> None:
    """List the built-in dialects."""
    if json:
        print_json([_as_data(dialect(name)) for name in names()])
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in ("dialect", "encoding", "fields", "messages", "MAC", "framing"):
        table.add_column(title, overflow="fold")
    for known in map(dialect, names()):
        counts = (len(known.fields), len(known.messages))
        around = [word for word, there in (("TPDU", known.tpdu), ("header", known.header)) if there]
        framing = ", ".join(around) or "—"
        table.add_row(known.name, known.encoding, *map(str, counts), known.mac.algorithm, framing)
    stdout.print(table)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A built-in dialect, or a dialect file.")],
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Print a dialect as a file to start from, whole."""
    known = find_dialect(name)
    if json:
        print_json(dialect_data(known))
    else:
        sys.stdout.write(dump_dialect(known))


@app.command()
def lint(file: FileArgument, json: JSONOption = False) -> None:
    """Check a dialect file: every fault with its line, then what is legal and will surprise.

    Exit status 1 if it has faults.
    """
    found = read_dialect(read_text(file), suffix=suffix_of(file))
    if json:
        print_json({"faults": _remarks(found.faults), "warnings": _remarks(found.warnings)})
        raise typer.Exit(1 if found.dialect is None else 0)
    for fault in found.faults:
        print(f"{file}:{fault.line}: {fault.path}: expected {fault.expected}")
    for warning in found.warnings:
        print(f"{file}:{warning.line}: warning: {warning.path}: {warning.expected}")
    if found.dialect is None:
        print(f"{len(found.faults)} fault{'s' * (len(found.faults) != 1)}")
        raise typer.Exit(1)
    print(
        f"ok: 0 faults, {len(found.dialect.fields)} fields, {len(found.dialect.messages)} messages"
    )


@app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(help="A jPOS packager (.xml) or a moov specification (.json).")
    ],
    name: Annotated[str, typer.Option(help="What the dialect will be called.")] = "imported",
) -> None:
    """Print the dialect file that another program's table gives, and on standard error what it lacks.

    Exit status 1 if a field is left out; each is named with its class.
    """
    text = read_text(file)
    try:
        found = (
            import_moov(text, name=name) if file.suffix == ".json" else import_jpos(text, name=name)
        )
    except DialectFileError as error:
        line, where, expected = error.faults[0]
        raise ConfigError(f"{file}:{line}: {where}: expected {expected}") from None
    sys.stdout.write(found.text)
    for problem in found.problems:
        stderr.print(f"{file}:{problem.line}: {problem}", markup=False)
    left_out = sum(problem.is_left_out for problem in found.problems)
    stderr.print(f"{found.field_count} fields, {left_out} left out")
    raise typer.Exit(1 if left_out else 0)


def _as_data(known: Dialect) -> dict[str, object]:
    return {
        "dialect": known.name,
        "encoding": known.encoding,
        "fields": len(known.fields),
        "messages": len(known.messages),
        "mac": known.mac.algorithm,
        "tpdu": bool(known.tpdu),
        "header": bool(known.header),
    }


def _remarks(found: Iterable[FileFault]) -> list[dict[str, object]]:
    return [{"line": each.line, "path": each.path, "expected": each.expected} for each in found]
