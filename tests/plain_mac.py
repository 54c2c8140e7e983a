"""MACs and DUKPT from their definitions, over any function that encrypts blocks: oracles for tests.

Sources: ISO/IEC 9797-1:2011, 6.3 and 7; NIST SP 800-38B, 6; the UnionPay fold as five public pages have it;
ANSI X9.24-1:2009, annex A; ANSI X9.24-3:2017, 6.
"""

from __future__ import annotations

from collections.abc import Callable

import plain_des

__all__ = [
    "aes_dukpt_key",
    "cbc_mac",
    "cmac",
    "folded",
    "padded",
    "tdea_initial_key",
    "tdea_transaction_key",
    "unionpay",
    "xor",
]

Encrypt = Callable[[bytes, bytes], bytes]
_DES_FLIP = bytes.fromhex("C0C0C0C000000000") * 2


def xor(left: bytes, right: bytes) -> bytes:
    """XOR of two texts of one length."""
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def padded(data: bytes, method: int, width: int) -> bytes:
    """Fill *data* by method 1, 2 or 3."""
    if method == 2:
        data += b"\x80"
    while len(data) % width or not data:
        data += b"\x00"
    return data


def cbc_mac(encrypt: Encrypt, key: bytes, data: bytes, *, method: int, width: int) -> bytes:
    """Algorithm 1: the last block of a chain from zeros."""
    blocks = padded(data, method, width)
    if method == 3:
        blocks = (8 * len(data)).to_bytes(width, "big") + blocks
    state = bytes(width)
    for start in range(0, len(blocks), width):
        state = encrypt(key, xor(state, blocks[start : start + width]))
    return state


def cmac(encrypt: Encrypt, key: bytes, data: bytes, *, width: int) -> bytes:
    """Algorithm 5: the last block is masked, by one mask where it is whole and another where it is filled."""
    constant = {8: 0x1B, 16: 0x87}[width]
    masks, value = [], int.from_bytes(encrypt(key, bytes(width)), "big")
    for _ in range(2):
        value <<= 1
        if value >> 8 * width:
            value = value - (1 << 8 * width) ^ constant
        masks.append(value.to_bytes(width, "big"))
    is_whole = bool(data) and len(data) % width == 0
    blocks = data if is_whole else padded(data, 2, width)
    last = xor(blocks[-width:], masks[0 if is_whole else 1])
    return cbc_mac(encrypt, key, blocks[:-width] + last, method=1, width=width)


def folded(data: bytes, width: int) -> bytes:
    """XOR of all blocks, the last one filled with zeros."""
    total = bytes(width)
    for start in range(0, len(data), width):
        total = xor(total, data[start : start + width].ljust(width, b"\x00"))
    return total


def unionpay(encrypt: Encrypt, key: bytes, data: bytes, *, width: int) -> bytes:
    """The fold in hexadecimal, its left half encrypted, the right half mixed in, encrypted again."""
    text = folded(data, width).hex().upper().encode()
    return encrypt(key, xor(encrypt(key, text[:width]), text[width:])).hex().upper().encode()[:8]


def tdea_initial_key(bdk: bytes, ksn: bytes) -> bytes:
    """X9.24-1, A.6: the number without its counter, encrypted under the base key and under its variant."""
    device = ksn[:7] + bytes([ksn[7] & 0xE0])
    return plain_des.encrypt(bdk, device) + plain_des.encrypt(xor(bdk, _DES_FLIP), device)


def tdea_transaction_key(initial: bytes, ksn: bytes) -> bytes:
    """X9.24-1, A.2 and A.3: the non-reversible step for each one bit, from the left."""
    key, register = initial, bytearray(ksn[2:])
    counter = int.from_bytes(ksn[7:], "big") & 0x1FFFFF
    register[-3:] = bytes([register[-3] & 0xE0, 0, 0])
    for shift in range(20, -1, -1):
        if counter & 1 << shift:
            register[-3:] = (int.from_bytes(register[-3:], "big") | 1 << shift).to_bytes(3, "big")
            halves = []
            for each in (xor(key, _DES_FLIP), key):
                mixed = plain_des.encrypt(each[:8], xor(bytes(register), each[8:]))
                halves.append(xor(mixed, each[8:]))
            key = b"".join(halves)
    return key


def aes_dukpt_key(
    encrypt: Encrypt, initial: bytes, ksn: bytes, *, usage: str, algorithm: str, bits: int
) -> bytes:
    """X9.24-3, 6.3: one derivation for each one bit of the counter, and one for the key itself."""

    def derive(key: bytes, what: str, kind: str, size: int, context: bytes) -> bytes:
        blocks = [
            bytes.fromhex(f"01{n:02x}{what}{kind}{size:04x}") + context
            for n in range(1, -(-size // 128) + 1)
        ]
        return b"".join(encrypt(key, block) for block in blocks)[: size // 8]

    key, counter = initial, int.from_bytes(ksn[8:], "big")
    own_kind, own_bits = {16: "0002", 24: "0003", 32: "0004"}[len(initial)], 8 * len(initial)
    for shift in range(31, -1, -1):
        if counter & 1 << shift:
            so_far = (counter >> shift << shift).to_bytes(4, "big")
            key = derive(key, "8000", own_kind, own_bits, ksn[4:8] + so_far)
    return derive(key, usage, algorithm, bits, ksn[4:])
