"""DES, TDEA and the two MACs, written from their definitions in plain Python.

An oracle for tests and nothing else: not constant-time, sharing no line with the package. Tables are those of
FIPS 46-3, bits numbered from 1 on the left; each is looked up by bytes, for tests ask for it a million times.
"""

from __future__ import annotations

from functools import cache

__all__ = ["decrypt", "encrypt", "iso9797_3_mac", "unionpay_mac"]

Piece = tuple[int, list[int]]
"""How far a byte of a value stands to the left, and what each byte there becomes."""


def _table(text: str) -> list[int]:
    return [int(word) for word in text.split()]


_IP = [
    58 + 2 * (row % 4) + (-1 if row >= 4 else 0) - 8 * col for row in range(8) for col in range(8)
]
_FP = [_IP.index(place) + 1 for place in range(1, 65)]
_E = [(4 * block + offset - 1) % 32 + 1 for block in range(8) for offset in range(6)]
_P = _table(
    "16 7 20 21 29 12 28 17 1 15 23 26 5 18 31 10 2 8 24 14 32 27 3 9 19 13 30 6 22 11 4 25"
)
_PC1 = _table(
    "57 49 41 33 25 17 9 1 58 50 42 34 26 18 10 2 59 51 43 35 27 19 11 3 60 52 44 36 "
    "63 55 47 39 31 23 15 7 62 54 46 38 30 22 14 6 61 53 45 37 29 21 13 5 28 20 12 4"
)
_PC2 = _table(
    "14 17 11 24 1 5 3 28 15 6 21 10 23 19 12 4 26 8 16 7 27 20 13 2 "
    "41 52 31 37 47 55 30 40 51 45 33 48 44 49 39 56 34 53 46 42 50 36 29 32"
)
_SHIFTS = _table("1 1 2 2 2 2 2 2 1 2 2 2 2 2 2 1")
_S = [
    _table(box)
    for box in (
        (
            "14 4 13 1 2 15 11 8 3 10 6 12 5 9 0 7 0 15 7 4 14 2 13 1 10 6 12 11 9 5 3 8 "
            "4 1 14 8 13 6 2 11 15 12 9 7 3 10 5 0 15 12 8 2 4 9 1 7 5 11 3 14 10 0 6 13"
        ),
        (
            "15 1 8 14 6 11 3 4 9 7 2 13 12 0 5 10 3 13 4 7 15 2 8 14 12 0 1 10 6 9 11 5 "
            "0 14 7 11 10 4 13 1 5 8 12 6 9 3 2 15 13 8 10 1 3 15 4 2 11 6 7 12 0 5 14 9"
        ),
        (
            "10 0 9 14 6 3 15 5 1 13 12 7 11 4 2 8 13 7 0 9 3 4 6 10 2 8 5 14 12 11 15 1 "
            "13 6 4 9 8 15 3 0 11 1 2 12 5 10 14 7 1 10 13 0 6 9 8 7 4 15 14 3 11 5 2 12"
        ),
        (
            "7 13 14 3 0 6 9 10 1 2 8 5 11 12 4 15 13 8 11 5 6 15 0 3 4 7 2 12 1 10 14 9 "
            "10 6 9 0 12 11 7 13 15 1 3 14 5 2 8 4 3 15 0 6 10 1 13 8 9 4 5 11 12 7 2 14"
        ),
        (
            "2 12 4 1 7 10 11 6 8 5 3 15 13 0 14 9 14 11 2 12 4 7 13 1 5 0 15 10 3 9 8 6 "
            "4 2 1 11 10 13 7 8 15 9 12 5 6 3 0 14 11 8 12 7 1 14 2 13 6 15 0 9 10 4 5 3"
        ),
        (
            "12 1 10 15 9 2 6 8 0 13 3 4 14 7 5 11 10 15 4 2 7 12 9 5 6 1 13 14 0 11 3 8 "
            "9 14 15 5 2 8 12 3 7 0 4 10 1 13 11 6 4 3 2 12 9 5 15 10 11 14 1 7 6 0 8 13"
        ),
        (
            "4 11 2 14 15 0 8 13 3 12 9 7 5 10 6 1 13 0 11 7 4 9 1 10 14 3 5 12 2 15 8 6 "
            "1 4 11 13 12 3 7 14 10 15 6 8 0 5 9 2 6 11 13 8 1 4 10 7 9 5 0 15 14 2 3 12"
        ),
        (
            "13 2 8 4 6 15 11 1 10 9 3 14 5 0 12 7 1 15 13 8 10 3 7 4 12 5 6 11 0 14 9 2 "
            "7 11 4 1 9 12 14 2 0 6 10 13 15 3 5 8 2 1 14 7 4 10 8 13 15 12 9 0 3 5 6 11"
        ),
    )
]


