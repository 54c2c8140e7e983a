"""Asking the host what became of what is in doubt, on the line. Floor 7.

An inquiry has a number of its own, taken for good as an echo's is; the attempt's is in it and stays the attempt's.
It moves no money, so that nothing is in doubt about the question itself: without an answer it is asked again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine import Move, State, inquiry
from posrefund.engine.inquired import check_moment
from posrefund.errors import (
    ConfigError,
    FramingError,
    JournalWriteError,
    LinkClosedError,
    LinkError,
    LinkTimeoutError,
    RemoteProtocolError,
    RequestConflictError,
)
from posrefund.terminal.ask import no_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from posrefund.dialects import Dialect
    from posrefund.engine import Action, Attempt, InquiryAnswer, TerminalView
    from posrefund.journal import Journal
    from posrefund.terminal.keyring import Keyring
    from posrefund.terminal.line import Line, Steps

__all__ = ["Inquiries"]


@closed_class
class Inquiries:
    """What a terminal asks about its attempts, and what is answered.

    Args:
        line: To the host.
        keyring: Seals and judges.
        journal: The terminal's.
        dialect: What the host speaks.
        clock: Returns the time, aware.
        view: Returns what the engine may know of the terminal now.
        take_number: Returns the same for a message of its own, its STAN taken for good and the journal anchored.
    """

    def __init__(
        self,
        line: Line,
        keyring: Keyring,
        journal: Journal,
        dialect: Dialect,
        clock: Callable[[], datetime],
        view: Callable[[], TerminalView],
        take_number: Callable[[datetime], TerminalView],
    ) -> None:
        self._line, self._keyring, self._journal = line, keyring, journal
        self._dialect, self._clock, self._view = dialect, clock, view
        self._take_number = take_number

    def ask_due(self) -> Steps[None]:
        """Ask about every doubt whose time has come; a host that does not answer is not asked again now.

        Raises:
            JournalError: It could not be written down.
        """
        if self._dialect.inquiry is None:
            return
        for listed in self._journal.attempts(states=[State.IN_DOUBT]):
            attempt = self._journal.attempt(listed.attempt_id)
            asked = self._journal.notes("inquiry_sent", attempt.attempt_id)
            if not inquiry.inquiry_due(attempt, self._view(), asked, self._clock()):
                continue
            try:
                yield from self.ask(attempt)
            except ConfigError as error:
                raise JournalWriteError(f"the journal could not be anchored: {error}") from None
            except (LinkError, RemoteProtocolError):
                return

    def ask(self, attempt: Attempt) -> Steps[None]:
        """Ask about *attempt* and write down what is answered, and what follows from it.

        Raises:
            RefusedError: ``no_inquiry`` or ``not_signed_in``; nothing was sent.
            LinkError: No line or no answer.
            RemoteProtocolError: What came is no message.
            ConfigError: The anchor cannot be written; nothing was sent.
            InvalidRequestError: The dialect's message does not fit what is known of the attempt.
            JournalError: It could not be written down.
        """
        inquiry.check_inquiry(attempt, self._view())
        yield from self._line.open(self._dialect.timers.connect_s)
        yield from self._line.hung_up_after(self._talk(attempt))

    def take(self, attempt: Attempt, answer: InquiryAnswer) -> Attempt:
        """Write down an answer that came by another way; return the attempt as it stands then.

        Raises:
            InvalidRequestError: Its moment is before the last copy was sent, or ahead of the clock.
            JournalError: It could not be written down.
        """
        now = self._clock()
        check_moment(answer, attempt, now)
        self._commit(inquiry.judge_inquiry(attempt, answer, self._view(), now))
        return self._journal.attempt(attempt.attempt_id)

    # --- inside ------------------------------------------------------------------------------

    def _talk(self, attempt: Attempt) -> Steps[None]:
        now = self._clock()
        view = self._take_number(now)
        actions, fields = inquiry.start_inquiry(attempt, view, now)
        message = self._line.wrap(self._keyring.seal(fields, self._line.envelope))
        sent_with = self._keyring.key_set_id
        self._journal.commit(actions)
        rule = self._dialect.inquiry
        assert rule is not None, "it is asked about"
        try:
            yield from self._line.send(message, answer_s=rule.answer_s)
            while not (yield from self._answered(attempt, fields, sent_with)):
                pass  # bounded by the line's deadline
        except (LinkTimeoutError, LinkClosedError) as error:
            error.effect, error.retry_is_safe = "nothing_sent", True  # it moves no money
            raise
        except FramingError:
            raise no_answer("what the host sent is no message") from None

    def _answered(self, attempt: Attempt, asked: Mapping[str, str], sent_with: str) -> Steps[bool]:
        body = yield from self._line.receive()
        received = self._keyring.unseal(body, self._line.received_in, sent_with)
        # What came for others meanwhile may have decided it.
        attempt = self._journal.attempt(attempt.attempt_id)
        actions, is_answer = inquiry.receive_inquiry(
            attempt, asked, received, self._view(), self._clock(), sent_with=sent_with
        )
        if is_answer:
            self._commit(actions)
        else:
            self._line.set_aside(body, self._line.received_in)
        return is_answer

    def _commit(self, actions: list[Action]) -> None:
        try:
            self._journal.commit(actions)
        except (
            RequestConflictError
        ):  # the sale is known under another id: the files have to say more
            self._journal.commit([each for each in actions if not isinstance(each, Move)][:1])
