"""TDEA of PyCryptodome (extra ``pycryptodome``), for a machine whose ``cryptography`` has none. Floor 2.

It refuses keys that are single DES in disguise, which some hosts hand out as MAC keys: these go to its
single DES, which gives the same bytes.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from posrefund.crypto._provider import Algorithm, check_length, expand, missing
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from posrefund.crypto._provider import Chain, Update

__all__ = ["NAME", "cmac_chain", "decryptor", "encryptor"]

NAME = "pycryptodome"


def encryptor(key: bytes, algorithm: Algorithm, iv: bytes | None = None) -> Update:
    """Return what encrypts blocks: CBC with an *iv*, else ECB."""
    update: Update = _context(key, algorithm, iv).encrypt
    return update


def decryptor(key: bytes, algorithm: Algorithm, iv: bytes | None = None) -> Update:
    """Return what decrypts blocks: CBC with an *iv*, else ECB."""
    update: Update = _context(key, algorithm, iv).decrypt
    return update


def cmac_chain(key: bytes, algorithm: Algorithm) -> Chain:
    """Return what makes CMACs."""
    check_length(key, algorithm)
    cipher, short = _cipher(key, algorithm)
    make: Any = _module("Hash.CMAC").new

    def chain(data: bytes) -> bytes:
        found: bytes = make(short, msg=data, ciphermod=cipher).digest()
        return found

    return chain


def _context(key: bytes, algorithm: Algorithm, iv: bytes | None) -> Any:
    check_length(key, algorithm)
    cipher, short = _cipher(key, algorithm)
    return (
        cipher.new(short, cipher.MODE_ECB)
        if iv is None
        else cipher.new(short, cipher.MODE_CBC, iv=iv)
    )


def _cipher(key: bytes, algorithm: Algorithm) -> tuple[Any, bytes]:
    """Return the module and the key as it takes it."""
    if algorithm is not Algorithm.TDEA:
        raise missing(algorithm, NAME)
    first, second, third = _parts(expand(key))
    if _same(first, second):
        return _module("Cipher.DES"), third
    if _same(second, third):
        return _module("Cipher.DES"), first
    return _module("Cipher.DES3"), first + second + third


def _parts(key: bytes) -> tuple[bytes, bytes, bytes]:
    return key[:8], key[8:16], key[16:]


def _same(left: bytes, right: bytes) -> bool:
    """Parity bits are no part of a key."""
    return all((a ^ b) < 2 for a, b in zip(left, right, strict=True))


def _module(name: str) -> Any:
    try:
        return importlib.import_module(f"Crypto.{name}")
    except ImportError:
        raise ConfigError(
            'PyCryptodome is not here: pip install "posrefund[pycryptodome]"'
        ) from None
