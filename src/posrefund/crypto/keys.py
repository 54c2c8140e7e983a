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
from typing import Any, Final, NoReturn, Self, final

from posrefund.closed import closed
from posrefund.crypto._blockcipher import (
    BLOCK_BYTES,
    Algorithm,
    block_bytes,
    cmac,
    decryptor,
    encrypt_ecb,
)
from posrefund.crypto._well_known import digest_of, is_published
from posrefund.errors import InvalidKeyError, KeyUsageError

__all__ = ["Algorithm", "Key", "Purpose", "is_single_des", "is_well_known", "kcv", "without_parity"]

_LONGEST_KCV_BYTES = 8
"""What one SM4 host sends; three are shown."""
_FIXED = "a key stays what it was made for"


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


@closed
def kcv(key: bytes, *, length_bytes: int, algorithm: Algorithm = Algorithm.TDEA) -> bytes:
    """Return the key check value, cut short: of TDEA and SM4 a block of zeros encrypted, of AES its CMAC.

    It proves that the key was typed or received right, and nothing more.

    Shape:
        key: as long as *algorithm* has it. Result: *length_bytes* bytes, 2 to 8 in practice.

    Raises:
        InvalidKeyError: The key is no bytes or has another length, or the check value is empty or over a block.
        ConfigError: The provider does not have *algorithm*.

    Source:
        UnionPay sign-in, DE62 (4 bytes); ANSI X9.24-1 (3 bytes); of AES, X9.24-1:2017 annex A as TR-31
        uses it (test vectors); SM4 as one published PIN pad (test vectors).

    Example:
        >>> from posrefund.crypto import kcv
        >>> kcv(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), length_bytes=3).hex()
        '08d7b4'
    """
    kind: object = algorithm
    size: object = length_bytes
    if not isinstance(kind, Algorithm):
        reason = "a key is one of an Algorithm"
        raise InvalidKeyError(reason)
    width = block_bytes(algorithm)
    if not (isinstance(size, int) and 0 < size <= width):
        reason = f"a check value of {algorithm} has 1 to {width} bytes"
        raise InvalidKeyError(reason)
    make = cmac if algorithm is Algorithm.AES else encrypt_ecb
    return make(_plain(key), bytes(width), algorithm)[:length_bytes]


def _plain(material: object) -> bytes:
    if not isinstance(material, (bytes, bytearray, memoryview)):
        reason = "a key is bytes"
        raise InvalidKeyError(reason)
    return bytes(material)


