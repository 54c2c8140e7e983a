"""The algorithms behind ``mac``: each is made once for a key, holds its cipher contexts, and is used often.

Making a context costs ten times what a block costs. A tool serves one thread at a time (``mac`` lends it),
and one that failed half-way is thrown away: its chain has a state. Floor 2.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

from posrefund.crypto._blockcipher import (
    BLOCK_BYTES,
    Algorithm,
    block_bytes,
    cmac_chain,
    encryptor,
)
from posrefund.errors import InvalidKeyError

__all__ = ["MAKERS", "Tool", "fold", "pad"]


Tool = Callable[[bytes, int], bytes]
"""Data and padding method in, all bytes of the code out."""


def pad(data: bytes, method: int, width: int) -> bytes:
    """Return *data* as at least one whole block.

    Shape:
        method: 1 zeros up to a block, none where it is whole; 2 ``80`` and zeros; 3 as 1, behind a
        block with the length of *data* in bits.

    Source:
        ISO/IEC 9797-1:2011, 6.3.2 to 6.3.4.
    """
    head = b""
    if method == 2:
        data += b"\x80"
    elif method == 3:
        head = (8 * len(data)).to_bytes(width, "big")
    short = -len(data) % width if data else width
    return head + data + bytes(short) if short or head else data


def fold(data: bytes, width: int = BLOCK_BYTES) -> bytes:
    """XOR all blocks of *data*, the last one filled with zeros: by halves, for long numbers are fast."""
    count = -(-len(data) // width) or 1
    total = int.from_bytes(data, "big") << 8 * (count * width - len(data))
    while count > 1:
        count = (count + 1) // 2
        bits = 8 * width * count
        total = (total >> bits) ^ (total & ((1 << bits) - 1))
    return total.to_bytes(width, "big")


class _Chain:
    """CBC whose state is taken back at the beginning of every message, so that one context serves all."""

    __slots__ = ("_last", "_update", "_width")

    def __init__(self, material: bytes, algorithm: Algorithm) -> None:
        self._width = block_bytes(algorithm)
        self._update = encryptor(material, algorithm, iv=bytes(self._width))
        self._last = 0

    def last_block(self, blocks: bytes) -> bytes:
        """Return the last block of the chain over *blocks*, which begins with zeros."""
        bits = 8 * (len(blocks) - self._width)
        begun = int.from_bytes(blocks, "big") ^ (self._last << bits)
        found: bytes = self._update(begun.to_bytes(len(blocks), "big"))[-self._width :]
        self._last = int.from_bytes(found, "big")
        return found


def _iso9797_1(material: bytes, algorithm: Algorithm) -> Tool:
    width, chain = block_bytes(algorithm), _Chain(material, algorithm)
    return lambda data, padding: chain.last_block(pad(data, padding, width))


def _iso9797_3(material: bytes, algorithm: Algorithm) -> Tool:
    """CBC under the left half; the last block is encrypted, decrypted under the right, encrypted again.

    That is one block of two-key TDEA, so what is chained ends one block earlier.
    """
    if len(material) != 2 * BLOCK_BYTES:
        reason = "ISO 9797-1 algorithm 3 takes a MAC key of 16 bytes"
        raise InvalidKeyError(reason)
    chain = _Chain(material[:BLOCK_BYTES], algorithm)
    finish = encryptor(material, algorithm)

    def tool(data: bytes, padding: int) -> bytes:
        blocks = pad(data, padding, BLOCK_BYTES)
        last = blocks[-BLOCK_BYTES:]
        if len(blocks) > BLOCK_BYTES:
            state = int.from_bytes(chain.last_block(blocks[:-BLOCK_BYTES]), "big")
            last = (state ^ int.from_bytes(last, "big")).to_bytes(BLOCK_BYTES, "big")
        return finish(last)

    return tool


def _cmac(material: bytes, algorithm: Algorithm) -> Tool:
    if len(material) == BLOCK_BYTES:
        reason = "CMAC takes no single DES key"
        raise InvalidKeyError(reason)
    chain = cmac_chain(material, algorithm)
    return lambda data, _padding: chain(data)


def _hmac_sha256(material: bytes, _algorithm: Algorithm) -> Tool:
    fresh = hmac.new(material, digestmod="sha256")

    def tool(data: bytes, _padding: int) -> bytes:
        context = fresh.copy()
        context.update(data)
        return context.digest()

    return tool


def _unionpay_ecb(material: bytes, algorithm: Algorithm) -> Tool:
    width, encrypt = block_bytes(algorithm), encryptor(material, algorithm)

    def tool(data: bytes, _padding: int) -> bytes:
        text = fold(data, width).hex().upper().encode("ascii")
        left = int.from_bytes(encrypt(text[:width]), "big")
        return encrypt((left ^ int.from_bytes(text[width:], "big")).to_bytes(width, "big"))

    return tool


def _xor_encrypt(material: bytes, algorithm: Algorithm) -> Tool:
    width, encrypt = block_bytes(algorithm), encryptor(material, algorithm)
    return lambda data, _padding: encrypt(fold(data, width))


MAKERS: dict[str, Callable[[bytes, Algorithm], Tool]] = {
    "unionpay-ecb": _unionpay_ecb,
    "xor-encrypt": _xor_encrypt,
    "iso9797-1": _iso9797_1,
    "iso9797-3": _iso9797_3,
    "cmac": _cmac,
    "hmac-sha256": _hmac_sha256,
}
