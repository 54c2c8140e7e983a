"""``posrefund sale``, ``refund`` and ``status``: requests from a command line. Floor 11.

Card and code are emulated ones: see ``method``.
"""

from __future__ import annotations

import re
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, assert_never, cast

import typer

from posrefund.cli.config import ConfigOption, load, open_link, open_terminal
from posrefund.cli.method import (
    CardOption,
    CodeOption,
    EntryOption,
    ExpiryOption,
    OtherCardOption,
    VoucherOption,
    card_of,
    paid_back_by,
    paid_by,
)
from posrefund.cli.pin_entry import PINFileOption, PINs
from posrefund.cli.refund_today import status_of_refund
from posrefund.cli.screen import (
    JSONOption,
    Lang,
    LangOption,
    as_text,
    print_json,
    stderr,
    stdout,
)
from posrefund.engine import (
    Approved,
    Declined,
    DescribedSale,
    Document,
    InDoubt,
    NotSent,
    OriginalRef,
    Reason,
    RefundRequest,
    SaleRequest,
    Signature,
    State,
)
from posrefund.engine.inquiry import is_askable
from posrefund.errors import InvalidRequestError, PosRefundError, RefusedError
from posrefund.office.outcome_data import approval_as_data, outcome_as_data
from posrefund.office.slips import as_text as slip_text
from posrefund.office.slips import slip_of_request
from posrefund.values import RRN, Amount, RequestID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.cli.config import Settings
    from posrefund.engine import Outcome
    from posrefund.engine.calendar import Arrival
    from posrefund.engine.papers import DocumentKind
    from posrefund.link import HostLink
    from posrefund.office.slips import Columns
    from posrefund.terminal import Terminal

__all__ = [
    "EXIT_STATUS",
    "amount_of",
    "card_of",
    "finish",
    "original_of",
    "refund",
    "refunded",
    "release",
    "sale",
    "status",
]

_Request = Annotated[str, typer.Argument(help="Your own number of this request; it never expires.")]
_Operator = Annotated[str, typer.Option(help="Operator number.")]

_APPROVALS = {
    State.AWAITING_APPROVAL: "not sent: waits for a second person / 未发出：待复核",
    State.CLEARED: "not sent: approved, make it again / 未发出：已复核，请重新提交",
}
EXIT_STATUS = {"Approved": 0, "Declined": 10, "InDoubt": 11, "NotSent": 12}


