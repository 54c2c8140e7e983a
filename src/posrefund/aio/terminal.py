"""``AsyncTerminal``: one logical terminal in an event loop, beside as many others as it takes. Floor 8.

The procedures are those of ``Terminal``; this is the loop that awaits.
"""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar

from posrefund.aio.loop import call, run
from posrefund.closed import closed_class
from posrefund.engine.sign_in import Accept
from posrefund.terminal.desk import Desk
from posrefund.terminal.procedures import Procedures
from posrefund.terminal.selfcheck import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor

    from posrefund.aio.contract import AsyncLink
    from posrefund.dialects import Dialect
    from posrefund.engine import InquiryAnswer, Outcome, RefundRequest, SaleRequest, Signature
    from posrefund.engine.policy import Rules
    from posrefund.engine.selfcheck import SelfCheck, SelfCheckPolicy
    from posrefund.engine.settlement import BatchClosed
    from posrefund.engine.signature_upload import SignatureSent
    from posrefund.framing import Envelope
    from posrefund.journal import Journal
    from posrefund.keystore import KeyStore
    from posrefund.terminal import SignedIn
    from posrefund.terminal.line import Steps
    from posrefund.values import MerchantID, TerminalID

__all__ = ["AsyncTerminal"]

_Result = TypeVar("_Result")


def _utc_now() -> datetime:
    return datetime.now(UTC)


