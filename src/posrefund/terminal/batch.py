"""Closing the batch: totals, uploads, the end, the next batch, the sign-off. Floor 7.

Each stage is written down before the next byte leaves, and survives a restart: closing again goes on where it
stood. What is sent again is harmless: totals are asked for under a new number, and the host counts an uploaded
item once. The batch goes on in the one row that says that the host has ended the old one, and never before.

Before the totals come, in this order: script notices, reversals, offline notices (UnionPay). Only reversals
exist so far; notices begin with the PIN pad, and their place is where ``undo`` is called.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.dialects.definition import MAC_FIELDS
from posrefund.dialects.message import CLOSING
from posrefund.engine import Note
from posrefund.engine.batch import (
    Closing,
    Signal,
    Stage,
    check_fits,
    currency_of,
    doubts_of,
    late_of,
    left_out_of,
    next_upload,
    totals_of,
)
from posrefund.engine.compose import (
    compose_details,
    compose_end,
    compose_settlement,
    compose_sign_off,
    compose_uploaded_refund,
    end_of,
)
from posrefund.engine.machine import require_sign_in
from posrefund.engine.refusals import refuse
from posrefund.engine.settlement import BatchClosed, judge_settlement
from posrefund.errors import LinkError, RefusedError, RemoteProtocolError
from posrefund.terminal.ask import ask, no_answer
from posrefund.terminal.view import closing_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Literal

    from posrefund.engine import Attempt, TerminalView
    from posrefund.journal import Journal
    from posrefund.terminal.keyring import Keyring
    from posrefund.terminal.line import Line, Steps

__all__ = ["BatchCloser"]

NO_CARD = "no_card"
"""Stands for a code where an item could not go up: its card is gone."""


@closed_class
class BatchCloser:
    """Closes batches of one terminal.

    Args:
        line: To the host.
        keyring: Knows what the host speaks; seals and judges, should that want a MAC on what goes up.
        journal: The terminal's.
        clock: Returns the time, aware.
        view: Returns what the engine may know of the terminal now.
        take_number: Returns the same for a message of its own, its STAN taken for good and the journal anchored.
        undo: Doubts what a crash left under way, and reverses what can be.
    """

    def __init__(
        self,
        line: Line,
        keyring: Keyring,
        journal: Journal,
        clock: Callable[[], datetime],
        view: Callable[[], TerminalView],
        take_number: Callable[[datetime], TerminalView],
        undo: Callable[[], Steps[None]],
    ) -> None:
        self._line, self._keyring, self._journal = line, keyring, journal
        self._dialect = keyring.dialect
        self._clock, self._view, self._take_number, self._undo = clock, view, take_number, undo

    def close(self, operator: str) -> Steps[BatchClosed]:
        """Close the open batch, or go on with a closing that was interrupted.

        Raises:
            RefusedError: No settlement with this host, not signed in, a batch that fits no message, or the
                host's own no.
            EncodeError: The operator fits no message; nothing was sent.
            LinkError: No line or no answer: where it stands is kept.
            RemoteProtocolError: What came is no answer; the same.
            JournalError: It could not be written down.
        """
        if not set(CLOSING) <= self._dialect.messages.keys():
            raise refuse("no_settlement")
        closing = self.recover()
        if closing is None or closing.stage is not Stage.SIGNING_OFF:
            # Under way, too: where rows were lost, they may have ended this batch.
            require_sign_in(self._view())
        if closing is None:
            closing = Closing(Stage.ASKING, self._view().batch, self._clock(), operator)
        yield from self._go_on(closing)
        closed = self.last()
        if closed is None:
            raise no_answer("no batch was closed")
        return closed

    def last(self) -> BatchClosed | None:
        """Return the batch that was closed last, from the journal alone."""
        rows = self._journal.notes("batch_closed")
        return BatchClosed.of_facts(rows[-1], self._journal.attempt) if rows else None

    def recover(self) -> Closing | None:
        """Return the closing that is under way; end one that a sign-in has overtaken: the host opened another batch.

        Raises:
            JournalError: It could not be written down.
        """
        closing = closing_of(self._journal.terminal_facts())
        if closing is None or closing.stage is Stage.SIGNING_OFF:
            return closing
        if closing.batch == self._view().batch:
            return closing
        self._journal.wipe_cards()
        self._close(closing, Signal.OVERTAKEN, "host")
        return None

    def after_sign_in(self) -> None:
        """The same, and whoever has signed in need not take its leave any more.

        Raises:
            JournalError: It could not be written down.
        """
        closing = self.recover()
        if closing is not None and closing.stage is Stage.SIGNING_OFF:
            self._forget(closing.after(Signal.OVERTAKEN))

    # --- stage by stage ----------------------------------------------------------------------

    def _go_on(self, closing: Closing) -> Steps[None]:
        """Do what each stage asks for, from the one that *closing* is in."""
        if closing.stage is Stage.ASKING:
            closing = yield from self._ask_totals(closing)
        if closing.stage is Stage.UPLOADING:
            closing = yield from self._upload(closing)
        if closing.stage is Stage.ENDING:
            closing = yield from self._end(closing)
        if closing.stage is Stage.SIGNING_OFF:
            yield from self._sign_off(closing)

    def _ask_totals(self, closing: Closing) -> Steps[Closing]:
        yield from self._undo()
        attempts = self._attempts(closing)
        ours = totals_of(attempts, self._dialect)
        check_fits(ours)
        currency = currency_of(attempts)
        closing = closing.after(
            Signal.ASK_AGAIN, ours=ours, currency=currency, left_out=left_out_of(attempts)
        )
        now = self._clock()
        check = compose_settlement(self._view(), closing, now)
        self._dialect.codec.encode(check)  # what fits no message is not begun
        self._keep(closing)
        view = self._take_number(now)
        sent = compose_settlement(view, closing, now)
        fields = yield from ask(self._line, view, "settlement", sent)
        self._check_echo(sent, fields)
        settled = judge_settlement(sent, fields, ours, self._dialect)
        if settled is None:
            raise no_answer("the answer to the settlement has no totals or no verdict")
        signal = Signal.BALANCED if settled.verdict == "balanced" else Signal.UNBALANCED
        return self._keep(closing.after(signal, host=settled.host, verdict=settled.verdict))

    def _upload(self, closing: Closing) -> Steps[Closing]:
        codes = self._codes(closing)
        attempts = self._attempts(closing)
        while some := next_upload(attempts, codes):
            ids = [each.attempt_id for each in some]
            code = yield from self._send_up(some)
            told = {"closing": closing.started_at.isoformat(), "items": " ".join(ids), "code": code}
            self._journal.commit([Note("uploaded", self._clock(), told)])
            codes |= dict.fromkeys(ids, code)
        return self._keep(closing.after(Signal.UPLOADED))

    def _send_up(self, some: tuple[Attempt, ...]) -> Steps[str]:
        """Upload some sales and voids, or one refund; return what the host said to it."""
        cards = [(each, self._journal.card(each.attempt_id)) for each in some]
        items = [(each, card) for each, card in cards if card is not None]
        if len(items) < len(cards):
            return NO_CARD
        now = self._clock()
        view = self._take_number(
            now
        )  # a refund goes up under its own: this one anchors the journal
        if some[0].kind == "refund":
            name, sent = "upload_refund", compose_uploaded_refund(*items[0], view, now)
        else:
            name, sent = "upload_details", compose_details(view, items, now)
        fields = yield from self._ask_with_mac(view, name, sent, is_refusable=True)
        self._check_echo(sent, fields)
        return fields.get("39", self._dialect.approval)

    def _end(self, closing: Closing) -> Steps[Closing]:
        codes, now = self._codes(closing), self._clock()
        taken = self._dialect.approval
        total = sum(code == taken for code in codes.values())
        view = self._take_number(now)
        sent = compose_end(view, closing, total, now)
        yield from self._ask_with_mac(view, end_of(closing), sent)
        return self._close(closing, Signal.ENDED, "terminal")

    def _sign_off(self, closing: Closing) -> Steps[Closing]:
        self._journal.wipe_cards()  # of what is decided: a doubt keeps its card
        if "sign_off" in self._dialect.messages:
            now = self._clock()
            view = self._take_number(now)
            with suppress(LinkError, RefusedError, RemoteProtocolError):  # nothing hangs on it
                yield from ask(self._line, view, "sign_off", compose_sign_off(view, now))
        return self._forget(closing.after(Signal.SIGNED_OFF))

    # --- inside ------------------------------------------------------------------------------

    def _ask_with_mac(
        self, view: TerminalView, name: str, sent: Mapping[str, str], *, is_refusable: bool = False
    ) -> Steps[Mapping[str, str]]:
        """Ask under the working keys where the message has a place for a MAC, which UnionPay's have not."""
        keyring = None if sent.keys().isdisjoint(MAC_FIELDS) else self._keyring
        return ask(self._line, view, name, sent, is_refusable=is_refusable, keyring=keyring)

    def _attempts(self, closing: Closing) -> list[Attempt]:
        return self._journal.attempts(batch=closing.batch)

    def _codes(self, closing: Closing) -> dict[str, str]:
        """What went up, by id, and what the host said to it."""
        started = closing.started_at.isoformat()
        notes = [note for note in self._journal.notes("uploaded") if note["closing"] == started]
        return {name: note["code"] for note in notes for name in note["items"].split()}

    def _check_echo(self, sent: Mapping[str, str], fields: Mapping[str, str]) -> None:
        for name, width in self._dialect.echoed.items():
            if {name} <= sent.keys() & fields.keys() and fields[name][:width] != sent[name][:width]:
                raise no_answer(f"the answer's DE{name} is not that of the request")

    def _close(
        self, closing: Closing, signal: Signal, ended_by: Literal["terminal", "host"]
    ) -> Closing:
        """Write down that the batch is closed and, in the same row, that the next one is open."""
        now, view = self._clock(), self._view()
        is_ours = ended_by == "terminal"
        after = closing.after(signal)
        batch = closing.batch.next() if is_ours else view.batch
        attempts = self._attempts(closing)
        every = {each.attempt_id: each for each in (*self._journal.open_attempts(), *attempts)}
        closed = BatchClosed.of(
            closing,
            doubts_of(every.values()),
            late_of(attempts, closing),
            next_batch=batch,
            ended_by=ended_by,
            codes=self._codes(closing),
            taken=self._dialect.approval,
            now=now,
        )
        changed = {
            "batch": str(batch),
            "closing": "" if after.stage is Stage.OVER else after.as_text(),
        }
        if is_ours and "sign_off" in self._dialect.messages:
            changed["signed_off_at"] = now.isoformat()
        self._journal.remember(now, "batch_closed", closed.as_facts(), **changed)
        return after

    def _keep(self, closing: Closing) -> Closing:
        self._journal.remember(self._clock(), "closing", closing=closing.as_text())
        return closing

    def _forget(self, closing: Closing) -> Closing:
        """The next batch is open already: all that is left is to know of no closing any more."""
        self._journal.wipe_cards()
        self._journal.remember(self._clock(), "closing", {"stage": str(closing.stage)}, closing="")
        return closing
