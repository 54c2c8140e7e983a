"""``posrefund batch``: the refunds of a file, for a recall or a cancelled event. Floor 11."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.pin_entry import PINFileOption, PINs
from posrefund.cli.screen import Lang, LangOption, print_json, stderr, stdout
from posrefund.engine import Reason
from posrefund.errors import InvalidRequestError
from posrefund.office.mass import MassDesk, MassState, read_mass_file
from posrefund.values.amount import format_minor

if TYPE_CHECKING:
    from posrefund.office.mass import MassFile, MassLine, MassReport

__all__ = ["batch"]

_ZH = {
    MassState.READY: "可退",
    MassState.NEEDS_APPROVAL: "待复核",
    MassState.APPROVED: "已受理",
    MassState.DECLINED: "未受理",
    MassState.IN_DOUBT: "结果未知",
    MassState.NOT_SENT: "未发出",
    MassState.REFUSED: "规则拒绝",
}


def batch(  # noqa: PLR0913, PLR0917 — one per option
    file: Annotated[
        Path, typer.Argument(help="CSV: original, card or voucher, and more; see the how-to.")
    ],
    name: Annotated[str, typer.Option(help="Of the whole; a file of the same name goes on.")],
    operator: Annotated[str, typer.Option(help="Who made the file.")] = "01",
    reason: Annotated[Reason, typer.Option(help="Of every line.")] = Reason.CUSTOMER,
    approve: Annotated[
        str, typer.Option("--approve", metavar="DIGEST", help="Say yes to the file; with --by.")
    ] = "",
    by: Annotated[str, typer.Option(help="Who says yes; never who made the file.")] = "",
    run: Annotated[
        bool, typer.Option("--run", help="Make the refunds; else nothing is sent.")
    ] = False,
    pin_file: PINFileOption = None,
    config: ConfigOption = Path("posrefund.toml"),
    json: Annotated[bool, typer.Option("--json", help="The report as data.")] = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Refund every sale of a file: look first, have a second person say yes, then run; again goes on where it stopped.

    Without --approve and --run it shows what would happen and the digest, and sends nothing.

    Exit status: 0 every line is over, 1 some are not, 3 nobody has said yes, 2 an error.
    """
    asked = _read(file, name, operator, reason)
    if bool(approve) != bool(by):
        raise typer.BadParameter("--approve and --by go together")
    with open_terminal(load(config)) as terminal:
        desk = MassDesk(terminal, asked, lambda: datetime.now(UTC))
        if approve:
            pins, asks = PINs(pin_file), terminal.staff.asks_for_pin
            maker_pin = pins.ask(operator) if asks else None
            pin = pins.ask(by) if asks else None
            desk.approve(checker=by, digest=approve, pin=pin, maker_pin=maker_pin)
        report = desk.report(_made(desk, len(asked.rows), lang)) if run else desk.preview()
    if json:
        print_json(_as_data(report))
    else:
        _show(report, lang)
    raise typer.Exit(0 if report.is_done else 1)


def _read(path: Path, name: str, operator: str, reason: Reason) -> MassFile:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise InvalidRequestError([("file", "a readable file of UTF-8 text")]) from None
    return read_mass_file(text, name=name, maker=operator, reason=reason)


def _made(desk: MassDesk, total: int, lang: Lang) -> list[MassLine]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    made = []
    with Progress(*columns, console=stderr, transient=True) as progress:
        task = progress.add_task("退货" if lang is Lang.ZH else "refunds", total=total)
        for line in desk.run():
            made.append(line)
            progress.advance(task)
    return made


def _as_data(report: MassReport) -> dict[str, Any]:
    return {
        "name": report.name,
        "digest": report.digest,
        "stopped": report.stopped,
        "counts": {
            str(state): {"lines": lines, "amount_minor": report.sums(state)}
            for state, lines in report.counts().items()
        },
        "lines": [
            {
                "line": line.row.line,
                "request_id": line.row.request.request_id,
                "state": str(line.state),
                "code": line.code,
                "amount_minor": line.amount.minor if line.amount else None,
                "currency": line.amount.currency if line.amount else None,
            }
            for line in report.lines
        ],
    }


def _show(report: MassReport, lang: Lang) -> None:
    is_zh = lang is Lang.ZH
    for line in report.lines:
        if line.state not in (MassState.READY, MassState.APPROVED, MassState.NEEDS_APPROVAL):
            where = f"第 {line.row.line} 行" if is_zh else f"line {line.row.line}"
            said = _ZH[line.state] if is_zh else line.state.replace("_", " ")
            text = f"{where}  {line.row.request.request_id}  {said} {line.code}"
            stdout.print(text, markup=False, soft_wrap=True)
    for state, lines in report.counts().items():
        if lines:
            said = _ZH[state] if is_zh else state.replace("_", " ")
            money = "  ".join(format_minor(n, unit) for unit, n in report.sums(state).items())
            stdout.print(f"{said}: {lines}  {money}".rstrip(), markup=False)
    if report.stopped:
        stdout.print(
            "主机连不上：请再次运行，会接着做" if is_zh else "no host: run it again, it goes on"
        )
    stdout.print(f"digest {report.digest}", markup=False, soft_wrap=True)
