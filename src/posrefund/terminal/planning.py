"""How a request would be carried out, by what the journal, the shop's rules and its people say: before any line. Floor 7.

Nothing here is sent, and nothing is written but a wait for a second person.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeGuard

from posrefund.closed import closed_class
from posrefund.engine import DescribedSale, OriginalRef, described, machine, outcome_of
from posrefund.engine.approval import digest_of
from posrefund.engine.plan import Occasion
from posrefund.engine.policy import amount_bounds, judge
from posrefund.engine.refusals import refuse, together
from posrefund.engine.rules import check_journal
from posrefund.errors import RefusedError, RequestConflictError
from posrefund.terminal.preview import Preview

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from posrefund.dialects import Dialect
    from posrefund.engine import (
        Approval,
        Attempt,
        Original,
        RefundRequest,
        SaleRequest,
        TerminalView,
    )
    from posrefund.engine.plan import Plan
    from posrefund.engine.policy import Bounds
    from posrefund.journal import Journal
    from posrefund.terminal.people import People
    from posrefund.terminal.rulebook import Rulebook

__all__ = ["Planning"]


@closed_class
class Planning:
    """Plans the requests of one terminal.

    Args:
        journal: The terminal's.
        dialect: What the host speaks.
        clock: Returns the time, aware.
        view: Returns what the engine may know of the terminal now.
        rulebook: The shop's rules.
        people: What people decide.
        check_last: Refuses where the last self-check does not let a refund go.
    """

    def __init__(
        self,
        journal: Journal,
        dialect: Dialect,
        clock: Callable[[], datetime],
        view: Callable[[], TerminalView],
        rulebook: Rulebook,
        people: People,
        check_last: Callable[[], None],
    ) -> None:
        self._journal, self._dialect, self._clock, self._view = journal, dialect, clock, view
        self._rulebook, self._people, self._check_last = rulebook, people, check_last

    def recall(self, request: SaleRequest | RefundRequest) -> tuple[Attempt | None, Occasion]:
        """The last attempt of a request, and the occasion of the next.

        Raises:
            RequestConflictError: The id is known with other content.
        """
        fingerprint = self._journal.fingerprint(request.card.identity)
        known = self._journal.content(request.request_id)
        if known is not None and known != request.content(fingerprint):
            raise RequestConflictError(request.request_id)
        # Nothing was ever attempted of what is not known.
        last = self._journal.last_attempt(request.request_id) if known is not None else None
        return last, Occasion(last.number + 1 if last else 1, fingerprint, self._clock())

    def sale(self, request: SaleRequest, occasion: Occasion) -> Plan:
        """Return how a sale would be made.

        Raises:
            RefusedError: A rule says no.
        """
        return machine.start_sale(request, self._view(), occasion)

    def refund(self, request: RefundRequest, occasion: Occasion) -> Plan:
        """Return how a refund would be made.

        Raises:
            RefusedError: A rule says no; its ``others`` say no, too.
        """
        view = self._view()
        self._check_last()
        check_journal(view)  # a sale that is not known may be one that was lost
        self._people.prover.check_maker(request.operator)
        try:
            found = self._find(request, occasion, view)
        except RefusedError as unknown:
            blind = self._rulebook.brief(occasion, request, None, view)
            asked = machine.asked_about(request, None, view, blind)
            raise together([*judge(blind.rules, asked).faults, unknown]) from None
        occasion = self._rulebook.brief(occasion, request, found.original, view)
        plan = machine.start_refund(request, found.original, view, occasion)
        return replace(plan, learns=found.original) if found.is_new else plan

    def agreed(
        self, start: Callable[[Occasion], Plan], occasion: Occasion, pin: str | None
    ) -> Plan:
        """Return what *start* plans, once the people that it needs have agreed to it.

        Raises:
            RefusedError: A rule says no, or a second person has to say yes first.
        """
        with self._rulebook.contacts():
            return self._people.ask_first(start(occasion), pin)

    def is_over(self, last: Attempt | None) -> TypeGuard[Attempt]:
        """Whether a request whose last attempt this is has its outcome, and no other attempt may follow."""
        with self._rulebook.contacts():
            return last is not None and not machine.may_try_again(last, self._view())

    def ask(self, request: RefundRequest, pin: str | None) -> Approval | None:
        """See ``Desk.ask``."""
        last, occasion = self.recall(request)
        if self.is_over(last):
            return None
        with self._rulebook.contacts():
            plan = self.refund(request, occasion)
        if not plan.needs_approval:
            return None
        try:
            self._people.ask_first(plan, pin)
        except RefusedError as refusal:
            if refusal.code != "approval_needed":  # it waits: that is what was wanted
                raise
        return self._journal.last_approval(request.request_id)

    def preview(self, request: RefundRequest) -> Preview:
        """See ``Terminal.check_refund``."""
        last, occasion = self.recall(request)
        bounds = self._bounds_of(request, occasion)
        try:
            if self.is_over(last):
                return Preview(outcome=outcome_of(last, self._dialect), bounds=bounds)
            with self._rulebook.contacts():
                plan = self.refund(request, occasion)
        except RefusedError as refusal:
            return Preview(refusal=refusal, bounds=bounds)
        return Preview(
            reviews=plan.reviews,
            route="void" if plan.attempt.kind == "void" else "refund",
            amount=plan.attempt.amount,
            needs_approval=self._people.has_to_wait(plan),
            bounds=bounds,
            digest=digest_of(plan.content, plan.attempt),
        )

    def bounds(self, sale: Original, operator: str) -> Bounds | None:
        """See ``Terminal.amount_bounds``."""
        history = self._rulebook.history(operator, sale, self._view(), self._clock())
        return amount_bounds(self._rulebook.rules, sale, history)

    # --- inside ------------------------------------------------------------------------------

    def _bounds_of(self, request: RefundRequest, occasion: Occasion) -> Bounds | None:
        with suppress(RefusedError):
            found = self._find(request, occasion, self._view())
            return self.bounds(found.original, request.operator)
        return None

    def _find(
        self, request: RefundRequest, occasion: Occasion, view: TerminalView
    ) -> described.Found:
        named = request.original
        if isinstance(named, DescribedSale):
            named = OriginalRef(named.rrn, named.mmdd)
        known = self._journal.originals(named)
        found = described.find(request, known, view, occasion)
        if found.is_new and self._journal.is_disputed(found.original):
            raise refuse("original_has_case")  # given back before, in rows that were lost
        return found
