"""``posrefund sign-in``: fetch working keys, batch and clock. Floor 11."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.screen import stdout

__all__ = ["sign_in"]


def sign_in(
    config: ConfigOption = Path("posrefund.toml"),
    operator: Annotated[str, typer.Option(help="Operator number.")] = "01",
) -> None:
    """Sign in at the host (0800, network code 003)."""
    with open_terminal(load(config)) as terminal:
        done = terminal.sign_in(operator)
    changed = " (the host's)" if done.batch_changed else ""
    stdout.print(f"signed in: batch {done.batch}{changed}, keys {done.key_set_id}")
