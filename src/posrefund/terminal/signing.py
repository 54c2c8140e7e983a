"""What becomes of the paper: how often it was printed, and the customer's signature under it. Floor 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.engine import Note, signing
from posrefund.engine.refusals import refuse

if TYPE_CHECKING:
    from datetime import datetime

    from posrefund.engine import Attempt, Signature
    from posrefund.journal import Journal

__all__ = ["note_print", "prints", "sign", "signature_under"]

_PRINTED = "printed"


def sign(journal: Journal, request_id: str, signature: Signature, now: datetime) -> Signature:
    """Write down *signature* under a request; see ``Terminal.sign``.

    Raises:
        RefusedError: Nothing was accepted.
        RequestConflictError: Another signature stands under it.
        JournalError: It was not written down.
    """
    attempt = journal.last_attempt(request_id)
    notes = journal.notes(signing.SIGNED, attempt.attempt_id) if attempt else []
    actions = signing.sign(attempt, signature, notes, now)
    if actions:
        journal.commit(actions)
    return signature


def signature_under(journal: Journal, attempt: Attempt) -> Signature | None:
    """Return the signature under *attempt*, given with its request or afterwards."""
    return signing.signature_of(attempt, journal.notes(signing.SIGNED, attempt.attempt_id))


def prints(journal: Journal, request_id: str, copy: str) -> int:
    """Return how often a copy of its slip was printed; see ``Terminal.prints``."""
    attempt = journal.last_attempt(request_id)
    notes = journal.notes(_PRINTED, attempt.attempt_id) if attempt else []
    return sum(note["copy"] == copy for note in notes)


def note_print(journal: Journal, request_id: str, copy: str, now: datetime) -> None:
    """Write down that a copy is going to be printed; see ``Terminal.note_print``.

    Raises:
        RefusedError: Nothing is known under that id.
        JournalError: It was not written down.
    """
    attempt = journal.last_attempt(request_id)
    if attempt is None:
        raise refuse("request_unknown")
    journal.commit([Note(_PRINTED, now, {"copy": copy}, attempt.attempt_id)])
