"""``posrefund staff``: who works at a terminal, their PINs, and who approves for whom. Floor 11."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.days import day_of
from posrefund.cli.pin_entry import PINFileOption, PINs
from posrefund.cli.screen import JSONOption, Lang, LangOption, print_json, stdout

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.engine.delegation import Delegation
    from posrefund.engine.staff import Operator
    from posrefund.terminal import Terminal

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="Who works at this terminal: a manager adds and changes people, each with a PIN.",
)

_Number = Annotated[str, typer.Argument(help="Operator number, 1 to 3 letters or digits.")]
_By = Annotated[str, typer.Option("--by", help="Operator number of the manager who does it.")]
_Config = Path("posrefund.toml")

_WORDS = {
    Lang.EN: {
        "inactive": "does not work here any more",
        "locked": "locked until {}",
        "change": "has to change the PIN",
        "ready": "ready",
        "lent": "{giver} lets {taker} approve, {since} to {until}, recorded by {manager}",
        "ended": "ended by {}",
        "nobody": "nobody yet: posrefund staff add NUMBER --name … --first",
    },
    Lang.ZH: {
        "inactive": "已停用",
        "locked": "锁定至 {}",
        "change": "须先改密",
        "ready": "正常",
        "lent": "{giver} 授权 {taker} 代为复核，{since} 至 {until}，经理 {manager} 登记",
        "ended": "{} 已收回",
        "nobody": "尚无操作员：posrefund staff add 操作员号 --name … --first",
    },
}


@app.command("list")
def list_(
    config: ConfigOption = _Config,
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """List everybody, how each stands, and who approves for whom."""
    with open_terminal(load(config)) as terminal:
        people, lent = terminal.staff.everyone(), terminal.staff.delegations()
    now = datetime.now(UTC)
    if as_json:
        print_json(
            {
                "operators": [_operator(each, now) for each in people],
                "delegations": [_delegation(each, now) for each in lent],
            }
        )
        return
    words = _WORDS[lang]
    for each in people:
        said = _standing(each, now, words)
        stdout.print(f"{each.number}  {each.name}  {each.role}  {said}", markup=False)
    for right in lent:
        text = words["lent"].format_map(_delegation(right, now))
        ended = "  " + words["ended"].format(right.ended_by) if right.ended_by else ""
        stdout.print(f"#{right.number}  {text}{ended}", markup=False)
    if not people:
        stdout.print(words["nobody"], markup=False)


@app.command()
def add(  # noqa: PLR0913, PLR0917 — one per option
    number: _Number,
    name: Annotated[str, typer.Option(help="Of the person.")],
    role: Annotated[
        str, typer.Option(help="cashier, supervisor, manager, or one of your own rules.")
    ] = "cashier",
    by: Annotated[str, typer.Option("--by", help="The manager; none with --first.")] = "",
    first: Annotated[
        bool, typer.Option("--first", help="The first operator of this terminal: a manager.")
    ] = False,
    pin_file: PINFileOption = None,
    config: ConfigOption = _Config,
    as_json: JSONOption = False,
) -> None:
    """Add somebody. Asked for: the manager's PIN, then the new one, which the person has to change.

    The first one (--first) is a manager, with the PIN of the person's own choice. From then on refunds are taken
    from known operators only, and a second person's yes needs a PIN.
    """
    if first == bool(by):
        raise typer.BadParameter("either --by with a manager's number, or --first")
    pins = PINs(pin_file)
    with open_terminal(load(config)) as terminal:
        staff = terminal.staff
        if first:
            made = staff.add_first(number, name, pins.choose(number))
        else:
            pin = pins.ask(by)
            made = staff.add(number, name, role, pins.choose(number), by=by, pin=pin)
    _say(made, as_json=as_json)


@app.command("set-pin")
def set_pin(
    number: _Number,
    by: Annotated[
        str, typer.Option("--by", help="A manager, for a PIN that is lost; else the person.")
    ] = "",
    pin_file: PINFileOption = None,
    config: ConfigOption = _Config,
    as_json: JSONOption = False,
) -> None:
    """Choose another PIN. Asked for: the present one (or the manager's), then the new one."""
    pins, by = PINs(pin_file), by or number
    with open_terminal(load(config)) as terminal:
        pin = pins.ask(by)
        changed = terminal.staff.set_pin(number, pins.choose(number), by=by, pin=pin)
    _say(changed, as_json=as_json)


@app.command("set-role")
def set_role(
    number: _Number,
    role: Annotated[str, typer.Argument(help="cashier, supervisor, manager, or another.")],
    by: _By,
    pin_file: PINFileOption = None,
    config: ConfigOption = _Config,
    as_json: JSONOption = False,
) -> None:
    """Give somebody another role. Asked for: the manager's PIN."""
    changed = _managed(
        config, pin_file, by, lambda at, pin: at.staff.set_role(number, role, by=by, pin=pin)
    )
    _say(changed, as_json=as_json)


@app.command()
def deactivate(
    number: _Number,
    by: _By,
    pin_file: PINFileOption = None,
    config: ConfigOption = _Config,
    as_json: JSONOption = False,
) -> None:
    """Let somebody do nothing here any more. Nobody is deleted; the last manager stays."""
    changed = _managed(
        config, pin_file, by, lambda at, pin: at.staff.deactivate(number, by=by, pin=pin)
    )
    _say(changed, as_json=as_json)


@app.command()
def activate(
    number: _Number,
    by: _By,
    pin_file: PINFileOption = None,
    config: ConfigOption = _Config,
    as_json: JSONOption = False,
) -> None:
    """Let somebody who was deactivated work here again, with the PIN of then."""
    changed = _managed(
        config, pin_file, by, lambda at, pin: at.staff.activate(number, by=by, pin=pin)
    )
    _say(changed, as_json=as_json)


@app.command()
def unlock(
    number: _Number,
    by: _By,
    pin_file: PINFileOption = None,
    config: ConfigOption = _Config,
    as_json: JSONOption = False,
) -> None:
    """Let somebody who typed too many wrong PINs try again at once."""
    changed = _managed(
        config, pin_file, by, lambda at, pin: at.staff.unlock(number, by=by, pin=pin)
    )
    _say(changed, as_json=as_json)


@app.command()
def delegate(  # noqa: PLR0913, PLR0917 — one per option
    giver: Annotated[str, typer.Argument(help="Who may approve.")],
    taker: Annotated[str, typer.Argument(help="Who may then, in that role.")],
    until: Annotated[str, typer.Option(help="Last day, YYYY-MM-DD; at most 31 days in all.")],
    since: Annotated[str, typer.Option(help="First day, YYYY-MM-DD; today if left out.")] = "",
    manager: Annotated[
        str, typer.Option(help="Who records it; the giver, if a manager, needs none.")
    ] = "",
    pin_file: PINFileOption = None,
    config: ConfigOption = _Config,
    as_json: JSONOption = False,
) -> None:
    """Let one person approve for another, for some days. Asked for: the giver's PIN, then the manager's.

    Never the taker's own requests, and never those of the giver. Days are those of this machine's clock.
    """
    today = f"{datetime.now().astimezone():%Y-%m-%d}"
    begins, ends = _midnight(since or today, "--since"), _midnight(until, "--until", days=1)
    pins = PINs(pin_file)
    with open_terminal(load(config)) as terminal:
        pin = pins.ask(giver)
        second = pins.ask(manager) if manager and manager != giver else None
        lent = terminal.staff.delegate(
            giver,
            taker,
            since=begins,
            until=ends,
            pin=pin,
            manager=manager or giver,
            manager_pin=second,
        )
    if as_json:
        print_json(_delegation(lent, datetime.now(UTC)))
        return
    stdout.print(f"#{lent.number}: {lent.giver} lets {lent.taker} approve", markup=False)


@app.command("end-delegation")
def end_delegation(
    number: Annotated[int, typer.Argument(help="As `posrefund staff list` shows it.")],
    by: Annotated[str, typer.Option("--by", help="The giver, or a manager.")],
    pin_file: PINFileOption = None,
    config: ConfigOption = _Config,
    as_json: JSONOption = False,
) -> None:
    """Take back what was lent, before its time. Asked for: the PIN of who does."""
    pins = PINs(pin_file)
    with open_terminal(load(config)) as terminal:
        terminal.staff.end_delegation(number, by=by, pin=pins.ask(by))
    if as_json:
        print_json({"number": number, "ended_by": by})
    else:
        stdout.print(f"#{number}: ended by {by}", markup=False)


def _managed(
    config: Path,
    pin_file: Path | None,
    by: str,
    change: Callable[[Terminal, str], Operator],
) -> Operator:
    pins = PINs(pin_file)
    with open_terminal(load(config)) as terminal:
        return change(terminal, pins.ask(by))


def _say(operator: Operator, *, as_json: bool) -> None:
    if as_json:
        print_json(_operator(operator, datetime.now(UTC)))
        return
    said = _standing(operator, datetime.now(UTC), _WORDS[Lang.EN])
    stdout.print(f"{operator.number}  {operator.name}  {operator.role}  {said}", markup=False)


def _standing(operator: Operator, now: datetime, words: dict[str, str]) -> str:
    if not operator.is_active:
        return words["inactive"]
    if operator.locked_until is not None and operator.is_locked(now):
        return words["locked"].format(_minute(operator.locked_until))
    return words["change"] if operator.must_change_pin else words["ready"]


def _operator(operator: Operator, now: datetime) -> dict[str, Any]:
    until = operator.locked_until
    return {
        "number": operator.number,
        "name": operator.name,
        "role": operator.role,
        "is_active": operator.is_active,
        "must_change_pin": operator.must_change_pin,
        "is_locked": operator.is_locked(now),
        "locked_until": until.isoformat() if until else None,
        "failures": operator.failures,
    }


def _delegation(delegation: Delegation, now: datetime) -> dict[str, Any]:
    return {
        "number": delegation.number,
        "giver": delegation.giver,
        "taker": delegation.taker,
        "manager": delegation.manager,
        "since": _minute(delegation.since),
        "until": _minute(delegation.until),
        "ended_by": delegation.ended_by,
        "holds": delegation.holds(now),
    }


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _midnight(text: str, option: str, *, days: int = 0) -> datetime:
    """Return the beginning of a day by this machine's clock, so many days later."""
    try:
        day = day_of(text, option) + timedelta(days=days)
        return datetime.combine(day, time_of_day()).astimezone()
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{option} is YYYY-MM-DD") from None
