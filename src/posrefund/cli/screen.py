"""Where the command line writes. Floor 11."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

__all__ = ["Lang", "LangOption", "print_json", "stderr", "stdout"]


class Lang(StrEnum):
    """The languages of everything a person reads."""

    ZH = "zh"
    EN = "en"


LangOption = Annotated[Lang, typer.Option("--lang", help="Language of what is printed.")]

stdout = Console(highlight=False, soft_wrap=False)
stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(data: object) -> None:
    """Print *data* as JSON that a program can read: no colour, no wrapping, Chinese as it is."""
    import json

    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
