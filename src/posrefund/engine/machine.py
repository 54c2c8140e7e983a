"""The brain: events in, actions out, no clock, no line, no key. Floor 4.

``start_*`` make a plan or refuse. ``receive``, ``line_failed``, ``deadline_passed`` and ``recover`` take
what happened and say what to write down; the outcome follows from the attempt's state alone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.engine.actions import Know, Move, Note
from posrefund.engine.attempt import Attempt, Kind
from posrefund.engine.compose import (
    compose_refund,
    compose_reversal,
    compose_sale,
    compose_void,
    keepable,
)
from posrefund.engine.interpret import Stranger, interpret, interpret_reversal
from posrefund.engine.plan import Occasion, Plan
from posrefund.engine.refusals import refuse
from posrefund.engine.requests import Original, RefundRequest
from posrefund.engine.rules import (
    amount_to_refund,
    check_original,
    check_pin,
    check_track,
    choose_route,
)
from posrefund.engine.same_day import certainly_same_day
from posrefund.engine.table import TABLE, Event, State
from posrefund.errors import InvalidRequestError, LocalProtocolError
from posrefund.values import Amount, infer_year

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from posrefund.dialects import Dialect
    from posrefund.engine.actions import Action
    from posrefund.engine.requests import SaleRequest
    from posrefund.engine.view import TerminalView
    from posrefund.values import KeptCard, Received

__all__ = [
    "deadline_passed",
    "line_failed",
    "may_try_again",
    "original_of",
    "receive",
    "receive_reversal",
    "recover",
    "reversal_due",
    "start_refund",
    "start_reversal",
    "start_sale",
]


@closed
def start_sale(request: SaleRequest, view: TerminalView, occasion: Occasion) -> Plan:
    """Plan a sale.

    Raises:
        RefusedError: Not signed in, or not the PIN that the acquirer wants.
        InvalidRequestError: The card's data do not fit the message.
    """
    _require_sign_in(view)
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
        RefusedError: A rule says no.
        InvalidRequestError: The card's data do not fit the message.
    """
    _require_sign_in(view)
    if original.merchant != view.merchant:
        raise refuse("other_merchant")
    check_original(request, original, occasion.card_fingerprint)
    minor = amount_to_refund(request, original)
    kind = choose_route(original, minor, view, occasion.now)
    check_pin(request.card, view.dialect, kind)
    check_track(request.card, view)
    if kind == "void":
        fields = compose_void(view, request.card, original, occasion.now)
    else:
        amount = Amount(minor, original.amount.currency)
        fields = compose_refund(view, amount, request.card, original, occasion.now)
    return _plan(kind, fields, request, view, occasion, original_id=original.original_id)


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


@closed
def receive(
    attempt: Attempt, received: Received, view: TerminalView, now: datetime
) -> list[Action]:
    """Say what to write down about an answer; no ``Move`` among it means: keep waiting.

    A MAC counts only under the keys that the attempt was sent with.
    """
    table = view.dialect.messages[attempt.kind]
    received = _under(attempt.key_set_id, received)
    verdict = interpret(attempt, table, received, view.dialect)
    inbound = _inbound(attempt, received, verdict, view.dialect, now)
    if isinstance(verdict, Stranger):
        return [inbound]
    facts = {**verdict.facts, "at": now.isoformat()}
    known = None
    if verdict.event is Event.ACCEPT and attempt.kind == "sale":
        try:
            known = Know(original_of(attempt, facts, view, now), now)
        except InvalidRequestError:
            doubt = {"reason": "mismatch", "where": "dates", "at": now.isoformat()}
            return [inbound, *_step(attempt, Event.DOUBT, doubt, now)]
    moves = _step(attempt, verdict.event, facts, now)
    is_sale = known and any(move.event is Event.ACCEPT for move in moves)
    return [inbound, *moves, known] if known and is_sale else [inbound, *moves]


def _under(key_set_id: str, received: Received) -> Received:
    """*received*, its MAC worth nothing if other keys judged it: old ones may be known to somebody."""
    if received.mac == "valid" and received.key_set_id != key_set_id:
        return replace(received, mac="no_key")
    return received


