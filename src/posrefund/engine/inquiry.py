"""Asking what became of an attempt: when, with what, and what an answer proves. Floor 4.

An answer proves something only if it is authentic and names the very attempt. Booked, or not booked, closes a
doubt, or opens a case where the opposite stands. *In progress* leaves it as it is. *Not found* is no finding while the
message may still be on its way, and after that it is a note, unless the acquirer has given its word that it is more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.dialects import look_up
from posrefund.engine.actions import Know, Move, Note
from posrefund.engine.answers import inbound, original_of, step_of, under
from posrefund.engine.compose import compose_inquiry
from posrefund.engine.heard import hear
from posrefund.engine.interpret import Stranger
from posrefund.engine.machine import require_sign_in
from posrefund.engine.polling import LookSchedule
from posrefund.engine.refusals import refuse
from posrefund.engine.table import Event, State
from posrefund.errors import InvalidRequestError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from posrefund.dialects import Dialect
    from posrefund.engine.actions import Action
    from posrefund.engine.attempt import Attempt, Kind
    from posrefund.engine.inquired import InquiryAnswer
    from posrefund.engine.view import TerminalView
    from posrefund.values import Received

__all__ = [
    "can_ask",
    "check_inquiry",
    "inquiry_due",
    "is_askable",
    "judge_inquiry",
    "receive_inquiry",
    "start_inquiry",
]

_TRANSIT = timedelta(days=1)
"""How long a message may be on its way, where no profile says it."""


# --- when and what ---------------------------------------------------------------------------


def is_askable(attempt: Attempt, dialect: Dialect) -> bool:
    """Say whether the host can be asked about *attempt*."""
    return can_ask(attempt.kind, dialect)


def can_ask(kind: Kind, dialect: Dialect) -> bool:
    """Say whether the host can be asked about a message of *kind*; what silence reverses is undone, and not asked about."""
    rule = dialect.inquiry
    return (
        rule is not None
        and "inquiry" in dialect.messages
        and kind in rule.about
        and dialect.messages[kind].doubt == "resolve"
    )


def check_inquiry(attempt: Attempt, view: TerminalView) -> None:
    """Refuse an inquiry that cannot be made.

    Raises:
        RefusedError: ``no_inquiry``, or ``not_signed_in``: without keys no answer proves anything.
    """
    if not is_askable(attempt, view.dialect):
        raise refuse("no_inquiry")
    require_sign_in(view)


def inquiry_due(
    attempt: Attempt, view: TerminalView, asked: Sequence[Mapping[str, str]], now: datetime
) -> bool:
    """Say whether *attempt* is in doubt and to be asked about now.

    Args:
        attempt: Any.
        view: The terminal now.
        asked: The notes of the inquiries that were made about it, oldest first.
        now: The time.
    """
    rule = view.dialect.inquiry
    if attempt.state is not State.IN_DOUBT or rule is None or view.is_closing:
        return False
    try:
        check_inquiry(attempt, view)
    except RefusedError:
        return False
    sent = attempt.last_sent_at
    last = datetime.fromisoformat(asked[-1]["at"]) if asked else sent
    schedule = LookSchedule(rule.pauses_s)
    due = schedule.next_look(sent, now=max(last, sent), who=attempt.attempt_id)
    return len(asked) < rule.tries and due <= now


@closed
def start_inquiry(
    attempt: Attempt, view: TerminalView, now: datetime
) -> tuple[list[Action], dict[str, str]]:
    """Return what to write down before an inquiry leaves, and its fields.

    Args:
        attempt: Which is asked about.
        view: The terminal now, its next number taken for this message.
        now: The time.

    Raises:
        InvalidRequestError: The dialect's message does not fit what is known of *attempt*.
    """
    facts = {"stan": str(view.stan), "key_set_id": view.key_set_id, "at": now.isoformat()}
    fields = compose_inquiry(attempt, view, now)
    return [Note("inquiry_sent", now, facts, attempt.attempt_id)], fields


# --- what was answered -----------------------------------------------------------------------


@closed
def receive_inquiry(
    attempt: Attempt,
    asked: Mapping[str, str],
    received: Received,
    view: TerminalView,
    now: datetime,
    *,
    sent_with: str,
) -> tuple[list[Action], bool]:
    """Say what to write down about what came after an inquiry, and whether it was its answer.

    Args:
        attempt: Which was asked about, as it stands now.
        asked: The fields of the inquiry.
        received: What came.
        view: The terminal now.
        now: The time.
        sent_with: Name of the keys that sealed the inquiry; they need not be the attempt's.
    """
    received = under(sent_with, received)
    heard = hear(attempt, asked, received, view.dialect, now)
    if isinstance(heard, Stranger):
        return [], False
    arrived = inbound(attempt, received, None, view.dialect, now)
    facts = dict(arrived.facts) | ({"where": heard.where} if heard.where else {})
    return judge_inquiry(attempt, heard.answer, view, now, arrived=facts, told=heard.facts), True


def judge_inquiry(
    attempt: Attempt,
    answer: InquiryAnswer,
    view: TerminalView,
    now: datetime,
    *,
    arrived: Mapping[str, str] | None = None,
    told: Mapping[str, str] | None = None,
) -> list[Action]:
    """Say what to write down about *answer*, whichever way it came; without a ``Move`` it moves nothing.

    Args:
        attempt: Which was asked about.
        answer: What was said of it.
        view: The terminal now.
        now: The time.
        arrived: What of the message is kept, where it came on the line.
        told: What it tells of a booking besides, by our names.
    """
    concluded = _conclude(attempt, answer, view)
    facts = {
        **(arrived or {}),
        "verdict": answer.verdict,
        "code": answer.code,
        "authenticated": "yes" if answer.authenticated else "no",
        "seen_at": answer.seen_at.isoformat(),
        "source": answer.source,
    }
    if answer.rrn:
        facts["rrn"] = answer.rrn
    if not isinstance(concluded, Event):
        facts |= {"because": concluded} if concluded else {}
        return [Note("inquiry", now, facts, attempt.attempt_id)]
    note = Note("inquiry", now, facts, attempt.attempt_id)
    proof = {
        "evidence": "inquiry",
        "code": answer.code,
        "mac": "valid" if arrived else "absent",
        "at": now.isoformat(),
        "inquired_at": answer.seen_at.isoformat(),
    }
    if concluded is Event.RELEASE:
        return [note, *_released(attempt, proof, now)]
    if concluded is Event.ACCEPT:
        proof |= {**(told or {}), **_told(answer)}
    return [note, *_steps(attempt, concluded, proof, now)]


def _steps(attempt: Attempt, event: Event, proof: Mapping[str, str], now: datetime) -> list[Action]:
    moves = step_of(attempt, event, proof, now, is_authentic=True)
    if attempt.kind != "sale" or not any(move.event is Event.ACCEPT for move in moves):
        return [*moves]
    try:
        return [*moves, Know(original_of(attempt, proof, attempt.host_day), now)]
    except (InvalidRequestError, KeyError):
        return []  # a sale without its dates could not be given back of: the file tells them


def _released(attempt: Attempt, proof: Mapping[str, str], now: datetime) -> list[Action]:
    """The end that two people give to what files proved absent, by the acquirer's word instead."""
    name, absent = attempt.attempt_id, {"absent": "inquiry", "at": now.isoformat()}
    give_up = Move(name, Event.GIVE_UP, now, absent)
    return [give_up, Move(name, Event.RELEASE, now, {**proof, "code": ""})]


