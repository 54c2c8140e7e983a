"""``posrefund encode``: from JSON to the bytes of a message. Floor 11."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from posrefund.cli.dialect_file import find_dialect
from posrefund.cli.message_json import capture_from_data
from posrefund.dialects.capture import Capture, Framing
from posrefund.errors import EncodeError

__all__ = ["encode"]


def encode(
    dialect: Annotated[
        str, typer.Option(help="Which table to write it by: a name, or a dialect file.")
    ] = "unionpay",
    framed: Annotated[
        bool, typer.Option("--framed", help="Put back the framing that decode reported.")
    ] = False,
) -> None:
    """Read the JSON of decode on standard input and print the message as hex digits."""
    known = find_dialect(dialect)
    try:
        data = json.loads(sys.stdin.buffer.read())
    except (ValueError, RecursionError):
        raise EncodeError("message", "JSON on standard input") from None
    capture = capture_from_data(data, known)
    if not framed:
        bare = Framing(mac_missing=capture.framing.mac_missing, pads=capture.framing.pads)
        capture = Capture(bare, capture.fields, {})
    print(capture.rebuild(known).hex().upper())
