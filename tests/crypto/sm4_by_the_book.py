"""SM4 written from its definition in plain Python: an oracle for tests, sharing no line with the package.

The S-box is computed, not copied: two affine maps around the inverse in the field of 256 elements.

Source: GB/T 32907-2016 = draft-ribose-cfrg-sm4-10; the S-box's algebra after Liu et al. 2007.
"""

from __future__ import annotations

__all__ = ["decrypt", "encrypt"]

_POLYNOMIAL = 0x1F5
_FK = (0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC)
_CK = [sum((7 * (4 * n + byte) % 256) << (24 - 8 * byte) for byte in range(4)) for n in range(32)]


def _times(a: int, b: int) -> int:
    product = 0
    while b:
        product ^= a * (b & 1)
        a, b = a << 1, b >> 1
        if a & 0x100:
            a ^= _POLYNOMIAL
    return product


def _affine(x: int) -> int:
    row, out = 0xA7, 0
    for bit in range(8):
        out |= ((row & x).bit_count() & 1) << bit
        row = (row << 1 | row >> 7) & 0xFF
    return out ^ 0xD3


def _inverse(x: int) -> int:
    return next((y for y in range(1, 256) if _times(x, y) == 1), 0)


_SBOX = [_affine(_inverse(_affine(x))) for x in range(256)]


def _turn(word: int, count: int) -> int:
    return (word << count | word >> (32 - count)) & 0xFFFFFFFF


def _substitute(word: int) -> int:
    return int.from_bytes(bytes(_SBOX[byte] for byte in word.to_bytes(4, "big")), "big")


def _words(data: bytes) -> list[int]:
    return [int.from_bytes(data[start : start + 4], "big") for start in range(0, 16, 4)]


def _round_keys(key: bytes) -> list[int]:
    keys = [word ^ fixed for word, fixed in zip(_words(key), _FK, strict=True)]
    for n in range(32):
        mixed = _substitute(keys[n + 1] ^ keys[n + 2] ^ keys[n + 3] ^ _CK[n])
        keys.append(keys[n] ^ mixed ^ _turn(mixed, 13) ^ _turn(mixed, 23))
    return keys[4:]


def _block(keys: list[int], block: bytes) -> bytes:
    x = _words(block)
    for key in keys:
        mixed = _substitute(x[1] ^ x[2] ^ x[3] ^ key)
        spread = mixed ^ _turn(mixed, 2) ^ _turn(mixed, 10) ^ _turn(mixed, 18) ^ _turn(mixed, 24)
        x = [*x[1:], x[0] ^ spread]
    return b"".join(word.to_bytes(4, "big") for word in reversed(x))


def encrypt(key: bytes, data: bytes) -> bytes:
    """Encrypt whole blocks, each on its own."""
    keys = _round_keys(key)
    return b"".join(_block(keys, data[start : start + 16]) for start in range(0, len(data), 16))


def decrypt(key: bytes, data: bytes) -> bytes:
    """Undo ``encrypt``."""
    keys = _round_keys(key)[::-1]
    return b"".join(_block(keys, data[start : start + 16]) for start in range(0, len(data), 16))
