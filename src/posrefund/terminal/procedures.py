"""The procedures of one terminal: from a request to an outcome, through the journal, over the line. Floor 7.

Order is everything here: written down, then sent; received, then written down; a sale or void in doubt
is undone before the next message that moves money. Nothing in this file asks what a response code means.
Each procedure is a generator over steps of the line, so that a thread and asyncio go the same way.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from posrefund.closed import closed_class
from posrefund.crypto import require
from posrefund.engine import (
    SaleRequest,
    outcome_of,
)
from posrefund.engine.plan import Occasion
from posrefund.engine.policy import Rules
from posrefund.engine.refusals import refuse
from posrefund.engine.sign_in import Accept
from posrefund.errors import PosRefundError, RequestConflictError
from posrefund.framing import Envelope
from posrefund.terminal.anchor import Mooring
from posrefund.terminal.batch import BatchCloser
from posrefund.terminal.exchange import Exchange
from posrefund.terminal.generation import check_generation
from posrefund.terminal.host_requests import HostRequests
from posrefund.terminal.inquiry import Inquiries
from posrefund.terminal.keyring import Keyring
from posrefund.terminal.line import Line
from posrefund.terminal.people import People
from posrefund.terminal.planning import Planning
from posrefund.terminal.rulebook import Rulebook
from posrefund.terminal.selfcheck import SelfChecker
from posrefund.terminal.sign_in import echo, sign_in
from posrefund.terminal.sign_ins import key_sets_needed, take_over
from posrefund.terminal.signature_upload import SignatureUploader
from posrefund.terminal.training import check_training
from posrefund.terminal.view import view_of
from posrefund.values import MerchantID, TerminalID

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from posrefund.dialects import Dialect, Timers
    from posrefund.engine import (
        Attempt,
        Outcome,
        RefundRequest,
        Signature,
        TerminalView,
    )
    from posrefund.engine.plan import Plan
    from posrefund.engine.selfcheck import SelfCheck, SelfCheckPolicy
    from posrefund.engine.settlement import BatchClosed
    from posrefund.engine.signature_upload import SignatureSent
    from posrefund.journal import Journal
    from posrefund.keystore import KeyStore
    from posrefund.terminal.line import Steps
    from posrefund.terminal.selfcheck import Asked
    from posrefund.terminal.sign_in import SignedIn

__all__ = ["Procedures"]

_Result = TypeVar("_Result")
_AGAIN_CONNECT_S, _AGAIN_ANSWER_S, _AGAIN_OPERATOR = 5.0, 15.0, "01"


@closed_class
class Procedures:
    """What one logical terminal does, for a loop that performs its steps; one procedure at a time.

    Making it recovers; see ``Terminal``, of which arguments and errors are.

    Attributes:
        dialect: What the host speaks.
        journal: The terminal's.
        clock: Returns the time, aware.
        envelope: TPDU and header of every request.
        exchange: What is said about money.
        inquiries: What is asked about it afterwards.
        closer: Closes batches.
        asked: What the host asks for in its headers.
        signatures: Uploads them.
        keyring: The working keys.
        people: What people decide.
        rulebook: The shop's rules.
        planning: How requests would be carried out.
    """

    def __init__(  # noqa: PLR0913 — those of ``Terminal`` but its link
        self,
        terminal: TerminalID,
        merchant: MerchantID,
        *,
        dialect: Dialect,
        keystore: KeyStore,
        journal: Journal,
        clock: Callable[[], datetime],
        envelope: Envelope | None,
        tap: Callable[[str, bytes], None] | None,
        rules: Rules | None = None,
        role_of: Callable[[str], str | None] | None = None,
        checks: SelfCheckPolicy | None = None,
    ) -> None:
        require(dialect.mac.cipher)
        check_training(journal, keystore)
        self._identity = (TerminalID(terminal), MerchantID(merchant))
        self.dialect = dialect
        self.journal = journal
        self.clock = clock
        self._line = Line(envelope or Envelope(dialect.tpdu, dialect.header), tap)
        self.envelope = self._line.envelope
        keystore.sign_in_rule = dialect.sign_in
        self.keyring = Keyring(keystore, dialect)
        mooring = Mooring(self._identity, dialect, journal, keystore, clock, self.view)
        self._anchor = mooring.keep
        self.exchange = Exchange(
            self._line, self.keyring, journal, dialect, clock, self.view, self._anchor
        )
        self._line.set_aside = self.exchange.receive_late
        self.inquiries = Inquiries(
            self._line, self.keyring, journal, dialect, clock, self.view, self._take_number
        )
        self.closer = BatchCloser(
            *(self._line, self.keyring, journal, clock),
            *(self.view, self._take_number, self.resolve_doubts),
        )
        self.signatures = SignatureUploader(
            self._line, self.keyring, journal, dialect, clock, self.view
        )
        self.asked = HostRequests(self._line, journal, dialect, clock, self.view)
        self._checker = SelfChecker(
            *(self._line, journal, keystore, dialect, clock, self.view, self._take_number),
            self.asked,
            checks,
        )
        is_whole = mooring.check()
        check_generation(journal, keystore, clock())
        self.people = People(journal, dialect.policy, clock)
        self.rulebook = Rulebook(rules or Rules(), role_of or self.people.role_of, journal)
        self.people.prover.permissions = self.rulebook.permissions()
        self.planning = Planning(
            *(journal, dialect, clock, self.view),
            *(self.rulebook, self.people, self._checker.check_last),
        )
        self.exchange.recover()
        if not is_whole:
            mooring.go_on()
        self.closer.recover()

    def sign_in(self, operator: str, accept: Accept) -> Steps[SignedIn]:
        """See ``Terminal.sign_in``."""
        return self._heeding(self._sign_in(operator, accept))

    def echo(self) -> Steps[None]:
        """See ``Terminal.echo``."""
        return self._heeding(self._echo())

    def selfcheck(self, asked: Asked) -> Steps[SelfCheck]:
        """See ``Terminal.selfcheck``."""
        return self._heeding(self._checker.run(asked))

    def when_idle(self) -> Steps[bool]:
        """See ``Terminal.when_idle``."""
        return self._heeding(self.asked.obey(self._sign_in_again))

    def sale(self, request: SaleRequest) -> Steps[Outcome]:
        """See ``Terminal.sale``."""
        return self._heeding(
            self._carry_out(request, lambda occasion: self.planning.sale(request, occasion))
        )

    def refund(self, request: RefundRequest, pin: str | None = None) -> Steps[Outcome]:
        """See ``Terminal.refund``."""
        return self._heeding(
            self._carry_out(request, lambda occasion: self.planning.refund(request, occasion), pin)
        )

    def resolve_doubts(self) -> Steps[None]:
        """See ``Terminal.resolve_doubts``."""
        return self._heeding(self._resolve_doubts())

    def inquire(self, request_id: str) -> Steps[Outcome]:
        """See ``Terminal.inquire``."""
        return self._heeding(self._inquire(request_id))

    def known(self, request_id: str) -> Attempt:
        """Return the last attempt of a request.

        Raises:
            RefusedError: code ``request_unknown``.
        """
        attempt = self.journal.last_attempt(request_id)
        if attempt is None:
            raise refuse("request_unknown")
        return attempt

    def close_batch(self, operator: str) -> Steps[BatchClosed]:
        """See ``Terminal.close_batch``."""
        return self._heeding(self._close_batch(operator))

    def upload_signatures(
        self, picture_of: Callable[[Signature], bytes], merchant_name: str, *, again: bool
    ) -> Steps[tuple[SignatureSent, ...]]:
        """See ``Terminal.upload_signatures``."""
        return self._heeding(self.signatures.upload(picture_of, merchant_name, again=again))

    def view(self) -> TerminalView:
        """Return what the engine may know of this terminal now."""
        return view_of(self.journal, self.dialect, self._identity, self.keyring.key_set_id)

    def close(self) -> None:
        """Close the journal and wipe the working keys; see ``Terminal.close``."""
        with suppress(PosRefundError):  # a second close; else the next sign-in does it
            self.keyring.forget(key_sets_needed(self.journal))
        self.journal.close()
        self.keyring.close()

    # --- inside ------------------------------------------------------------------------------

    def _resolve_doubts(self) -> Steps[None]:
        self.exchange.recover()
        yield from self.inquiries.ask_due()
        yield from self.exchange.resolve_doubts()

    def _inquire(self, request_id: str) -> Steps[Outcome]:
        self.exchange.recover()
        attempt = self.known(request_id)
        yield from self.inquiries.ask(attempt)
        return outcome_of(self.journal.attempt(attempt.attempt_id), self.dialect)

    def _heeding(self, steps: Steps[_Result]) -> Steps[_Result]:
        """Go through *steps*; however they end, remember what the host asked for meanwhile."""
        try:
            return (yield from steps)
        finally:
            self.asked.write_down()

    def _sign_in(
        self, operator: str, accept: Accept, timers: Timers | None = None
    ) -> Steps[SignedIn]:
        now = self.clock()
        before = self._take_number(now)
        answer = yield from sign_in(self._line, before, operator, now, timers)
        done = take_over(answer, before, accept, self.journal, self.keyring, now)
        self.asked.signed_in()
        self.closer.after_sign_in()
        self._anchor()
        return done

    def _echo(self) -> Steps[None]:
        now = self.clock()
        yield from echo(self._line, self._take_number(now), now)

    def _close_batch(self, operator: str) -> Steps[BatchClosed]:
        if self.closer.recover() is None:
            self.signatures.check_closing()
        return (yield from self.closer.close(operator))

    def _sign_in_again(self) -> Steps[SignedIn]:
        """What a header asked for, by whoever wrote it: it may not take long, for somebody may wait behind it."""
        timers = self.dialect.timers
        connect_s = min(timers.connect_s, _AGAIN_CONNECT_S)
        answer_s = min(timers.answer_s, _AGAIN_ANSWER_S)
        brisk = replace(timers, connect_s=connect_s, answer_s=answer_s)
        return self._sign_in(_AGAIN_OPERATOR, Accept(), brisk)

    def _carry_out(
        self,
        request: SaleRequest | RefundRequest,
        start: Callable[[Occasion], Plan],
        pin: str | None = None,
    ) -> Steps[Outcome]:
        self.exchange.recover()
        last, occasion = self.planning.recall(request)
        if self.planning.is_over(last):
            return outcome_of(last, self.dialect)
        if isinstance(request, SaleRequest) and self.journal.originals(request.request_id):
            raise RequestConflictError(request.request_id)  # a sale of that name came from a feed
        # The rules and the second person speak before the line: what they refuse must not send a reversal either.
        plan = self.planning.agreed(start, occasion, pin)
        has_worked = yield from self.exchange.resolve_doubts()
        if request.card.pin_block is None:  # one was made under the keys of now
            has_worked |= yield from self.asked.obey(self._sign_in_again)
        if has_worked:
            # What stood before may not stand any more: a late answer may have come. Nor is the STAN free.
            last = self.journal.last_attempt(request.request_id)
            if self.planning.is_over(last):
                return outcome_of(last, self.dialect)
            plan = self.planning.agreed(start, replace(occasion, now=self.clock()), pin)
        yield from self.exchange.perform(plan)
        return outcome_of(self.journal.attempt(plan.attempt.attempt_id), self.dialect)

    def _take_number(self, now: datetime) -> TerminalView:
        """Return the view for a management message, its STAN taken for good."""
        view = self.view()
        self.journal.remember(now, "stan_taken", stan=view.stan)
        self._anchor()
        return view
