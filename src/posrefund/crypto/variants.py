"""Variants: other keys made from one key by a mask that everybody knows. Floor 2.

They keep two purposes apart where an old security module has one key only. A variant protects nothing that
the key under it does not: who has one has the other.
"""

from __future__ import annotations

from posrefund.closed import closed
from posrefund.crypto._blockcipher import BLOCK_BYTES, Algorithm
from posrefund.crypto._keyblock import derive
from posrefund.crypto.keys import Key, Purpose
from posrefund.errors import ConfigError, InvalidKeyError, KeyUsageError

__all__ = ["numbered_variant", "tr31_variants"]

_NUMBER_MAX = 31
_STEP = 8
_PROTECTION_BYTES = (16, 24)


@closed
def numbered_variant(kek: Key, number: int, purpose: Purpose = Purpose.KEK) -> Key:
    """Return the variant *number* of a TDEA key, as Thales security modules count them.

    Eight times the number is XORed into the first byte of each eight-byte part.

    Args:
        kek: The key under it.
        number: 1 to 31.
        purpose: What the variant is for.

    Raises:
        ConfigError: There is no variant of that number.
        KeyUsageError: *kek* is no key-encrypting key, or none of TDEA.

    Source:
        psec tests/test_des.py (test vectors).

    Example:
        >>> from posrefund.crypto import Key, Purpose
        >>> from posrefund.crypto.variants import numbered_variant
        >>> kek = Key(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), Purpose.KEK)
        >>> numbered_variant(kek, 1, Purpose.MAC)
        Key(MAC, KCV C5BCE9)
    """
    given: object = number
    if not isinstance(given, int) or given not in range(1, _NUMBER_MAX + 1):
        raise ConfigError(f"a variant has a number from 1 to {_NUMBER_MAX}")
    mask = _STEP * number
    material = bytes(
        byte ^ mask if place % BLOCK_BYTES == 0 else byte
        for place, byte in enumerate(_material(kek))
    )
    return Key(material, purpose, allow_weak=True)  # as strong as the key under it


@closed
def tr31_variants(protection: Key) -> tuple[Key, Key]:
    """Return the two variants of a key block's protection key, version A or C: to encrypt and for the MAC.

    Every byte is XORed with ``45`` and ``4D``, "E" and "M".

    Raises:
        InvalidKeyError: *protection* has not 16 or 24 bytes.
        KeyUsageError: It is no key-encrypting key, or none of TDEA.

    Source:
        TR-31:2018, key block binding by variants (test vectors).

    Example:
        >>> from posrefund.crypto import Key, Purpose
        >>> from posrefund.crypto.variants import tr31_variants
        >>> tr31_variants(Key(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), Purpose.KEK))
        (Key(KEK, KCV E22229), Key(MAC, KCV 5C2AD5))
    """
    material = _material(protection)
    if len(material) not in _PROTECTION_BYTES:
        raise InvalidKeyError("a protection key has 16 or 24 bytes")
    encryption, authentication = derive("A", material)
    return (
        Key(encryption, Purpose.KEK, allow_weak=True),
        Key(authentication, Purpose.MAC, allow_weak=True),
    )


def _material(kek: Key) -> bytes:
    material = kek.use(Purpose.KEK, "a variant")
    if kek.algorithm is not Algorithm.TDEA:
        raise KeyUsageError(f"{kek.algorithm} {kek.purpose}", "a variant")
    return material
