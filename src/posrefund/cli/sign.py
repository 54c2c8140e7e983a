"""``posrefund sign``: write down that the customer signed. Floor 11."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.screen import print_json, stdout
from posrefund.engine import Signature
from posrefund.errors import ConfigError
from posrefund.office.signatures import keep

__all__ = ["sign"]


def sign(
    request: Annotated[str, typer.Argument(help="The request whose slip was signed.")],
    picture: Annotated[
        Path | None,
        typer.Option(
            help="The signature from a pad, kept by its digest; left out, it is on paper."
        ),
    ] = None,
    config: ConfigOption = Path("posrefund.toml"),
    as_json: Annotated[bool, typer.Option("--json", help="The same as data.")] = False,
) -> None:
    """Write down the customer's signature under what the host accepted; once.

    The picture is kept in the folder ``signatures`` of ``[slip]``, its SHA-256 in the journal.

    Exit status: 0 written down, 3 nothing under that id was accepted, 2 an error, such as another signature.
    """
    settings = load(config)
    try:
        given = picture.read_bytes() if picture else b""
    except OSError as error:
        raise ConfigError(f"{picture} cannot be read: {error.strerror}") from None
    with open_terminal(settings) as terminal:
        signature = keep(given, settings.slip.signatures) if picture else Signature("paper")
        terminal.sign(request, signature)
    if as_json:
        print_json({"request": request, "kind": signature.kind, "sha256": signature.sha256})
    else:
        stdout.print(signature.said, markup=False)
