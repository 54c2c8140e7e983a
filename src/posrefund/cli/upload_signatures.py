"""``posrefund upload-signatures``: send what customers signed on the pad to the acquirer. Floor 11."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.screen import JSONOption, Lang, LangOption, as_text, print_json, stdout
from posrefund.office.signature_pictures import pictures_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posrefund.engine.signature_upload import SignatureSent

__all__ = ["upload_signatures"]


def upload_signatures(
    config: ConfigOption = Path("posrefund.toml"),
    again: Annotated[bool, typer.Option("--again", help="What the host refused, too.")] = False,
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Upload the signatures of the open batch that have not gone up (0820, DE60 = 07…800); before the batch is closed.

    Interrupted, or without an answer, it goes on where it stood when it is called again. No refund waits for it.

    Exit status: 0 all are up, or there were none; 1 some are not; 3 refused by a rule; 2 an error.
    """
    settings = load(config)
    with open_terminal(settings) as terminal:
        done = terminal.upload_signatures(
            pictures_in(settings.slip.signatures),
            merchant_name=settings.slip.merchant_name,
            again=again,
        )
        waiting = terminal.signatures_waiting()
    if as_json:
        told = [
            {"attempt_id": each.attempt_id, "result": each.result, "code": each.code or None}
            for each in done
        ]
        print_json({"signatures": told, "waiting": list(waiting)})
    else:
        _show(done, lang)
    is_up = all(each.result == "uploaded" for each in done)
    raise typer.Exit(0 if is_up and not waiting else 1)


def _show(done: Sequence[SignatureSent], lang: Lang) -> None:
    is_zh = lang is Lang.ZH
    for each in done:
        zh, en = _WORDS[each.result]
        code = f" ({each.code})" if each.result == "refused" else ""
        said = f"{each.attempt_id}  {zh if is_zh else en}{code}"
        stdout.print(as_text(said), soft_wrap=True)
    if not done:
        stdout.print("没有待上送的签名" if is_zh else "no signature waits")


_WORDS = {
    "uploaded": ("已上送", "uploaded"),
    "refused": ("主机拒绝", "refused by the host"),
    "unanswered": ("主机无应答，稍后再上送", "no answer: upload it again later"),
    "no_card": (
        "批次已结，卡号已清除，不能上送",
        "its batch is closed and the card gone: it cannot go up",
    ),
    "no_picture": ("找不到签名图，或已被改动", "its picture is not there, or was changed"),
    "does_not_fit": (
        "签名图格式不符或过大",
        "its picture is none that the host takes, or too large",
    ),
}
