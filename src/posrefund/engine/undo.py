"""A sale or void in doubt is undone: when, with which message, and what its answer proves. Floor 4.

A refund is never reversed. What cannot be undone any more is for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.engine.actions import Move, Note
from posrefund.engine.answers import inbound, under
from posrefund.engine.compose import compose_reversal
from posrefund.engine.interpret import Stranger, interpret_reversal
from posrefund.engine.same_day import certainly_same_day
from posrefund.engine.table import Event, State
from posrefund.errors import LocalProtocolError

if TYPE_CHECKING:
    from datetime import datetime

    from posrefund.engine.actions import Action
    from posrefund.engine.attempt import Attempt
    from posrefund.engine.view import TerminalView
    from posrefund.values import KeptCard, Received

__all__ = ["receive_late_reversal", "receive_reversal", "reversal_due", "start_reversal"]


def reversal_due(attempt: Attempt, view: TerminalView) -> bool:
    """Say whether *attempt* is one that silence undoes: a sale or a void, never a refund."""
    is_reversed = view.dialect.messages[attempt.kind].doubt == "reverse"
    return is_reversed and attempt.state in (State.IN_DOUBT, State.REVERSING)


@closed
def start_reversal(
    attempt: Attempt, view: TerminalView, card: KeptCard | None, *, tries: int, now: datetime
) -> tuple[list[Action], dict[str, str]]:
    """Say what to write down and which message to send to undo *attempt*.

    No fields means: nothing is left to try. That is so after the last try, without the card that it named, and on
    another settlement day: a host answers a cross-day reversal with the same 25 as one that is done.

    Raises:
        LocalProtocolError: *attempt* is none that is undone: a refund, or one that is not in doubt.
    """
    if not reversal_due(attempt, view):
        message = f"no reversal of a {attempt.kind} that is {attempt.state}"
        raise LocalProtocolError(message)
    is_over = view.host_day(now) != attempt.host_day
    is_gone = card is None and "card" in attempt.fields
    if is_gone or is_over or tries >= view.dialect.timers.reversal_tries:
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
    received = under(sent_with, received)
    is_same_day = certainly_same_day(attempt, received, view, now)
    verdict = interpret_reversal(attempt, received, view.dialect, is_same_day=is_same_day)
    arrived = inbound(attempt, received, verdict, view.dialect, now)
    if isinstance(verdict, Stranger):
        return [arrived], False
    if verdict.event is Event.UNDO:
        return [arrived, Move(attempt.attempt_id, Event.UNDO, now, verdict.facts)], True
    return [arrived], True


@closed
def receive_late_reversal(
    attempt: Attempt, received: Received, view: TerminalView, now: datetime, *, sent_with: str
) -> list[Action]:
    """Say what to write down about the answer to a reversal that came late, on another line than it was asked on.

    Without a valid MAC it moves nothing. What stands by other evidence and is said to be undone is a case.
    """
    received = under(sent_with, received)
    is_same_day = certainly_same_day(attempt, received, view, now)
    verdict = interpret_reversal(attempt, received, view.dialect, is_same_day=is_same_day)
    arrived = inbound(attempt, received, verdict, view.dialect, now)
    if received.mac != "valid" or isinstance(verdict, Stranger) or verdict.event is not Event.UNDO:
        return [arrived]
    facts = {**verdict.facts, "late": "yes", "at": now.isoformat()}
    if attempt.state is State.REVERSING:
        return [arrived, Move(attempt.attempt_id, Event.UNDO, now, facts)]
    if attempt.state in (State.ACCEPTED, State.CONFIRMED):
        facts["reason"] = "contradiction"
        return [arrived, Move(attempt.attempt_id, Event.CONTRADICT, now, facts)]
    return [arrived]
