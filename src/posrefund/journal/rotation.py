"""A new key for a journal that goes on. Floor 5."""

from __future__ import annotations

import hmac
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.crypto import open_box, seal_box
from posrefund.errors import InvalidKeyError, JournalWriteError
from posrefund.journal.backend import Backend

if TYPE_CHECKING:
    from datetime import datetime

    from posrefund.journal.keys import JournalKeys
    from posrefund.values import TerminalID

__all__ = ["Rotation"]

_KEY_BYTES = 32


@closed_class
class Rotation(Backend):
    """What changes hands with the journal key, and what stays as it was signed."""

    _keys: JournalKeys
    _terminal: TerminalID

    @abstractmethod
    def _append(self, kind: str, subject: str, at: datetime, facts: dict[str, Any]) -> None: ...

    @abstractmethod
    def _seal_contacts_anew(self, before: JournalKeys) -> None: ...

    def rotate_key(self, key: bytes, at: datetime) -> None:
        """Put *key* in the place of the journal key; from here on only it opens this journal.

        Sealed cards are sealed anew. Old rows keep their signatures: the old key stays, sealed under the
        new one, and a row signed with the new one stands upon them. Keep both keys until this returns.

        Raises:
            InvalidKeyError: *key* is not 32 bytes or is the key of today, or a sealed card was changed.
            JournalWriteError: Nothing was changed.
            JournalError: Whether it happened is not known; the journal is closed.
        """
        if len(key) != _KEY_BYTES or hmac.compare_digest(key, self._keys.current):
            raise InvalidKeyError(f"the new journal key: {_KEY_BYTES} other bytes")
        before = self._keys
        try:
            with self._transaction():
                last = self._links("ORDER BY seq DESC LIMIT 1")
                self._keys = before.after(key, last[0].seq if last else 0)
                self._seal_cards_anew(before)
                self._seal_contacts_anew(before)
                self._set_meta(key_check=self._keys.check, old_keys=self._keys.sealed())
                self._append("key_rotated", "", at, {})
        except BaseException as error:
            self._keys = before
            if not isinstance(error, JournalWriteError | InvalidKeyError):
                self.close()  # it may have happened: only opening the journal again tells
            raise

    def _seal_cards_anew(self, before: JournalKeys) -> None:
        mine = "SELECT request_id || '/' || number FROM attempts WHERE terminal = ?"
        cards = f"SELECT attempt_id, item_key FROM sealed_cards WHERE attempt_id IN ({mine})"
        for name, item_key in self._rows(cards, self._terminal):
            context = name.encode()
            opened = open_box(before.cards, item_key, context=context)
            sealed = seal_box(self._keys.cards, opened, context=context)
            update = "UPDATE sealed_cards SET item_key = ? WHERE attempt_id = ?"
            self._run(update, (sealed, name))
