"""The one door to TDEA, AES and SM4; nothing else in the package may ask a provider for a block cipher.

Behind it stands ``cryptography``, or for TDEA, on request, PyCryptodome. What a provider does not have
(TDEA under FIPS, SM4 in some builds) is a ``ConfigError`` that says so. Decisions 0005, 0021, 0026. Floor 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.crypto import _cryptography, _pycryptodome
from posrefund.crypto._provider import BLOCK_BYTES, Algorithm, block_bytes, expand
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from posrefund.crypto._provider import Chain, Provider, Update

__all__ = [
    "BLOCK_BYTES",
    "Algorithm",
    "block_bytes",
    "cmac",
    "cmac_chain",
    "decrypt_cbc",
    "decrypt_ecb",
    "decryptor",
    "encrypt_cbc",
    "encrypt_ecb",
    "encryptor",
    "expand",
    "require",
    "use_tdea_provider",
]

_BY_NAME: dict[str, Provider] = {"cryptography": _cryptography, "pycryptodome": _pycryptodome}
_providers: dict[Algorithm, Provider] = dict.fromkeys(Algorithm, _cryptography)
_PROBE_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
_PROBES = {
    Algorithm.TDEA: "08D7B4FB629D0885",
    Algorithm.AES: "D5C825A21F04643B43E2DF3278A762F7",
    Algorithm.SM4: "2677F46B09C122CC975533105BD4A22A",
}
"""A block of zeros under the public test key, as independent programs give it (tests/crypto/test_blockcipher.py)."""


def use_tdea_provider(name: str) -> None:
    """Choose who computes TDEA in this process, at start-up and before the first key is used.

    It is never chosen silently: where ``cryptography`` has no TDEA because the machine is in FIPS mode,
    another provider is a decision of the machine's owner.

    Args:
        name: ``"cryptography"``, or ``"pycryptodome"`` from the extra of that name.

    Raises:
        ConfigError: No such provider, it is not installed, or it computes something else.

    Example:
        >>> from posrefund.crypto import use_tdea_provider
        >>> use_tdea_provider("cryptography")
    """
    given: object = name
    provider = _BY_NAME.get(name) if isinstance(given, str) else None
    if provider is None:
        raise ConfigError(f"TDEA comes from {' or '.join(_BY_NAME)}")
    _probe(provider, Algorithm.TDEA)
    _providers[Algorithm.TDEA] = provider


def require(algorithm: Algorithm) -> None:
    """Compute a known block, at start-up, before a message needs the cipher.

    Raises:
        ConfigError: The provider does not have *algorithm*, or computes something else; or it is none.
    """
    given: object = algorithm
    if not isinstance(given, Algorithm):
        raise ConfigError("a cipher is one of an Algorithm")
    _probe(_providers[algorithm], algorithm)


def _probe(provider: Provider, algorithm: Algorithm) -> None:
    zeros = bytes(block_bytes(algorithm))
    if provider.encryptor(_PROBE_KEY, algorithm)(zeros).hex().upper() != _PROBES[algorithm]:
        raise ConfigError(f"{algorithm} of {provider.NAME} gives a wrong answer")


def encrypt_ecb(key: bytes, blocks: bytes, algorithm: Algorithm = Algorithm.TDEA) -> bytes:
    """Encrypt whole *blocks*, each on its own.

    Raises:
        InvalidKeyError: The key has another length.
        ConfigError: The provider does not have *algorithm*.
        ValueError: The last block is not whole.
    """
    return _run(encryptor(key, algorithm), blocks, algorithm)


def decrypt_ecb(key: bytes, blocks: bytes, algorithm: Algorithm = Algorithm.TDEA) -> bytes:
    """Decrypt whole *blocks*, each on its own. Raises as ``encrypt_ecb``."""
    return _run(decryptor(key, algorithm), blocks, algorithm)


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
    return _run(encryptor(key, algorithm, iv=_first(iv, algorithm)), blocks, algorithm)


def decrypt_cbc(
    key: bytes,
    blocks: bytes,
    algorithm: Algorithm = Algorithm.TDEA,
    *,
    iv: bytes | None = None,
) -> bytes:
    """Undo ``encrypt_cbc``. Raises as ``encrypt_ecb``."""
    return _run(decryptor(key, algorithm, iv=_first(iv, algorithm)), blocks, algorithm)


def cmac(key: bytes, data: bytes, algorithm: Algorithm) -> bytes:
    """Return the CMAC of *data*, one whole block: NIST SP 800-38B, ISO 9797-1 algorithm 5."""
    return cmac_chain(key, algorithm)(data)


def cmac_chain(key: bytes, algorithm: Algorithm) -> Chain:
    """Return what gives the CMAC under *key* of whatever it is called with."""
    return _providers[algorithm].cmac_chain(key, algorithm)


def encryptor(key: bytes, algorithm: Algorithm, *, iv: bytes | None = None) -> Update:
    """Return what encrypts blocks: in CBC with an *iv*, else ECB. Not for two threads at once."""
    return _providers[algorithm].encryptor(key, algorithm, iv)


def decryptor(key: bytes, algorithm: Algorithm, *, iv: bytes | None = None) -> Update:
    """Return what decrypts blocks: in CBC with an *iv*, else ECB. Not for two threads at once."""
    return _providers[algorithm].decryptor(key, algorithm, iv)


def _run(update: Update, blocks: bytes, algorithm: Algorithm) -> bytes:
    if len(blocks) % block_bytes(algorithm):
        raise ValueError("not a multiple of the block length")
    return update(blocks)


def _first(iv: bytes | None, algorithm: Algorithm) -> bytes:
    return bytes(block_bytes(algorithm)) if iv is None else iv
