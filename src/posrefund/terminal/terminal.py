"""``Terminal``: one logical terminal in a thread. Floor 7.

The procedures are the same as those of ``posrefund.aio``; this is the loop that blocks.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from posrefund.closed import closed_class
from posrefund.engine.sign_in import Accept
from posrefund.terminal.desk import Desk
from posrefund.terminal.loop import run
from posrefund.terminal.procedures import Procedures
from posrefund.terminal.selfcheck import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from posrefund.dialects import Dialect
    from posrefund.engine import Outcome, RefundRequest, SaleRequest, Signature
    from posrefund.engine.policy import Rules
    from posrefund.engine.selfcheck import SelfCheck, SelfCheckPolicy
    from posrefund.engine.settlement import BatchClosed
    from posrefund.engine.signature_upload import SignatureSent
    from posrefund.framing import Envelope
    from posrefund.journal import Journal
    from posrefund.keystore import KeyStore
    from posrefund.link import Link
    from posrefund.terminal.sign_in import SignedIn
    from posrefund.values import MerchantID, TerminalID

__all__ = ["Terminal"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@closed_class
class Terminal(Desk):
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
        rules: The shop's; none if None. They speak before the line: what they refuse sends and writes nothing.
        role_of: Says the role of an operator, for rules that have roles; None: the rules' default role.
        checks: What a self-check must have found before a refund may go; None asks for none.

    Raises:
        ConfigError: The key store is an older copy of the one that this journal knows, or another terminal's; or the
            journal's anchor cannot be read or written; or the journal is for training, and the TMK is a secret.
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
        rules: Rules | None = None,
        role_of: Callable[[str], str | None] | None = None,
        checks: SelfCheckPolicy | None = None,
    ) -> None:
        procedures = Procedures(
            terminal,
            merchant,
            dialect=dialect,
            keystore=keystore,
            journal=journal,
            clock=clock,
            envelope=envelope,
            tap=tap,
            rules=rules,
            role_of=role_of,
            checks=checks,
        )
        super().__init__(procedures, threading.RLock())
        self._link = link

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
        accept = Accept(clock=accept_clock, keys=accept_keys)
        with self._busy:
            return run(self._procedures.sign_in(operator, accept), self._link)

    def echo(self) -> None:
        """Ask the host whether it is there (UnionPay: 0820, DE60.3 = 301).

        Raises:
            ConfigError: The anchor cannot be written; nothing was sent.
            LinkError: No line or no answer.
            RemoteProtocolError: What came is no echo answer.
            JournalError: It could not be written down, or a late answer that came meanwhile could not.
        """
        with self._busy:
            run(self._procedures.echo(), self._link)

    def selfcheck(
        self,
        *,
        device: Callable[[], object] | None = None,
        versions: Mapping[str, str] | None = None,
        update: Callable[[], str] | None = None,
    ) -> SelfCheck:
        """Look at everything a refund stands on: storage, clock, keys, host, versions, doubts, faults.

        It moves no money, and sends one echo (UnionPay: 0820, DE60.3 = 301). Each failing check opens a fault of the
        fault log, once; those that heal close it again. The result is kept, and where the terminal has a policy
        (``checks``), a refund is refused while the last one blocks or is too old.

        Args:
            device: Asks a device something cheap that moves nothing (``pad.identity``).
            versions: Of what this program knows nothing of, for ``SelfCheckPolicy.required``.
            update: Returns the least version that a management system asks for; empty for none.

        Returns:
            The report, whatever is broken.

        Raises:
            JournalError: The journal cannot be read.
        """
        asked = Asked(device, versions, update)
        with self._busy:
            return run(self._procedures.selfcheck(asked), self._link)

    def when_idle(self) -> bool:
        """Do what the host asked for in the headers of its answers, if now is the time: sign in again, at most every ten minutes.

        Call it when nobody waits and no PIN has been entered for a message that is still to come: a PIN block is made
        under the keys of the last sign-in. Without it, the next sale or refund without a PIN does the same
        first. What fails is tried again later; everything else that the host asks for stands in ``host_requests``.

        Returns:
            Whether there was anything to do.

        Raises:
            JournalError: It could not be written down.
        """
        with self._busy:
            return run(self._procedures.when_idle(), self._link)

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
            return run(self._procedures.sale(request), self._link)

    def refund(self, request: RefundRequest, *, pin: str | None = None) -> Outcome:
        """Refund a sale (UnionPay: 0220/200000/25), or void it within its own settlement day and batch.

        Asking again with the same id never refunds twice: the stored outcome comes back and nothing is
        sent, unless the last attempt is known not to have moved money and may be made again.

        What needs a second person is written down as waiting and refused (``approval_needed``): once it
        is approved, ask again. Until something was sent its content may change; the approval is void then.

        Args:
            request: What is wanted.
            pin: The operator's; needed where a second person is, once the terminal knows its staff.

        Raises:
            RefusedError: A rule says no, or the operator is not known here or has not proven it; nothing was sent.
                Whatever else says no stands in its ``others``.
            RequestConflictError: The id is known with other content, or the sale described otherwise; nothing was sent.
            InvalidRequestError: A sale is described with a date of more than a year ago; nothing was sent.
            InvalidKeyError: The track goes encrypted, and the last sign-in brought no TDK; nothing was sent.
            JournalError: It could not be written down; ``effect`` says whether it was sent.
            LinkOpenError: An undoing that has to go first could not; this was not sent.
        """
        with self._busy:
            return run(self._procedures.refund(request, pin), self._link)

    def resolve_doubts(self) -> None:
        """Work on every doubt now: ask where it is due, reverse sales and voids, repeat what the host takes again and is due.

        A host that can be asked (``Dialect.inquiry``) is asked first. A refund is never reversed. One that the dialect does not repeat waits for the settlement files.

        Raises:
            LinkOpenError: A reversal has to go, and the host cannot be reached; nothing was sent.
            JournalError: Could not be written down.
        """
        with self._busy:
            run(self._procedures.resolve_doubts(), self._link)

    def inquire(self, request_id: str) -> Outcome:
        """Ask the host what became of a request, and let its answer prove what it proves.

        Booked or not booked, authentic, closes a doubt; where the opposite stands it opens a case. Anything else is
        kept and moves nothing. For who is asked by another way than the line, see ``take_inquiry``.

        Returns:
            How the request stands now.

        Raises:
            RefusedError: ``request_unknown``; ``no_inquiry``, this host cannot be asked about it; ``not_signed_in``.
            LinkError: No line or no answer.
            RemoteProtocolError: What came is no message.
            ConfigError: The anchor cannot be written; nothing was sent.
            InvalidRequestError: The dialect's inquiry does not fit what is known of the request.
            JournalError: Could not be written down.
        """
        with self._busy:
            return run(self._procedures.inquire(request_id), self._link)

    def close_batch(self, operator: str = "01") -> BatchClosed:
        """Close the batch (UnionPay: 0500, uploads in 0320 where the totals differ, 0820/002), or go on closing it.

        Sales and voids in doubt are undone first. What is still in doubt is not counted and not uploaded: it is
        in the report, and carried over. While a closing is under way no money moves; after it, sign in.

        Args:
            operator: Who closes it.

        Returns:
            The report; ``posrefund.office.batch_slip`` prints it.

        Raises:
            RefusedError: ``no_settlement``, ``not_signed_in``, ``batch_does_not_fit``, ``signatures_waiting`` where the
                dialect wants them first, or ``host_NN``: where the closing stands is kept.
            EncodeError: The operator fits no message; nothing was sent.
            LinkError: No line or no answer: the same; call it again.
            RemoteProtocolError: What came is no answer: the same.
            JournalError: Could not be written down.
        """
        with self._busy:
            return run(self._procedures.close_batch(operator), self._link)

    def upload_signatures(
        self,
        picture_of: Callable[[Signature], bytes],
        *,
        merchant_name: str = "",
        again: bool = False,
    ) -> tuple[SignatureSent, ...]:
        """Upload the pictures that customers signed with in the open batch and that have not gone up (UnionPay: 0820, DE60 = 07…800).

        Do it before the batch is closed: the numbers of the cards, which the host wants beside them, are gone then. Where no answer comes,
        the rest waits; call it again, and it goes on at the packet that has no answer. No refund ever waits for it.

        Args:
            picture_of: Returns the picture of a signature as JBIG; ``posrefund.office.signature_pictures`` has one. It
                raises ``ConfigError`` or ``InvalidRequestError`` where it cannot.
            merchant_name: As it stands on the slips.
            again: Also those that the host refused.

        Returns:
            What became of each; empty if nothing waited.

        Raises:
            RefusedError: ``no_signature_upload``, not signed in, or the host wants a sign-in first (``host_NN``).
            JournalError: It could not be written down: that packet goes up once more.
        """
        with self._busy:
            steps = self._procedures.upload_signatures(picture_of, merchant_name, again=again)
            return run(steps, self._link)

    def close(self) -> None:
        """Hang up, close the journal and wipe the working keys; waits for what is under way.

        Key sets of earlier sign-ins that nothing needs any more are destroyed, in the key file too.
        """
        with self._busy:
            self._link.close()
            self._procedures.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
