"""``posrefund follow-up``: what somebody has to look after today. Floor 11."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.screen import Lang, LangOption, print_json, stdout
from posrefund.office import follow_up as look

if TYPE_CHECKING:
    from posrefund.office import FollowUp, RefundStatus
    from posrefund.office.follow_up import Undecided

__all__ = ["follow_up"]


def follow_up(
    config: ConfigOption = Path("posrefund.toml"),
    json: Annotated[bool, typer.Option("--json", help="The same as data.")] = False,
    lang: LangOption = Lang.EN,
) -> None:
    """List refunds past their expected day, and what is in doubt, by its age; made for a timer to call.

    Where the host has asked for a new sign-in, the terminal does that too: nobody waits now.

    Exit status: 0 nothing to do, 1 something is overdue or undecided, 2 an error.
    """
    settings = load(config)
    with open_terminal(settings) as terminal:
        now = datetime.now(UTC)
        today = terminal.view().host_day(now)
        found = look(terminal.journal, now=now, today=today, arrival=settings.arrival)
        terminal.when_idle()
    if json:
        print_json(_as_data(found))
    else:
        _show(found, lang)
    raise typer.Exit(1 if found.overdue or found.undecided else 0)


def _as_data(found: FollowUp) -> dict[str, Any]:
    return {
        "overdue": [_overdue_as_data(each) for each in found.overdue],
        "newly_overdue": [each.request_id for each in found.newly_overdue],
        "undecided": [_open_as_data(each) for each in found.undecided],
        "ageing": found.ageing(),
    }


def _overdue_as_data(status: RefundStatus) -> dict[str, Any]:
    assert status.expected is not None
    return {"request_id": status.request_id, "expected_by": status.expected.latest.isoformat()}


def _open_as_data(each: Undecided) -> dict[str, Any]:
    attempt = each.attempt
    return {
        "attempt_id": attempt.attempt_id,
        "kind": attempt.kind,
        "state": str(attempt.state),
        "amount_minor": attempt.amount.minor,
        "currency": attempt.amount.currency,
        "age_days": each.age_days,
        "next_look": each.next_look.isoformat(timespec="seconds"),
    }


def _show(found: FollowUp, lang: Lang) -> None:
    is_zh = lang is Lang.ZH
    if not found.overdue and not found.undecided:
        stdout.print("没有待跟进的退款" if is_zh else "nothing to follow up")
        return
    for status in found.overdue:
        assert status.expected is not None
        day, advice = status.expected.latest, status.advice(lang.value)
        said = f"逾期（预计 {day}）" if is_zh else f"overdue (expected by {day})"
        stdout.print(f"{status.request_id}  {said}  {advice}", markup=False, soft_wrap=True)
    for each in found.undecided:
        attempt = each.attempt
        age = f"{each.age_days} 天" if is_zh else f"{each.age_days} days"
        said = f"{attempt.attempt_id}  {attempt.amount}  {attempt.state}  {age}"
        stdout.print(said, markup=False, soft_wrap=True)
    ages = "  ".join(f"{name}: {count}" for name, count in found.ageing().items())
    stdout.print(f"{'未决天数' if is_zh else 'undecided, by days'}  {ages}", markup=False)
