"""``posrefund counter``: the counter in a text terminal. Floor 11.

Screens, devices and Textual are loaded when the counter is opened, and by nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from posrefund.cli.config import ConfigOption
from posrefund.cli.screen import Lang

__all__ = ["counter"]


def counter(
    config: ConfigOption = Path("posrefund.toml"),
    lang: Annotated[Lang, typer.Option(help="Language of the screens; the menu changes it.")] = (
        Lang.ZH
    ),
    operator: Annotated[str, typer.Option(help="Operator number.")] = "01",
    pad: Annotated[
        str,
        typer.Option(
            help="Where the PIN pad is: HOST:PORT, or a serial port; left out, as [pad] of the settings says."
        ),
    ] = "",
    master_key: Annotated[
        int | None,
        typer.Option(
            help="Number of the pad's master key for PINs, where a PIN is wanted; left out, that of [pad], or 1."
        ),
    ] = None,
    test_cards: Annotated[
        bool, typer.Option("--test-cards", help="Choose among cards to practise with.")
    ] = False,
) -> None:
    """Open the counter: refund by keyboard, step by step, with a card from a PIN pad.

    Where people practise, the cards are to be chosen from, without a pad.

    Exit status: 0 it was left by the menu; 2 it could not be opened.
    """
    from posrefund.cli.counter_desk import open_counter

    open_counter(config, lang, operator, pad=pad, master_key=master_key, is_practice=test_cards)
