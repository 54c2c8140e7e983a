"""The arithmetic of AES DUKPT on bytes: ANSI X9.24-3:2017. ``dukpt_aes`` gives it keys. Floor 2.

One block tells what is derived (for what, of which algorithm and length, for whom and when), and is
encrypted under the key above: once for each 16 bytes of the result.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from posrefund.crypto._blockcipher import Algorithm, encrypt_ecb

__all__ = [
    "Indicator",
    "Kind",
    "derive_initial_key",
    "derive_transaction_key",
    "derive_update_key",
    "derive_working_key",
]

_COUNTER_BITS = 32
_BLOCK_BYTES = 16
_VERSION = 1


class Indicator(Enum):
    """What a derived key is for: X9.24-3:2017."""

    KEY_ENCRYPTION = 0x0002
    PIN_ENCRYPTION = 0x1000
    MAC_GENERATION = 0x2000
    MAC_VERIFICATION = 0x2001
    MAC_BOTH_WAYS = 0x2002
    DATA_ENCRYPTION = 0x3000
    DATA_DECRYPTION = 0x3001
    DATA_BOTH_WAYS = 0x3002
    KEY_DERIVATION = 0x8000
    INITIAL_KEY = 0x8001


class _Sort(NamedTuple):
    code: int
    length_bytes: int
    strength_bits: int


class Kind(Enum):
    """Algorithm and length of a derived key: X9.24-3:2017; strength after NIST SP 800-57-1."""

    TDEA128 = _Sort(0, 16, 80)
    TDEA192 = _Sort(1, 24, 112)
    AES128 = _Sort(2, 16, 128)
    AES192 = _Sort(3, 24, 192)
    AES256 = _Sort(4, 32, 256)
    HMAC128 = _Sort(5, 16, 128)
    HMAC192 = _Sort(5, 24, 192)
    HMAC256 = _Sort(5, 32, 256)


_AES_OF = {16: Kind.AES128, 24: Kind.AES192, 32: Kind.AES256}


def derive_initial_key(bdk: bytes, device: bytes) -> bytes:
    """Return the initial key, as long as *bdk*, of the *device*: the first 8 bytes of its numbers."""
    return _derive(bdk, Indicator.INITIAL_KEY, _AES_OF[len(bdk)], device)


def derive_transaction_key(initial: bytes, ksn: bytes) -> bytes:
    """Return the derivation key of one transaction: one step for each one bit of the counter."""
    counter, reached, key = int.from_bytes(ksn[8:], "big"), 0, initial
    for place in reversed(range(_COUNTER_BITS)):
        if counter >> place & 1:
            reached |= 1 << place
            context = ksn[4:8] + reached.to_bytes(4, "big")
            key = _derive(key, Indicator.KEY_DERIVATION, _AES_OF[len(key)], context)
    return key


def derive_working_key(transaction: bytes, ksn: bytes, use: Indicator, kind: Kind) -> bytes:
    """Return a key that does something, of the transaction of *ksn*."""
    return _derive(transaction, use, kind, ksn[4:])


def derive_update_key(initial: bytes, device: bytes, kind: Kind) -> bytes:
    """Return the key that the next initial key comes under: the counter with all bits one."""
    ksn = device + b"\xff\xff\xff\xff"
    transaction = derive_transaction_key(initial, ksn)
    return derive_working_key(transaction, ksn, Indicator.KEY_ENCRYPTION, kind)


def _derive(key: bytes, use: Indicator, kind: Kind, context: bytes) -> bytes:
    code, length_bytes, _ = kind.value
    tail = b"".join(number.to_bytes(2, "big") for number in (use.value, code, 8 * length_bytes))
    blocks = -(-length_bytes // _BLOCK_BYTES)
    asked = b"".join(bytes([_VERSION, n + 1]) + tail + context for n in range(blocks))
    return encrypt_ecb(key, asked, Algorithm.AES)[:length_bytes]
