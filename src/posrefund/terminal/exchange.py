"""Messages that move money, from their intent to whatever came back, and what is sent about those in doubt. Floor 7.

Written down, then sent; received, then written down. It performs what the engine says and asks nothing
about refunds itself. A byte leaves only while the attempt is this process's to send.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine import Move, State, answers, machine, repeat, undo
from posrefund.engine.correlate import Owner, has_number_of, is_answer_to
from posrefund.errors import (
    ConfigError,
    FramingError,
    JournalWriteError,
    LinkClosedError,
    LinkOpenError,
    LinkTimeoutError,
    PosRefundError,
)
from posrefund.terminal.late import LateAnswers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from posrefund.dialects import Dialect
    from posrefund.engine import Action, Attempt, TerminalView
    from posrefund.engine.plan import Plan
    from posrefund.framing import Envelope
    from posrefund.journal import Journal
    from posrefund.terminal.keyring import Keyring
    from posrefund.terminal.line import Line, Steps
    from posrefund.values import Received

__all__ = ["SEND_WITHIN_S", "Exchange"]

SEND_WITHIN_S = 60.0
"""From the last look at the journal to the first byte. Whoever slept longer sends nothing: a lease (180 s) is only
safe to take over because nothing of its holder can leave after it ran out."""


@closed_class
class Exchange:
    """What a terminal and its host say to each other about money.

    Args:
        line: To the host.
        keyring: Seals and judges.
        journal: The terminal's.
        dialect: What the host speaks.
        clock: Returns the time, aware.
        view: Returns what the engine may know of the terminal now.
        anchor: Called before a byte leaves; keeps the journal's last row in another place.
    """

    def __init__(
        self,
        line: Line,
        keyring: Keyring,
        journal: Journal,
        dialect: Dialect,
        clock: Callable[[], datetime],
        view: Callable[[], TerminalView],
        anchor: Callable[[], None],
    ) -> None:
        self._line, self._keyring, self._journal = line, keyring, journal
        self._dialect, self._clock, self._view = dialect, clock, view
        self._anchor = anchor
        self._late = LateAnswers(keyring, journal, dialect, clock, view)

    def recover(self) -> None:
        """Doubt whatever is under way though nobody listens any more: a crash, a failed commit.

        Raises:
            JournalError: It could not be written down.
        """
        actions = machine.recover(self._journal.open_attempts(), self._clock())
        if actions:
            self._journal.commit(actions)

    def perform(self, plan: Plan) -> Steps[None]:
        """Write *plan* down, send it, and listen until something is decided.

        Raises:
            JournalError: It could not be written down; ``effect`` says whether it was sent.
            EncodeError: It fits no message; nothing was written or sent.
        """
        message = self._line.wrap(self._keyring.seal(plan.fields, self._line.envelope))
        self._journal.commit(plan.opening(message, self._clock()))
        yield from self._carry(self._journal.attempt(plan.attempt.attempt_id), message)

    def resolve_doubts(self) -> Steps[bool]:
        """Reverse every sale and void in doubt, and repeat what the host takes again and whose time has come.

        A repeat that finds no line is left for the next time.

        Returns:
            Whether there was anything to do.

        Raises:
            LinkOpenError: A reversal has to go, and the host cannot be reached; nothing was sent.
            JournalError: Could not be written down.
        """
        has_worked = False
        for listed in self._journal.attempts(states=[State.IN_DOUBT, State.REVERSING]):
            # A late answer may have decided it while another one was listened for.
            attempt = self._journal.attempt(listed.attempt_id)
            if undo.reversal_due(attempt, self._view()):
                yield from self._undo(attempt)
            elif repeat.repeat_due(attempt, self._view(), self._clock()):
                yield from self._repeat(attempt)
            else:
                continue
            has_worked = True
        return has_worked

    def receive_late(self, body: bytes, envelope: Envelope) -> Attempt | None:
        """Take an answer that came by another way; return the attempt that it answers, if it is ours.

        Raises:
            JournalError: It could not be written down.
            InvalidKeyError: The key file was changed.
        """
        return self._late.take(body, envelope)

    def judge(self, attempt: Attempt, body: bytes) -> bool:
        """Take what came while *attempt* was listened for; say whether it decided anything about it.

        Raises:
            JournalError: It could not be written down.
        """
        received = self._keyring.unseal(body, self._line.received_in, attempt.key_set_id)
        if received.refusal is None and self._is_of_another(attempt, body, received):
            self._late.take(body, self._line.received_in, attempt)
            return False
        if received.refusal is None:
            self._line.heed()
        actions = answers.receive(attempt, received, self._view(), self._clock())
        self._journal.commit(actions)
        return _moves(actions)

    # --- inside ------------------------------------------------------------------------------

    def _is_of_another(self, attempt: Attempt, body: bytes, received: Received) -> bool:
        """Whether it is another attempt's, or nobody's; what has our number and fits nobody is ours, bent."""
        if is_answer_to(attempt, received.fields, self._dialect):
            return False
        owner = self._late.owner(body, attempt)
        if isinstance(owner, Owner):
            return owner.is_reversal or owner.attempt.attempt_id != attempt.attempt_id
        return not has_number_of(attempt, received.fields, self._dialect)

    def _carry(self, attempt: Attempt, message: bytes) -> Steps[None]:
        """Send a message that is written down, the first time or again, and see it through."""
        yield from self._line.hung_up_after(self._see_through(attempt, message))

    def _see_through(self, attempt: Attempt, message: bytes) -> Steps[None]:
        try:
            yield from self._converse(attempt, message)
            self._anchor_a_sale(attempt)
        except PosRefundError as error:
            # It may have left: whatever comes next finds SENT and doubts it.
            error.effect, error.retry_is_safe = "in_doubt", False
            raise
        except BaseException:  # Ctrl-C or a cancelled task: nobody will listen any more
            if self._journal.attempt(attempt.attempt_id).state is State.SENT:
                self._line_failed(attempt, left=True, reason="interrupted")
            raise

    def _converse(self, attempt: Attempt, message: bytes) -> Steps[None]:
        """Send and listen until something is decided; write down what it was."""
        left = False
        try:
            if attempt.copies == 1:  # a repeat has its line before it is announced
                yield from self._line.open(self._dialect.timers.connect_s)
            yield from self._send(attempt, message)
            left = True
            while not (yield from self._took_answer(attempt)):
                pass  # bounded by the line's deadline
        except ConfigError:  # not anchored; or left, and then it is in doubt
            self._line_failed(attempt, left=left, reason="not_anchored")
        except LinkTimeoutError:
            self._journal.commit(answers.deadline_passed(attempt, self._clock()))
        except LinkOpenError:
            self._line_failed(attempt, left=left, reason="unreachable")
        except LinkClosedError as error:
            self._line_failed(attempt, left=left or error.effect == "in_doubt", reason="closed")
        except FramingError as error:
            self._line_failed(attempt, left=left or error.effect == "in_doubt", reason="unreadable")

    def _send(self, attempt: Attempt, message: bytes) -> Steps[None]:
        """Send, if right now it is still ours to send: another process may have taken over meanwhile."""
        by = self._line.within(min(SEND_WITHIN_S, self._journal.send_within_s))
        self._anchor()
        self._journal.hold(attempt)
        yield from self._line.send(message, answer_s=self._dialect.timers.answer_s, by=by)

    def _anchor_a_sale(self, attempt: Attempt) -> None:
        """A copy without the answer to a sale or void would undo it, so the answer is anchored, too."""
        if self._dialect.messages[attempt.kind].doubt == "reverse":
            with suppress(ConfigError):  # the next one that is sent does it
                self._anchor()

    def _took_answer(self, attempt: Attempt) -> Steps[bool]:
        return self.judge(attempt, (yield from self._line.receive()))

    def _line_failed(self, attempt: Attempt, *, left: bool, reason: str) -> None:
        now = self._clock()
        self._journal.commit(answers.line_failed(attempt, left=left, reason=reason, now=now))

    def _repeat(self, attempt: Attempt) -> Steps[None]:
        """Send *attempt* once more, if what can be made again of it is what has left, to the byte."""
        table = self._dialect.messages[attempt.kind]
        card = self._journal.card(attempt.attempt_id)
        if card is None:
            return
        fields = repeat.compose_again(attempt.fields, table, card, with_expiry=True)
        message = self._line.wrap(self._keyring.seal(fields, self._line.envelope))
        if not self._journal.has_left_as(attempt.attempt_id, message):
            return  # another envelope, another dialect file since: then it would be another message
        if table.mti_repeat != table.mti:
            fields["t"] = table.mti_repeat
            message = self._line.wrap(self._keyring.seal(fields, self._line.envelope))
        try:
            yield from self._line.open(self._dialect.timers.connect_s)
        except LinkOpenError:
            return
        self._journal.commit([repeat.announce_repeat(attempt, self._clock())])
        yield from self._carry(self._journal.attempt(attempt.attempt_id), message)

    def _undo(self, attempt: Attempt) -> Steps[None]:
        """Try to reverse *attempt* until the host confirms it or nothing is left to try."""
        while attempt.state in (State.IN_DOUBT, State.REVERSING):
            tries = len(self._journal.notes("reversal_sent", attempt.attempt_id))
            actions, fields = undo.start_reversal(
                attempt,
                self._view(),
                self._journal.card(attempt.attempt_id),
                tries=tries,
                now=self._clock(),
            )
            if not fields:
                self._journal.commit(actions)
                return
            yield from self._line.open(self._dialect.timers.connect_s)
            self._journal.commit(actions)
            under_way = self._journal.attempt(attempt.attempt_id)
            yield from self._line.hung_up_after(self._converse_reversal(under_way, fields))
            attempt = self._journal.attempt(attempt.attempt_id)

    def _converse_reversal(self, attempt: Attempt, fields: dict[str, str]) -> Steps[None]:
        sent_with = self._keyring.key_set_id  # sealed anew: not always the attempt's
        message = self._line.wrap(self._keyring.seal(fields, self._line.envelope))
        try:
            yield from self._send(attempt, message)
            answered = False
            while not answered:
                body = yield from self._line.receive()
                answered = self._judge_reversal(attempt, body, sent_with)
        except ConfigError as error:  # nothing left, and the next one would not either
            raise JournalWriteError(f"the journal could not be anchored: {error}") from None
        except (LinkTimeoutError, LinkClosedError, FramingError):
            pass  # the try is written down; the caller's loop decides whether there is another

    def _judge_reversal(self, attempt: Attempt, body: bytes, sent_with: str) -> bool:
        received = self._keyring.unseal(body, self._line.received_in, sent_with)
        actions, answered = undo.receive_reversal(
            attempt, received, self._view(), self._clock(), sent_with=sent_with
        )
        if answered:
            self._line.heed()
            self._journal.commit(actions)
        else:
            self._late.take(body, self._line.received_in, attempt)
        return answered


def _moves(actions: Iterable[Action]) -> bool:
    return any(isinstance(action, Move) for action in actions)
