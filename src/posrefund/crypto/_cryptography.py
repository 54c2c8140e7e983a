"""Block ciphers of ``cryptography``, which is OpenSSL. Floor 2.

It announced that 8- and 16-byte TripleDES keys will be refused one day, so every key is expanded to 24
bytes (decision 0005). TripleDES is looked for where it lives today, and only when it is needed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from posrefund.crypto._provider import Algorithm, check_length, expand, missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm

    from posrefund.crypto._provider import Chain, Update

__all__ = ["NAME", "cmac_chain", "decryptor", "encryptor", "seal_gcm"]

NAME = "cryptography"
_ECB = modes.ECB()


def encryptor(key: bytes, algorithm: Algorithm, iv: bytes | None = None) -> Update:
    """Return what encrypts blocks: CBC with an *iv*, else ECB."""
    cipher = Cipher(_cipher(key, algorithm), _ECB if iv is None else modes.CBC(iv))
    try:
        return cipher.encryptor().update
    except UnsupportedAlgorithm:
        raise missing(algorithm, NAME) from None


def decryptor(key: bytes, algorithm: Algorithm, iv: bytes | None = None) -> Update:
    """Return what decrypts blocks: CBC with an *iv*, else ECB."""
    cipher = Cipher(_cipher(key, algorithm), _ECB if iv is None else modes.CBC(iv))
    try:
        return cipher.decryptor().update
    except UnsupportedAlgorithm:
        raise missing(algorithm, NAME) from None


def cmac_chain(key: bytes, algorithm: Algorithm) -> Chain:
    """Return what makes CMACs: a context that has read nothing is copied for each."""
    cipher = _cipher(key, algorithm)
    try:
        fresh = CMAC(cipher)
    except UnsupportedAlgorithm:
        raise missing(algorithm, NAME) from None

    def chain(data: bytes) -> bytes:
        context = fresh.copy()
        context.update(data)
        return context.finalize()

    return chain


def seal_gcm(key: bytes, algorithm: Algorithm, iv: bytes, clear: bytes, context: bytes) -> bytes:
    """Return *clear* encrypted in Galois/Counter Mode and the 16 bytes of tag: NIST SP 800-38D, RFC 8998."""
    cipher = Cipher(_cipher(key, algorithm), modes.GCM(iv))
    try:
        box = cipher.encryptor()
    except UnsupportedAlgorithm:
        raise missing(algorithm, NAME) from None
    box.authenticate_additional_data(context)
    return box.update(clear) + box.finalize() + box.tag


def _cipher(key: bytes, algorithm: Algorithm) -> BlockCipherAlgorithm:
    check_length(key, algorithm)
    return _MAKERS[algorithm](key)


def _tdea(key: bytes) -> BlockCipherAlgorithm:
    cipher: BlockCipherAlgorithm = _triple_des()(expand(key))
    return cipher


@cache
def _triple_des() -> Any:
    try:
        from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    except ImportError:  # announced for a later release
        raise missing(Algorithm.TDEA, NAME) from None
    return TripleDES


_MAKERS: dict[Algorithm, Callable[[bytes], BlockCipherAlgorithm]] = {
    Algorithm.TDEA: _tdea,
    Algorithm.AES: lambda key: algorithms.AES(bytes(key)),
    Algorithm.SM4: lambda key: algorithms.SM4(bytes(key)),
}
