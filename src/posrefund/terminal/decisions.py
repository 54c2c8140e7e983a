"""What people decide at a terminal: a second person's yes, a hold, how a case ends. Floor 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine import outcome_of, restored
from posrefund.engine.evidence import complete_days
from posrefund.engine.people import same_person
from posrefund.engine.policy import Hold
from posrefund.engine.refusals import refuse
from posrefund.terminal.staff import Staff

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from posrefund.engine import (
        Approval,
        Outcome,
        Statement,
    )
    from posrefund.engine.policy import HoldKind
    from posrefund.engine.staff import Operator
    from posrefund.terminal.procedures import Procedures

__all__ = ["Decisions"]


@closed_class
class Decisions:
    """A terminal, as far as people decide something.

    Args:
        procedures: Whose.
        busy: Held while something is done.

    Attributes:
        dialect: What the host speaks.
        journal: The terminal's.
        staff: Who works here.
    """

    def __init__(self, procedures: Procedures, busy: AbstractContextManager[object]) -> None:
        self._procedures, self._busy = procedures, busy
        self.dialect, self.journal = procedures.dialect, procedures.journal
        self.staff = Staff(procedures.people.prover, self.journal, procedures.clock, busy)

    def pending_approvals(self) -> list[Approval]:
        """Return what waits for a second person, or has a yes and was not sent; oldest first."""
        with self._busy:
            return self._procedures.people.pending()

    def prove(self, operator: str, pin: str) -> Operator:
        """Return who *operator* is, if *pin* is right; a wrong one counts towards a lock, whatever happens meanwhile.

        Raises:
            RefusedError: ``operator_unknown``, ``operator_inactive``, ``operator_locked``, ``operator_pin_wrong``, or
                somebody else chose that PIN (``operator_pin_change``).
            InvalidRequestError: The PIN is no text.
            JournalError: Nothing is proven.
        """
        return self.staff.prove(operator, pin)

    def approve(
        self, request_id: str, *, checker: str, digest: str, pin: str | None = None
    ) -> Approval:
        """Say yes to what waits under *request_id*; the same yes twice is one.

        Args:
            request_id: Whose.
            checker: Operator number; never who asked.
            digest: Of what was shown; the approval counts for exactly that.
            pin: The checker's; needed as soon as the terminal knows its staff.

        Raises:
            RefusedError: ``approval_unknown``, ``approval_changed``, ``approval_same_person`` or
                ``approval_expired``; or the checker may not (``operator_may_not_approve``, ``role_may_not_approve``) or has
                not proven who he is, as ``prove``. Nothing was approved.
            JournalWriteError: Nothing was approved.
        """
        with self._busy:
            self._check_rules_of(checker, pin)
            return self._procedures.people.approve(
                request_id, checker=checker, digest=digest, pin=pin
            )

    def check_second_person(self, checker: str, *, maker: str, pin: str | None = None) -> None:
        """See that *checker* may say yes to something of *maker*'s, and is who he says; for what is approved as a whole.

        Raises:
            RefusedError: ``approval_same_person``, or as ``approve`` about people.
            JournalError: Nothing is proven.
        """
        with self._busy:
            if same_person(checker, maker):
                raise refuse("approval_same_person")
            self._check_rules_of(checker, pin)
            self._procedures.people.prover.check_yes(checker, pin, maker)

    def withdraw(self, request_id: str, *, by: str) -> Approval:
        """Say no to what waits under *request_id*, or take it back; it may be asked for anew.

        Raises:
            RefusedError: code ``approval_unknown`` — nothing waits.
            JournalWriteError: Nothing was withdrawn.
        """
        with self._busy:
            return self._procedures.people.withdraw(request_id, by=by)

    def hold(self, original_id: str, kind: HoldKind, *, by: str, why: str) -> None:
        """Let nothing of a sale be given back: it is disputed, or an authority says so. Twice is once.

        Args:
            original_id: The sale.
            kind: ``"dispute"`` or ``"legal"``.
            by: Who says so.
            why: The case or the order: its number, its date; no card number.

        Raises:
            InvalidRequestError: Every fault at once.
            RefusedError: code ``original_unknown``.
            JournalWriteError: It was not written down.
        """
        with self._busy:
            said = Hold(original_id, kind, by, why)
            self._procedures.rulebook.hold(said, self._procedures.clock())

    def lift_hold(self, original_id: str, kind: HoldKind, *, by: str, why: str) -> None:
        """End a hold; arguments and errors as ``hold``. A sale that is not held so stays as it is."""
        with self._busy:
            said = Hold(original_id, kind, by, why)
            self._procedures.rulebook.lift_hold(said, self._procedures.clock())

    def close_case(self, name: str, statement: Statement) -> Outcome:
        """Close what is in people's hands by a document of the acquirer; a file that says otherwise opens it again.

        Args:
            name: Request id, or the attempt's own name (``R-1/1``) where a later one was made.
            statement: What people say, and what it rests on.

        Raises:
            InvalidRequestError: Too few people, or dates that cannot be.
            RefusedError: Another attempt is open (``original_in_doubt``), or as much is not left (``over_remaining``).
            LocalProtocolError: It is not people's to decide.
            JournalError: Nothing was closed.
        """
        with self._busy:
            return outcome_of(self._procedures.people.close_case(name, statement), self.dialect)

    def release(self, request_id: str, *, people: tuple[str, str], evidence: str) -> Outcome:
        """Close a doubt by hand after the complete files of three days proved that nothing was booked.

        Raises:
            InvalidRequestError: Not two different people, or no evidence named.
            LocalProtocolError: The files have not proven it, or it is not in people's hands.
        """
        with self._busy:
            released = self._procedures.people.release(
                request_id, people_=people, evidence=evidence
            )
            return outcome_of(released, self.dialect)

    def accept_journal(self, *, people: tuple[str, str], evidence: str) -> None:
        """Refund again after rows were lost (``journal_behind``), once the files of all days in question are read.

        Does nothing where nothing was lost.

        Raises:
            InvalidRequestError: Not two different people, or no evidence named.
            LocalProtocolError: The complete files of some days were not read; the days are named.
            JournalWriteError: It was not written down.
        """
        with self._busy:
            if not self.journal.terminal_facts().get("behind"):
                return
            lost, now = self.journal.notes("epoch")[-1], self._procedures.clock()
            days = complete_days(self.journal.notes("file"))
            told = restored.accept(lost, days, people=people, evidence=evidence, now=now)
            self.journal.remember(now, "journal_accepted", told, behind="")

    # --- inside ------------------------------------------------------------------------------

    def _check_rules_of(self, checker: str, pin: str | None) -> None:
        """Ask the shop's rules about a checker whom no PIN proves; whom one does, the staff's roles answer for."""
        if pin is None and not self._procedures.people.prover.asks_for_pin():
            self._procedures.rulebook.check_approver(checker)
