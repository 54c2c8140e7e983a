"""The beginning of an attempt: the rules say yes and it is planned, or no. What a restart makes of one under way. Floor 4.

``start_*`` make a plan or refuse; ``recover`` says what to write down. What follows from an answer stands in
``answers``, what is undone in ``undo``; the outcome follows from the attempt's state alone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from posrefund.closed import closed
from posrefund.engine.actions import Move
from posrefund.engine.attempt import Attempt, Kind
from posrefund.engine.compose import compose_refund, compose_sale, compose_void, keepable
from posrefund.engine.paid import kept_facts, with_voucher
from posrefund.engine.plan import Occasion, Plan
from posrefund.engine.policy import Asked, judge
from posrefund.engine.refusals import refuse, together
from posrefund.engine.repeat import is_repeatable
from posrefund.engine.requests import Original, RefundRequest
from posrefund.engine.rules import (
    amount_to_refund,
    check_journal,
    check_method,
    check_pin,
    check_track,
    choose_route,
    needs_approval,
)
from posrefund.engine.table import Event, State
from posrefund.errors import RefusedError
from posrefund.values import Amount, BackToPayer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from posrefund.engine.actions import Action
    from posrefund.engine.requests import SaleRequest
    from posrefund.engine.view import TerminalView
    from posrefund.values import Method

__all__ = [
    "asked_about",
    "may_try_again",
    "recover",
    "require_sign_in",
    "start_refund",
    "start_sale",
]


@closed
def start_sale(request: SaleRequest, view: TerminalView, occasion: Occasion) -> Plan:
    """Plan a sale.

    Raises:
        RefusedError: Not signed in, a typed card number, what the acquirer does not take, or not the PIN that it wants.
        InvalidRequestError: The card's data do not fit the message.
    """
    _require_ready(view)
    if request.card.is_keyed:
        raise refuse("keyed_card")
    check_method(request.card, view.dialect, "sale")
    check_pin(request.card, view.dialect, "sale")
    check_track(request.card, view)
    fields = compose_sale(view, request.amount, request.card, occasion.now)
    return _plan("sale", fields, request, view, occasion)


@closed
def start_refund(
    request: RefundRequest, original: Original, view: TerminalView, occasion: Occasion
) -> Plan:
    """Plan a refund, or the void that stands in for it on the sale's own settlement day.

    Raises:
        RefusedError: A rule says no; it carries all others that do.
        InvalidRequestError: The card's data do not fit the message.
    """
    check_journal(view)
    verdict = judge(occasion.rules, asked_about(request, original, view, occasion))
    faults = [*_not_ready(view), *verdict.faults]
    minor = amount_to_refund(request, original)
    method = with_voucher(request.card, original)
    kind: Literal["void", "refund"] = "refund"
    try:
        if not any(fault.code in _NO_ROUTE for fault in faults):
            kind = choose_route(original, minor, view, occasion.now)
        check_method(method, view.dialect, kind)
        check_pin(method, view.dialect, kind)
        check_track(method, view)
    except RefusedError as fault:
        faults.append(fault)
    if faults:
        raise together(faults)
    if kind == "void":
        fields = compose_void(view, method, original, occasion.now)
    else:
        amount = Amount(minor, original.amount.currency)
        fields = compose_refund(view, amount, method, original, occasion.now)
    plan = _plan(kind, fields, request, view, occasion, original=original)
    if verdict.reviews:
        why = " ".join(each.code for each in verdict.reviews)
        facts = {**plan.attempt.facts, "review": why}
        plan = replace(plan, attempt=replace(plan.attempt, facts=facts))
    is_large = needs_approval(original, minor, view.dialect.policy)
    return replace(
        plan,
        needs_approval=is_large or bool(verdict.reviews),
        reviews=verdict.reviews,
        contact=request.contact,
    )


_NO_ROUTE = frozenset(
    "original_voided nothing_remaining over_remaining currency_mismatch amount_needed".split()  # noqa: SIM905
)
"""What leaves open whether it would be a void or a refund, and when."""


def asked_about(
    request: RefundRequest, original: Original | None, view: TerminalView, occasion: Occasion
) -> Asked:
    """Return what the shop's rules are asked about *request*; *original* is None where nobody knows its sale."""
    return Asked(
        request,
        original,
        occasion.card_fingerprint,
        merchant=view.merchant,
        now=occasion.now,
        host_now=view.host_clock.at(occasion.now),
        today=view.host_day(occasion.now),
        history=occasion.history,
    )


