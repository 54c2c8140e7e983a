"""``posrefund certify``: an acquirer's cases against its host, and the evidence. Floor 11."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posrefund.certify import CASES, evidence, results_data
from posrefund.certify import certify as play
from posrefund.certify.said import CONFIDENCE
from posrefund.cli.certify_subject import emulated_subject, real_subject
from posrefund.cli.dialect_file import find_dialect
from posrefund.cli.screen import (
    JSONOption,
    Lang,
    LangOption,
    as_text,
    print_json,
    stderr,
    stdout,
)
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from posrefund.certify import CaseResult, Certification, Subject, Switch

__all__ = ["certify"]

_EXIT = {"passed": 0, "failed": 1, "incomplete": 4}
_MARKS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("–", "yellow")}
_SURE = {"seen": "·", "likely": "~", "unknown": "?"}
_PACK = "SHA256SUMS"
"""Where this file stands, the folder is one of ours."""


def certify(  # noqa: PLR0913, PLR0917 — each is an option of the command line
    profile: Annotated[
        str | None,
        typer.Option(
            help="A built-in dialect or a dialect file; that of the settings if left out."
        ),
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST:PORT", help="Where the host is; needs --config for terminal and TMK."
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Settings of a test terminal; without it a host is emulated."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="CASE", help="Only this case; again for more.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the evidence goes.")] = Path(
        "posrefund-evidence"
    ),
    card: Annotated[
        list[str] | None,
        typer.Option(metavar="PAN:YYMM", help="The acquirer's test cards, two or more."),
    ] = None,
    original: Annotated[
        list[str] | None,
        typer.Option(metavar="RRN:MMDD:AMOUNT", help="A sale of an earlier day to give back."),
    ] = None,
    switches: Annotated[
        bool, typer.Option("--switches", help="Find out the profile's switches, too.")
    ] = False,
    speaks: Annotated[
        str, typer.Option(help="What the emulated host speaks, for a profile of your own.")
    ] = "",
    deviation: Annotated[
        str, typer.Option(help="What the emulated host does wrong, to see it found.")
    ] = "",
    answer_s: Annotated[
        float, typer.Option(help="How long an answer is waited for; as the profile says if 0.")
    ] = 0.0,
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Run an acquirer's cases against its host and write the evidence: page, trace, results.

    Exit status: 0 every case passed, 1 one failed, 4 none failed and some could not be finished. Money moves on the
    host's test cards, and the terminal's batch is closed: never name a terminal that is in use.
    """
    _check_folder(out)
    stdout.quiet = as_json
    if config is None and host:
        raise ConfigError("--host needs --config: terminal, merchant and TMK stand there")
    if config is None:
        known = find_dialect(profile or "unionpay")
        with emulated_subject(
            known, card or (), speaks=speaks, deviation=deviation, answer_s=answer_s
        ) as subject:
            run = _play(subject, only or [], with_switches=switches, lang=lang)
    else:
        if deviation or speaks:
            raise ConfigError(
                "--deviation and --speaks are for the emulated host, without --config"
            )
        subject = real_subject(config, profile, host or (), card or (), original or (), answer_s)
        if not card:
            stderr.print("no --card given: public test numbers go to this host", markup=False)
        run = _play(subject, only or [], with_switches=switches, lang=lang)
    _write(out, evidence(run, lang.value))
    if as_json:
        print_json(results_data(run))
    _say_end(run, out, lang)
    raise typer.Exit(_EXIT[run.verdict])


def _play(subject: Subject, only: list[str], *, with_switches: bool, lang: Lang) -> Certification:
    strangers = sorted(set(only) - {case.name for case in CASES})
    if strangers:
        raise typer.BadParameter(f"--only is one of {', '.join(case.name for case in CASES)}")
    return play(
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


def _say_end(run: Certification, out: Path, lang: Lang) -> None:
    is_zh = lang is Lang.ZH
    for switch in run.switches:
        stdout.print(as_text(_switch_line(switch, is_zh=is_zh)), soft_wrap=True)
    counts = (run.count("passed"), run.count("failed"), run.count("skipped"))
    zh = "通过 {}，未通过 {}，未执行完 {}；证据在 {}"
    en = "{} passed, {} failed, {} not finished; the evidence is in {}"
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


def _check_folder(out: Path) -> None:
    """Never write among files that are somebody else's."""
    if out.exists() and not out.is_dir():
        raise ConfigError(f"{out} is no folder; name another with --out")
    if out.is_dir() and any(out.iterdir()) and not (out / _PACK).exists():
        raise ConfigError(f"{out} holds other files; name another with --out")


def _write(out: Path, files: dict[str, bytes]) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (out / name).write_bytes(data)
    except OSError:
        raise ConfigError(f"{out} cannot be written") from None
