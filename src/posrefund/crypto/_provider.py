"""What a provider of block ciphers offers; each is a module of its own. Floor 2."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from posrefund.errors import ConfigError, InvalidKeyError

__all__ = [
    "BLOCK_BYTES",
    "Algorithm",
    "Chain",
    "Provider",
    "Update",
    "block_bytes",
    "check_length",
    "expand",
    "missing",
]

BLOCK_BYTES = 8
"""Of TDEA; those of AES and SM4 have 16, see ``block_bytes``."""


class Algorithm(StrEnum):
    """A block cipher."""

    TDEA = "TDEA"
    """Blocks of 8 bytes; keys of 8 (single DES), 16 or 24. NIST SP 800-67."""
    AES = "AES"
    """Blocks of 16 bytes; keys of 16, 24 or 32. FIPS 197."""
    SM4 = "SM4"
    """Blocks of 16 bytes; keys of 16. GB/T 32907-2016."""


_BLOCK_BYTES = {Algorithm.TDEA: BLOCK_BYTES, Algorithm.AES: 16, Algorithm.SM4: 16}
_KEY_BYTES = {
    Algorithm.TDEA: ((8, 16, 24), "a TDEA key has 8, 16 or 24 bytes"),
    Algorithm.AES: ((16, 24, 32), "an AES key has 16, 24 or 32 bytes"),
    Algorithm.SM4: ((16,), "an SM4 key has 16 bytes"),
}

Update = Callable[[bytes], bytes]
"""Whole blocks in, as many out; CBC goes on where the last call ended."""
Chain = Callable[[bytes], bytes]
"""A whole message in, its CMAC out."""


class Provider(Protocol):
    """A library of block ciphers."""

    @property
    def NAME(self) -> str:  # noqa: N802 — a constant of the module
        """As its package is called."""

    def encryptor(self, key: bytes, algorithm: Algorithm, iv: bytes | None = None) -> Update:
        """Return what encrypts: CBC with an *iv*, else ECB.

        Raises:
            InvalidKeyError: The key has another length.
            ConfigError: The library is not there, or has no *algorithm*.
        """

    def decryptor(self, key: bytes, algorithm: Algorithm, iv: bytes | None = None) -> Update:
        """Return what decrypts. Raises as ``encryptor``."""

    def cmac_chain(self, key: bytes, algorithm: Algorithm) -> Chain:
        """Return what makes CMACs. Raises as ``encryptor``."""


def block_bytes(algorithm: Algorithm) -> int:
    """Return the block length of *algorithm*."""
    return _BLOCK_BYTES[algorithm]


def check_length(key: bytes, algorithm: Algorithm) -> None:
    """Refuse a key that *algorithm* does not take.

    Raises:
        InvalidKeyError: The key has another length.
    """
    lengths, reason = _KEY_BYTES[algorithm]
    if len(key) not in lengths:
        raise InvalidKeyError(reason)


def expand(key: bytes) -> bytes:
    """Return a TDEA *key* as 24 bytes: K·K·K is single DES, K1·K2·K1 is two-key TDEA.

    Raises:
        InvalidKeyError: The key is not 8, 16 or 24 bytes long.
    """
    check_length(key, Algorithm.TDEA)
    return bytes(key * 3)[:24]


def missing(algorithm: Algorithm, name: str) -> ConfigError:
    """Return the error for a cipher that the provider does not have."""
    return ConfigError(f"{name} has no {algorithm} here: under FIPS, TDEA and SM4 are switched off")
