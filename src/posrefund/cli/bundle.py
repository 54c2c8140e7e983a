"""``posrefund bundle`` and ``posrefund dossier``: what support needs, and nothing that it may not have. Floor 11."""

from __future__ import annotations

import os
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal, read
from posrefund.cli.screen import Lang, LangOption, print_json, stdout
from posrefund.errors import ConfigError
from posrefund.office import dossier as dossier_of
from posrefund.office import support_bundle, unpack
from posrefund.wirelog import read_log

if TYPE_CHECKING:
    from posrefund.wirelog import Entry

__all__ = ["app", "dossier"]

app = typer.Typer(help="One redacted file for support.", no_args_is_help=True)

_BYTES_MAX = 1 << 28
_LINES = 500


@app.command("make")
def make(
    file: Annotated[Path, typer.Argument(help="Where; nothing may be there.")],
    request: Annotated[str, typer.Option(help="What it is about: a request's own number.")] = "",
    wire_log: Annotated[
        list[Path] | None, typer.Option("--wire-log", help="A log of the line, JSON lines or pcap.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Make a self-check first.")
    ] = True,
    config: ConfigOption = Path("posrefund.toml"),
    json: Annotated[bool, typer.Option("--json", help="As data.")] = False,
) -> None:
    """Write a support bundle: journal, self-check, faults, versions, settings; no card data, no secret.

    It is scanned before it is written, and not written if anything in it could be card data (exit status 2). The head
    that is printed stands in the journal, too: tell it to support by another way than the file.
    """
    settings = load(config)
    entries = _last_entries(wire_log or [])
    with open_terminal(settings) as terminal:
        report = terminal.selfcheck() if check else None
        made = support_bundle(
            terminal.journal,
            terminal.dialect,
            now=datetime.now(UTC),
            settings=read(config),
            selfcheck=report,
            wire_log=entries,
            request_id=request,
        )
    _write(file, made.data)
    if json:
        print_json({"file": str(file), "head": made.head, "files": [*made.files]})
        return
    stdout.print(f"{file}: {len(made.files)} files", markup=False, soft_wrap=True)
    stdout.print(f"head {made.head}", markup=False, soft_wrap=True)


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="A bundle.")],
    head: Annotated[str, typer.Option(help="As it was told by another way than the file.")] = "",
    json: Annotated[bool, typer.Option("--json", help="As data.")] = False,
) -> None:
    """Check that nothing in a bundle was changed, put in or left out; exit status 2 names the first that was."""
    found = unpack(_content(file), head)
    if json:
        print_json(
            {"head": found.head, "made_at": found.made_at.isoformat(), "files": [*found.files]}
        )
        return
    stdout.print(f"{len(found.files)} files, all in order", markup=False)
    stdout.print(f"head {found.head}", markup=False, soft_wrap=True)


def dossier(
    request: Annotated[str, typer.Argument(help="The request's own number.")],
    out: Annotated[Path | None, typer.Option(help="Where to; the screen if left out.")] = None,
    json: Annotated[bool, typer.Option("--json", help="As data.")] = False,
    config: ConfigOption = Path("posrefund.toml"),
    lang: LangOption = Lang.EN,
) -> None:
    """Print everything that is known of one request, in order and in words: for support, and for a dispute.

    Exit status: 3 if nothing is known of it.
    """
    with open_terminal(load(config)) as terminal:
        found = dossier_of(terminal.journal, terminal.dialect, request)
    if json:
        print_json(found.as_data())
    elif out is not None:
        _write(out, found.text("zh" if lang is Lang.ZH else "en").encode())
    else:
        text = found.text("zh" if lang is Lang.ZH else "en")
        stdout.print(text, markup=False, soft_wrap=True, end="")


def _last_entries(logs: list[Path]) -> list[Entry]:
    entries: deque[Entry] = deque(maxlen=_LINES)
    for path in logs:
        entries.extend(read_log(_content(path)))
    return [*entries]


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as source:
            return source.read(_BYTES_MAX)
    except OSError:
        raise ConfigError(f"{path} cannot be read") from None


def _write(path: Path, data: bytes) -> None:
    """Write a file that is not there yet, for its owner alone."""
    try:
        descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600
        )
        with os.fdopen(descriptor, "wb") as target:
            target.write(data)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None
