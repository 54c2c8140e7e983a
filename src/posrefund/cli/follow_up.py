"""``posrefund follow-up``: what somebody has to look after today. Floor 11."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.screen import Lang, LangOption, as_text, print_json, stdout
from posrefund.office import follow_up as look
from posrefund.office.complaint_words import complaint_line

if TYPE_CHECKING:
    from posrefund.office import FollowUp, RefundStatus
    from posrefund.office.follow_up import Undecided

__all__ = ["follow_up"]


def follow_up(
    config: ConfigOption = Path("posrefund.toml"),
    json: Annotated[bool, typer.Option("--json", help="The same as data.")] = False,
    lang: LangOption = Lang.EN,
) -> None:
    """List refunds past their expected day, what is in doubt, by its age, and open complaints; made for a timer to call.

    Where the host has asked for a new sign-in, the terminal does that too: nobody waits now.

    Exit status: 0 nothing to do, 1 something is overdue, undecided or complained of, 2 an error.
    """
    settings = load(config)
    with open_terminal(settings) as terminal:
        now = datetime.now(UTC)
        today = terminal.view().host_day(now)
        found = look(terminal.journal, now=now, today=today, arrival=settings.arrival)
        terminal.when_idle()
    if json:
        print_json(_as_data(found, now))
    else:
        _show(found, lang)
        for each in found.complaints:
            line = complaint_line(each, now, settings.dialect.zone, lang.value)
            stdout.print(as_text(line), soft_wrap=True)
    raise typer.Exit(0 if found.is_empty else 1)


def _as_data(found: FollowUp, now: datetime) -> dict[str, Any]:
    return {
        "overdue": [_overdue_as_data(each) for each in found.overdue],
        "newly_overdue": [each.request_id for each in found.newly_overdue],
        "undecided": [_open_as_data(each) for each in found.undecided],
        "ageing": found.ageing(),
        "complaints": [each.as_data(now) for each in found.complaints],
        "newly_late": [
            {"complaint": each.complaint_id, "clock": clock} for each, clock in found.newly_late
        ],
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
    if found.is_empty:
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
