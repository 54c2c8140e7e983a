"""``posrefund sale``, ``refund`` and ``status``: requests from a command line. Floor 11.

The card is an emulated one: its number is typed, its entry mode says how a reader would have read it.
"""

from __future__ import annotations

import re
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, assert_never, cast

import typer

from posrefund.cli.config import ConfigOption, load, open_link, open_terminal
from posrefund.cli.screen import Lang, LangOption, as_text, stderr, stdout
from posrefund.engine import (
    Approved,
    Declined,
    DescribedSale,
    InDoubt,
    NotSent,
    OriginalRef,
    Reason,
    RefundRequest,
    SaleRequest,
    State,
)
from posrefund.errors import InvalidRequestError
from posrefund.office import slip as slip_of
from posrefund.values import PAN, RRN, Amount, CardRead, RequestID, Track2

if TYPE_CHECKING:
    from posrefund.engine import Outcome
    from posrefund.link import HostLink
    from posrefund.terminal import Terminal
    from posrefund.values.card import EntryMode

__all__ = ["card_of", "finish", "refund", "release", "sale", "status"]

_Request = Annotated[str, typer.Argument(help="Your own number of this request; it never expires.")]
_Card = Annotated[str, typer.Option(help="Number of the emulated card.")]
_Entry = Annotated[str, typer.Option(help="How it is read: 021 stripe, 051 chip, 071 contactless.")]
_Expiry = Annotated[str, typer.Option(help="YYMM.")]
_Operator = Annotated[str, typer.Option(help="Operator number.")]

_TRACK_2_DIGITS = 37
"""A full track: SM4 encrypts 32 of its digits."""
_APPROVALS = {
    State.AWAITING_APPROVAL: "not sent: waits for a second person / 未发出：待复核",
    State.CLEARED: "not sent: approved, make it again / 未发出：已复核，请重新提交",
}
_EXIT = {"Approved": 0, "Declined": 10, "InDoubt": 11, "NotSent": 12}


def sale(  # noqa: PLR0913, PLR0917 — one per option
    request: _Request,
    amount: Annotated[str, typer.Option(help="Such as 12.30.")],
    card: _Card,
    config: ConfigOption = Path("posrefund.toml"),
    entry: _Entry = "051",
    expiry: _Expiry = "3012",
    operator: _Operator = "01",
    lang: LangOption = Lang.EN,
) -> None:
    """Sell, so that there is something to refund."""
    wanted = SaleRequest(
        RequestID(request), _amount(amount), card_of(card, entry, expiry), operator
    )
    settings = load(config)
    link = open_link(settings)
    with open_terminal(settings, link=link) as terminal:
        finish(terminal, terminal.sale(wanted), lang, link)


def refund(  # noqa: PLR0913, PLR0917 — one per option
    request: _Request,
    card: _Card,
    original: Annotated[
        str,
        typer.Option(
            help="The sale: its request id, RRN:MMDD, or, to describe it, RRN:YYYY-MM-DD."
        ),
    ],
    amount: Annotated[
        str | None, typer.Option(help="Such as 12.30; all that is left if not.")
    ] = None,
    reason: Annotated[Reason, typer.Option(help="Why.")] = Reason.CUSTOMER,
    config: ConfigOption = Path("posrefund.toml"),
    entry: _Entry = "051",
    expiry: _Expiry = "3012",
    operator: _Operator = "01",
    slip: Annotated[
        str,
        typer.Option(help="Of a described sale: BATCH:STAN:AUTH, such as 000001:000003:654321."),
    ] = "",
    lang: LangOption = Lang.EN,
) -> None:
    """Refund a sale, or void it on its own settlement day; asking twice refunds once.

    A sale that this journal does not know is described: its date with the year, and --slip. That needs a profile
    with ceiling = "host_only", and a second person (`posrefund approvals`).

    Exit status: 0 approved, 10 declined, 11 in doubt, 12 not sent, 3 refused by a rule, 2 an error.
    """
    wanted = RefundRequest(
        RequestID(request),
        original=_original(original, slip),
        card=card_of(card, entry, expiry),
        reason=reason,
        amount=None if amount is None else _amount(amount),
        operator=operator,
    )
    settings = load(config)
    link = open_link(settings)
    with open_terminal(settings, link=link) as terminal:
        finish(terminal, terminal.refund(wanted), lang, link)


