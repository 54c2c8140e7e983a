"""Message authentication codes as rules: the algorithm is data, the two verbs are ``mac``/``verify``.

``verify`` raises, it never returns False. Note well: the UnionPay fold is no protection against an
active attacker (swapping two 8-byte blocks keeps it, and the tag has 32 bits); it finds errors and
strangers without the key. ISO 9797-1 algorithm 3 chains its blocks, but zeros appended to the last one
keep the tag. Every echoed field is compared besides. Decision 0016. Floor 2.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from posrefund.crypto._blockcipher import BLOCK_BYTES, decrypt_ecb, encrypt_cbc, encrypt_ecb
from posrefund.crypto.keys import Purpose
from posrefund.errors import InvalidKeyError, MACMismatchError

if TYPE_CHECKING:
    from posrefund.crypto.keys import Key

__all__ = ["ISO9797_3", "UNIONPAY_ECB", "MACRule", "mac", "verify"]


@dataclass(frozen=True, slots=True)
class MACRule:
    """How a host computes the MAC.

    Attributes:
        algorithm: ``"unionpay-ecb"``, or ``"iso9797-3"``: ISO 9797-1 algorithm 3 (ANSI X9.19,
            "retail") with padding method 1.
    """

    algorithm: Literal["unionpay-ecb", "iso9797-3"] = "unionpay-ecb"


UNIONPAY_ECB = MACRule()
ISO9797_3 = MACRule("iso9797-3")


def mac(key: Key, data: bytes, rule: MACRule = UNIONPAY_ECB) -> bytes:
    """Return the MAC of *data* as it stands in the MAC field.

    Shape:
        data: from the MTI to the last field before the MAC, any length. Result: 8 bytes; UnionPay: the
        ASCII upper-case hexadecimal of four cipher bytes, ISO 9797-1: all eight cipher bytes.

    Raises:
        KeyUsageError: The key is no MAC key.
        InvalidKeyError: ISO 9797-1 algorithm 3 needs a key of 16 bytes.

    Source:
        UnionPay "ECB" MAC; five agreeing public pages, worked example CSDN 94665452 (test vectors).
        ISO/IEC 9797-1, algorithm 3 and its Annex B (test vectors).

    Example:
        >>> from posrefund.crypto import Key, Purpose, mac
        >>> mak = Key(bytes.fromhex("2222222222222222"), Purpose.MAC)
        >>> mac(mak, bytes.fromhex("1234567890ABCDEFABCDEF1234567890"))
        b'E267B6E2'
    """
    return _ALGORITHMS[rule.algorithm](key.use(Purpose.MAC, "a MAC"), data)


def verify(key: Key, data: bytes, tag: bytes, rule: MACRule = UNIONPAY_ECB) -> None:
    """Check that *tag* is the MAC of *data*, in constant time.

    Raises:
        MACMismatchError: It is not, or its length is another.
        KeyUsageError: The key is no MAC key.
        InvalidKeyError: ISO 9797-1 algorithm 3 needs a key of 16 bytes.
    """
    right = mac(key, data, rule)
    if len(tag) != len(right) or not hmac.compare_digest(right, tag):
        raise MACMismatchError


def _unionpay_ecb(material: bytes, data: bytes) -> bytes:
    text = _fold(data).hex().upper().encode("ascii")
    left = encrypt_ecb(material, text[:BLOCK_BYTES])
    block = bytes(a ^ b for a, b in zip(left, text[BLOCK_BYTES:], strict=True))
    return encrypt_ecb(material, block).hex().upper().encode("ascii")[:BLOCK_BYTES]


def _fold(data: bytes) -> bytes:
    """XOR all 8-byte blocks of *data*, the last one filled with zeros."""
    total = 0
    for start in range(0, len(data), BLOCK_BYTES):
        block = data[start : start + BLOCK_BYTES].ljust(BLOCK_BYTES, b"\0")
        total ^= int.from_bytes(block, "big")
    return total.to_bytes(BLOCK_BYTES, "big")


def _iso9797_3(material: bytes, data: bytes) -> bytes:
    """CBC under the left half, whose last block is decrypted under the right and encrypted again."""
    if len(material) != 2 * BLOCK_BYTES:
        reason = "ISO 9797-1 algorithm 3 takes a MAC key of 16 bytes"
        raise InvalidKeyError(reason)
    left, right = material[:BLOCK_BYTES], material[BLOCK_BYTES:]
    padded = (data + bytes(-len(data) % BLOCK_BYTES)) or bytes(BLOCK_BYTES)
    last = encrypt_cbc(left, padded)[-BLOCK_BYTES:]
    return encrypt_ecb(left, decrypt_ecb(right, last))


_ALGORITHMS = {"unionpay-ecb": _unionpay_ecb, "iso9797-3": _iso9797_3}
