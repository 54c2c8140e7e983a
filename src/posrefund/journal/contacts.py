"""Where customers can be reached: apart from the chain, sealed each under a key of its own, wiped by that key. Floor 5.

No row of the chain has it, so a wipe leaves the chain as it was signed.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.crypto import open_box, seal_box
from posrefund.journal.backend import Backend
from posrefund.journal.schema import OPEN_NAMES

if TYPE_CHECKING:
    from collections.abc import Collection

    from posrefund.engine import Attempt
    from posrefund.journal.keys import JournalKeys
    from posrefund.values import TerminalID

__all__ = ["Contacts"]

_ITEM_KEY_BYTES = 32
_AT_ONCE = 500
"""So many ids in one statement."""


@closed_class
class Contacts(Backend):
    """The table of contacts."""

    _keys: JournalKeys
    _terminal: TerminalID

    @abstractmethod
    def _append(self, kind: str, subject: str, at: datetime, facts: dict[str, Any]) -> None: ...

    def contact(self, request_id: str) -> str:
        """Return where the customer of a request can be reached; empty where nobody said it, or it was wiped.

        Raises:
            InvalidKeyError: It was sealed by a terminal with another journal key, or was changed.
        """
        found = self._rows("SELECT item_key, box FROM contacts WHERE request_id = ?", request_id)
        if not found:
            return ""
        context = request_id.encode()
        item_key = open_box(self._keys.contacts, bytes(found[0][0]), context=context)
        return open_box(item_key, bytes(found[0][1]), context=context).decode()

    def wipe_contacts(
        self, now: datetime, *, older_than: timedelta, keep: Collection[str] = ()
    ) -> int:
        """Destroy this terminal's contacts that were given longer ago than *older_than*; return how many.

        What is not decided yet, or has a notice under way, keeps its contact. The chain gets a row with the count.

        Args:
            now: The time.
            older_than: How long they are kept; ``timedelta(0)`` for not at all.
            keep: Requests under a legal hold.

        Raises:
            JournalWriteError: Nothing more was wiped; or it was, and the file's log could not be emptied.
        """
        found = self._rows(
            "SELECT request_id FROM contacts WHERE terminal = ? AND at <= ?"
            f" AND request_id NOT IN (SELECT request_id FROM attempts WHERE state IN ({OPEN_NAMES}))"
            " AND request_id NOT IN (SELECT request_id FROM outbox WHERE next_try IS NOT NULL)"
            " ORDER BY request_id",
            self._terminal,
            (now - older_than).astimezone(UTC).isoformat(timespec="microseconds"),
        )
        over, count = [name for (name,) in found if name not in keep], 0
        for first in range(0, len(over), _AT_ONCE):
            some = over[first : first + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            count += self._destroy_cards(f"request_id IN ({marks})", *some, table="contacts")
        if count:
            with self._transaction():
                self._append("contacts_wiped", "", now, {"count": str(count)})
        return count

    def _keep_contact(self, attempt: Attempt, contact: str) -> None:
        """Seal *contact*; what is said with a later attempt replaces what was said before."""
        if not contact:
            return
        name, context = attempt.request_id, attempt.request_id.encode()
        item_key = os.urandom(_ITEM_KEY_BYTES)
        self._run("DELETE FROM contacts WHERE request_id = ?", (name,))
        self._run(
            "INSERT INTO contacts VALUES (?, ?, ?, ?, ?)",
            (
                name,
                self._terminal,
                attempt.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
                seal_box(self._keys.contacts, item_key, context=context),
                seal_box(item_key, contact.encode(), context=context),
            ),
        )

    def _seal_contacts_anew(self, before: JournalKeys) -> None:
        mine = "SELECT request_id, item_key FROM contacts WHERE terminal = ?"
        for name, item_key in self._rows(mine, self._terminal):
            context = name.encode()
            opened = open_box(before.contacts, bytes(item_key), context=context)
            sealed = seal_box(self._keys.contacts, opened, context=context)
            self._run("UPDATE contacts SET item_key = ? WHERE request_id = ?", (sealed, name))
