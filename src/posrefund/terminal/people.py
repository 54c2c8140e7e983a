"""What people decide at a terminal: a second person's yes, and how a case ends. Floor 7.

It reads what stands around a decision, asks the engine what follows, and writes that down.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine import OPEN_STATES, Ask, approval, people, staff
from posrefund.engine.refusals import refuse
from posrefund.errors import RequestConflictError
from posrefund.terminal.prover import Prover

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from posrefund.dialects import Policy
    from posrefund.engine import Approval, Attempt, Original, Statement
    from posrefund.engine.plan import Plan
    from posrefund.journal import Journal

__all__ = ["People"]


@closed_class
class People:
    """The people of one terminal.

    Args:
        journal: The terminal's.
        policy: What the acquirer's profile leaves to them.
        clock: Returns the time, aware.

    Attributes:
        prover: Says who they are.
    """

    def __init__(self, journal: Journal, policy: Policy, clock: Callable[[], datetime]) -> None:
        self._journal, self._policy, self._clock = journal, policy, clock
        self.prover = Prover(journal, policy, clock)

    def ask_first(self, plan: Plan, pin: str | None = None) -> Plan:
        """Return *plan* with the yes that it needs, if it needs one.

        Args:
            plan: What is about to be sent.
            pin: Of who asks, if it was typed.

        Raises:
            RefusedError: code ``approval_needed`` — it is asked for now, or was before. Or who asks has not proven
                who he is, and nothing was asked for.
            RequestConflictError: Another terminal waits with a request of that id.
            JournalError: It could not be written down.
        """
        last = self._journal.last_approval(plan.attempt.request_id)
        if last is not None and last.state in approval.WAITING:
            self._refuse_foreign(last, plan.attempt.terminal)
        actions, may_go = approval.ask(plan, last, self._policy, self._clock())
        if pin is not None or any(isinstance(action, Ask) for action in actions):
            self.prover.check_asker(plan.attempt.facts["operator"], pin)
        if actions:
            self._journal.commit(actions)
        if may_go is None:
            raise refuse("approval_needed", others=plan.reviews)
        return may_go

    def has_to_wait(self, plan: Plan) -> bool:
        """Say whether *plan* needs a yes that is not there yet; writes nothing."""
        last = self._journal.last_approval(plan.attempt.request_id)
        return approval.ask(plan, last, self._policy, self._clock())[1] is None

    def role_of(self, number: str) -> str | None:
        """Return the role of an operator, None where nobody of that number is known."""
        found = staff.find(self._journal.staff(), number)
        return found.role if found is not None else None

    def approve(self, request_id: str, *, checker: str, digest: str, pin: str | None) -> Approval:
        """Say yes; see ``Terminal.approve``.

        Raises:
            RefusedError: It is not there, not the same, not another person's, or too old; or who says so may not, or
                has not proven it.
        """
        last = self._journal.last_approval(request_id)
        say = partial(approval.give, last, checker=checker, digest=digest)
        actions, code = say(now=self._clock())
        if last is not None and not code:  # no PIN is looked at for what would be refused anyway
            in_role_of = self.prover.check_yes(checker, pin, last.maker)
            actions, code = say(now=self._clock(), in_role_of=in_role_of)
        if actions:
            self._journal.commit(actions)
        if code:
            raise refuse(code)
        return self._last(request_id)

    def withdraw(self, request_id: str, *, by: str) -> Approval:
        """Say no; see ``Terminal.withdraw``.

        Raises:
            RefusedError: Nothing waits.
        """
        last = self._journal.last_approval(request_id)
        self._journal.commit(approval.withdraw(last, by=by, now=self._clock()))
        return self._last(request_id)

    def pending(self) -> list[Approval]:
        """Return what waits for a yes, or has one and was not used."""
        now = self._clock()
        waiting = self._journal.approvals(waiting=True)
        return [each for each in waiting if not each.has_expired(now)]

    def close_case(self, name: str, said: Statement) -> Attempt:
        """Close a case; see ``Terminal.close_case``.

        Raises:
            RefusedError: Nothing is known under *name*, or a rule says no.
        """
        case = self._case(self._named(name))
        people_min = self._policy.case_people
        self._journal.commit(
            people.close_case(case, said, people_min=people_min, now=self._clock())
        )
        return self._journal.attempt(case.attempt.attempt_id)

    def release(self, name: str, *, people_: tuple[str, str], evidence: str) -> Attempt:
        """Release what is proven absent; see ``Terminal.release``.

        Raises:
            RefusedError: Nothing is known under *name*.
        """
        attempt = self._named(name)
        actions = people.release(attempt, people=people_, evidence=evidence, now=self._clock())
        self._journal.commit(actions)
        return self._journal.attempt(attempt.attempt_id)

    # --- inside ------------------------------------------------------------------------------

    def _named(self, name: str) -> Attempt:
        """The attempt that is meant: the last one of a request, or an earlier one by its own name."""
        request_id, slash, _ = name.partition("/")
        last = self._journal.last_attempt(request_id)
        if last is None:
            raise refuse("original_unknown")
        return self._journal.attempt(name) if slash else last

    def _case(self, attempt: Attempt) -> people.Case:
        beside = [
            other
            for other in self._journal.open_attempts()
            if other.attempt_id != attempt.attempt_id and _is_beside(other, attempt)
        ]
        sale = attempt.original_id or attempt.request_id
        found = self._journal.originals(sale)
        original: Original | None = found[0] if found else None
        return people.Case(
            attempt,
            original,
            is_beside_open=bool(beside) or _is_held_elsewhere(attempt, original),
            is_hinted_at=bool(self._journal.notes("open_row", attempt.attempt_id)),
        )

    def _last(self, request_id: str) -> Approval:
        found = self._journal.last_approval(request_id)
        if found is None:
            raise refuse("approval_unknown")
        return found

    @staticmethod
    def _refuse_foreign(last: Approval, terminal: str) -> None:
        if last.terminal != terminal:
            raise RequestConflictError(last.request_id)


def _is_beside(other: Attempt, attempt: Attempt) -> bool:
    same_sale = attempt.original_id is not None and other.original_id == attempt.original_id
    return same_sale or other.request_id == attempt.request_id


def _is_held_elsewhere(attempt: Attempt, original: Original | None) -> bool:
    """Whether something open stands against the sale, of whichever terminal; what is open itself counts as its own."""
    if attempt.original_id is None or original is None or attempt.state in OPEN_STATES:
        return False
    return original.has_open_attempt
