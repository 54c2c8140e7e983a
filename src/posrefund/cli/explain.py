"""``posrefund explain``: answers that were nobody's, and by which field. Floor 11."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posrefund.cli.config import ConfigOption, load, open_journal, open_keystore
from posrefund.cli.screen import Lang, LangOption, print_json, stdout
from posrefund.office import explain as explain_journal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.office import Unmatched

__all__ = ["explain"]

_WORDS = {
    "en": ("expected", "seen", "every answer that came was one to a message of this terminal"),
    "zh": ("应为", "实为", "收到的应答都对应本终端的报文"),
}


def explain(
    request: Annotated[
        str | None, typer.Argument(help="Only what has to do with this request.")
    ] = None,
    config: ConfigOption = Path("posrefund.toml"),
    lang: LangOption = Lang.EN,
    json: Annotated[bool, typer.Option("--json", help="As data.")] = False,
) -> None:
    """List the answers that fitted no message of this terminal: key expected, key seen, the field that differs."""
    settings = load(config)
    with open_journal(settings, open_keystore(settings).journal_key) as journal:
        found = explain_journal(journal, settings.dialect, request)
    if json:
        print_json([_as_data(each) for each in found])
        return
    expected, seen, nothing = _WORDS[lang.value]
    for each in found:
        text = each.text_zh if lang is Lang.ZH else each.text_en
        stdout.print(f"{each.at:%Y-%m-%d %H:%M:%S}Z {text}", markup=False)
        stdout.print(f"  {expected}: {_line(each.key_expected)}", markup=False)
        stdout.print(f"  {seen}: {_line(each.key_seen)}", markup=False)
    if not found:
        stdout.print(nothing)


def _line(key: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value or '-'}" for name, value in key.items()) or "-"


def _as_data(each: Unmatched) -> dict[str, object]:
    return {
        "at": each.at.isoformat(),
        "asked": each.asked,
        "nearest": each.nearest,
        "field": each.field,
        "expected": each.expected,
        "seen": each.seen,
        "key_expected": dict(each.key_expected),
        "key_seen": dict(each.key_seen),
    }