def _told(answer: InquiryAnswer) -> dict[str, str]:
    said = {"rrn": answer.rrn, "auth_code": answer.auth_code}
    return {name: value for name, value in said.items() if value}


def _conclude(attempt: Attempt, answer: InquiryAnswer, view: TerminalView) -> Event | str:
    """The step that *answer* asks for, or why it asks for none; the reason is empty where it says nothing new."""
    if not answer.authenticated:
        return "not_authenticated"
    match answer.verdict:
        case "processed":
            return _of_result(attempt, answer, view)
        case "not_found":
            return _of_absence(attempt, answer, view)
        case _:
            return ""


def _of_result(attempt: Attempt, answer: InquiryAnswer, view: TerminalView) -> Event | str:
    code = look_up(view.dialect.codes, answer.code)
    if answer.amount not in (None, attempt.amount):
        return "other_amount"
    if code.money == "booked":
        known = attempt.facts.get("rrn")
        is_other = known and answer.rrn and known != answer.rrn
        return "other_rrn" if is_other else Event.ACCEPT
    if code.money == "unknown":
        return f"code_{code.code}"
    return _of_no(attempt, code.code, view)


def _of_no(attempt: Attempt, code: str, view: TerminalView) -> Event | str:
    """A no speaks for every copy only where the host gives all of them one answer.

    What it said of a message that it could not take for one of ours says nothing about ours. Where rows were lost
    nobody knows how many copies there are.
    """
    if code in view.dialect.unread_codes:
        return "unread_code"
    is_stored = view.dialect.messages[attempt.kind].repeat != "none"
    if (attempt.copies > 1 and not is_stored) or view.is_behind:
        return "several_copies"
    return Event.DECLINE


def _of_absence(attempt: Attempt, answer: InquiryAnswer, view: TerminalView) -> Event | str:
    rule = view.dialect.inquiry
    transit = timedelta(seconds=rule.transit_s) if rule else _TRANSIT
    if answer.seen_at - attempt.last_sent_at < transit:
        return "too_soon"
    is_word = rule is not None and rule.absence == "released" and not view.is_behind
    is_ours = attempt.state is State.IN_DOUBT and attempt.kind != "sale"
    return Event.RELEASE if is_word and is_ours else "absence_noted"
