"""``KeyEncryptingKey``: what a key ladder asks of the key at its top, wherever that key is. Floor 2.

A ``Key`` is one, and so is a key that never leaves its token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from posrefund.crypto._blockcipher import Algorithm
    from posrefund.crypto.keys import Key, Purpose

__all__ = ["KeyEncryptingKey"]


class KeyEncryptingKey(Protocol):
    """A key that opens other keys."""

    @property
    def algorithm(self) -> Algorithm:
        """The cipher it is for."""
        ...

    @property
    def purpose(self) -> Purpose:
        """What it is for: KEK, or it opens nothing."""
        ...

    @property
    def kcv_hex(self) -> str:
        """Three bytes of its check value."""
        ...

    def decrypt_key(self, wrapped: bytes) -> bytes:
        """Return the key that *wrapped* holds, decrypted by ECB.

        Raises:
            KeyUsageError: This is no key-encrypting key.
            InvalidKeyError: *wrapped* is not whole blocks.
        """
        ...

    def equals(self, other: Key) -> bool:
        """Say whether *other* is the same key, as far as can be told."""
        ...
