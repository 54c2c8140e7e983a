"""The arithmetic of TDEA DUKPT on bytes: ANSI X9.24-1:2009, annex A. ``dukpt`` gives it keys. Floor 2.

Every step but the first is single DES, one half of the key at a time: the standard's own numbers.
"""

from __future__ import annotations

from posrefund.crypto._blockcipher import BLOCK_BYTES, encrypt_ecb

__all__ = ["COUNTER_BITS", "derive_initial_key", "derive_transaction_key", "derive_working_key"]

COUNTER_BITS = 21
_COUNTER_MASK = (1 << COUNTER_BITS) - 1
_OTHER_HALF = bytes.fromhex("C0C0C0C000000000C0C0C0C000000000")
"""X9.24-1: makes the key of the right half out of the key of the left half."""


def derive_initial_key(bdk: bytes, ksn: bytes) -> bytes:
    """Return the initial key of the device whose 10-byte *ksn* this is, whatever its counter."""
    device = (int.from_bytes(ksn, "big") & ~_COUNTER_MASK).to_bytes(10, "big")[:BLOCK_BYTES]
    return encrypt_ecb(bdk, device) + encrypt_ecb(_xor(bdk[:16], _OTHER_HALF), device)


def derive_transaction_key(initial: bytes, ksn: bytes) -> bytes:
    """Return the key of one transaction: one irreversible step for each one bit of the counter."""
    number = int.from_bytes(ksn, "big")
    counter = number & _COUNTER_MASK
    register = number & ~_COUNTER_MASK & 0xFFFFFFFFFFFFFFFF
    key = initial
    for place in reversed(range(COUNTER_BITS)):
        if counter >> place & 1:
            register |= 1 << place
            data = register.to_bytes(BLOCK_BYTES, "big")
            key = _step(_xor(key, _OTHER_HALF), data) + _step(key, data)
    return key


def derive_working_key(transaction: bytes, mask: bytes, *, one_way: bool) -> bytes:
    """Return a variant of the transaction key; data keys are encrypted under themselves besides."""
    variant = _xor(transaction, mask + mask)
    return encrypt_ecb(variant, variant) if one_way else variant


def _step(key: bytes, data: bytes) -> bytes:
    left, right = key[:BLOCK_BYTES], key[BLOCK_BYTES:]
    return _xor(encrypt_ecb(left, _xor(data, right)), right)


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