@closed
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
        InvalidKeyError: No bytes, wrong length, or a TDEA key for anything but MACs whose halves are equal: that is
            single DES in disguise.
        ConfigError: The provider does not have *algorithm*.

    Example:
        >>> from posrefund.crypto import Algorithm, Key, Purpose
        >>> Key(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), Purpose.MAC)
        Key(MAC, KCV 08D7B4)
        >>> Key(bytes.fromhex("3F419E1CB7079442AA37474C2EFBF8B8"), Purpose.PIN, Algorithm.AES)
        Key(AES PIN, KCV 08793E)
    """

    __slots__ = ("_check", "_idle", "_material", "algorithm", "kcv_hex", "purpose")

    @closed
    def __init__(
        self,
        material: bytes,
        purpose: Purpose,
        algorithm: Algorithm = Algorithm.TDEA,
        *,
        allow_weak: bool = False,
    ) -> None:
        given: object = purpose
        if not isinstance(given, Purpose):
            reason = "a key is for a Purpose"
            raise InvalidKeyError(reason)
        check = kcv(material, length_bytes=_LONGEST_KCV_BYTES, algorithm=algorithm)
        may_be_weak = allow_weak or algorithm is not Algorithm.TDEA or purpose in _MAYBE_SINGLE
        if not may_be_weak and is_single_des(material):
            reason = f"a {purpose} key must not be single DES"
            raise InvalidKeyError(reason, kcv=check[:3].hex().upper())
        self._material = bytearray(material)
        self._idle: dict[str, list[Any]] = {}
        self.purpose: Final = purpose
        self.algorithm: Final = algorithm
        self.kcv_hex: Final = check[:3].hex().upper()
        self._check = check

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
        found = self._idle.get(name)
        if found is None or purpose is not self.purpose:  # a closed key has none
            self.use(purpose, wanted)
            found = self._idle.setdefault(name, [])
        return found

    @closed
    def decrypt_key(self, wrapped: bytes) -> bytes:
        """Return the key that *wrapped* holds, decrypted by ECB; for ``posrefund.crypto`` alone.

        Raises:
            KeyUsageError: This is no key-encrypting key.
            InvalidKeyError: The key was closed, or *wrapped* is not whole blocks.
        """
        idle = self.idle(Purpose.KEK, "unwrapping a key", "decrypt")
        if not wrapped or len(wrapped) % block_bytes(self.algorithm):
            reason = f"a wrapped key is whole blocks of {self.algorithm}"
            raise InvalidKeyError(reason)  # a context would keep the rest for whoever comes next
        try:
            update = idle.pop()
        except IndexError:
            update = decryptor(self.use(Purpose.KEK, "unwrapping a key"), self.algorithm)
        found: bytes = update(wrapped)
        idle.append(update)
        return found

    @closed
    def equals(self, other: Key) -> bool:
        """Say whether both hold the same material, in constant time; of TDEA but for parity bits."""
        if self.algorithm is Algorithm.TDEA is other.algorithm:
            return hmac.compare_digest(
                without_parity(self._material), without_parity(other._material)
            )
        return hmac.compare_digest(self._material, other._material)

    def has_kcv(self, expected: bytes) -> bool:
        """Say whether the check value begins with *expected*, 1 to 8 bytes, in constant time."""
        found = self._check[: len(expected)]
        return 0 < len(expected) == len(found) and hmac.compare_digest(found, expected)

    def close(self) -> None:
        """Overwrite and forget the material, and the contexts made from it."""
        self._idle.clear()
        self._material[:] = bytes(len(self._material))
        self._material.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        kind = "" if self.algorithm is Algorithm.TDEA else f"{self.algorithm} "
        return f"Key({kind}{self.purpose}, KCV {self.kcv_hex})"

    @closed
    def __eq__(self, other: object) -> NoReturn:
        message = "keys are not compared; use equals()"
        raise TypeError(message)

    __hash__ = None  # type: ignore[assignment]  # reason: a hash would invite look-up by key

    def __setattr__(self, name: str, value: object) -> None:
        if hasattr(self, name):
            raise AttributeError(_FIXED)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(_FIXED)

    def __reduce__(self) -> NoReturn:
        message = "a key cannot be pickled or copied"
        raise TypeError(message)

    def __getstate__(self) -> NoReturn:
        self.__reduce__()


_MAYBE_SINGLE = (Purpose.MAC, Purpose.MAC_VERIFY)
"""UnionPay's single-length MAK, and the left half of the retail MAC's."""


@closed
def is_single_des(material: bytes) -> bool:
    """Say whether a TDEA key is single DES, or is so in disguise; for ``posrefund.crypto`` alone.

    Two neighbouring parts that are equal undo each other; the low bit of a byte is parity only.
    """
    bits = without_parity(material)
    parts = [bits[start : start + BLOCK_BYTES] for start in range(0, len(bits), BLOCK_BYTES)]
    return len(parts) == 1 or any(left == right for left, right in pairwise(parts))


@closed
def without_parity(material: bytes | bytearray) -> bytes:
    """Return a TDEA key without the low bits of its bytes, which no DES reads; for this package alone."""
    return bytes(material).translate(_WITHOUT_PARITY)


_WITHOUT_PARITY = bytes(byte & 0xFE for byte in range(256))
