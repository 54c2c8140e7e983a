"""``posrefund encode``: from JSON, with or without changes, to the bytes of a message. Floor 11."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from posrefund.cli.dialect_file import find_dialect
from posrefund.cli.message_json import capture_from_data, with_value
from posrefund.dialects.capture import Capture, Framing
from posrefund.errors import ConfigError, EncodeError

__all__ = ["encode"]


def encode(
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="FILE", help="JSON as decode prints it; - is standard input."
        ),
    ] = "-",
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="Change a field: 4=000000000100, 61.date=0310, mti=0220; an empty VALUE takes it out.",
        ),
    ] = None,
    dialect: Annotated[
        str, typer.Option(help="Which table to write it by: a name, or a dialect file.")
    ] = "unionpay",
    framed: Annotated[
        bool, typer.Option("--framed", help="Put back the framing that decode reported.")
    ] = False,
) -> None:
    """Print the message that some JSON describes as hex digits.

    With --set mti=… and nothing on standard input a message is made from nothing.
    """
    known = find_dialect(dialect)
    asked = [_change(text) for text in changes or ()]
    data = _read(source, from_nothing=any(path == "mti" for path, _ in asked))
    for path, value in asked:
        data = with_value(data, path, value, known)
    capture = capture_from_data(data, known)
    if not framed:
        bare = Framing(mac_missing=capture.framing.mac_missing, pads=capture.framing.pads)
        capture = Capture(bare, capture.fields, {})
    print(capture.rebuild(known).hex().upper())


def _read(source: str, *, from_nothing: bool) -> object:
    if source == "-" and from_nothing and sys.stdin.isatty():
        return {"fields": {}}
    try:
        raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError:
        raise ConfigError(f"{source} cannot be read") from None
    if from_nothing and not raw.strip():
        return {"fields": {}}
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        where = "on standard input" if source == "-" else f"in {source}"
        raise EncodeError("message", f"JSON {where}") from None


def _change(text: str) -> tuple[str, str]:
    path, equals, value = text.partition("=")
    if not equals:
        raise EncodeError("--set", "FIELD=VALUE")
    return path.removeprefix("DE"), value