def _step(attempt: Attempt, event: Event, facts: Mapping[str, str], now: datetime) -> list[Move]:
    """The step that an answer asks for; a late one that says the opposite of what stands opens a case.

    Only an authentic one does, and a doubtful one tells the people of a case nothing new.
    """
    if attempt.state is State.MANUAL and event is Event.DOUBT:
        return []
    if (attempt.state, event) in TABLE:
        return [Move(attempt.attempt_id, event, now, facts)]
    if (attempt.state, event) not in _OPPOSITES or facts.get("mac") != "valid":
        return []
    return [Move(attempt.attempt_id, Event.CONTRADICT, now, {**facts, "reason": "contradiction"})]


_OPPOSITES = {
    (State.ACCEPTED, Event.DECLINE),
    (State.CONFIRMED, Event.DECLINE),
    (State.DECLINED, Event.ACCEPT),
    (State.NOT_SENT, Event.ACCEPT),
    (State.REVERSED, Event.ACCEPT),
    (State.RELEASED, Event.ACCEPT),
}

_TRANSACTION_DAYS = timedelta(days=2)
_SETTLEMENT_DAYS = timedelta(days=10)
"""DE13 is the host's today, give or take two clocks; DE15 may lie behind a long holiday."""


def original_of(
    attempt: Attempt, facts: Mapping[str, str], view: TerminalView, now: datetime
) -> Original:
    """Return the sale that *attempt* has become, for later refunds.

    Raises:
        InvalidRequestError: A date of the answer is no day near today, or of another year.
    """
    today = view.host_clock.at(now).date()
    return Original(
        original_id=attempt.request_id,
        terminal=attempt.terminal,
        merchant=attempt.merchant,
        batch=attempt.batch,
        stan=attempt.stan,
        rrn=facts["rrn"],
        transaction_date=_near(facts, "host", today, _TRANSACTION_DAYS),
        settlement_date=_near(facts, "settlement", today, _SETTLEMENT_DAYS),
        amount=attempt.amount,
        auth_code=facts.get("auth_code"),
        card_fingerprint=attempt.card_fingerprint,
        organisation=facts.get("organisation"),
    )


def _near(facts: Mapping[str, str], name: str, today: date, within: timedelta) -> date:
    """Return the day that an answer said, with its year; where the host says the year, it has to be that one."""
    day = infer_year(facts[f"{name}_date"], not_after=today + within)
    if today - day > within or facts.get(f"{name}_year", f"{day:%y}") != f"{day:%y}":
        raise InvalidRequestError([("date", "MMDD of a day near today")])
    return day


def line_failed(attempt: Attempt, *, left: bool, reason: str, now: datetime) -> list[Action]:
    """Say what to write down when the line broke; *left* means a byte may have left."""
    event = Event.DOUBT if left else Event.FAIL
    return [Move(attempt.attempt_id, event, now, {"reason": reason, "at": now.isoformat()})]


def deadline_passed(attempt: Attempt, now: datetime) -> list[Action]:
    """Say what to write down when no answer came in time."""
    return [
        Move(attempt.attempt_id, Event.DOUBT, now, {"reason": "no_reply", "at": now.isoformat()})
    ]


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


def reversal_due(attempt: Attempt, view: TerminalView) -> bool:
    """Say whether *attempt* is one that silence undoes: a sale or a void, never a refund."""
    reverses = view.dialect.messages[attempt.kind].reverses
    return reverses and attempt.state in (State.IN_DOUBT, State.REVERSING)