def _sum_of(pieces: list[Piece], value: int) -> int:
    """OR of what each piece of *value* becomes."""
    total = 0
    for shift, made in pieces:
        total |= made[value >> shift & 0xFF]
    return total


def _pick(places: list[int], width: int) -> list[Piece]:
    """Take a table of FIPS 46-3, places of bits counted from 1 on the left, byte by byte of a value of *width* bits."""
    pieces = []
    for shift in range(0, width, 8):
        made = [0] * 256
        for at, place in enumerate(reversed(places)):
            bit = width - place - shift
            if 0 <= bit < 8:
                for byte in range(256):
                    made[byte] |= (byte >> bit & 1) << at
        pieces.append((shift, made))
    return pieces


_FIRST, _LAST, _WIDER, _MIXED = _pick(_IP, 64), _pick(_FP, 64), _pick(_E, 32), _pick(_P, 32)
_CHOSEN, _ROUND = _pick(_PC1, 64), _pick(_PC2, 56)
_BOXES = [
    [
        _sum_of(_MIXED, _S[box][(six >> 4 & 2 | six & 1) * 16 + (six >> 1 & 15)] << 28 - 4 * box)
        for six in range(64)
    ]
    for box in range(8)
]
"""Box and six bits → what P makes of the four bits that stand there: row by the outer two, column by the inner four."""
_28 = (1 << 28) - 1


@cache
def _round_keys(key: bytes) -> list[int]:
    chosen = _sum_of(_CHOSEN, int.from_bytes(key, "big"))
    left, right = chosen >> 28, chosen & _28
    keys = []
    for shift in _SHIFTS:
        left, right = ((half << shift | half >> 28 - shift) & _28 for half in (left, right))
        keys.append(_sum_of(_ROUND, left << 28 | right))
    return keys


def _f(half: int, key: int) -> int:
    mixed, total = _sum_of(_WIDER, half) ^ key, 0
    for box in _BOXES[::-1]:
        total |= box[mixed & 0x3F]
        mixed >>= 6
    return total


def _des(key: bytes, block: bytes, *, backwards: bool) -> bytes:
    state = _sum_of(_FIRST, int.from_bytes(block, "big"))
    left, right = state >> 32, state & 0xFFFFFFFF
    keys = _round_keys(key)
    for round_key in reversed(keys) if backwards else keys:
        left, right = right, left ^ _f(right, round_key)
    return _sum_of(_LAST, right << 32 | left).to_bytes(8, "big")


def _three(key: bytes) -> tuple[bytes, bytes, bytes]:
    """Return K1, K2, K3 of a key of 16 or 24 bytes."""
    return key[:8], key[8:16], key[16:24] or key[:8]


def encrypt(key: bytes, data: bytes) -> bytes:
    """Encrypt whole blocks, each on its own; 8 bytes of key are single DES."""
    if len(key) == 8:
        blocks = (data[start : start + 8] for start in range(0, len(data), 8))
        return b"".join(_des(key, block, backwards=False) for block in blocks)
    first, second, third = _three(key)
    out = b""
    for start in range(0, len(data), 8):
        block = _des(first, data[start : start + 8], backwards=False)
        block = _des(second, block, backwards=True)
        out += _des(third, block, backwards=False)
    return out


def decrypt(key: bytes, data: bytes) -> bytes:
    """Undo ``encrypt``."""
    if len(key) == 8:
        blocks = (data[start : start + 8] for start in range(0, len(data), 8))
        return b"".join(_des(key, block, backwards=True) for block in blocks)
    first, second, third = _three(key)
    out = b""
    for start in range(0, len(data), 8):
        block = _des(third, data[start : start + 8], backwards=True)
        block = _des(second, block, backwards=False)
        out += _des(first, block, backwards=True)
    return out


def unionpay_mac(key: bytes, data: bytes) -> bytes:
    """Return DE64: fold by XOR, write as hex, encrypt left, mix in right, encrypt, cut to 8."""
    padded = data + bytes(-len(data) % 8)
    folded = [0] * 8
    for place, byte in enumerate(padded):
        folded[place % 8] ^= byte
    text = bytes(folded).hex().upper().encode()
    left = encrypt(key, text[:8])
    mixed = bytes(a ^ b for a, b in zip(left, text[8:], strict=True))
    return encrypt(key, mixed).hex().upper().encode()[:8]


def iso9797_3_mac(key: bytes, data: bytes) -> bytes:
    """Return the MAC of ISO 9797-1, algorithm 3, padding method 1: chain under K, then K', then K."""
    rest = data or bytes(8)
    state = bytes(8)
    while rest:
        block = rest[:8] + bytes(8 - len(rest[:8]))
        state = encrypt(key[:8], bytes(a ^ b for a, b in zip(state, block, strict=True)))
        rest = rest[8:]
    return encrypt(key[:8], decrypt(key[8:], state))
