"""What of a terminal needs no line: what stands, what comes by another way, what people decide. Floor 7.

``Terminal`` is one of these; ``posrefund.aio`` lends one out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine import Know, OriginalRef, described, outcome_of, restored
from posrefund.engine.evidence import complete_days
from posrefund.engine.proposals import is_untouched
from posrefund.errors import FramingError, InvalidRequestError, RequestConflictError
from posrefund.framing import Envelope
from posrefund.values import RRN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from posrefund.engine import (
        Approval,
        FoundSales,
        Original,
        Outcome,
        SaleQuery,
        Statement,
        TerminalView,
    )
    from posrefund.engine.settlement import BatchClosed
    from posrefund.journal import FeedVerdict
    from posrefund.terminal.procedures import Procedures

__all__ = ["Desk"]


def _refuse_used(originals: Sequence[Original]) -> None:
    """Refuse a sale that comes with a history: what was given back elsewhere has no ceiling here."""
    if not all(map(is_untouched, originals)):
        raise InvalidRequestError([("original", "a sale of which nothing was given back yet")])


@closed_class
class Desk:
    """A terminal, as far as it needs no line.

    Args:
        procedures: Whose.
        busy: Held while something is done.

    Attributes:
        dialect: What the host speaks.
        journal: The terminal's.
    """

    def __init__(self, procedures: Procedures, busy: AbstractContextManager[object]) -> None:
        self._procedures, self._busy = procedures, busy
        self.dialect, self.journal = procedures.dialect, procedures.journal

    # --- what stands -------------------------------------------------------------------------

    def status(self, request_id: str) -> Outcome | None:
        """Say how a request stands, from the journal alone; None if it is unknown.

        Raises:
            JournalError: The journal cannot be read, or the id is no text.
        """
        with self._busy:
            attempt = self.journal.last_attempt(request_id)
            return outcome_of(attempt, self.dialect) if attempt else None

    def last_batch(self) -> BatchClosed | None:
        """Return the report of the batch that was closed last, from the journal alone."""
        with self._busy:
            return self._procedures.closer.last()

    def view(self) -> TerminalView:
        """Return what the engine may know of this terminal now."""
        return self._procedures.view()

    # --- what comes by another way -----------------------------------------------------------

    def record_sale(self, original: Original) -> None:
        """Take in a sale made elsewhere, from a feed; the same one twice is one.

        Raises:
            InvalidRequestError: Something of it was given back already: such a sale has no ceiling.
            JournalWriteError: It was not taken in.
            RequestConflictError: Another sale is known under its id, or the sale under another id.
        """
        _refuse_used([original])
        day = f"{original.transaction_date:%m%d}"
        with self._busy:
            known = self.journal.originals(OriginalRef(RRN(original.rrn), day))
            if any(
                sale.ceiling == "host_only" and described.same_sale(sale, original)
                for sale in known
            ):
                raise RequestConflictError(original.original_id)
            self.journal.commit([Know(original, self._procedures.clock())])

    def record_sales(
        self, originals: Sequence[Original], *, dry_run: bool = False
    ) -> list[FeedVerdict]:
        """Take in sales made elsewhere, all in one commit, and say of each what became of it.

        The same ones again are ``known``; one that is refused keeps no other out.

        Args:
            originals: At most a few thousand: other terminals of the same file wait meanwhile.
            dry_run: Write nothing, only say what would become of them.

        Raises:
            InvalidRequestError: Something of one was given back already: nothing was taken in.
            JournalWriteError: Nothing was taken in.
        """
        _refuse_used(originals)
        with self._busy:
            return self.journal.take_in(originals, self._procedures.clock(), dry_run=dry_run)

    def find_sales(self, query: SaleQuery) -> FoundSales:
        """Return this merchant's sales that *query* may mean, best first; never a choice among several.

        Example:
            ``terminal.find_sales(SaleQuery(code=ReceiptCode.parse(scanned))).only`` is the sale, or None.

        Raises:
            JournalError: The journal cannot be read.
        """
        with self._busy:
            return self.journal.find_sales(query, merchant=self.view().merchant)

    def receive_late(self, message: bytes) -> Outcome | None:
        """Take an answer that came by another way than the line it was asked on: from a gateway, say.

        A yes or no with a valid MAC closes the doubt of the attempt that it answers; one that says the opposite of
        what stands opens a case. Everything else is kept and moves nothing (``office.explain`` lists it).

        Args:
            message: From the TPDU on, or the MTI where there is none; anything may stand in it.

        Returns:
            How the request that it answers stands now; None if it answers none of this terminal's.

        Raises:
            JournalError: It could not be written down.
            InvalidKeyError: The key file was changed.
        """
        with self._busy:
            self._procedures.exchange.recover()
            ours = self._procedures.envelope
            try:
                envelope, body = Envelope.unwrap(message, len(ours.tpdu), len(ours.header))
            except FramingError:
                envelope, body = ours, message
            attempt = self._procedures.exchange.receive_late(body, envelope)
            return outcome_of(attempt, self.dialect) if attempt else None

    # --- what people decide ------------------------------------------------------------------

    def pending_approvals(self) -> list[Approval]:
        """Return what waits for a second person, or has a yes and was not sent; oldest first."""
        with self._busy:
            return self._procedures.people.pending()

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
            return self._procedures.people.approve(request_id, checker=checker, digest=digest)

    def withdraw(self, request_id: str, *, by: str) -> Approval:
        """Say no to what waits under *request_id*, or take it back; it may be asked for anew.

        Raises:
            RefusedError: code ``approval_unknown`` — nothing waits.
            JournalWriteError: Nothing was withdrawn.
        """
        with self._busy:
            return self._procedures.people.withdraw(request_id, by=by)

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