@closed
def start_reversal(
    attempt: Attempt, view: TerminalView, card: KeptCard | None, *, tries: int, now: datetime
) -> tuple[list[Action], dict[str, str]]:
    """Say what to write down and which message to send to undo *attempt*.

    No fields means: nothing is left to try. That is so after the last try, without the card, and on
    another settlement day: a host answers a cross-day reversal with the same 25 as one that is done.

    Raises:
        LocalProtocolError: *attempt* is none that is undone: a refund, or one that is not in doubt.
    """
    if not reversal_due(attempt, view):
        message = f"no reversal of a {attempt.kind} that is {attempt.state}"
        raise LocalProtocolError(message)
    is_over = view.host_day(now) != attempt.host_day
    if card is None or is_over or tries >= view.dialect.timers.reversal_tries:
        return [Move(attempt.attempt_id, Event.GIVE_UP, now)], {}
    reason = attempt.facts.get("reason", "")
    fields = compose_reversal(attempt, view, card, reason, now)
    actions: list[Action] = []
    if attempt.state is State.IN_DOUBT:
        actions.append(Move(attempt.attempt_id, Event.REVERSE, now))
    facts = {"reason": reason, "try": str(tries + 1), "key_set_id": view.key_set_id}
    return [*actions, Note("reversal_sent", now, facts, attempt.attempt_id)], fields


@closed
def receive_reversal(
    attempt: Attempt, received: Received, view: TerminalView, now: datetime, *, sent_with: str
) -> tuple[list[Action], bool]:
    """Say what to write down about the answer to a reversal, and whether it was the answer.

    Args:
        attempt: Which is being undone.
        received: What came.
        view: The terminal now.
        now: The time.
        sent_with: Name of the keys that sealed this reversal; they need not be the attempt's.
    """
    received = _under(sent_with, received)
    is_same_day = certainly_same_day(attempt, received, view, now)
    verdict = interpret_reversal(attempt, received, view.dialect, is_same_day=is_same_day)
    inbound = _inbound(attempt, received, verdict, view.dialect, now)
    if isinstance(verdict, Stranger):
        return [inbound], False
    if verdict.event is Event.UNDO:
        return [inbound, Move(attempt.attempt_id, Event.UNDO, now, verdict.facts)], True
    return [inbound], True


def _inbound(
    attempt: Attempt, received: Received, verdict: object, dialect: Dialect, now: datetime
) -> Note:
    """What arrived, as far as it may be kept, before anything is concluded from it."""
    kept = keepable(received.fields, dialect)
    if kept.get("42") != attempt.merchant:
        kept.pop("42", None)  # fifteen characters of somebody else: they could be a card number
    facts = {f"DE{name}": value for name, value in kept.items() if name.isdigit()}
    facts |= {"mti": received.fields.get("t", ""), "mac": received.mac}
    facts["length_bytes"] = str(received.length_bytes)
    if received.key_set_id:
        facts["key_set_id"] = received.key_set_id
    if isinstance(verdict, Stranger):
        facts |= {"differs": verdict.path, "expected": verdict.expected, "seen": verdict.seen}
    return Note("inbound", now, facts, attempt.attempt_id)


def _require_sign_in(view: TerminalView) -> None:
    if not view.key_set_id:
        raise refuse("not_signed_in")


def _plan(
    kind: Kind,
    fields: Mapping[str, str],
    request: SaleRequest | RefundRequest,
    view: TerminalView,
    occasion: Occasion,
    *,
    original_id: str | None = None,
) -> Plan:
    facts = {"operator": request.operator, "entry": request.card.entry_mode}
    if request.card.pin_bypassed:
        facts["pin"] = "bypassed"
    if isinstance(request, RefundRequest):
        facts |= {"why": request.reason, **({"note": request.note} if request.note else {})}
    attempt = Attempt(
        request_id=request.request_id,
        number=occasion.number,
        kind=kind,
        state=State.INTENT,
        hold="reserved" if original_id else "none",
        terminal=view.terminal,
        merchant=view.merchant,
        batch=view.batch,
        stan=view.stan,
        amount=Amount(int(fields["4"]), fields["49"]),
        fields=keepable(fields, view.dialect),
        key_set_id=view.key_set_id,
        created_at=occasion.now,
        host_day=view.host_day(occasion.now),
        card_masked=str(request.card.pan),
        card_fingerprint=occasion.card_fingerprint,
        original_id=original_id,
        copies=0,
        facts=facts,
    )
    content = request.content(occasion.card_fingerprint)
    return Plan(attempt, view.dialect.messages[kind], fields, content, request.card.kept)
