"""What a terminal lets people decide: a second person's yes, the end of a case, a journal that lost rows. Floor 7.

The part of ``Terminal`` that sends nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine import outcome_of, restored
from posrefund.engine.evidence import complete_days

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from datetime import datetime

    from posrefund.dialects import Dialect
    from posrefund.engine import Approval, Outcome, Statement
    from posrefund.journal import Journal
    from posrefund.terminal.people import People

__all__ = ["Decisions"]


@closed_class
class Decisions:
    """A terminal, as far as people have a say in it."""

    dialect: Dialect
    journal: Journal
    _busy: threading.RLock
    _clock: Callable[[], datetime]
    _people: People

    def pending_approvals(self) -> list[Approval]:
        """Return what waits for a second person, or has a yes and was not sent; oldest first."""
        with self._busy:
            return self._people.pending()

    def approve(self, request_id: str, *, checker: str, digest: str) -> Approval:
        """Say yes to what waits under *request_id*; the same yes twice is one.

        Args:
            request_id: Whose.
            checker: Operator number; never who asked.
            digest: Of what was shown; the approval counts for exactly that.

        Raises:
            RefusedError: ``approval_unknown``, ``approval_changed``, ``approval_same_person`` or
                ``approval_expired``; nothing was approved.
            JournalWriteError: Nothing was approved.
        """
        with self._busy:
            return self._people.approve(request_id, checker=checker, digest=digest)

    def withdraw(self, request_id: str, *, by: str) -> Approval:
        """Say no to what waits under *request_id*, or take it back; it may be asked for anew.

        Raises:
            RefusedError: code ``approval_unknown`` — nothing waits.
            JournalWriteError: Nothing was withdrawn.
        """
        with self._busy:
            return self._people.withdraw(request_id, by=by)

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
            return outcome_of(self._people.close_case(name, statement), self.dialect)

    def release(self, request_id: str, *, people: tuple[str, str], evidence: str) -> Outcome:
        """Close a doubt by hand after the complete files of three days proved that nothing was booked.

        Raises:
            InvalidRequestError: Not two different people, or no evidence named.
            LocalProtocolError: The files have not proven it, or it is not in people's hands.
        """
        with self._busy:
            released = self._people.release(request_id, people_=people, evidence=evidence)
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
            lost, now = self.journal.notes("epoch")[-1], self._clock()
            days = complete_days(self.journal.notes("file"))
            told = restored.accept(lost, days, people=people, evidence=evidence, now=now)
            self.journal.remember(now, "journal_accepted", told, behind="")
