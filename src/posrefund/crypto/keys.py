"""A key that knows what it is for, and shows nothing but its check value. Floor 2.

A MAC key cannot encrypt a PIN block: each operation names the purpose it needs. Printing shows type,
purpose and three bytes of KCV; pickling, copying and comparing are closed. Python cannot promise that
memory is wiped; the material stands in one ``bytearray`` that ``close()`` overwrites.
"""

from __future__ import annotations

import hmac
from enum import StrEnum
from itertools import pairwise
from typing import NoReturn, Self, final

from posrefund.crypto._blockcipher import BLOCK_BYTES, Algorithm, encrypt_ecb, expand
from posrefund.errors import InvalidKeyError, KeyUsageError

__all__ = ["Algorithm", "Key", "Purpose", "kcv"]


class Purpose(StrEnum):
    """What a key may be used for."""

    KEK = "KEK"
    """Decrypts other keys (TMK)."""
    PIN = "PIN"
    """Encrypts PIN blocks (PIK)."""
    MAC = "MAC"
    """Makes and checks message authentication codes (MAK)."""
    DATA = "DATA"
    """Encrypts tracks (TDK)."""
    DUKPT = "DUKPT-IK"
    """Derives the keys of single transactions (initial key)."""
    BDK = "DUKPT-BDK"
    """Derives the initial keys of many devices; the host's, never a terminal's."""


def kcv(key: bytes, *, length_bytes: int) -> bytes:
    """Return the key check value: one block of zeros encrypted under *key*, cut short.

    It proves that the key was typed or received right, and nothing more.

    Shape:
        key: 8, 16 or 24 bytes. Result: *length_bytes* bytes, 2 to 4 in practice.

    Raises:
        InvalidKeyError: The key has another length.

    Source:
        UnionPay sign-in, DE62 (4 bytes); ANSI X9.24-1 (3 bytes).

    Example:
        >>> from posrefund.crypto import kcv
        >>> kcv(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), length_bytes=3).hex()
        '08d7b4'
    """
    return encrypt_ecb(key, bytes(BLOCK_BYTES))[:length_bytes]


@final
class Key:
    """A TDEA key with its purpose.

    Shape:
        material: 8 (single-length MAK only), 16 or 24 bytes.

    Raises:
        InvalidKeyError: Wrong length, or a PIN or key-encrypting key whose halves are equal: that is
            single DES in disguise.

    Example:
        >>> from posrefund.crypto import Key, Purpose
        >>> Key(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), Purpose.MAC)
        Key(MAC, KCV 08D7B4)
    """

    __slots__ = ("_material", "kcv_hex", "purpose")

    def __init__(self, material: bytes, purpose: Purpose, *, allow_weak: bool = False) -> None:
        expand(material)
        check = kcv(material, length_bytes=3).hex().upper()
        if purpose is not Purpose.MAC and not allow_weak and _is_single_des(material):
            reason = f"a {purpose} key must not be single DES"
            raise InvalidKeyError(reason, kcv=check)
        self._material = bytearray(material)
        self.purpose = purpose
        self.kcv_hex = check

    def use(self, purpose: Purpose, wanted: str) -> bytes:
        """Return the material for an operation of *purpose*; the only way to it.

        Raises:
            KeyUsageError: The key is for something else.
            InvalidKeyError: The key was closed.
        """
        if purpose is not self.purpose:
            raise KeyUsageError(self.purpose, wanted)
        if not self._material:
            reason = "the key was closed"
            raise InvalidKeyError(reason)
        return bytes(self._material)

    def equals(self, other: Key) -> bool:
        """Say whether both hold the same material, in constant time."""
        return hmac.compare_digest(self._material, other._material)

    def close(self) -> None:
        """Overwrite and forget the material."""
        self._material[:] = bytes(len(self._material))
        self._material.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Key({self.purpose}, KCV {self.kcv_hex})"

    def __eq__(self, other: object) -> NoReturn:
        message = "keys are not compared; use equals()"
        raise TypeError(message)

    __hash__ = None  # type: ignore[assignment]  # reason: a hash would invite look-up by key

    def __reduce__(self) -> NoReturn:
        message = "a key cannot be pickled or copied"
        raise TypeError(message)


def _is_single_des(material: bytes) -> bool:
    """Two neighbouring parts that are equal undo each other; the low bit of a byte is parity only."""
    bits = bytes(byte & 0xFE for byte in material)
    parts = [bits[start : start + BLOCK_BYTES] for start in range(0, len(bits), BLOCK_BYTES)]
    return len(parts) == 1 or any(left == right for left, right in pairwise(parts))
