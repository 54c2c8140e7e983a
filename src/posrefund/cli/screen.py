"""Where the command line writes. Floor 11."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

__all__ = ["JSONOption", "Lang", "LangOption", "as_text", "print_json", "stderr", "stdout"]


class Lang(StrEnum):
    """The languages of everything a person reads."""

    ZH = "zh"
    EN = "en"


JSONOption = Annotated[bool, typer.Option("--json", help="The same as data.")]
LangOption = Annotated[Lang, typer.Option("--lang", help="Language of what is printed.")]

stdout = Console(highlight=False, soft_wrap=False)
stderr = Console(stderr=True, highlight=False, soft_wrap=True)


_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), "\N{REPLACEMENT CHARACTER}")


def as_text(value: str, style: str = "") -> Text:
    """Return what a peer wrote so that a screen can only show it: no markup, no escape sequence."""
    return Text(value.translate(_CONTROLS), style=style)


def print_json(data: object) -> None:
    """Print *data* as JSON that a program can read: no colour, no wrapping, Chinese as it is."""
    import json

    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
