"""Planted bugs of the engine: what is concluded from what. Floor 10."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from posrefund import dialects
from posrefund.engine import (
    Event,
    Move,
    answers,
    correlate,
    evidence,
    interpret,
    machine,
    policy,
    rules,
    undo,
    view,
)
from posrefund.engine.correlate import Owner
from posrefund.engine.interpret import Conclusion, Stranger
from posrefund.engine.table import State
from posrefund.office.reconcile import reconcile
from posrefund.seal import message
from posrefund.terminal.late import LateAnswers
from posrefund.testing.simulator.planted.plant import Planted, replaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

    from posrefund.engine import Attempt
    from posrefund.engine.actions import Action

__all__ = ["CONCLUSIONS"]

_READING = sys.modules[reconcile.__module__]
"""The module of that name; the room has a function of the same name in its place."""


def _code_is_yes(code: str) -> AbstractContextManager[None]:
    real = dialects.look_up

    def look_up(codes: Any, said: str) -> Any:
        found = real(codes, said)
        return replace(found, money="booked") if said == code else found

    return replaced((interpret, "look_up", look_up))


def _recover_as_not_sent() -> AbstractContextManager[None]:
    def recover(attempts: Iterable[Attempt], now: datetime) -> list[Action]:
        cut_off = (State.INTENT, State.SENT)
        return [
            Move(attempt.attempt_id, Event.FAIL, now, {"reason": "restart"})
            for attempt in attempts
            if attempt.state in cut_off
        ]

    return replaced((machine, "recover", recover))


def _time_out_releases() -> AbstractContextManager[None]:
    def deadline_passed(attempt: Attempt, now: datetime) -> list[Action]:
        return [Move(attempt.attempt_id, Event.FAIL, now, {"reason": "no_reply"})]

    return replaced((answers, "deadline_passed", deadline_passed))


def _doubt_is_settled() -> AbstractContextManager[None]:
    real = evidence.judge_absence

    def judge_absence(attempt: Attempt, days_read: Any, now: datetime) -> Any:
        judged = real(attempt, days_read, now)
        if judged and attempt.state is State.IN_DOUBT:
            return [Move(attempt.attempt_id, Event.ACCEPT, now, {"reason": "batch"})], judged[1]
        return judged

    return replaced((_READING, "judge_absence", judge_absence))


def _absence_too_soon() -> AbstractContextManager[None]:
    """One file is enough, the one of the day before."""
    return replaced(
        (evidence, "settlement_days", lambda attempt: (attempt.host_day - evidence._ONE_DAY,) * 3),
    )


def _field_unchecked(name: str) -> AbstractContextManager[None]:
    real = interpret.echo_fault

    def echo_fault(attempt: Attempt, fields: Mapping[str, str], echoed: Mapping[str, int]) -> str:
        return real(attempt, fields, {n: width for n, width in echoed.items() if n != name})

    return replaced((interpret, "echo_fault", echo_fault))


def _any_terminal() -> AbstractContextManager[None]:
    real = interpret.stranger_to

    def stranger_to(mti: str, stan: str, _: str, fields: Mapping[str, str]) -> Stranger | None:
        return real(mti, stan, fields.get("41", ""), fields)

    return replaced(
        (interpret, "stranger_to", stranger_to), (correlate, "stranger_to", stranger_to)
    )


def _any_number() -> AbstractContextManager[None]:
    real = interpret.stranger_to

    def stranger_to(mti: str, _: str, terminal: str, fields: Mapping[str, str]) -> Stranger | None:
        return real(mti, fields.get("11", ""), terminal, fields)

    return replaced(
        (interpret, "stranger_to", stranger_to), (correlate, "stranger_to", stranger_to)
    )


def _doubtful_codes_are_no() -> AbstractContextManager[None]:
    real = dialects.look_up

    def look_up(codes: Any, said: str) -> Any:
        found = real(codes, said)
        return replace(found, money="not_booked") if found.money == "unknown" else found

    return replaced((interpret, "look_up", look_up))


def _any_answer_undoes() -> AbstractContextManager[None]:
    real = interpret.interpret_reversal

    def interpret_reversal(*args: Any, **more: Any) -> Conclusion | Stranger:
        verdict = real(*args, **more)
        return verdict if isinstance(verdict, Stranger) else replace(verdict, event=Event.UNDO)

    return replaced((undo, "interpret_reversal", interpret_reversal))


def _refunds_are_reversed() -> AbstractContextManager[None]:
    def reversal_due(attempt: Attempt, _: Any) -> bool:
        return attempt.state in (State.IN_DOUBT, State.REVERSING)

    return replaced((undo, "reversal_due", reversal_due))


def _calendar_day() -> AbstractContextManager[None]:
    def calendar_day(host_now: datetime, _: time) -> date:
        return host_now.date()

    return replaced((view, "settlement_day", calendar_day))


def _void_by_calendar() -> AbstractContextManager[None]:
    """The sale's own calendar date decides, not its settlement day."""
    real = rules.choose_route

    def choose_route(original: Any, *rest: Any) -> Any:
        return real(replace(original, settlement_date=original.transaction_date), *rest)

    return replaced((machine, "choose_route", choose_route))