def sale(  # noqa: PLR0913, PLR0917 — one per option
    request: _Request,
    amount: Annotated[str, typer.Option(help="Such as 12.30.")],
    card: CardOption = "",
    code: CodeOption = "",
    config: ConfigOption = Path("posrefund.toml"),
    entry: EntryOption = "051",
    expiry: ExpiryOption = "3012",
    operator: _Operator = "01",
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Sell, so that there is something to refund.

    Exit status: 0 approved, 10 declined, 11 in doubt, 12 not sent, 3 refused by a rule, 2 an error.
    """
    wanted = SaleRequest(
        RequestID(request), amount_of(amount), paid_by(card, code, entry, expiry), operator
    )
    settings = load(config)
    link = open_link(settings)
    with open_terminal(settings, link=link) as terminal:
        finish(terminal, terminal.sale(wanted), settings, lang, link, as_json=as_json)


def refund(  # noqa: PLR0913, PLR0917 — one per option
    request: _Request,
    original: Annotated[
        str,
        typer.Option(
            help="The sale: its request id, RRN:MMDD, or, to describe it, RRN:YYYY-MM-DD."
        ),
    ],
    card: OtherCardOption = "",
    voucher: VoucherOption = "",
    amount: Annotated[
        str | None, typer.Option(help="Such as 12.30; all that is left if not.")
    ] = None,
    reason: Annotated[Reason, typer.Option(help="Why.")] = Reason.CUSTOMER,
    config: ConfigOption = Path("posrefund.toml"),
    entry: EntryOption = "051",
    expiry: ExpiryOption = "3012",
    operator: _Operator = "01",
    order: Annotated[str, typer.Option(help="The shop's number of the order.")] = "",
    slip: Annotated[
        str,
        typer.Option(help="Of a described sale: BATCH:STAN:AUTH, such as 000001:000003:654321."),
    ] = "",
    document: Annotated[
        list[str] | None,
        typer.Option(help="What speaks for it, KIND:NUMBER, such as receipt:000042; often."),
    ] = None,
    signed: Annotated[
        bool, typer.Option("--signed", help="The customer has signed, on paper.")
    ] = False,
    contact: Annotated[
        str, typer.Option(help="Where the customer wants to hear of it; kept sealed.")
    ] = "",
    pin_file: PINFileOption = None,
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Refund a sale, or void it on its own settlement day; asking twice refunds once.

    What a card paid needs --card, the card that paid. What a code paid needs nothing: it goes back the way it came.

    A sale that this journal does not know is described: its date with the year, and --slip. That needs a profile
    with ceiling = "host_only", and a second person (`posrefund approvals`). Asked for then, once the terminal knows its
    staff: the operator's PIN.

    Exit status: 0 approved, 10 declined, 11 in doubt, 12 not sent, 3 refused by a rule, 2 an error.
    """
    wanted = RefundRequest(
        RequestID(request),
        original=original_of(original, slip),
        card=paid_back_by(card, voucher, entry, expiry),
        reason=reason,
        amount=None if amount is None else amount_of(amount),
        operator=operator,
        contact=contact,
        order_ref=order,
        documents=tuple(_document(text) for text in document or ()),
        signature=Signature("paper") if signed else None,
    )
    settings = load(config)
    link = open_link(settings)
    with open_terminal(settings, link=link) as terminal:
        made = refunded(terminal, wanted, pin_file)
        finish(terminal, made, settings, lang, link, as_json=as_json)


def refunded(terminal: Terminal, wanted: RefundRequest, pin_file: Path | None) -> Outcome:
    """Ask without a PIN first: only the terminal knows whether it needs one."""
    try:
        return terminal.refund(wanted)
    except RefusedError as refusal:
        if refusal.code != "operator_pin_needed":
            raise
    return terminal.refund(wanted, pin=PINs(pin_file).ask(wanted.operator))


def status(
    request: _Request,
    config: ConfigOption = Path("posrefund.toml"),
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Say how a request stands, from the journal alone.

    Exit status: 0 approved, 10 declined, 11 in doubt, 12 not sent or waiting for a second person, 2 it is unknown, or
    an error.
    """
    settings = load(config)
    with open_terminal(settings) as terminal:
        found = terminal.status(request)
        asked = terminal.journal.last_approval(request) if found is None else None
        if asked is not None and as_json:
            print_json(approval_as_data(asked))
            raise typer.Exit(EXIT_STATUS["NotSent"])
        if asked is not None:
            stdout.print(f"{_APPROVALS.get(asked.state, 'not sent')} ({asked.state})", markup=False)
            raise typer.Exit(EXIT_STATUS["NotSent"])
        if found is None:
            stderr.print(f"request {request} is unknown / 没有这个请求号", markup=False)
            sys.exit(2)
        if not as_json:
            _say_overdue(terminal, request, settings.arrival, lang)
        finish(terminal, found, settings, lang, as_json=as_json)


def _say_overdue(terminal: Terminal, request: str, arrival: Arrival, lang: Lang) -> None:
    """What to do where the day has passed that the slip promised."""
    status = status_of_refund(terminal, request, arrival)
    if status is None or status.expected is None or not status.is_overdue:
        return
    day = status.expected.latest
    said = f"预计不迟于 {day} 可查：" if lang is Lang.ZH else f"expected by {day}: "
    stdout.print(f"{said}{status.advice(lang.value)}", markup=False, soft_wrap=True)


def release(
    request: _Request,
    by: Annotated[
        list[str], typer.Option(help="Who says so; give it twice, two different people.")
    ],
    evidence: Annotated[str, typer.Option(help="What proves that nothing was booked.")],
    config: ConfigOption = Path("posrefund.toml"),
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Close a doubt by hand, after three settlement files proved that nothing was booked.

    Exit status: 10, for it is not booked now; 3 nothing has proved it yet, or a rule says no; 2 an error.
    """
    if len(by) != 2:
        raise InvalidRequestError([("by", "two different people")])
    settings = load(config)
    with open_terminal(settings) as terminal:
        released = terminal.release(request, people=(by[0], by[1]), evidence=evidence)
        finish(terminal, released, settings, lang, as_json=as_json)


def finish(
    terminal: Terminal,
    outcome: Outcome,
    settings: Settings,
    lang: Lang,
    link: HostLink | None = None,
    *,
    as_json: bool = False,
    more: Mapping[str, object] | None = None,
) -> None:
    """Print how a request stands, and leave with the exit status that says it, too.

    What was accepted is told by the merchant's copy of its slip; the journal has every print. Of what was not sent it prints what *link* has met, for each address; of data, what *more* says besides.
    """
    met = _met(link) if isinstance(outcome, NotSent) else []
    if as_json:
        status = status_of_refund(terminal, outcome.attempt.request_id, settings.arrival)
        data = outcome_as_data(outcome, contact=terminal.contact_for(outcome), status=status)
        data |= {"is_training": terminal.journal.is_training, "addresses": met}
        print_json(data | dict(more or {}))
    else:
        _print(terminal, outcome, settings, lang, met)
    raise typer.Exit(EXIT_STATUS[type(outcome).__name__])


def _met(link: HostLink | None) -> list[str]:
    found = link.seen().addresses if link else ()
    return [address.last_reason for address in found if address.last_reason]


def _print(
    terminal: Terminal, outcome: Outcome, settings: Settings, lang: Lang, met: list[str]
) -> None:
    match outcome:
        case Approved():
            _print_approved(terminal, outcome, settings, lang)
        case Declined():
            stdout.print(f"declined {outcome.code}: {outcome.text_en} / {outcome.text_zh}")
            stdout.print(f"{outcome.clerk_en} / {outcome.clerk_zh}", soft_wrap=True)
            if contact := terminal.contact_for(outcome):
                stdout.print(as_text(f"call / 请联系: {contact}"), soft_wrap=True)
        case InDoubt():
            said = f"in doubt ({outcome.reason}): {outcome.clerk_en} / {outcome.clerk_zh}"
            stdout.print(said, soft_wrap=True)
            if is_askable(outcome.attempt, terminal.dialect):
                ask = f"posrefund inquire {outcome.attempt.request_id}"
                stdout.print(as_text(f"the host can be asked / 可查询主机: {ask}"), soft_wrap=True)
        case NotSent():
            said = f"not sent ({outcome.reason}): {outcome.clerk_en} / {outcome.clerk_zh}"
            stdout.print(said, soft_wrap=True)
            for reason in met:
                stdout.print(as_text(reason), soft_wrap=True)
        case _:
            assert_never(outcome)


def _print_slip(terminal: Terminal, outcome: Approved, settings: Settings, lang: Lang) -> None:
    content = slip_of_request(
        terminal,
        outcome,
        settings.slip,
        language=lang.value,
        copy="merchant",
        arrival=settings.arrival,
    )
    text = slip_text(content, cast("Columns", settings.slip.columns))
    terminal.note_print(outcome.attempt.request_id, "merchant")
    sys.stdout.write(text)


def _print_approved(terminal: Terminal, outcome: Approved, settings: Settings, lang: Lang) -> None:
    """Print the slip; where that does not work, say all the same that the money has moved."""
    try:
        _print_slip(terminal, outcome, settings, lang)
    except PosRefundError as error:
        stdout.print(as_text(_without_slip(outcome, error)), soft_wrap=True)


def _without_slip(outcome: Approved, error: PosRefundError) -> str:
    said = f"approved, RRN {outcome.rrn} / 已批准，检索参考号 {outcome.rrn}"
    return f"{said}; no slip / 未打印签购单: {error} (posrefund slip {outcome.attempt.request_id})"


def _document(text: str) -> Document:
    kind, _, number = text.partition(":")
    return Document(cast("DocumentKind", kind), number)


def amount_of(text: str) -> Amount:
    """Return the amount of such as ``12.30``."""
    whole, _, part = text.partition(".")
    digits = whole + part.ljust(2, "0")
    if not whole or not (digits.isascii() and digits.isdigit()) or len(part) > 2:
        raise InvalidRequestError([("amount", "yuan and fen, such as 12.30")])
    return Amount(int(digits))


def original_of(text: str, slip: str) -> RequestID | OriginalRef | DescribedSale:
    """Return how a sale is named: its request id, RRN:MMDD, or RRN:YYYY-MM-DD with what its *slip* says."""
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
