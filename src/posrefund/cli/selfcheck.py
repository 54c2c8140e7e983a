"""``posrefund selfcheck``: is this terminal fit to refund? Floor 11."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.screen import Lang, LangOption, as_text, print_json, stdout

if TYPE_CHECKING:
    from posrefund.engine.selfcheck import Check, SelfCheck

__all__ = ["selfcheck"]

_EXIT = {"ok": 0, "skipped": 0, "warn": 1, "block": 3}
_MARKS = {
    "ok": ("正常", "ok", "green"),
    "warn": ("警告", "warns", "yellow"),
    "block": ("阻止", "blocks", "red"),
    "skipped": ("未检", "not looked at", "dim"),
}


def selfcheck(
    config: ConfigOption = Path("posrefund.toml"),
    json: Annotated[bool, typer.Option("--json", help="As data.")] = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Look at storage, clock, keys, host, versions, doubts and faults, and say what helps.

    Exit status: 0 all is well, 1 something warns, 3 something blocks. A message goes to the host (an echo), and no
    money moves. With [selfcheck] in the settings, refunds are refused while the last one blocks or is too old.
    """
    with open_terminal(load(config)) as terminal:
        report = terminal.selfcheck()
    if json:
        print_json(report.as_data())
    else:
        _show(report, is_zh=lang is Lang.ZH)
    raise typer.Exit(_EXIT[report.verdict])


def _show(report: SelfCheck, *, is_zh: bool) -> None:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("检查", "结论", "说明") if is_zh else ("check", "verdict", "what"):
        table.add_column(name, overflow="fold")
    for check in report.checks:
        zh, en, style = _MARKS[check.verdict]
        title = check.title_zh if is_zh else check.title_en
        table.add_row(
            as_text(title), as_text(zh if is_zh else en, style), as_text(_told(check, is_zh=is_zh))
        )
    stdout.print(table)


def _told(check: Check, *, is_zh: bool) -> str:
    if not check.reason:
        shown = (_measured(name, value, is_zh=is_zh) for name, value in check.measured.items())
        return ", ".join(shown)
    said, remedy = (check.text_zh, check.remedy_zh) if is_zh else (check.text_en, check.remedy_en)
    detail = f" ({check.detail})" if check.detail else ""
    mark = "：" if is_zh else ": "
    return f"{said}{detail}{mark}{remedy}"


_ZH = {
    "free": "剩余", "write": "写入", "connect": "连接", "answer": "应答", "age": "距签到", "host offset": "主机时差",
    "batch": "批次号", "open": "未了", "with people": "待人工", "name": "名称", "digest": "摘要",
    "min version": "最低版本", "journal": "流水",
}  # fmt: skip


def _measured(name: str, value: int | str, *, is_zh: bool) -> str:
    """What was measured, with its unit, as people write it."""
    said, unit = name, ""
    for ending, written in (("_ms", " ms"), ("_bytes", ""), ("_s", " s")):
        if name.endswith(ending):
            said, unit = name.removesuffix(ending), written
            break
    said = said.replace("_", " ")
    label = _ZH.get(said, said) if is_zh else said
    if name.endswith("_bytes"):
        return f"{label} {int(value) / 1e9:.1f} GB"
    return f"{label} {_short(value)}{unit}"


def _short(value: int | str) -> str:
    text = str(value)
    return f"{text[:12]}…" if len(text) == 64 else text  # a digest
