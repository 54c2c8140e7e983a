"""What of a terminal needs no line: what stands, what comes by another way, what people decide. Floor 7.

``Terminal`` is one of these; ``posrefund.aio`` lends one out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine import Declined, Know, OriginalRef, described, outcome_of, restored
from posrefund.engine.evidence import complete_days
from posrefund.engine.people import same_person
from posrefund.engine.policy import Hold
from posrefund.engine.refusals import refuse
from posrefund.errors import FramingError, InvalidRequestError, RequestConflictError
from posrefund.framing import Envelope
from posrefund.terminal.signing import note_print, prints, sign, signature_under
from posrefund.terminal.staff import Staff
from posrefund.values import RRN

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from posrefund.engine import (
        Approval,
        Original,
        Outcome,
        RefundRequest,
        Signature,
        Statement,
        TerminalView,
    )
    from posrefund.engine.policy import Bounds, HoldKind
    from posrefund.engine.settlement import BatchClosed
    from posrefund.engine.staff import Operator
    from posrefund.terminal.preview import Preview
    from posrefund.terminal.procedures import Procedures

__all__ = ["Desk"]


@closed_class
class Desk:
    """A terminal, as far as it needs no line.

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

    # --- what stands -------------------------------------------------------------------------

    def status(self, request_id: str) -> Outcome | None:
        """Say how a request stands, from the journal alone; None if it is unknown.

        Raises:
            JournalError: The journal cannot be read, or the id is no text.
        """
        with self._busy:
            attempt = self.journal.last_attempt(request_id)
            return outcome_of(attempt, self.dialect) if attempt else None

    def ask(self, request: RefundRequest) -> Approval | None:
        """Ask for a second person's yes to a refund that needs one, and send nothing even if it is there.

        Returns:
            What waits, or has its yes; None where none is needed, or the request is over.

        Raises:
            RefusedError: A rule says no; nothing was asked.
            RequestConflictError: The id is known with other content, or waits at another terminal.
            InvalidRequestError: As ``check_refund``.
            JournalError: It could not be written down.
        """
        with self._busy:
            return self._procedures.ask(request)

    def last_batch(self) -> BatchClosed | None:
        """Return the report of the batch that was closed last, from the journal alone."""
        with self._busy:
            return self._procedures.closer.last()

    def view(self) -> TerminalView:
        """Return what the engine may know of this terminal now."""
        return self._procedures.view()

    def signature(self, request_id: str) -> Signature | None:
        """Return the customer's signature under a request, given with it or afterwards; None if there is none.

        Raises:
            JournalError: The journal cannot be read, or the id is no text.
        """
        with self._busy:
            attempt = self.journal.last_attempt(request_id)
            return signature_under(self.journal, attempt) if attempt else None

    def prints(self, request_id: str, copy: str) -> int:
        """Return how often a copy of a slip was printed: once, and the next one is a reprint.

        Raises:
            JournalError: The journal cannot be read, or the id is no text.
        """
        with self._busy:
            return prints(self.journal, request_id, copy)

    def check_refund(self, request: RefundRequest) -> Preview:
        """Say what ``refund`` would come to now, with everything that says no; sends nothing and writes nothing.

        Raises:
            RequestConflictError: The id is known with other content, or the sale described otherwise.
            InvalidRequestError: A sale is described with a date of more than a year ago.
            JournalError: The journal cannot be read.
        """
        with self._busy:
            return self._procedures.preview(request)

    def amount_bounds(self, original_id: str, operator: str = "01") -> Bounds | None:
        """Return the least and the most that *operator* may ask for of a sale; None where that is nothing.

        Raises:
            RefusedError: code ``original_unknown``.
            JournalError: The journal cannot be read.
        """
        with self._busy:
            found = self.journal.originals(original_id)
            if not found:
                raise refuse("original_unknown")
            return self._procedures.bounds(found[0], operator)

    def contact_for(self, outcome: Outcome) -> str:
        """Return whom to call about *outcome*, as the shop's rules name them; empty where nobody need be."""
        if not isinstance(outcome, Declined):
            return ""
        row = self.dialect.codes.get(outcome.code)  # none of what was undone or closed here
        owner = row.owner if row else ""
        return self._procedures.rulebook.contact_for(code=outcome.code, owner=owner)

    # --- what comes by another way -----------------------------------------------------------

    def sign(self, request_id: str, signature: Signature) -> Signature:
        """Write down the customer's signature under what was accepted; the same one twice is one.

        Raises:
            RefusedError: code ``nothing_to_sign`` — nothing under that id was accepted.
            RequestConflictError: Another signature stands under it; that one stays.
            JournalError: It was not written down.
        """
        with self._busy:
            return sign(self.journal, request_id, signature, self._procedures.clock())

    def record_sale(self, original: Original) -> None:
        """Take in a sale made elsewhere, from a feed; the same one twice is one.

        Raises:
            InvalidRequestError: Something of it was given back already: such a sale has no ceiling.
            JournalWriteError: It was not taken in.
            RequestConflictError: Another sale is known under its id, or the sale under another id.
        """
        untouched = (original.reserved_minor, original.accepted_minor) == (0, 0)
        if not untouched or original.is_voided or original.has_open_attempt or original.has_case:
            raise InvalidRequestError([("original", "a sale of which nothing was given back yet")])
        day = f"{original.transaction_date:%m%d}"
        with self._busy:
            known = self.journal.originals(OriginalRef(RRN(original.rrn), day))
            if any(
                sale.ceiling == "host_only" and described.same_sale(sale, original)
                for sale in known
            ):
                raise RequestConflictError(original.original_id)
            self.journal.commit([Know(original, self._procedures.clock())])

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

    def note_print(self, request_id: str, copy: str) -> None:
        """Write down that a copy of a slip is going to be printed.

        Written first, printed then: a copy that never came out makes the next one a reprint, and no two are first.

        Args:
            request_id: Whose slip.
            copy: ``merchant``, ``bank`` or ``customer``.

        Raises:
            RefusedError: code ``request_unknown``.
            JournalError: It was not written down; do not print.
        """
        with self._busy:
            note_print(self.journal, request_id, copy, self._procedures.clock())

    # --- what people decide ------------------------------------------------------------------

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
