"""``posrefund certify``: an acquirer's cases against its host, and the evidence. Floor 11.

Cases and hosts are loaded when they are played, and by nothing else.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from posrefund.cli.dialect_file import find_dialect
from posrefund.cli.screen import JSONOption, Lang, LangOption, print_json, stderr, stdout
from posrefund.errors import ConfigError

__all__ = ["certify"]

_EXIT = {"passed": 0, "failed": 1, "incomplete": 4}
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
    from posrefund.certify import results_data
    from posrefund.cli.certify_run import play, tell_end, write_evidence
    from posrefund.cli.certify_subject import emulated_subject, real_subject

    if config is None and host:
        raise ConfigError("--host needs --config: terminal, merchant and TMK stand there")
    if config is not None and (deviation or speaks):
        raise ConfigError("--deviation and --speaks are for the emulated host, without --config")
    with ExitStack() as stack:
        if config is None:
            known = find_dialect(profile or "unionpay")
            subject = stack.enter_context(
                emulated_subject(
                    known, card or (), speaks=speaks, deviation=deviation, answer_s=answer_s
                )
            )
        else:
            subject = real_subject(
                config, profile, host or (), card or (), original or (), answer_s
            )
            if not card:
                stderr.print("no --card given: public test numbers go to this host", markup=False)
        run = play(subject, only or [], with_switches=switches, lang=lang)
    write_evidence(out, run, lang)
    if as_json:
        print_json(results_data(run))
    tell_end(run, out, lang)
    raise typer.Exit(_EXIT[run.verdict])


def _check_folder(out: Path) -> None:
    """Never write among files that are somebody else's."""
    if out.exists() and not out.is_dir():
        raise ConfigError(f"{out} is no folder; name another with --out")
    if out.is_dir() and any(out.iterdir()) and not (out / _PACK).exists():
        raise ConfigError(f"{out} holds other files; name another with --out")
