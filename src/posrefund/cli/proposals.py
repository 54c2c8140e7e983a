"""``posrefund proposals``: refunds that rules find, for people to make or to dismiss. Floor 11."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from posrefund.cli.config import ConfigOption, load, open_link, open_terminal
from posrefund.cli.method import OtherCardOption, paid_back_by
from posrefund.cli.money import finish, refunded
from posrefund.cli.pin_entry import PINFileOption
from posrefund.cli.sales import ColumnOption, EncodingOption, JSONOption, columns_of, read_file
from posrefund.cli.screen import Lang, LangOption, as_text, print_json, stdout
from posrefund.engine import DuplicateRule
from posrefund.errors import InvalidRequestError
from posrefund.office import (
    dismiss_proposal,
    list_proposals,
    propose_cancelled,
    propose_duplicates,
    read_order_refs,
    take_proposal,
)

if TYPE_CHECKING:
    from posrefund.engine import Proposal
    from posrefund.office import Proposed, Standing
    from posrefund.office.feed_rows import Encoding

__all__ = ["app"]

app = typer.Typer(help="Refunds that rules propose.", no_args_is_help=True)

_STATES = {
    "open": ("待处理", "open"),
    "taken": ("已提交退货", "taken: its refund was made"),
    "dismissed": ("已驳回", "dismissed"),
    "moot": ("已失效", "moot: something was given back by another way"),
}


_RULES = {
    "duplicate_sale": ("{0}：{2} 的 {1}，与 {3} 重复", "{0}: {1} of {2}, repeats {3}"),
    "cancelled_order": (
        "{0}：{2} 的 {1}，订单 {3} 已取消",
        "{0}: {1} of {2}, of the cancelled order {3}",
    ),
}
_COUNTS = ("新增 {0}，已有 {1}，未知订单 {2}", "{0} new, {1} known, {2} orders unknown")


@app.command()
def run(  # noqa: PLR0913, PLR0917 — one per option
    cancelled: Annotated[
        Path | None,
        typer.Option(help="Feed of cancelled orders: CSV or JSON with a column order_ref."),
    ] = None,
    minutes: Annotated[int, typer.Option(help="Two sales so near may be one made twice.")] = 10,
    any_terminal: Annotated[
        bool, typer.Option("--any-terminal", help="Even if made at two terminals.")
    ] = False,
    since: Annotated[
        str, typer.Option(help="First day of the later sale, YYYY-MM-DD; a week ago if left out.")
    ] = "",
    encoding: EncodingOption = "utf-8",
    column: ColumnOption = None,
    json: JSONOption = False,
    config: ConfigOption = Path("posrefund.toml"),
    lang: LangOption = Lang.EN,
) -> None:
    """Look for sales made twice, or, with --cancelled, for sales of cancelled orders; running it again adds nothing."""
    now = datetime.now(UTC)
    with open_terminal(load(config)) as terminal:
        journal, merchant = terminal.journal, terminal.view().merchant
        if cancelled is not None:
            orders = read_order_refs(
                read_file(cancelled),
                encoding=cast("Encoding", encoding),
                columns=columns_of(column),
            )
            found = propose_cancelled(journal, orders, merchant=merchant, now=now)
        else:
            rule = DuplicateRule(minutes, same_terminal=not any_terminal)
            first = _day(since) if since else now.date() - timedelta(days=7)
            found = propose_duplicates(journal, rule, merchant=merchant, since=first, now=now)
    if json:
        print_json(_proposed_as_data(found))
        return
    for proposal in found.new:
        stdout.print(as_text(_said(proposal, lang)))
    counts = len(found.new), found.known, len(found.unknown)
    stdout.print(_COUNTS[lang is Lang.EN].format(*counts))


@app.command("list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    json: JSONOption = False,
    config: ConfigOption = Path("posrefund.toml"),
    lang: LangOption = Lang.EN,
) -> None:
    """List the proposals that are open, and how each becomes a refund."""
    with open_terminal(load(config)) as terminal:
        standings = list_proposals(terminal.journal)
    shown = [one for one in standings if every or one.state == "open"]
    if json:
        print_json([_standing_as_data(one) for one in shown])
        return
    for one in shown:
        proposal = one.proposal
        stdout.print(as_text(f"{_said(proposal, lang)} — {_STATES[one.state][lang is Lang.EN]}"))
        if one.state == "open":
            stdout.print(as_text(f"  posrefund proposals take {proposal.proposal_id} --card …"))
        elif proposal.dismissal is not None:
            no = proposal.dismissal
            stdout.print(as_text(f"  {no.by}, {no.at:%Y-%m-%d %H:%M} UTC: {no.why}"))
    if not shown:
        stdout.print("没有待处理的建议" if lang is Lang.ZH else "nothing is proposed")


@app.command()
def take(  # noqa: PLR0913, PLR0917 — one per option
    proposal: Annotated[str, typer.Argument(help="Its number, such as DUP-S-2.")],
    card: OtherCardOption = "",
    entry: Annotated[str, typer.Option(help="How it is read: 021, 051 or 071.")] = "051",
    expiry: Annotated[str, typer.Option(help="YYMM.")] = "3012",
    operator: Annotated[str, typer.Option(help="Operator number.")] = "01",
    pin_file: PINFileOption = None,
    json: JSONOption = False,
    config: ConfigOption = Path("posrefund.toml"),
    lang: LangOption = Lang.EN,
) -> None:
    """Make the refund that is proposed, to the card that is read now; what is not open any more is not made.

    Its number is the request's: ask `posrefund status`. Asked for, where a second person has to approve it and the
    terminal knows its staff: the operator's PIN.

    Exit status: 0 approved, 10 declined, 11 in doubt, 12 not sent, 3 refused by a rule, 2 an error.
    """
    settings = load(config)
    link = open_link(settings)
    read = paid_back_by(card, "", entry, expiry)
    with open_terminal(settings, link=link) as terminal:
        request = take_proposal(terminal.journal, proposal, read, operator=operator)
        made = refunded(terminal, request, pin_file)
        finish(terminal, made, settings, lang, link, as_json=json)


@app.command()
def dismiss(
    proposal: Annotated[str, typer.Argument(help="Its number, such as DUP-S-2.")],
    by: Annotated[str, typer.Option(help="Operator number of who says no.")],
    why: Annotated[str, typer.Option(help="Why it is no refund; kept for ever.")],
    json: JSONOption = False,
    config: ConfigOption = Path("posrefund.toml"),
) -> None:
    """Say no to a proposal, for good: no rule proposes it again."""
    with open_terminal(load(config)) as terminal:
        dismiss_proposal(terminal.journal, proposal, by=by, why=why, now=datetime.now(UTC))
    if json:
        print_json({"proposal_id": proposal, "state": "dismissed", "by": by, "why": why})
    else:
        stdout.print(as_text(f"{proposal}: dismissed"))


def _said(proposal: Proposal, lang: Lang) -> str:
    return _RULES[proposal.rule][lang is Lang.EN].format(
        proposal.proposal_id, proposal.amount, proposal.original_id, proposal.because
    )


def _proposed_as_data(found: Proposed) -> dict[str, Any]:
    return {
        "new": [_proposal_as_data(one) for one in found.new],
        "known": found.known,
        "unknown_orders": list(found.unknown),
    }


def _standing_as_data(standing: Standing) -> dict[str, Any]:
    no = standing.proposal.dismissal
    dismissal = {"by": no.by, "why": no.why, "at": no.at.isoformat()} if no else None
    return {
        **_proposal_as_data(standing.proposal),
        "state": standing.state,
        "remaining_minor": standing.sale.remaining_minor,
        "dismissal": dismissal,
    }


def _proposal_as_data(proposal: Proposal) -> dict[str, Any]:
    names = ("proposal_id", "terminal", "rule", "original_id", "because")
    return {name: getattr(proposal, name) for name in names} | {
        "amount_minor": proposal.amount.minor,
        "currency": proposal.amount.currency,
        "proposed_at": proposal.proposed_at.isoformat(),
    }


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRequestError([("--since", "YYYY-MM-DD")]) from None
