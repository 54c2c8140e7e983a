"""``posrefund approvals``, ``approve``, ``withdraw`` and ``close``: what people decide, from a command line. Floor 11.

Who asks and who approves is proven by a PIN once the terminal knows its staff (``posrefund staff``); who closes a case
is taken at his word.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.days import day_or_none
from posrefund.cli.money import finish
from posrefund.cli.pin_entry import PINFileOption, PINs
from posrefund.cli.screen import JSONOption, Lang, LangOption, print_json, stdout
from posrefund.engine import State, Statement
from posrefund.office.outcome_data import approval_as_data
from posrefund.values.amount import format_minor

if TYPE_CHECKING:
    from posrefund.engine import Approval
    from posrefund.terminal import Terminal

__all__ = ["approvals", "approve", "close", "withdraw"]

_Request = Annotated[str, typer.Argument(help="The request's own number.")]
_By = Annotated[str, typer.Option("--by", help="Operator number of who says so.")]


def approvals(
    config: ConfigOption = Path("posrefund.toml"),
    as_json: JSONOption = False,
) -> None:
    """List what waits for a second person; the digest stands for all that is shown."""
    with open_terminal(load(config)) as terminal:
        waiting = terminal.pending_approvals()
        if as_json:
            print_json([_as_data(terminal, each) for each in waiting])
            return
        for each in waiting:
            _show(terminal, each)


def approve(
    request: _Request,
    by: _By,
    digest: Annotated[str, typer.Option(help="As `posrefund approvals` shows it, all of it.")],
    pin_file: PINFileOption = None,
    config: ConfigOption = Path("posrefund.toml"),
    as_json: JSONOption = False,
) -> None:
    """Say yes to what waits; never by who asked. Then the refund is made again under its id.

    Asked for, once the terminal knows its staff: the PIN of who approves.
    """
    with open_terminal(load(config)) as terminal:
        pin = PINs(pin_file).ask(by) if terminal.staff.asks_for_pin else None
        approval = terminal.approve(request, checker=by, digest=digest, pin=pin)
        _tell(terminal, approval, as_json=as_json)


def withdraw(
    request: _Request,
    by: _By,
    config: ConfigOption = Path("posrefund.toml"),
    as_json: JSONOption = False,
) -> None:
    """Say no to what waits, or take it back."""
    with open_terminal(load(config)) as terminal:
        _tell(terminal, terminal.withdraw(request, by=by), as_json=as_json)


def close(  # noqa: PLR0913, PLR0917 — one per option
    request: Annotated[
        str, typer.Argument(help="The request's number, or an attempt's, such as R-1/1.")
    ],
    verdict: Annotated[str, typer.Option(help="booked or not_booked, as the acquirer says.")],
    by: Annotated[list[str], typer.Option(help="Who says so; twice for two different people.")],
    evidence: Annotated[
        str, typer.Option(help="The acquirer's document: number, date, who signed.")
    ],
    rrn: Annotated[str, typer.Option(help="The acquirer's number, if the document says it.")] = "",
    made: Annotated[str, typer.Option(help="Of a sale: its transaction date, YYYY-MM-DD.")] = "",
    settled: Annotated[str, typer.Option(help="Of a sale: its settlement date, YYYY-MM-DD.")] = "",
    config: ConfigOption = Path("posrefund.toml"),
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Close a case by a document of the acquirer; a settlement file that says otherwise opens it again.

    Exit status: 0 booked, 10 not booked, 3 refused by a rule, 2 an error.
    """
    statement = Statement(
        cast("Literal['booked', 'not_booked']", verdict),
        tuple(by),
        evidence,
        rrn=rrn,
        transaction_date=day_or_none(made, "--made"),
        settlement_date=day_or_none(settled, "--settled"),
    )
    settings = load(config)
    with open_terminal(settings) as terminal:
        closed = terminal.close_case(request, statement)
        finish(terminal, closed, settings, lang, as_json=as_json)


def _tell(terminal: Terminal, approval: Approval, *, as_json: bool) -> None:
    if as_json:
        print_json(_as_data(terminal, approval))
    else:
        _show(terminal, approval)


def _as_data(terminal: Terminal, approval: Approval) -> dict[str, Any]:
    """With what was given back of the sale so far: of one that only the host knows, that is all there is."""
    sales = terminal.journal.originals(approval.original_id)
    return approval_as_data(approval) | {
        "accepted_minor": sales[0].accepted_minor if sales else None,
        "ceiling": sales[0].ceiling if sales else None,
    }


def _show(terminal: Terminal, approval: Approval) -> None:
    sales = terminal.journal.originals(approval.original_id)
    lent = f" in the role of {approval.in_role_of}" if approval.in_role_of else ""
    said = {
        State.AWAITING_APPROVAL: f"waits, until {approval.expires_at:%Y-%m-%d %H:%M} UTC",
        State.CLEARED: f"approved by {approval.checker}{lent}: make the refund again",
        State.CANCELLED: "withdrawn",
        State.EXPIRED: "waited too long",
    }.get(approval.state, "used")
    stdout.print(f"{approval.request_id}: {said}", markup=False)
    stdout.print(
        f"  {approval.amount} of {approval.original_id} to {approval.card_masked},"
        f" {approval.why}, asked by {approval.maker}",
        markup=False,
    )
    if sales and sales[0].ceiling == "host_only":
        given = format_minor(sales[0].accepted_minor, approval.amount.currency)
        stdout.print(
            f"  this journal does not know that sale; given back of it here so far: {given}",
            markup=False,
        )
    stdout.print(f"  digest {approval.digest}", markup=False, soft_wrap=True)
