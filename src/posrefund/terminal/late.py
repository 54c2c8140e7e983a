"""Answers that nobody is listening for right now: each finds its attempt, or is kept with what differs. Floor 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine import answers, undo
from posrefund.engine.correlate import Owner, correlate
from posrefund.engine.interpret import Stranger
from posrefund.errors import RequestConflictError
from posrefund.framing import Envelope

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from posrefund.dialects import Dialect
    from posrefund.engine import Action, Attempt, TerminalView
    from posrefund.journal import Journal
    from posrefund.terminal.keyring import Keyring

__all__ = ["LateAnswers"]

_NO_ENVELOPE = Envelope(b"", b"")


@closed_class
class LateAnswers:
    """What a terminal makes of answers that are not for the message it listens for.

    Args:
        keyring: Judges each by the keys that *its* message was sent with.
        journal: The terminal's.
        dialect: What the host speaks.
        clock: Returns the time, aware.
        view: Returns what the engine may know of the terminal now.
    """

    def __init__(
        self,
        keyring: Keyring,
        journal: Journal,
        dialect: Dialect,
        clock: Callable[[], datetime],
        view: Callable[[], TerminalView],
    ) -> None:
        self._keyring, self._journal = keyring, journal
        self._dialect, self._clock, self._view = dialect, clock, view

    def owner(self, body: bytes, asked: Attempt | None = None) -> Owner | Stranger:
        """Say whose answer *body* is.

        Args:
            body: From the MTI on.
            asked: Which attempt is listened for, so that a stranger is held against it, too.
        """
        fields = self._keyring.unseal(body, _NO_ENVELOPE, "").fields
        found = self._journal.under_number(fields.get("11", ""))
        if asked is not None and all(each.attempt_id != asked.attempt_id for each in found):
            found.append(asked)
        return correlate(fields, found, self._dialect)

    def take(self, body: bytes, envelope: Envelope, asked: Attempt | None = None) -> Attempt | None:
        """Write down what follows from *body*; return the attempt that it answers, as it stands then.

        Raises:
            JournalError: It could not be written down.
            InvalidKeyError: The key file was changed.
        """
        owner = self.owner(body, asked)
        if isinstance(owner, Stranger):
            received = self._keyring.unseal(body, envelope, "")
            note = answers.inbound(asked, received, owner, self._dialect, self._clock())
            self._journal.commit([note])
            return None
        actions = self._judged(owner, body, envelope)
        try:
            self._journal.commit(actions)
        except (
            RequestConflictError
        ):  # the sale is known under another id: the files have to say more
            self._journal.commit(actions[:1])
        return self._journal.attempt(owner.attempt.attempt_id)

    # --- inside ------------------------------------------------------------------------------

    def _judged(self, owner: Owner, body: bytes, envelope: Envelope) -> list[Action]:
        attempt, view, now = owner.attempt, self._view(), self._clock()
        if not owner.is_reversal:
            received = self._keyring.unseal(body, envelope, attempt.key_set_id)
            return answers.receive(attempt, received, view, now, is_late=True)
        name = self._set_of_reversal(attempt, body, envelope)
        received = self._keyring.unseal(body, envelope, name)
        return undo.receive_late_reversal(attempt, received, view, now, sent_with=name)

    def _set_of_reversal(self, attempt: Attempt, body: bytes, envelope: Envelope) -> str:
        """Name the keys of the try that *body* answers: a sign-in may lie between two of them."""
        sent = self._journal.notes("reversal_sent", attempt.attempt_id)
        names = [*dict.fromkeys(str(note["key_set_id"]) for note in reversed(sent)), ""]
        fitting = (n for n in names if self._keyring.unseal(body, envelope, n).mac == "valid")
        return next(fitting, names[0])
