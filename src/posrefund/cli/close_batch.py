"""``posrefund close-batch``: compare totals, upload, open the next batch. Floor 11."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.screen import Lang, LangOption, stderr, stdout
from posrefund.office import TRAINING, batch_slip

__all__ = ["close_batch"]


def close_batch(
    config: ConfigOption = Path("posrefund.toml"),
    operator: Annotated[str, typer.Option(help="Operator number.")] = "01",
    reprint: Annotated[
        bool, typer.Option("--reprint", help="Print the slip of the last one again; close nothing.")
    ] = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Close the batch (0500, 0320 where the totals differ, 0820) and print its slip.

    Interrupted, or without an answer, it goes on where it stood when it is called again; until then no money
    moves. What is in doubt is not counted: it is on the slip, and carried over. Sign in afterwards.

    Exit status: 0 closed, 4 closed and something for people to look at, 3 refused by a rule, 2 an error.
    """
    with open_terminal(load(config)) as terminal:
        closed = terminal.last_batch() if reprint else terminal.close_batch(operator)
        if closed is None:
            stderr.print("no batch was closed yet / 还没有结算过")
            sys.exit(2)
        text = batch_slip(
            closed,
            terminal.view(),
            language=lang.value,
            reprint=reprint,
            watermark=TRAINING if terminal.journal.is_training else "",
        )
    stdout.print(text, markup=False)
    is_plain = closed.verdict == "balanced" and not closed.doubts
    raise typer.Exit(0 if is_plain or reprint else 4)
