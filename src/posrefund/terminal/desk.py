"""What of a terminal needs no line: what stands, what comes by another way, what people decide. Floor 7.

``Terminal`` is one of these; ``posrefund.aio`` lends one out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine import Declined, Know, OriginalRef, described, outcome_of
from posrefund.engine.elsewhere import check_made_elsewhere
from posrefund.engine.faults import BY_ITSELF, TerminalFault
from posrefund.engine.inquired import facts_of
from posrefund.engine.refusals import refuse
from posrefund.errors import FramingError, InvalidRequestError, RequestConflictError
from posrefund.framing import Envelope
from posrefund.terminal.decisions import Decisions
from posrefund.terminal.signing import note_print, prints, sign, signature_under
from posrefund.values import RRN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posrefund.engine import (
        Approval,
        FoundSales,
        InquiryAnswer,
        InquiryFacts,
        Original,
        Outcome,
        RefundRequest,
        SaleQuery,
        Signature,
        TerminalView,
    )
    from posrefund.engine.host_requests import HostRequest
    from posrefund.engine.policy import Bounds
    from posrefund.engine.settlement import BatchClosed
    from posrefund.journal import FeedVerdict
    from posrefund.terminal.preview import Preview

__all__ = ["Desk"]


@closed_class
class Desk(Decisions):
    """A terminal, as far as it needs no line.

    Args:
        procedures: Whose.
        busy: Held while something is done.

    Attributes:
        dialect: What the host speaks.
        journal: The terminal's.
        staff: Who works here.
    """

    # --- what stands -------------------------------------------------------------------------

    def status(self, request_id: str) -> Outcome | None:
        """Say how a request stands, from the journal alone; None if it is unknown.

        Raises:
            JournalError: The journal cannot be read, or the id is no text.
        """
        with self._busy:
            attempt = self.journal.last_attempt(request_id)
            return outcome_of(attempt, self.dialect) if attempt else None

    def ask(self, request: RefundRequest, *, pin: str | None = None) -> Approval | None:
        """Ask for a second person's yes to a refund that needs one, and send nothing even if it is there.

        Args:
            request: The refund.
            pin: Of who asks; needed where the terminal knows its staff and the profile wants it (``maker_pin``).

        Returns:
            What waits, or has its yes; None where none is needed, or the request is over.

        Raises:
            RefusedError: A rule says no, or who asks has not proven who he is; nothing was asked.
            RequestConflictError: The id is known with other content, or waits at another terminal.
            InvalidRequestError: As ``check_refund``.
            JournalError: It could not be written down.
        """
        with self._busy:
            return self._procedures.planning.ask(request, pin)

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

    def signatures_waiting(self) -> tuple[str, ...]:
        """Return the request ids of the open batch whose signed pictures have still to go up (``upload_signatures``).

        Raises:
            JournalError: The journal cannot be read.
        """
        with self._busy:
            waiting = self._procedures.signatures.waiting()
            return tuple(attempt.request_id for attempt, _ in waiting)

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
            return self._procedures.planning.preview(request)

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
            return self._procedures.planning.bounds(found[0], operator)

    def may_refund(self, operator: str) -> bool:
        """Say whether a menu offers *operator* a refund: the merchant's permission, the role, the batch and the journal.

        What it offers may still be refused; ``check_refund`` says why.

        Raises:
            JournalError: The journal cannot be read.
        """
        with self._busy:
            view = self.view()
            is_open = not (view.is_behind or view.is_closing)
            return is_open and self._procedures.rulebook.may_refund(operator)

    def contact_for(self, outcome: Outcome) -> str:
        """Return whom to call about *outcome*, as the shop's rules name them; empty where nobody need be."""
        if not isinstance(outcome, Declined):
            return ""
        row = self.dialect.codes.get(outcome.code)  # none of what was undone or closed here
        owner = row.owner if row else ""
        return self._procedures.rulebook.contact_for(code=outcome.code, owner=owner)

    def host_requests(self) -> tuple[HostRequest, ...]:
        """Return what the host asks for in the headers of its answers and nobody has done, the weightiest first."""
        with self._busy:
            return self._procedures.asked.waiting()

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
            InvalidRequestError: Something of it was given back already, and it has no ceiling; or a wallet or voucher is none.
            JournalWriteError: It was not taken in.
            RequestConflictError: Another sale is known under its id, or the sale under another id.
        """
        check_made_elsewhere([original])
        day = f"{original.transaction_date:%m%d}"
        with self._busy:
            known = self.journal.originals(OriginalRef(RRN(original.rrn), day))
            if any(
                sale.ceiling == "host_only" and described.same_sale(sale, original)
                for sale in known
            ):
                raise RequestConflictError(original.original_id)
            now = self._procedures.clock()
            if not original.wallet:
                self.journal.commit([Know(original, now)])
            elif self.journal.take_in([original], now)[0] not in ("new", "known"):
                raise RequestConflictError(original.original_id)

    def record_sales(
        self, originals: Sequence[Original], *, dry_run: bool = False
    ) -> list[FeedVerdict]:
        """Take in sales made elsewhere, all in one commit, and say of each what became of it.

        The same ones again are ``known``; one that is refused keeps no other out.

        Args:
            originals: At most a few thousand: other terminals of the same file wait meanwhile.
            dry_run: Write nothing, only say what would become of them.

        Raises:
            InvalidRequestError: As there, of one: nothing was taken in.
            JournalWriteError: Nothing was taken in.
        """
        check_made_elsewhere(originals)
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

    def inquiry_facts(self, request_id: str) -> InquiryFacts:
        """Return by what a provider can find the last attempt of a request; no card data.

        Raises:
            RefusedError: code ``request_unknown``.
            JournalError: The journal cannot be read.
        """
        with self._busy:
            return facts_of(self._procedures.known(request_id))

    def take_inquiry(self, request_id: str, answer: InquiryAnswer) -> Outcome:
        """Take what somebody who knows the host's books said of a request, asked by another way than the line.

        It proves what the same answer on the line would: nothing where ``authenticated`` is false.

        Args:
            request_id: Whose last attempt was asked about.
            answer: What was said.

        Returns:
            How the request stands now.

        Raises:
            RefusedError: code ``request_unknown``.
            InvalidRequestError: Its moment is before the last copy was sent, or ahead of the clock.
            JournalError: It could not be written down.

        Example:
            ``terminal.take_inquiry("R-1", provider.ask(terminal.inquiry_facts("R-1")))``
        """
        with self._busy:
            self._procedures.exchange.recover()
            attempt = self._procedures.known(request_id)
            return outcome_of(self._procedures.inquiries.take(attempt, answer), self.dialect)

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

    # --- what is broken ----------------------------------------------------------------------

    def faults(self, *, open_only: bool = True) -> list[TerminalFault]:
        """Return the faults of this terminal that are open, or all there ever were; oldest first."""
        with self._busy:
            return self.journal.faults(open_only=open_only)

    def open_fault(self, kind: str, detail: str) -> TerminalFault:
        """Write down that something is broken; while one of that kind is open it is that one.

        Args:
            kind: A word of the shop's: ``printer``, ``battery``; those with a dot are the self-check's.
            detail: What was seen.

        Raises:
            InvalidRequestError: A kind that is no such word, or a detail that may not be kept.
            JournalWriteError: It was not written down.
        """
        if "." in kind:
            raise InvalidRequestError([("kind", "a word such as printer, without a dot")])
        with self._busy:
            return self.journal.open_fault(kind, detail, self._procedures.clock())

    def close_fault(self, fault_id: str, *, by: str, done: str) -> TerminalFault:
        """Write down that somebody has put a fault right.

        Args:
            fault_id: Which.
            by: Operator number; ``selfcheck`` is nobody.
            done: What was done about it.

        Raises:
            InvalidRequestError: Nobody is named, or nothing was said of what was done.
            LocalProtocolError: None is open under that name.
            JournalWriteError: It was not written down.
        """
        if by == BY_ITSELF:
            raise InvalidRequestError([("by", "an operator number")])
        with self._busy:
            return self.journal.close_fault(fault_id, self._procedures.clock(), by=by, done=done)

    def host_request_done(self, name: str, *, by: str) -> None:
        """Write down that somebody did what the host asked for: loaded the parameters, updated the software.

        Args:
            name: Of ``host_requests``. A new sign-in needs no word: ``sign_in`` is one.
            by: Operator number.

        Raises:
            InvalidRequestError: Nobody is named.
            LocalProtocolError: The host asked for no such thing.
            JournalWriteError: It was not written down.
        """
        with self._busy:
            self._procedures.asked.done(name, by)

    def maintained(self, what: str, *, by: str) -> None:
        """Write down that somebody looked after the terminal: a new battery, a cleaned reader, a printer's roll.

        Raises:
            InvalidRequestError: Nobody is named, or what was done may not be kept.
            JournalWriteError: It was not written down.
        """
        now = self._procedures.clock()
        told = TerminalFault("", "maintenance", "", now).closed(now, by=by, done=what)
        with self._busy:
            self.journal.remember(now, "maintenance", {"by": told.closed_by, "done": told.done})
