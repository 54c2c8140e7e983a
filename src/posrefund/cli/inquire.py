"""``posrefund inquire``: ask the host what became of a request. Floor 11."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.money import finish
from posrefund.cli.screen import JSONOption, Lang, LangOption, as_text, stderr, stdout
from posrefund.errors import LinkError, RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["inquire"]

_VERDICTS = {
    "processed": ("已处理，应答码", "processed, code"),
    "in_progress": ("处理中", "in progress"),
    "not_found": ("主机未找到", "not found"),
    "unclear": ("应答不能理解", "the answer says nothing that can be understood"),
}
_BECAUSE = {
    "not_authenticated": ("应答未经认证，不采用", "it is not authenticated and moves nothing"),
    "too_soon": (
        "报文可能仍在途中，不作为依据",
        "the message may still be on its way: no finding yet",
    ),
    "absence_noted": ("已记录，以对账文件为准", "noted; the settlement files decide"),
    "other_amount": ("金额不符，不采用", "of another amount: it moves nothing"),
    "other_rrn": ("参考号不符，不采用", "of another reference number: it moves nothing"),
    "several_copies": ("可能发出多份，不采用", "several copies may have left: it moves nothing"),
    "unread_code": ("该应答码不能说明本笔结果", "that code does not speak of this message"),
}


def inquire(
    request: Annotated[str, typer.Argument(help="The request id.")],
    config: ConfigOption = Path("posrefund.toml"),
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Ask the host what became of a request, where the profile has an inquiry, and say how it stands then.

    Exit status: 0 approved, 10 declined, 11 in doubt, 12 not sent; 2 no answer, or an error; 3 a rule says no: the
    request is unknown, or this host cannot be asked about it.
    """
    settings = load(config)
    with open_terminal(settings) as terminal:
        try:
            outcome = terminal.inquire(request)
        except (LinkError, RemoteProtocolError):
            stderr.print("the host did not answer / 主机没有应答: posrefund status", markup=False)
            raise
        told = terminal.journal.notes("inquiry", outcome.attempt.attempt_id)
        last = told[-1] if told else {}
        if not as_json and last:
            stdout.print(as_text(_said(last, lang)), soft_wrap=True)
        more = {"inquiry": {name: str(last.get(name, "")) for name in _KEYS}}
        finish(terminal, outcome, settings, lang, as_json=as_json, more=more)


_KEYS = ("verdict", "code", "authenticated", "because", "seen_at", "source")


def _said(told: Mapping[str, str], lang: Lang) -> str:
    """What was answered, and why it moves nothing where that is so."""
    at = 0 if lang is Lang.ZH else 1
    verdict = _VERDICTS[told["verdict"]][at]
    because = told.get("because", "")
    why = _BECAUSE[because][at] if because in _BECAUSE else because
    said = " ".join(part for part in (verdict, told["code"]) if part)
    return f"{said}: {why}" if why else said