def status(
    request: _Request,
    config: ConfigOption = Path("posrefund.toml"),
    lang: LangOption = Lang.EN,
) -> None:
    """Say how a request stands, from the journal alone."""
    with open_terminal(load(config)) as terminal:
        found = terminal.status(request)
        asked = terminal.journal.last_approval(request) if found is None else None
        if asked is not None:
            stdout.print(f"{_APPROVALS.get(asked.state, 'not sent')} ({asked.state})", markup=False)
            raise typer.Exit(_EXIT["NotSent"])
        if found is None:
            stderr.print(f"request {request} is unknown", markup=False)
            sys.exit(2)
        finish(terminal, found, lang)


def release(
    request: _Request,
    by: Annotated[
        list[str], typer.Option(help="Who says so; give it twice, two different people.")
    ],
    evidence: Annotated[str, typer.Option(help="What proves that nothing was booked.")],
    config: ConfigOption = Path("posrefund.toml"),
    lang: LangOption = Lang.EN,
) -> None:
    """Close a doubt by hand, after three settlement files proved that nothing was booked."""
    if len(by) != 2:
        raise InvalidRequestError([("by", "two different people")])
    with open_terminal(load(config)) as terminal:
        finish(terminal, terminal.release(request, people=(by[0], by[1]), evidence=evidence), lang)


def finish(terminal: Terminal, outcome: Outcome, lang: Lang, link: HostLink | None = None) -> None:
    """Print how a request stands, and leave with the exit status that says it, too.

    Of what was not sent it prints what *link* has met, for each address.
    """
    match outcome:
        case Approved():
            sales = terminal.journal.originals(outcome.attempt.original_id or "")
            original = sales[0] if sales else None
            text = slip_of(outcome, terminal.dialect, original=original, language=lang.value)
            stdout.print(text, markup=False)
        case Declined():
            stdout.print(f"declined {outcome.code}: {outcome.text_en} / {outcome.text_zh}")
            stdout.print(f"{outcome.clerk_en} / {outcome.clerk_zh}")
        case InDoubt():
            stdout.print(f"in doubt ({outcome.reason}): {outcome.clerk_en} / {outcome.clerk_zh}")
        case NotSent():
            stdout.print(f"not sent ({outcome.reason}): {outcome.clerk_en} / {outcome.clerk_zh}")
            for address in link.seen().addresses if link else ():
                if address.last_reason:
                    stdout.print(as_text(address.last_reason), soft_wrap=True)
        case _:
            assert_never(outcome)
    raise typer.Exit(_EXIT[type(outcome).__name__])


def _amount(text: str) -> Amount:
    whole, _, part = text.partition(".")
    digits = whole + part.ljust(2, "0")
    if not whole or not (digits.isascii() and digits.isdigit()) or len(part) > 2:
        raise InvalidRequestError([("amount", "yuan and fen, such as 12.30")])
    return Amount(int(digits))


def _original(text: str, slip: str) -> RequestID | OriginalRef | DescribedSale:
    rrn, colon, day = text.partition(":")
    if colon and len(rrn) == 12 and len(day) == 4:
        return OriginalRef(RRN(rrn), day)
    if colon and len(rrn) == 12 and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", day):
        batch, _, rest = (slip or "000000:000000").partition(":")
        stan, _, auth_code = rest.partition(":")
        return DescribedSale(RRN(rrn), _date(day), batch, stan, auth_code or None)
    return RequestID(text)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRequestError([("original", "RRN:YYYY-MM-DD, a day")]) from None


def card_of(number: str, entry: str, expiry: str) -> CardRead:
    """Return what an emulated reader gives for a card: a whole track for the stripe, else a chip's data."""
    pan = PAN(number)
    mode = cast("EntryMode", entry)
    if entry.startswith("02"):
        track = f"{number}D{expiry}201".ljust(_TRACK_2_DIGITS, "0")
        return CardRead(mode, pan, expiry=expiry, track2=Track2(track))
    return CardRead(mode, pan, expiry=expiry, sequence_number="001")
