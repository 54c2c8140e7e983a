"""The one door to DES and TDEA; nothing else in the package may import a block cipher of them.

``cryptography`` announced that 8- and 16-byte TripleDES keys will be refused one day, so every key is
expanded to 24 bytes here (K·K·K is single DES, K1·K2·K1 two-key TDEA). Decision 0005. Floor 2.
"""

from __future__ import annotations

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from posrefund.errors import InvalidKeyError

__all__ = ["BLOCK_BYTES", "decrypt_ecb", "encrypt_cbc", "encrypt_ecb", "expand"]

BLOCK_BYTES = 8


def expand(key: bytes) -> bytes:
    """Return *key* as 24 bytes.

    Raises:
        InvalidKeyError: The key is not 8, 16 or 24 bytes long.
    """
    match len(key):
        case 8:
            return bytes(key) * 3
        case 16:
            return bytes(key) + bytes(key[:8])
        case 24:
            return bytes(key)
        case _:
            raise InvalidKeyError("a TDEA key has 8, 16 or 24 bytes")


def encrypt_ecb(key: bytes, blocks: bytes) -> bytes:
    """Encrypt whole 8-byte *blocks*, each on its own."""
    context = Cipher(TripleDES(expand(key)), modes.ECB()).encryptor()
    return context.update(blocks) + context.finalize()


def decrypt_ecb(key: bytes, blocks: bytes) -> bytes:
    """Decrypt whole 8-byte *blocks*, each on its own."""
    context = Cipher(TripleDES(expand(key)), modes.ECB()).decryptor()
    return context.update(blocks) + context.finalize()


def encrypt_cbc(key: bytes, blocks: bytes) -> bytes:
    """Encrypt whole 8-byte *blocks*, each mixed with the one before it; the first with zeros."""
    context = Cipher(TripleDES(expand(key)), modes.CBC(bytes(BLOCK_BYTES))).encryptor()
    return context.update(blocks) + context.finalize()
