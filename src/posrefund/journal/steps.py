"""The steps of attempts, written down: what opens one and what moves it, the guards of the tables in force. Floor 5.

A new attempt goes into its table as the commit leaves it, and a move counts only from where it was thought to stand.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.engine.table import OPEN_STATES
from posrefund.errors import JournalWriteError, RequestConflictError
from posrefund.journal.approvals import Approvals
from posrefund.journal.attempts import Attempts
from posrefund.journal.cards import seal_card
from posrefund.journal.contacts import Contacts
from posrefund.journal.holds import Holds
from posrefund.journal.outbox import Outbox
from posrefund.journal.rows import attempt_as_data, attempt_from_data, canonical

if TYPE_CHECKING:
    from posrefund.engine import Attempt, Move, Open

__all__ = ["Steps"]


@closed_class
class Steps(Contacts, Attempts, Approvals, Holds, Outbox):
    """Requests and what was attempted of them, as they grow."""

    def content(self, request_id: str) -> str | None:
        """Return the digest of a request's content, or None if the id is new."""
        found = self._rows("SELECT content FROM requests WHERE request_id = ?", request_id)
        return found[0][0] if found else None

    def digest(self, message: bytes) -> str:
        """Return the keyed digest by which a message is known again to the byte (HMAC-SHA256, 64 hex digits)."""
        return hmac.digest(self._keys.messages, message, "sha256").hex()

    # --- inside ------------------------------------------------------------------------------

    def _apply_open(self, action: Open) -> None:
        attempt = action.attempt
        data = attempt_as_data(attempt)
        self._refuse_others(attempt)
        is_new = self._run(
            "INSERT INTO requests VALUES (?, ?) ON CONFLICT DO NOTHING",
            (attempt.request_id, action.content),
        )
        if not is_new and self.content(attempt.request_id) != action.content:
            raise RequestConflictError(attempt.request_id)
        self._use_up(action)
        if attempt.original_id:
            if self.held(attempt.original_id):
                raise JournalWriteError("the sale is held: nothing of it is given back")
            self._shift(attempt.original_id, attempt.amount.minor, "none", attempt.hold)
        as_read = attempt_from_data(data)
        self._memory.opened = as_read, data
        self._memory.keep(as_read, is_new=True)
        self._set_at_end(stan=attempt.stan)
        if action.card is not None:
            sealed = seal_card(self._keys.cards, attempt.attempt_id, action.card)
            self._run("INSERT INTO sealed_cards VALUES (?, ?, ?)", (attempt.attempt_id, *sealed))
        self._keep_contact(attempt, action.contact)
        body = {
            "attempt": data,
            "content": action.content,
            "message_hmac": self.digest(action.message),
        }
        if action.approval is not None:
            body["approval"] = action.approval.approval_id
        self._append("open", attempt.attempt_id, attempt.created_at, body)

    def _apply_move(self, action: Move) -> None:
        before = self.attempt(action.attempt_id)
        self._refuse_others(before)
        after = before.after(action.event, action.facts)
        opened = self._memory.opened
        is_unwritten = opened is not None and opened[0] is before
        if after.original_id and (after.hold != before.hold or not is_unwritten):
            # The sale first, whatever becomes of its sums: who opens an attempt of it locks it first, too, and two that
            # share a database and lock in two orders wait for each other.
            self._shift(after.original_id, after.amount.minor, before.hold, after.hold)
        if opened and is_unwritten and after.state in OPEN_STATES:  # the guards see the same
            self._memory.opened = after, opened[1] | _moved(after)
        else:
            self._write_opened()
            self._write_move(before, after)
        self._memory.keep(after)
        body = {"event": str(action.event), "state": str(after.state), "facts": dict(action.facts)}
        self._append("move", action.attempt_id, action.at, body | self._tell(after, action.at))

    def _write_opened(self) -> None:
        """Put a new attempt into its table, as the steps of this commit that follow at once leave it."""
        opened, self._memory.opened = self._memory.opened, None
        if opened is not None:
            _, data = opened
            places = ", ".join(f":{name}" for name in data)
            self._run(f"INSERT INTO attempts ({', '.join(data)}) VALUES ({places})", data)

    def _write_move(self, before: Attempt, after: Attempt) -> None:
        moved = self._run(
            "UPDATE attempts SET state = ?, hold = ?, copies = ?, facts = ?"
            " WHERE request_id = ? AND number = ? AND state = ? AND copies = ?",
            (
                *_moved(after).values(),
                after.request_id,
                after.number,
                str(before.state),
                before.copies,
            ),
        )
        if moved != 1:
            raise JournalWriteError("the attempt was moved by somebody else")

    def _refuse_others(self, attempt: Attempt) -> None:
        if attempt.terminal != self._terminal:
            raise JournalWriteError("an attempt of another terminal")

    def _shift(self, original_id: str, minor: int, before: str, after: str) -> None:
        """Move *minor* units between free, reserved and accepted; the ceiling is the database's."""
        delta = {"none": (0, 0), "reserved": (minor, 0), "accepted": (0, minor)}
        reserved, accepted = (a - b for a, b in zip(delta[after], delta[before], strict=True))
        done = self._run(
            "UPDATE originals SET reserved_minor = reserved_minor + :r,"
            " accepted_minor = accepted_minor + :a WHERE original_id = :id"
            " AND reserved_minor + accepted_minor + :r + :a <= amount_minor",
            {"r": reserved, "a": accepted, "id": original_id},
        )
        if done != 1:
            reason = "the original is unknown or its ceiling would be passed"
            raise JournalWriteError(reason)


def _moved(attempt: Attempt) -> dict[str, Any]:
    """The columns that a step changes."""
    return {
        "state": str(attempt.state),
        "hold": attempt.hold,
        "copies": attempt.copies,
        "facts": canonical(dict(attempt.facts)),
    }
