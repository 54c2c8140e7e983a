"""A key that knows what it is for, and shows nothing but its check value. Floor 2.

A MAC key cannot encrypt a PIN block: each operation names the purpose it needs. Printing shows type,
purpose and three bytes of KCV; pickling, copying and comparing are closed. Python cannot promise that
memory is wiped; the material stands in one ``bytearray`` that ``close()`` overwrites. Keys that were
published are known by their digests, so that a shop can refuse them.
"""

from __future__ import annotations

import hmac
from enum import StrEnum
from itertools import pairwise
from typing import Any, NoReturn, Self, final

from posrefund.crypto._blockcipher import (
    BLOCK_BYTES,
    Algorithm,
    block_bytes,
    cmac,
    encrypt_ecb,
)
from posrefund.crypto._well_known import digest_of, is_published
from posrefund.errors import InvalidKeyError, KeyUsageError

__all__ = ["Algorithm", "Key", "Purpose", "is_well_known", "kcv"]


class Purpose(StrEnum):
    """What a key may be used for."""

    KEK = "KEK"
    """Decrypts other keys (TMK)."""
    PIN = "PIN"
    """Encrypts PIN blocks (PIK)."""
    MAC = "MAC"
    """Makes and checks message authentication codes (MAK)."""
    MAC_VERIFY = "MAC-VERIFY"
    """Checks message authentication codes and makes none (MAK of a sign-in that is over)."""
    DATA = "DATA"
    """Encrypts tracks (TDK)."""
    DUKPT = "DUKPT-IK"
    """Derives the keys of single transactions (initial key)."""
    BDK = "DUKPT-BDK"
    """Derives the initial keys of many devices; the host's, never a terminal's."""


def kcv(key: bytes, *, length_bytes: int, algorithm: Algorithm = Algorithm.TDEA) -> bytes:
    """Return the key check value, cut short: of TDEA and SM4 a block of zeros encrypted, of AES its CMAC.

    It proves that the key was typed or received right, and nothing more.

    Shape:
        key: as long as *algorithm* has it. Result: *length_bytes* bytes, 2 to 8 in practice.

    Raises:
        InvalidKeyError: The key has another length, or the check value is empty or over a block.
        ConfigError: The provider does not have *algorithm*.

    Source:
        UnionPay sign-in, DE62 (4 bytes); ANSI X9.24-1 (3 bytes); of AES, X9.24-1:2017 annex A as TR-31
        uses it (test vectors); SM4 as one published PIN pad (test vectors).

    Example:
        >>> from posrefund.crypto import kcv
        >>> kcv(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), length_bytes=3).hex()
        '08d7b4'
    """
    width = block_bytes(algorithm)
    if not 0 < length_bytes <= width:
        reason = f"a check value of {algorithm} has 1 to {width} bytes"
        raise InvalidKeyError(reason)
    make = cmac if algorithm is Algorithm.AES else encrypt_ecb
    return make(key, bytes(width), algorithm)[:length_bytes]


def is_well_known(key: Key) -> bool:
    """Say whether *key* was published (standards, examples, test vectors) or is one byte repeated.

    For settings of a real shop to refuse; the list holds digests, no keys, and is not complete.

    Example:
        >>> from posrefund.crypto import Key, Purpose, is_well_known
        >>> is_well_known(Key(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), Purpose.KEK))
        True
    """
    return is_published(digest_of(key.use(key.purpose, "a comparison")))


@final
class Key:
    """A key with its algorithm and its purpose.

    Shape:
        material: TDEA 8 (single-length MAK only), 16 or 24 bytes; AES 16, 24 or 32; SM4 16.

    Raises:
        InvalidKeyError: Wrong length, or a TDEA key for anything but MACs whose halves are equal: that is
            single DES in disguise.
        ConfigError: The provider does not have *algorithm*.

    Example:
        >>> from posrefund.crypto import Algorithm, Key, Purpose
        >>> Key(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), Purpose.MAC)
        Key(MAC, KCV 08D7B4)
        >>> Key(bytes.fromhex("3F419E1CB7079442AA37474C2EFBF8B8"), Purpose.PIN, Algorithm.AES)
        Key(AES PIN, KCV 08793E)
    """

    __slots__ = ("_idle", "_material", "algorithm", "kcv_hex", "purpose")

    def __init__(
        self,
        material: bytes,
        purpose: Purpose,
        algorithm: Algorithm = Algorithm.TDEA,
        *,
        allow_weak: bool = False,
    ) -> None:
        check = kcv(material, length_bytes=3, algorithm=algorithm).hex().upper()
        may_be_weak = allow_weak or algorithm is not Algorithm.TDEA or purpose in _MAYBE_SINGLE
        if not may_be_weak and _is_single_des(material):
            reason = f"a {purpose} key must not be single DES"
            raise InvalidKeyError(reason, kcv=check)
        self._material = bytearray(material)
        self._idle: dict[str, list[Any]] = {}
        self.purpose = purpose
        self.algorithm = algorithm
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

    def idle(self, purpose: Purpose, wanted: str, name: str) -> list[Any]:
        """Return the cipher contexts called *name* that nobody uses now; for ``posrefund.crypto`` alone.

        Take one by ``pop()`` (or make one), append it after use: a list gives each thread its own, and
        one that failed is not put back. They go when the key is closed, and never show the material.

        Raises:
            KeyUsageError: The key is for something else.
            InvalidKeyError: The key was closed.
        """
        if purpose is not self.purpose or not self._material:
            self.use(purpose, wanted)
        try:
            return self._idle[name]
        except KeyError:
            return self._idle.setdefault(name, [])

    def equals(self, other: Key) -> bool:
        """Say whether both hold the same material, in constant time."""
        return hmac.compare_digest(self._material, other._material)

    def close(self) -> None:
        """Overwrite and forget the material, and the contexts made from it."""
        self._idle = {}
        self._material[:] = bytes(len(self._material))
        self._material.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        kind = "" if self.algorithm is Algorithm.TDEA else f"{self.algorithm} "
        return f"Key({kind}{self.purpose}, KCV {self.kcv_hex})"

    def __eq__(self, other: object) -> NoReturn:
        message = "keys are not compared; use equals()"
        raise TypeError(message)

    __hash__ = None  # type: ignore[assignment]  # reason: a hash would invite look-up by key

    def __reduce__(self) -> NoReturn:
        message = "a key cannot be pickled or copied"
        raise TypeError(message)

    def __getstate__(self) -> NoReturn:
        self.__reduce__()


_MAYBE_SINGLE = (Purpose.MAC, Purpose.MAC_VERIFY)
"""UnionPay's single-length MAK, and the left half of the retail MAC's."""


def _is_single_des(material: bytes) -> bool:
    """Two neighbouring parts that are equal undo each other; the low bit of a byte is parity only."""
    bits = bytes(byte & 0xFE for byte in material)
    parts = [bits[start : start + BLOCK_BYTES] for start in range(0, len(bits), BLOCK_BYTES)]
    return len(parts) == 1 or any(left == right for left, right in pairwise(parts))
