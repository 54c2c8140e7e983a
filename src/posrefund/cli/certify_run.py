"""A certification on the command line: played, told line by line, its evidence written. Floor 11."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from posrefund.certify import CASES, certify, evidence
from posrefund.certify.said import CONFIDENCE
from posrefund.cli.screen import Lang, as_text, stdout
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.certify import CaseResult, Certification, Subject, Switch

__all__ = ["play", "tell_end", "write_evidence"]

_MARKS = {
    "passed": ("✓", "green"),
    "failed": ("✗", "red"),
    "skipped": ("–", "yellow"),
    "absent": ("·", "dim"),
}
_SURE = {"seen": "·", "likely": "~", "unknown": "?"}


def play(subject: Subject, only: list[str], *, with_switches: bool, lang: Lang) -> Certification:
    """Play the cases, each told as it is over.

    Raises:
        typer.BadParameter: *only* names none of them.
    """
    strangers = sorted(set(only) - {case.name for case in CASES})
    if strangers:
        raise typer.BadParameter(f"--only is one of {', '.join(case.name for case in CASES)}")
    return certify(
        subject, only=only, with_switches=with_switches, tell=lambda result: _say(result, lang)
    )


def _say(result: CaseResult, lang: Lang) -> None:
    """One line as each case is over, and one for each thing that it found wrong."""
    is_zh = lang is Lang.ZH
    mark, style = _MARKS[result.verdict]
    met = sum(found.is_met for found in result.findings)
    title = result.title_zh if is_zh else result.title_en
    why = result.why_zh if is_zh else result.why_en
    line = f"{mark} {result.name:<18} {title}  {met}/{len(result.findings)}"
    stdout.print(as_text(line, style), soft_wrap=True)
    said: dict[str, str] = {}
    for found in result.failures:
        said.setdefault(found.check, found.zh if is_zh else found.en)
    for check, text in said.items():
        stdout.print(as_text(f"    {check}: {text}"), soft_wrap=True)
    if why and not said:
        stdout.print(as_text(f"    {why}"), soft_wrap=True)


def tell_end(run: Certification, out: Path, lang: Lang) -> None:
    """Tell the switches, how many cases passed, and what is left to give back."""
    is_zh = lang is Lang.ZH
    for switch in run.switches:
        stdout.print(as_text(_switch_line(switch, is_zh=is_zh)), soft_wrap=True)
    counts = [run.count(name) for name in ("passed", "failed", "skipped", "absent")]
    zh = "通过 {}，未通过 {}，未执行完 {}，参数中没有 {}；证据在 {}"
    en = "{} passed, {} failed, {} not finished, {} not in this profile; the evidence is in {}"
    stdout.print(as_text((zh if is_zh else en).format(*counts, out)), soft_wrap=True)
    days = [
        f"{sale.rrn}:{sale.transaction_date:%m%d}:{sale.amount.minor}" for sale in run.originals
    ]
    if days and not is_zh:
        stdout.print(
            as_text(f"left to give back: --original {' --original '.join(days)}"), soft_wrap=True
        )
    elif days:
        stdout.print(as_text(f"尚可退货：--original {' --original '.join(days)}"), soft_wrap=True)


def _switch_line(switch: Switch, *, is_zh: bool) -> str:
    seen = switch.seen
    said = seen.said_zh if is_zh else seen.said_en
    how_sure = CONFIDENCE[switch.confidence][0 if is_zh else 1]
    return f"{_SURE[switch.confidence]} {switch.name:<18} {said} [{how_sure}]"


def write_evidence(out: Path, run: Certification, lang: Lang) -> None:
    """Write the evidence into the folder *out*.

    Raises:
        ConfigError: It cannot be written.
    """
    files = evidence(run, lang.value)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (out / name).write_bytes(data)
    except OSError:
        raise ConfigError(f"{out} cannot be written") from None