def _doubt_does_not_block() -> AbstractContextManager[None]:
    def judge(rules: Any, asked: Any) -> policy.Verdict:
        sale = asked.original and replace(asked.original, has_open_attempt=False)
        return policy.judge(rules, replace(asked, original=sale))

    return replaced((machine, "judge", judge))


def _late_decline_believed() -> AbstractContextManager[None]:
    """An unsigned no counts wherever it comes, as one in time does."""
    real = answers.receive

    def receive(*args: Any, is_late: bool = False) -> list[Action]:
        del is_late
        return real(*args)

    return replaced((answers, "receive", receive))


def _late_yes_to_other_day() -> AbstractContextManager[None]:
    """A late answer is taken for the oldest doubt there is, whatever its number, batch and day."""
    take = LateAnswers.owner
    judged = LateAnswers._judged

    def owner(late: Any, body: bytes, asked: Any = None) -> Any:
        doubts = late._journal.attempts(states=[State.IN_DOUBT])
        found = take(late, body, asked)
        return Owner(doubts[0], is_reversal=False) if doubts and isinstance(found, Owner) else found

    def judged_by_nothing(late: Any, found: Any, body: bytes, envelope: Any) -> Any:
        with replaced(
            (interpret, "stranger_to", lambda *_: None), (interpret, "echo_fault", lambda *_: "")
        ):
            return judged(late, found, body, envelope)

    return replaced((LateAnswers, "owner", owner), (LateAnswers, "_judged", judged_by_nothing))


def _bad_mac() -> AbstractContextManager[None]:
    return replaced((message, "verify", lambda *_: None))


CONCLUSIONS = (
    Planted("94_is_yes", "a 94 is taken for an approval", lambda: _code_is_yes("94")),
    Planted("10_is_yes", "a partial approval is taken for the whole", lambda: _code_is_yes("10")),
    Planted("unknown_is_no", "a 68 or 96 is taken for a decline", _doubtful_codes_are_no),
    Planted("restart_is_not_sent", "a start turns SENT into NOT_SENT", _recover_as_not_sent),
    Planted("time_out_releases", "silence releases what was held", _time_out_releases),
    Planted("doubt_is_settled", "a doubt is counted as settled with its batch", _doubt_is_settled),
    Planted("absence_too_soon", "one file of another day proves an absence", _absence_too_soon),
    Planted("bad_mac", "an answer with a wrong MAC is believed", _bad_mac),
    Planted("late_decline_believed", "a late no that nobody signed closes a doubt",
            _late_decline_believed),
    Planted("late_yes_to_other_day", "a late yes closes a doubt of another number, batch or day",
            _late_yes_to_other_day),
    Planted("wrong_amount", "an answer with another amount is believed",
            lambda: _field_unchecked("4")),
    Planted("other_terminal", "an answer to another terminal is believed", _any_terminal),
    Planted("other_number", "an answer to another STAN is believed", _any_number),
    Planted("any_undo", "any answer to a reversal undoes", _any_answer_undoes),
    Planted("refund_reversed", "a refund in doubt is reversed", _refunds_are_reversed),
    Planted("calendar_day", "the calendar is taken for the host's settlement day", _calendar_day),
    Planted("calendar_void", "void or refund by the date on the slip", _void_by_calendar),
    Planted("doubt_blocks_nothing", "a doubt does not block its sale", _doubt_does_not_block),
)  # fmt: skip
