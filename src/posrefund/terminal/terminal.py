"""``Terminal``: from a request to an outcome, through the journal, over the line. Floor 7.

Order is everything here: written down, then sent; received, then written down; a sale or void in doubt
is undone before the next message that moves money. Nothing in this file asks what a response code means.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self, TypeGuard

from posrefund.closed import closed_class
from posrefund.crypto import require
from posrefund.engine import (
    DescribedSale,
    Know,
    OriginalRef,
    SaleRequest,
    described,
    machine,
    outcome_of,
)
from posrefund.engine.plan import Occasion
from posrefund.engine.refusals import refuse
from posrefund.engine.rules import check_journal
from posrefund.engine.sign_in import Accept
from posrefund.errors import (
    FramingError,
    InvalidRequestError,
    PosRefundError,
    RequestConflictError,
)
from posrefund.framing import Envelope
from posrefund.terminal.anchor import Mooring
from posrefund.terminal.batch import BatchCloser
from posrefund.terminal.decisions import Decisions
from posrefund.terminal.exchange import Exchange
from posrefund.terminal.generation import check_generation
from posrefund.terminal.keyring import Keyring
from posrefund.terminal.line import Line
from posrefund.terminal.people import People
from posrefund.terminal.sign_in import echo, sign_in
from posrefund.terminal.sign_ins import key_sets_needed, take_over
from posrefund.terminal.view import view_of
from posrefund.values import RRN, MerchantID, TerminalID

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.dialects import Dialect
    from posrefund.engine import (
        Attempt,
        Original,
        Outcome,
        RefundRequest,
        TerminalView,
    )
    from posrefund.engine.plan import Plan
    from posrefund.engine.settlement import BatchClosed
    from posrefund.journal import Journal
    from posrefund.keystore import KeyStore
    from posrefund.link import Link
    from posrefund.terminal.sign_in import SignedIn

__all__ = ["Terminal"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@closed_class
class Terminal(Decisions):
    """One logical terminal; every public method is safe to call from any thread, one at a time.

    Opening it recovers: whatever a crash left under way is in doubt before anything new may start.
    It also computes a known block of the cipher that the dialect's MAC needs. A journal that lost rows which the
    key store remembers is opened without refunds (``journal_behind``), until ``accept_journal``.

    Args:
        terminal: DE41.
        merchant: DE42.
        dialect: What the host speaks.
        keystore: Holds TMK, journal key and the last sign-in.
        journal: This terminal's.
        link: To the host; opened anew for each exchange.
        clock: Returns the time, aware.
        envelope: TPDU and header, the dialect's if None.
        tap: Sees every message on the line, in clear: mask what you show.

    Raises:
        ConfigError: The key store is an older copy of the one that this journal knows, or another terminal's; or the
            journal's anchor cannot be read or written.
        JournalError: The journal cannot be read or written.
    """

    def __init__(  # noqa: PLR0913 — all but two are keywords
        self,
        terminal: TerminalID,
        merchant: MerchantID,
        *,
        dialect: Dialect,
        keystore: KeyStore,
        journal: Journal,
        link: Link,
        clock: Callable[[], datetime] = _utc_now,
        envelope: Envelope | None = None,
        tap: Callable[[str, bytes], None] | None = None,
    ) -> None:
        require(dialect.mac.cipher)
        self._identity = (TerminalID(terminal), MerchantID(merchant))
        self.dialect = dialect
        self.journal = journal
        self._clock = clock
        self._line = Line(link, envelope or Envelope(dialect.tpdu, dialect.header), tap)
        self._busy = threading.RLock()
        keystore.sign_in_rule = dialect.sign_in
        self._keyring = Keyring(keystore, dialect)
        mooring = Mooring(self._identity, dialect, journal, keystore, clock, self.view)
        self._anchor = mooring.keep
        self._exchange = Exchange(
            self._line, self._keyring, journal, dialect, clock, self.view, self._anchor
        )
        self._line.set_aside = self._exchange.receive_late
        self._closer = BatchCloser(
            self._line, journal, dialect, clock, self.view, self._take_number, self.resolve_doubts
        )
        is_whole = mooring.check()
        check_generation(journal, keystore, clock())
        self._people = People(journal, dialect.policy, clock)
        self._exchange.recover()
        if not is_whole:
            mooring.go_on()
        self._closer.recover()

    # --- what a shop asks for ----------------------------------------------------------------

    def sign_in(
        self, operator: str = "01", *, accept_clock: bool = False, accept_keys: bool = False
    ) -> SignedIn:
        """Fetch working keys, batch number and clock from the host (UnionPay: 0800, DE60.3 = 003).

        Keys of earlier sign-ins stay, to verify with, while items sent under them are not final.

        Args:
            operator: Who signs in.
            accept_clock: Somebody compared the clocks: take the host's, however far it is from ours.
            accept_keys: The host does hand out earlier keys again: take them.

        Raises:
            RefusedError: The host said no; the code is ``host_NN``. Or its clock is too far from ours
                (``clock_differs``), or its keys were here before (``keys_came_back``): nothing has changed.
            InvalidKeyError: A key of the answer is wrong: the whole set is refused, the old one stays.
            ConfigError: The key file cannot be written, and the old set stays; or the anchor cannot.
            LinkError: No line or no answer; nothing has changed.
            RemoteProtocolError: What came is no sign-in answer.
            JournalError: It could not be written down, or a late answer that came meanwhile could not.
        """
        with self._busy:
            now = self._clock()
            before = self._take_number(now)
            answer = sign_in(self._line, before, operator, now)
            accept = Accept(clock=accept_clock, keys=accept_keys)
            done = take_over(answer, before, accept, self.journal, self._keyring, now)
            self._closer.after_sign_in()
            self._anchor()
            return done

    def echo(self) -> None:
        """Ask the host whether it is there (UnionPay: 0820, DE60.3 = 301).

        Raises:
            ConfigError: The anchor cannot be written; nothing was sent.
            LinkError: No line or no answer.
            RemoteProtocolError: What came is no echo answer.
            JournalError: It could not be written down, or a late answer that came meanwhile could not.
        """
        with self._busy:
            now = self._clock()
            echo(self._line, self._take_number(now), now)

    def sale(self, request: SaleRequest) -> Outcome:
        """Sell (UnionPay: 0200/000000).

        Returns:
            How the sale stands. In doubt, it is undone before the next money message.

        Raises:
            RefusedError: Not signed in, or not the PIN that the acquirer wants; nothing was sent.
            RequestConflictError: The id is known with other content; nothing was sent.
            InvalidKeyError: The track goes encrypted, and the last sign-in brought no TDK; nothing was sent.
            JournalError: It could not be written down; ``effect`` says whether it was sent.
            LinkOpenError: An undoing that has to go first could not; this was not sent.
        """
        with self._busy:
            return self._carry_out(
                request, lambda occasion: machine.start_sale(request, self.view(), occasion)
            )

    def refund(self, request: RefundRequest) -> Outcome:
        """Refund a sale (UnionPay: 0220/200000/25), or void it within its own settlement day and batch.

        Asking again with the same id never refunds twice: the stored outcome comes back and nothing is
        sent, unless the last attempt is known not to have moved money and may be made again.

        What needs a second person is written down as waiting and refused (``approval_needed``): once it
        is approved, ask again. Until something was sent its content may change; the approval is void then.

        Raises:
            RefusedError: A rule says no; nothing was sent.
            RequestConflictError: The id is known with other content, or the sale described otherwise; nothing was sent.
            InvalidRequestError: A sale is described with a date of more than a year ago; nothing was sent.
            InvalidKeyError: The track goes encrypted, and the last sign-in brought no TDK; nothing was sent.
            JournalError: It could not be written down; ``effect`` says whether it was sent.
            LinkOpenError: An undoing that has to go first could not; this was not sent.
        """
        with self._busy:
            return self._carry_out(request, lambda occasion: self._plan_refund(request, occasion))

    def status(self, request_id: str) -> Outcome | None:
        """Say how a request stands, from the journal alone; None if it is unknown.

        Raises:
            JournalError: The journal cannot be read, or the id is no text.
        """
        with self._busy:
            attempt = self.journal.last_attempt(request_id)
            return outcome_of(attempt, self.dialect) if attempt else None

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
            self.journal.commit([Know(original, self._clock())])

    def resolve_doubts(self) -> None:
        """Work on every doubt now: reverse sales and voids, repeat what the host takes again and is due.

        A refund is never reversed. One that the dialect does not repeat waits for the settlement files.

        Raises:
            LinkOpenError: A reversal has to go, and the host cannot be reached; nothing was sent.
            JournalError: Could not be written down.
        """
        with self._busy:
            self._exchange.recover()
            self._exchange.resolve_doubts()

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
            self._exchange.recover()
            ours = self._line.envelope
            try:
                envelope, body = Envelope.unwrap(message, len(ours.tpdu), len(ours.header))
            except FramingError:
                envelope, body = ours, message
            attempt = self._exchange.receive_late(body, envelope)
            return outcome_of(attempt, self.dialect) if attempt else None

    def close_batch(self, operator: str = "01") -> BatchClosed:
        """Close the batch (UnionPay: 0500, uploads in 0320 where the totals differ, 0820/002), or go on closing it.

        Sales and voids in doubt are undone first. What is still in doubt is not counted and not uploaded: it is
        in the report, and carried over. While a closing is under way no money moves; after it, sign in.

        Args:
            operator: Who closes it.

        Returns:
            The report; ``posrefund.office.batch_slip`` prints it.

        Raises:
            RefusedError: ``no_settlement``, ``not_signed_in``, ``batch_does_not_fit``, or ``host_NN``: where the
                closing stands is kept.
            EncodeError: The operator fits no message; nothing was sent.
            LinkError: No line or no answer: the same; call it again.
            RemoteProtocolError: What came is no answer: the same.
            JournalError: Could not be written down.
        """
        with self._busy:
            return self._closer.close(operator)

    def last_batch(self) -> BatchClosed | None:
        """Return the report of the batch that was closed last, from the journal alone."""
        with self._busy:
            return self._closer.last()

    def view(self) -> TerminalView:
        """Return what the engine may know of this terminal now."""
        return view_of(self.journal, self.dialect, self._identity, self._keyring.key_set_id)

    def close(self) -> None:
        """Hang up, close the journal and wipe the working keys; waits for what is under way.

        Key sets of earlier sign-ins that nothing needs any more are destroyed, in the key file too.
        """
        with self._busy:
            self._line.close()
            with suppress(PosRefundError):  # a second close; else the next sign-in does it
                self._keyring.forget(key_sets_needed(self.journal))
            self.journal.close()
            self._keyring.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- the loop ----------------------------------------------------------------------------

    def _carry_out(
        self,
        request: SaleRequest | RefundRequest,
        start: Callable[[Occasion], Plan],
    ) -> Outcome:
        self._exchange.recover()
        fingerprint = self.journal.fingerprint(request.card.pan)
        known = self.journal.content(request.request_id)
        if known is not None and known != request.content(fingerprint):
            raise RequestConflictError(request.request_id)
        last = self.journal.last_attempt(request.request_id)
        if self._is_over(last):
            return outcome_of(last, self.dialect)
        if isinstance(request, SaleRequest) and self.journal.originals(request.request_id):
            raise RequestConflictError(request.request_id)  # a sale of that name came from a feed
        number = last.number + 1 if last else 1
        # The rules and the second person speak before the line: what they refuse must not send a reversal either.
        plan = self._people.ask_first(start(Occasion(number, fingerprint, self._clock())))
        if self._exchange.resolve_doubts():
            # What stood before may not stand any more: a late answer may have come. Nor is the STAN free.
            last = self.journal.last_attempt(request.request_id)
            if self._is_over(last):
                return outcome_of(last, self.dialect)
            plan = self._people.ask_first(start(Occasion(number, fingerprint, self._clock())))
        self._exchange.perform(plan)
        return outcome_of(self.journal.attempt(plan.attempt.attempt_id), self.dialect)

    def _is_over(self, last: Attempt | None) -> TypeGuard[Attempt]:
        """Whether a request whose last attempt this is has its outcome, and no other attempt may follow."""
        return last is not None and not machine.may_try_again(last, self.view())

    def _plan_refund(self, request: RefundRequest, occasion: Occasion) -> Plan:
        view, named = self.view(), request.original
        check_journal(view)  # a sale that is not known may be one that was lost
        if isinstance(named, DescribedSale):
            named = OriginalRef(named.rrn, named.mmdd)
        found = described.find(request, self.journal.originals(named), view, occasion)
        if found.is_new and self.journal.is_disputed(found.original):
            raise refuse("original_has_case")  # given back before, in rows that were lost
        plan = machine.start_refund(request, found.original, view, occasion)
        return replace(plan, learns=found.original) if found.is_new else plan

    def _take_number(self, now: datetime) -> TerminalView:
        """Return the view for a management message, its STAN taken for good."""
        view = self.view()
        self.journal.remember(now, "stan_taken", stan=view.stan)
        self._anchor()
        return view
