"""Planted bugs of what people decide: the second person who is none, the yes that outlives what it was given to. Floor 10."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from posrefund.engine import State, approval
from posrefund.journal import SQLiteJournal
from posrefund.journal import approvals as table
from posrefund.testing.simulator.planted.plant import Planted, replaced

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

__all__ = ["PEOPLE"]


def _maker_approves() -> AbstractContextManager[None]:
    """Nobody looks who it was, and the database's own guard is off."""
    real = SQLiteJournal._apply_decide

    def apply_decide(journal: Any, action: Any) -> None:
        journal._db.execute("PRAGMA ignore_check_constraints = ON")
        real(journal, action)

    return replaced(
        (approval, "same_person", lambda *_: False),
        (SQLiteJournal, "_apply_decide", apply_decide),
    )


def _yes_outlives_a_change() -> AbstractContextManager[None]:
    """A request that was approved may change and keeps its yes."""
    real = approval.ask

    def ask(plan: Any, last: Any, policy: Any, now: Any) -> Any:
        is_cleared = last is not None and last.state is State.CLEARED
        if plan.needs_approval and is_cleared and not last.has_expired(now):
            return [], plan.approved(last)
        return real(plan, last, policy, now)

    def digest_of(_: str, attempt: Any) -> str:
        return str(attempt.facts["approval"])

    return replaced((approval, "ask", ask), (table, "digest_of", digest_of))


def _yes_is_used_again() -> AbstractContextManager[None]:
    """What was approved once is approved for every later attempt."""
    real, real_use = approval.ask, SQLiteJournal._use_up

    def ask(plan: Any, last: Any, *rest: Any) -> Any:
        if plan.needs_approval and last is not None and last.state is State.INTENT:
            return [], plan.approved(replace(last, state=State.CLEARED))
        return real(plan, last, *rest)

    def use_up(journal: Any, action: Any) -> None:
        if action.approval is None or action.approval.attempt is None:
            real_use(journal, action)

    return replaced((approval, "ask", ask), (SQLiteJournal, "_use_up", use_up))


PEOPLE = (
    Planted("approve_without_checker", "who asked approves", _maker_approves),
    Planted("stale_approval", "a changed amount keeps its approval", _yes_outlives_a_change),
    Planted("approval_reused", "one approval serves two attempts", _yes_is_used_again),
)