@closed_class
class AsyncTerminal:
    """One logical terminal; its methods may be awaited by any task of one loop, and work one at a time.

    Opening it recovers, as that of ``Terminal``. A task that is cancelled while its money message is out leaves the
    attempt in doubt, as Ctrl-C does there: ask ``status``, never ask again under another id.

    Args:
        terminal: DE41.
        merchant: DE42.
        dialect: What the host speaks.
        keystore: Holds TMK, journal key and the last sign-in.
        journal: This terminal's.
        link: To the host.
        clock: Returns the time, aware.
        envelope: TPDU and header, the dialect's if None.
        tap: Sees every message on the line, in clear: mask what you show. Called where the procedure runs.
        rules: The shop's, as for ``Terminal``.
        role_of: Says the role of an operator.
        executor: Where the journal and the keys are worked with: threads, for a journal that waits for a disk. The
            loop itself if None, for one that does not. Opening happens where you call it.
        checks: As of ``Terminal``.

    Raises:
        ConfigError: As ``Terminal``.
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
        link: AsyncLink,
        clock: Callable[[], datetime] = _utc_now,
        envelope: Envelope | None = None,
        tap: Callable[[str, bytes], None] | None = None,
        rules: Rules | None = None,
        role_of: Callable[[str], str | None] | None = None,
        executor: Executor | None = None,
        checks: SelfCheckPolicy | None = None,
    ) -> None:
        self._procedures = Procedures(
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
        self.dialect, self.journal = dialect, journal
        self._desk = Desk(self._procedures, nullcontext())
        self._link, self._executor = link, executor
        self._busy = asyncio.Lock()

    async def sign_in(
        self, operator: str = "01", *, accept_clock: bool = False, accept_keys: bool = False
    ) -> SignedIn:
        """Fetch working keys, batch number and clock from the host; see ``Terminal.sign_in``.

        Raises:
            RefusedError: The host said no, or its clock or keys may not be taken unasked.
            PosRefundError: As there; nothing has changed but what it says.
        """
        accept = Accept(clock=accept_clock, keys=accept_keys)
        return await self._go(self._procedures.sign_in(operator, accept))

    async def echo(self) -> None:
        """Ask the host whether it is there; see ``Terminal.echo``.

        Raises:
            LinkError: No line or no answer.
            PosRefundError: As there.
        """
        await self._go(self._procedures.echo())

    async def selfcheck(
        self,
        *,
        device: Callable[[], object] | None = None,
        versions: Mapping[str, str] | None = None,
        update: Callable[[], str] | None = None,
    ) -> SelfCheck:
        """Look at everything a refund stands on; see ``Terminal.selfcheck``. What is given is called there, and may wait.

        Raises:
            JournalError: The journal cannot be read.
        """
        return await self._go(self._procedures.selfcheck(Asked(device, versions, update)))

    async def when_idle(self) -> bool:
        """Do what the host asked for in its headers, if now is the time; see ``Terminal.when_idle``.

        Raises:
            JournalError: It could not be written down.
        """
        return await self._go(self._procedures.when_idle())

    async def sale(self, request: SaleRequest) -> Outcome:
        """Sell; see ``Terminal.sale``.

        Raises:
            RefusedError: A rule says no; nothing was sent.
            PosRefundError: As there; ``effect`` says whether it was sent.
        """
        return await self._go(self._procedures.sale(request))

    async def refund(self, request: RefundRequest, *, pin: str | None = None) -> Outcome:
        """Refund a sale, or void it; see ``Terminal.refund``. Asking again with the same id never refunds twice.

        Raises:
            RefusedError: A rule says no; nothing was sent.
            PosRefundError: As there; ``effect`` says whether it was sent.
        """
        return await self._go(self._procedures.refund(request, pin))

    async def resolve_doubts(self) -> None:
        """Work on every doubt now; see ``Terminal.resolve_doubts``.

        Raises:
            LinkOpenError: A reversal has to go, and the host cannot be reached; nothing was sent.
            JournalError: Could not be written down.
        """
        await self._go(self._procedures.resolve_doubts())

    async def inquire(self, request_id: str) -> Outcome:
        """Ask the host what became of a request; see ``Terminal.inquire``.

        Raises:
            RefusedError: It cannot be asked about.
            PosRefundError: As there.
        """
        return await self._go(self._procedures.inquire(request_id))

    async def take_inquiry(self, request_id: str, answer: InquiryAnswer) -> Outcome:
        """Take what was answered by another way than the line; see ``Desk.take_inquiry``.

        Raises:
            RefusedError: code ``request_unknown``.
            PosRefundError: As there.
        """
        return await self.at_desk(lambda desk: desk.take_inquiry(request_id, answer))

    async def close_batch(self, operator: str = "01") -> BatchClosed:
        """Close the batch, or go on closing it; see ``Terminal.close_batch``.

        Raises:
            RefusedError: The host or a rule says no; where the closing stands is kept.
            PosRefundError: As there; the same.
        """
        return await self._go(self._procedures.close_batch(operator))

    async def upload_signatures(
        self,
        picture_of: Callable[[Signature], bytes],
        *,
        merchant_name: str = "",
        again: bool = False,
    ) -> tuple[SignatureSent, ...]:
        """Upload the pictures that customers signed with; see ``Terminal.upload_signatures``.

        Raises:
            RefusedError: The host takes none, or wants a sign-in first.
            JournalError: It could not be written down.
        """
        steps = self._procedures.upload_signatures(picture_of, merchant_name, again=again)
        return await self._go(steps)

    async def status(self, request_id: str) -> Outcome | None:
        """Say how a request stands, from the journal alone; None if it is unknown.

        Raises:
            JournalError: The journal cannot be read, or the id is no text.
        """
        return await self.at_desk(lambda desk: desk.status(request_id))

    async def receive_late(self, message: bytes) -> Outcome | None:
        """Take an answer that came by another way than its exchange; see ``Terminal.receive_late``.

        Raises:
            JournalError: It could not be written down.
            InvalidKeyError: The key file was changed.
        """
        return await self.at_desk(lambda desk: desk.receive_late(message))

    async def at_desk(self, work: Callable[[Desk], _Result]) -> _Result:
        """Let *work* do what needs no line, alone with the terminal: approvals, cases, sales from a feed.

        Raises:
            PosRefundError: As what *work* calls.
        """
        async with self._busy:
            return await call(partial(work, self._desk), self._executor)

    @property
    def is_busy(self) -> bool:
        """Whether it is at something, so that whoever asks it has to wait."""
        return self._busy.locked()

    async def close(self) -> None:
        """Hang up, close the journal and wipe the working keys; waits for what is under way."""
        async with self._busy:
            self._link.close()
            await call(self._procedures.close, self._executor)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _go(self, steps: Steps[_Result]) -> _Result:
        async with self._busy:
            return await run(steps, self._link, self._executor)
