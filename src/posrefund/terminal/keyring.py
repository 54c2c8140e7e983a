"""The key sets of one terminal: the present one seals, and each answer is judged by its own message's. Floor 7.

A set that was replaced only verifies, and only while something that it sealed is not final. An answer to a
message of one set is never judged by another: a set that somebody stole must not speak for later ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund import seal as protection
from posrefund.closed import closed_class
from posrefund.crypto import Purpose

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from posrefund.crypto import KeySet
    from posrefund.dialects import Dialect
    from posrefund.framing import Envelope
    from posrefund.keystore import KeyStore
    from posrefund.values import Received

__all__ = ["Keyring"]


@closed_class
class Keyring:
    """What a terminal does with its working keys.

    Args:
        keystore: Keeps them between two starts.
        dialect: What messages are sealed for.

    Attributes:
        dialect: As given.
        present: The set of the last sign-in; None before the first and after ``close``.
    """

    def __init__(self, keystore: KeyStore, dialect: Dialect) -> None:
        self._keystore = keystore
        self.dialect = dialect
        self._old: dict[str, KeySet] = {}
        self.present = keystore.working_keys()

    @property
    def key_set_id(self) -> str:
        """Name of the present set; empty before the first sign-in."""
        return self.present.key_set_id if self.present else ""

    @property
    def generation(self) -> int:
        """How often the key store was written."""
        return self._keystore.generation

    def id_of(self, block: bytes) -> str:
        """Return the name of the keys of a sign-in answer, once they open rightly; nothing is kept.

        Raises:
            InvalidKeyError: The set is refused.
        """
        return self._keystore.id_of(block)

    def seal(self, fields: Mapping[str, str], envelope: Envelope) -> bytes:
        """Return a message under the present set; no other ever seals.

        Raises:
            EncodeError: A value does not fit, or there is no set yet.
            InvalidKeyError: The dialect's MAC rule does not take the key.
        """
        return protection.seal(fields, self.dialect, self.present, envelope)

    def unseal(self, body: bytes, envelope: Envelope, sent_with: str) -> Received:
        """Take an answer apart; its MAC is judged by the set *sent_with* alone, if that is still there.

        Raises:
            InvalidKeyError: The key file was changed.
        """
        return protection.unseal(body, self.dialect, self._set(sent_with), envelope)

    def take_over(self, block: bytes, still_needed: Collection[str]) -> None:
        """Make the keys of a sign-in answer the present ones, all of them or none.

        Raises:
            InvalidKeyError: The set is refused; everything stays.
            ConfigError: The key file cannot be written; everything stays.
        """
        keys = self._keystore.keep_sign_in(block, self.dialect.mac, still_needed=still_needed)
        self._close(self._old.values())
        self._old.clear()  # the store says which of them are left
        if self.present is not None:
            self.present.close()
        self.present = keys

    def forget(self, still_needed: Collection[str]) -> None:
        """Destroy the replaced sets that nothing needs any more.

        Raises:
            ConfigError: The key file cannot be written; all of them stay there.
        """
        self._keystore.forget_sets(still_needed=still_needed)
        gone = self._old.keys() - set(still_needed)
        self._close([self._old.pop(name) for name in gone])

    def close(self) -> None:
        """Wipe every key that is open."""
        self._close(self._old.values())
        self._old.clear()
        if self.present is not None:
            self.present.close()
        self.present = None

    def _set(self, key_set_id: str) -> KeySet | None:
        if self.present is not None and key_set_id == self.present.key_set_id:
            return self.present
        if key_set_id not in self._old:
            found = self._keystore.key_set(key_set_id)
            if found is None:
                return None
            is_whole = found.mak.purpose is Purpose.MAC
            self._old[key_set_id] = found.verify_only() if is_whole else found
        return self._old[key_set_id]

    @staticmethod
    def _close(sets: Collection[KeySet]) -> None:
        for keys in sets:
            keys.close()
