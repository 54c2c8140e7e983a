"""``posrefund decode``: what does this message say. Floor 11."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from posrefund.cli.dialect_file import find_dialect
from posrefund.cli.message_json import capture_as_data
from posrefund.cli.picture import message_picture
from posrefund.cli.picture_file import save_picture
from posrefund.cli.screen import Lang, LangOption, print_json, stdout
from posrefund.dialects.capture import open_capture
from posrefund.errors import DecodeError

__all__ = ["decode", "read_message"]


def decode(
    message: Annotated[str, typer.Argument(help="Hex digits, - for standard input, or @FILE.")],
    dialect: Annotated[
        str, typer.Option(help="Which table to read it by: a name, or a dialect file.")
    ] = "unionpay",
    json: Annotated[bool, typer.Option("--json", help="Print JSON that encode reads.")] = False,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show card data and keys. Mind who is watching.")
    ] = False,
    save: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Also draw the picture into FILE.svg or FILE.html."),
    ] = None,
    lang: LangOption = Lang.EN,
) -> None:
    """Print the fields of a message, with or without length prefix, TPDU and header around it."""
    known = find_dialect(dialect)
    raw = read_message(message)
    capture = open_capture(raw, known)
    picture = message_picture(raw, capture, known, reveal=reveal, lang=lang)
    if save is not None:
        title = f"posrefund decode: {capture.fields['t']} ({known.name})"
        save_picture(picture, Path(save), title=title)
    if json:
        print_json(capture_as_data(capture, known, reveal=reveal))
    else:
        stdout.print(picture)


def read_message(source: str) -> bytes:
    """Return the bytes that an argument names: hex digits, ``-`` or ``@FILE`` (hex or raw)."""
    if source == "-":
        data = sys.stdin.buffer.read()
    elif source.startswith("@"):
        data = _file(source[1:])
    else:
        return _from_hex(source)
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        return data
    return _from_hex(text)


def _file(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{name}: {error.strerror}") from None


def _from_hex(text: str) -> bytes:
    digits = "".join(text.split())
    for offset, char in enumerate(digits):
        if char not in "0123456789abcdefABCDEF":
            raise DecodeError("hex", "hexadecimal digits", offset_bytes=offset // 2)
    if len(digits) % 2:
        raise DecodeError("hex", "an even number of digits", offset_bytes=len(digits) // 2)
    return bytes.fromhex(digits)
