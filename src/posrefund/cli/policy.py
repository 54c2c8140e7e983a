"""``posrefund policy`` and ``posrefund hold``: the shop's rules, in words, about one request, and about one sale. Floor 11."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.request_file import read_request
from posrefund.cli.rules_file import read_rules
from posrefund.cli.screen import JSONOption, Lang, LangOption, as_text, print_json, stdout
from posrefund.engine.policy import explain as explain_rules
from posrefund.office.outcome_data import refusal_as_data
from posrefund.values.amount import format_minor

if TYPE_CHECKING:
    from posrefund.engine.policy import Bounds, HoldKind, Rules
    from posrefund.errors import RefusedError
    from posrefund.terminal import Preview

__all__ = ["app", "check", "explain", "hold"]

app = typer.Typer(help="The shop's rules about refunds.", no_args_is_help=True)

_WORDS = {
    "zh": ("将被拒绝", "请联系", "将发出", "须另一人复核", "可退金额", "已办理", "撤销", "退货"),
    "en": (
        "would be refused",
        "call",
        "would be sent",
        "needs a second person",
        "amounts that may be asked for",
        "was made already",
        "void",
        "refund",
    ),
}
_REFUSED = 3


@app.command("explain")
def explain(
    file: Annotated[Path, typer.Argument(help="A rules file.")],
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Print the rules of a file in plain language: a sentence for each that is in force.

    Exit status: 0 printed, 2 the file cannot be read or a key in it is wrong; every one is named.
    """
    if as_json:
        print_json(_said_as_data(read_rules(file)))
        return
    stdout.print(as_text_of(explain_rules(read_rules(file), lang.value)), end="", soft_wrap=True)


@app.command("check")
def check(
    request: Annotated[Path, typer.Argument(help="A request as JSON.")],
    config: ConfigOption = Path("posrefund.toml"),
    lang: LangOption = Lang.EN,
    json: Annotated[bool, typer.Option("--json", help="As data.")] = False,
) -> None:
    """Say what would happen to a request and why: everything that says no, void or refund, whether it needs a second person.

    It sends nothing and writes nothing.

    Exit status: 0 it would go, at once or after an approval; 3 a rule says no; 2 an error.
    """
    wanted = read_request(request)
    with open_terminal(load(config)) as terminal:
        found = terminal.check_refund(wanted)
    if json:
        print_json({"request_id": wanted.request_id, **_as_data(found)})
    else:
        for line in _lines(wanted.request_id, found, lang.value):
            stdout.print(as_text(line), soft_wrap=True)
    if found.refusal is not None:
        raise typer.Exit(_REFUSED)


def hold(
    original: Annotated[str, typer.Argument(help="The sale, by its request id.")],
    by: Annotated[str, typer.Option(help="Who says so.")],
    why: Annotated[str, typer.Option(help="The case or the order: its number, its date.")],
    kind: Annotated[str, typer.Option(help="dispute or legal.")] = "dispute",
    lift: Annotated[bool, typer.Option("--lift", help="End the hold.")] = False,
    config: ConfigOption = Path("posrefund.toml"),
    as_json: JSONOption = False,
) -> None:
    """Let nothing of a sale be given back while it is disputed or frozen by law, or end that.

    Exit status: 0 it stands so; 3 the sale is not known; 2 an error.
    """
    held = cast("HoldKind", kind)
    with open_terminal(load(config)) as terminal:
        change = terminal.lift_hold if lift else terminal.hold
        change(original, held, by=by, why=why)
        found = sorted(terminal.journal.held(original))
    if as_json:
        print_json({"original_id": original, "holds": found})
        return
    stdout.print(f"{original}: {', '.join(found) or 'no'} hold", markup=False)


def _said_as_data(rules: Rules) -> dict[str, list[str]]:
    """Every sentence in both languages, in one order."""
    return {name: explain_rules(rules, name).splitlines() for name in ("zh", "en")}


def as_text_of(text: str) -> Any:
    """Return a text of several lines so that a screen can only show it."""
    first, *rest = (as_text(line) for line in text.splitlines(keepends=False))
    for line in rest:
        first.append("\n").append(line)
    return first.append("\n")


def _lines(request_id: str, found: Preview, language: str) -> list[str]:
    refused, call, sent, second, amounts, made, void, refund = _WORDS[language]
    lines = []
    if found.outcome is not None:
        lines.append(f"{request_id}: {made}: {found.outcome!r}")
    elif found.refusal is not None:
        lines.append(f"{request_id}: {refused}")
        lines += [f"- {_said(each, language, call)}" for each in found.faults]
    else:
        route = void if found.route == "void" else refund
        lines.append(f"{request_id}: {sent} ({route}): {found.amount}")
        if found.needs_approval:
            lines.append(second)
        lines += [f"- {_said(each, language, call)}" for each in found.reviews]
    if found.bounds is not None:
        lines.append(f"{amounts}: {_range(found.bounds)}")
    return lines


def _said(fault: RefusedError, language: str, call: str) -> str:
    hint = fault.hint_zh if language == "zh" else fault.hint_en
    when = f" [{fault.not_before:%Y-%m-%d %H:%M:%S}]" if fault.not_before else ""
    contact = f" ({call}: {fault.contact})" if fault.contact else ""
    return f"{fault.code}: {hint}{when}{contact}"


def _range(bounds: Bounds) -> str:
    ends = (format_minor(end, bounds.currency) for end in (bounds.least_minor, bounds.most_minor))
    return " - ".join(ends)


def _as_data(found: Preview) -> dict[str, object]:
    bounds, amount = found.bounds, found.amount
    return {
        "outcome": type(found.outcome).__name__ if found.outcome is not None else None,
        "faults": [refusal_as_data(each) for each in found.faults],
        "reviews": [refusal_as_data(each) for each in found.reviews],
        "route": found.route,
        "amount_minor": amount.minor if amount else None,
        "needs_approval": found.needs_approval,
        "least_minor": bounds.least_minor if bounds else None,
        "most_minor": bounds.most_minor if bounds else None,
    }
