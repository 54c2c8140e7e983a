"""``posrefund close-batch``: compare totals, upload, open the next batch. Floor 11."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.screen import JSONOption, Lang, LangOption, print_json, stderr, stdout
from posrefund.office import TRAINING, batch_slip

if TYPE_CHECKING:
    from posrefund.engine.settlement import BatchClosed

__all__ = ["close_batch"]


def close_batch(
    config: ConfigOption = Path("posrefund.toml"),
    operator: Annotated[str, typer.Option(help="Operator number.")] = "01",
    reprint: Annotated[
        bool, typer.Option("--reprint", help="Print the slip of the last one again; close nothing.")
    ] = False,
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Close the batch (0500, 0320 where the totals differ, 0820) and print its slip.

    Interrupted, or without an answer, it goes on where it stood when it is called again; until then no money
    moves. What is in doubt is not counted: it is on the slip, and carried over. Sign in afterwards.

    Exit status: 0 closed, 4 closed and something for people to look at, 3 refused by a rule, 2 an error.
    """
    with open_terminal(load(config)) as terminal:
        if not reprint and terminal.signatures_waiting():
            stderr.print(_WAITING, markup=False)
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
    if as_json:
        print_json(_as_data(closed))
    else:
        stdout.print(text, markup=False)
    is_plain = closed.verdict == "balanced" and not closed.doubts
    raise typer.Exit(0 if is_plain or reprint else 4)


_WAITING = (
    "signatures have not gone up, and cannot once the batch is closed (posrefund upload-signatures)"
    " / 有电子签名尚未上送，结算后不能再上送"
)


def _as_data(closed: BatchClosed) -> dict[str, Any]:
    return {
        "batch": closed.batch,
        "next_batch": closed.next_batch,
        "closed_at": closed.closed_at.isoformat(),
        "operator": closed.operator,
        "ended_by": closed.ended_by,
        "currency": closed.currency,
        "verdict": closed.verdict or None,
        "ours": closed.ours.as_facts(),
        "host": closed.host.as_facts() if closed.host else None,
        "uploaded": closed.uploaded,
        "refused": dict(closed.refused),
        "doubts": [each.attempt_id for each in closed.doubts],
        "late": [each.attempt_id for each in closed.late],
    }