def may_try_again(attempt: Attempt, view: TerminalView) -> bool:
    """Say whether a request whose last attempt stands so may have a new one.

    Raises:
        RefusedError: code ``sign_in_first`` — yes, but the host wants a sign-in before it.
    """
    if attempt.state in (State.NOT_SENT, State.REVERSED, State.RELEASED):
        return True
    code = view.dialect.codes.get(attempt.facts.get("code", ""))
    if attempt.state is not State.DECLINED or code is None or not code.may_retry:
        return False
    if code.sign_in_first:
        declined_at = datetime.fromisoformat(attempt.facts["at"])
        if view.signed_in_at is None or view.signed_in_at <= declined_at:
            raise refuse("sign_in_first")
    return True


def recover(attempts: Iterable[Attempt], now: datetime) -> list[Action]:
    """Say what a restart makes of what was under way: whatever may have left is in doubt.

    Running it twice changes nothing; a crash inside it changes nothing.
    """
    cut_off = {State.INTENT, State.SENT}
    facts = {"reason": "restart", "at": now.isoformat()}
    return [
        Move(attempt.attempt_id, Event.DOUBT, now, facts)
        for attempt in attempts
        if attempt.state in cut_off
    ]


def require_sign_in(view: TerminalView) -> None:
    """Refuse what needs a signed-in terminal.

    Raises:
        RefusedError: code ``not_signed_in``.
    """
    has_lost_its_own = view.is_behind and view.signed_in_at is None
    if not view.key_set_id or has_lost_its_own or view.is_signed_off:
        raise refuse("not_signed_in")


def _require_ready(view: TerminalView) -> None:
    if view.is_closing:
        raise refuse("batch_closing")
    require_sign_in(view)


def _not_ready(view: TerminalView) -> list[RefusedError]:
    try:
        _require_ready(view)
    except RefusedError as fault:
        return [fault]
    return []


def _plan(
    kind: Kind,
    fields: Mapping[str, str],
    request: SaleRequest | RefundRequest,
    view: TerminalView,
    occasion: Occasion,
    *,
    original: Original | None = None,
) -> Plan:
    method = with_voucher(request.card, original) if original else request.card
    facts = {"operator": request.operator, "entry": method.entry_mode}
    if method.pin_bypassed:
        facts["pin"] = "bypassed"
    facts |= kept_facts(method, original) | _said(request)
    table, kept = view.dialect.messages[kind], keepable(fields, view.dialect)
    if is_repeatable(fields, kept, table, method.kept):
        facts["repeatable"] = "yes"
    attempt = Attempt(
        request_id=request.request_id,
        number=occasion.number,
        kind=kind,
        state=State.INTENT,
        hold="reserved" if original else "none",
        terminal=view.terminal,
        merchant=view.merchant,
        batch=view.batch,
        stan=view.stan,
        amount=Amount(int(fields["4"]), fields["49"]),
        fields=kept,
        key_set_id=view.key_set_id,
        created_at=occasion.now,
        host_day=view.host_day(occasion.now),
        card_masked=method.masked,
        card_fingerprint=_known_by(method, occasion, original),
        original_id=original.original_id if original else None,
        copies=0,
        facts=facts,
    )
    content = request.content(occasion.card_fingerprint)
    return Plan(attempt, table, fields, content, method.kept)


def _known_by(method: Method, occasion: Occasion, original: Original | None) -> str:
    """The fingerprint of what was read; where nothing was, that of what paid."""
    is_payers = original is not None and isinstance(method, BackToPayer)
    known = original.card_fingerprint if original and is_payers else ""
    return known or occasion.card_fingerprint


def _said(request: SaleRequest | RefundRequest) -> dict[str, str]:
    """What somebody said with a request and the journal keeps; never where the customer can be reached."""
    said = {"order_ref": request.order_ref}
    if isinstance(request, RefundRequest):
        said |= {
            "why": request.reason,
            "note": request.note,
            "documents": "; ".join(document.said for document in request.documents),
            "corrects": request.corrects,
            "signature": request.signature.said if request.signature else "",
        }
    return {name: text for name, text in said.items() if text}
