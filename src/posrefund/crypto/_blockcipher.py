"""The one door to TDEA, AES and SM4; nothing else in the package may import a block cipher.

``cryptography`` announced that 8- and 16-byte TripleDES keys will be refused one day, so every key is
expanded to 24 bytes here (K·K·K is single DES, K1·K2·K1 two-key TDEA). What the provider does not have
(TDEA under FIPS, SM4 in some builds) is a ``ConfigError`` that says so. Decisions 0005, 0021. Floor 2.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from posrefund.errors import ConfigError, InvalidKeyError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, CipherContext

__all__ = [
    "BLOCK_BYTES",
    "Algorithm",
    "block_bytes",
    "cmac",
    "cmac_context",
    "decrypt_cbc",
    "decrypt_ecb",
    "decryptor",
    "encrypt_cbc",
    "encrypt_ecb",
    "encryptor",
    "expand",
    "require",
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
_PROBE_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
"""A public test key, to ask the provider what it has."""


def block_bytes(algorithm: Algorithm) -> int:
    """Return the block length of *algorithm*."""
    return _BLOCK_BYTES[algorithm]


def expand(key: bytes) -> bytes:
    """Return a TDEA *key* as 24 bytes.

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


def require(algorithm: Algorithm) -> None:
    """Ask the provider for *algorithm*, at start-up, before a message needs it.

    Raises:
        ConfigError: The provider does not have it.
    """
    encryptor(_PROBE_KEY, algorithm)


def encrypt_ecb(key: bytes, blocks: bytes, algorithm: Algorithm = Algorithm.TDEA) -> bytes:
    """Encrypt whole *blocks*, each on its own.

    Raises:
        InvalidKeyError: The key has another length.
        ConfigError: The provider does not have *algorithm*.
        ValueError: The last block is not whole.
    """
    context = encryptor(key, algorithm)
    return context.update(blocks) + context.finalize()


def decrypt_ecb(key: bytes, blocks: bytes, algorithm: Algorithm = Algorithm.TDEA) -> bytes:
    """Decrypt whole *blocks*, each on its own. Raises as ``encrypt_ecb``."""
    context = decryptor(key, algorithm)
    return context.update(blocks) + context.finalize()


def encrypt_cbc(
    key: bytes,
    blocks: bytes,
    algorithm: Algorithm = Algorithm.TDEA,
    *,
    iv: bytes | None = None,
) -> bytes:
    """Encrypt whole *blocks*, each mixed with the one before it; the first with *iv* or zeros.

    Raises as ``encrypt_ecb``.
    """
    context = encryptor(key, algorithm, iv=_first(iv, algorithm))
    return context.update(blocks) + context.finalize()


def decrypt_cbc(
    key: bytes,
    blocks: bytes,
    algorithm: Algorithm = Algorithm.TDEA,
    *,
    iv: bytes | None = None,
) -> bytes:
    """Undo ``encrypt_cbc``. Raises as ``encrypt_ecb``."""
    context = decryptor(key, algorithm, iv=_first(iv, algorithm))
    return context.update(blocks) + context.finalize()


def cmac(key: bytes, data: bytes, algorithm: Algorithm) -> bytes:
    """Return the CMAC of *data*, one whole block: NIST SP 800-38B, ISO 9797-1 algorithm 5."""
    context = cmac_context(key, algorithm)
    context.update(data)
    return context.finalize()


def cmac_context(key: bytes, algorithm: Algorithm) -> CMAC:
    """Return a CMAC under *key* that has read nothing; ``copy()`` it to use it more than once."""
    cipher = _cipher(key, algorithm)
    try:
        return CMAC(cipher)
    except UnsupportedAlgorithm:
        raise _missing(algorithm) from None


def encryptor(key: bytes, algorithm: Algorithm, *, iv: bytes | None = None) -> CipherContext:
    """Return an encrypting context: CBC with an *iv*, else ECB. Not for two threads at once."""
    cipher = Cipher(_cipher(key, algorithm), _mode(iv))
    try:
        return cipher.encryptor()
    except UnsupportedAlgorithm:
        raise _missing(algorithm) from None


def decryptor(key: bytes, algorithm: Algorithm, *, iv: bytes | None = None) -> CipherContext:
    """Return a decrypting context: CBC with an *iv*, else ECB. Not for two threads at once."""
    cipher = Cipher(_cipher(key, algorithm), _mode(iv))
    try:
        return cipher.decryptor()
    except UnsupportedAlgorithm:
        raise _missing(algorithm) from None


def _first(iv: bytes | None, algorithm: Algorithm) -> bytes:
    return bytes(block_bytes(algorithm)) if iv is None else iv


def _mode(iv: bytes | None) -> modes.ECB | modes.CBC:
    return modes.ECB() if iv is None else modes.CBC(iv)


def _cipher(key: bytes, algorithm: Algorithm) -> BlockCipherAlgorithm:
    match algorithm:
        case Algorithm.TDEA:
            return TripleDES(expand(key))
        case Algorithm.AES:
            if len(key) not in (16, 24, 32):
                raise InvalidKeyError("an AES key has 16, 24 or 32 bytes")
            return algorithms.AES(bytes(key))
        case Algorithm.SM4:
            if len(key) != 16:
                raise InvalidKeyError("an SM4 key has 16 bytes")
            return algorithms.SM4(bytes(key))


def _missing(algorithm: Algorithm) -> ConfigError:
    return ConfigError(
        f"this build of cryptography has no {algorithm}: under FIPS, TDEA and SM4 are switched off"
    )
