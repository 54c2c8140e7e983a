"""What follows from an answer, or from none: what to write down, and which step it is. Floor 4.

An answer that proves nothing is written down and moves nothing. One that says the opposite of what stands
opens a case; it never flips anything.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.engine.actions import Know, Move, Note
from posrefund.engine.compose import keepable
from posrefund.engine.interpret import Stranger, interpret
from posrefund.engine.requests import Original
from posrefund.engine.table import TABLE, Event, State
from posrefund.errors import InvalidRequestError
from posrefund.values import infer_year

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from posrefund.dialects import Dialect
    from posrefund.engine.actions import Action
    from posrefund.engine.attempt import Attempt
    from posrefund.engine.view import TerminalView
    from posrefund.values import Received

__all__ = [
    "deadline_passed",
    "inbound",
    "line_failed",
    "original_of",
    "receive",
    "step_of",
    "under",
]


@closed
def receive(
    attempt: Attempt,
    received: Received,
    view: TerminalView,
    now: datetime,
    *,
    is_late: bool = False,
) -> list[Action]:
    """Say what to write down about an answer; no ``Move`` among it means: keep waiting.

    A MAC counts only under the keys that the attempt was sent with. What comes late, on another line than it was
    asked on, moves something only with a valid one.
    """
    table = view.dialect.messages[attempt.kind]
    received = under(attempt.key_set_id, received)
    verdict = interpret(attempt, table, received, view.dialect)
    arrived = inbound(attempt, received, verdict, view.dialect, now)
    if isinstance(verdict, Stranger):
        return [arrived]
    facts = {**verdict.facts, "at": now.isoformat()}
    if is_late:
        if received.mac != "valid":
            return [arrived]
        facts["late"] = "yes"
    known = None
    today = attempt.host_day if is_late else view.host_clock.at(now).date()
    if verdict.event is Event.ACCEPT and attempt.kind == "sale":
        try:
            known = Know(original_of(attempt, facts, today), now)
        except InvalidRequestError:
            doubt = {"reason": "mismatch", "where": "dates", "at": now.isoformat()}
            return [arrived, *step_of(attempt, Event.DOUBT, doubt, now)]
    is_authentic = received.mac == "valid"
    moves = step_of(attempt, verdict.event, facts, now, is_authentic=is_authentic)
    is_sale = known and any(move.event is Event.ACCEPT for move in moves)
    return [arrived, *moves, known] if known and is_sale else [arrived, *moves]


def under(key_set_id: str, received: Received) -> Received:
    """*received*, its MAC worth nothing if other keys judged it: old ones may be known to somebody."""
    if received.mac == "valid" and received.key_set_id != key_set_id:
        return replace(received, mac="no_key")
    return received


def step_of(
    attempt: Attempt,
    event: Event,
    facts: Mapping[str, str],
    now: datetime,
    *,
    is_authentic: bool = False,
) -> list[Move]:
    """Return the step that an answer asks for; a late one that says the opposite of what stands opens a case.

    Only an authentic one does. A case stays with the people who hold it: but what a yes contradicts is proven
    absent no longer.
    """
    if attempt.state is State.MANUAL:
        facts = {"absent": "", "reason": "contradiction", "at": now.isoformat()}
        is_news = event is Event.ACCEPT and attempt.facts.get("absent")
        return [Move(attempt.attempt_id, Event.DOUBT, now, facts)] if is_news else []
    if (attempt.state, event) in TABLE:
        return [Move(attempt.attempt_id, event, now, facts)]
    if (attempt.state, event) not in _OPPOSITES or not is_authentic:
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
"""DE13 is the host's day of the sending, give or take midnight and two clocks; DE15 may lie behind a long holiday."""


def original_of(attempt: Attempt, facts: Mapping[str, str], today: date) -> Original:
    """Return the sale that *attempt* has become, for later refunds.

    Args:
        attempt: The sale.
        facts: What its answer says.
        today: The host's day when it was sent, by our clock.

    Raises:
        InvalidRequestError: A date of the answer is no day near *today*, or of another year.
    """
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
        card_last4=attempt.card_last4,
        order_ref=attempt.facts.get("order_ref", ""),
        made_at=attempt.created_at,
        organisation=facts.get("organisation"),
        wallet=attempt.facts.get("wallet", ""),
        voucher=facts.get("voucher", ""),
    )


def _near(facts: Mapping[str, str], name: str, today: date, within: timedelta) -> date:
    """Return the day that an answer said, with its year; where the host says the year, it has to be that one."""
    day = infer_year(facts[f"{name}_date"], not_after=today + within)
    if today - day > within or facts.get(f"{name}_year", f"{day:%y}") != f"{day:%y}":
        raise InvalidRequestError([("date", "MMDD of a day near today")])
    return day


def line_failed(attempt: Attempt, *, left: bool, reason: str, now: datetime) -> list[Action]:
    """Say what to write down when the line broke; *left* means a byte may have left.

    *Not sent* is never said once a copy before this one may have left.
    """
    event = Event.DOUBT if left or attempt.copies > 1 else Event.FAIL
    return [Move(attempt.attempt_id, event, now, {"reason": reason, "at": now.isoformat()})]


def deadline_passed(attempt: Attempt, now: datetime) -> list[Action]:
    """Say what to write down when no answer came in time."""
    return [
        Move(attempt.attempt_id, Event.DOUBT, now, {"reason": "no_reply", "at": now.isoformat()})
    ]


def inbound(
    attempt: Attempt | None, received: Received, verdict: object, dialect: Dialect, now: datetime
) -> Note:
    """What arrived, as far as it may be kept, before anything is concluded from it; *attempt* was listened for."""
    kept = keepable(received.fields, dialect)
    if attempt is None or kept.get("42") != attempt.merchant:
        kept.pop("42", None)  # fifteen characters of somebody else: they could be a card number
    facts = {f"DE{name}": value for name, value in kept.items() if name.isdigit()}
    facts |= {"mti": received.fields.get("t", ""), "mac": received.mac}
    facts["length_bytes"] = str(received.length_bytes)
    if received.refusal is not None:
        facts["unreadable"] = received.refusal.path
    if received.key_set_id:
        facts["key_set_id"] = received.key_set_id
    if isinstance(verdict, Stranger):
        facts |= {"differs": verdict.path, "expected": verdict.expected, "seen": verdict.seen}
        facts |= {"nearest": verdict.nearest} if verdict.nearest else {}
    return Note("inbound", now, facts, attempt.attempt_id if attempt else None)
