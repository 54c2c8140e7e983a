"""Key blocks on bytes: how each version binds a key to its header. ``keyblock`` gives it keys. Floor 2.

A and C ("variant") encrypt and authenticate the cipher text under two masks of the protection key; B, D and
E derive two keys by CMAC and authenticate header and clear text. TR-31:2018, X9.143:2021, ISO 20038:2017.
"""

from __future__ import annotations

import hmac
import os
from typing import NamedTuple

from posrefund.crypto._blockcipher import (
    Algorithm,
    block_bytes,
    cmac,
    decrypt_cbc,
    encrypt_cbc,
    encrypt_ecb,
)
from posrefund.crypto._keyblock_header import Header, format_header, parse_header
from posrefund.errors import InvalidKeyError

__all__ = ["counter_mode", "derive", "open_block", "seal_block"]


class _Version(NamedTuple):
    algorithm: Algorithm
    mac_bytes: int
    is_variant: bool
    encryption_use: int = 0


_VERSIONS = {
    "A": _Version(Algorithm.TDEA, 4, is_variant=True),
    "B": _Version(Algorithm.TDEA, 8, is_variant=False),
    "C": _Version(Algorithm.TDEA, 4, is_variant=True),
    "D": _Version(Algorithm.AES, 16, is_variant=False),
    "E": _Version(Algorithm.AES, 16, is_variant=False, encryption_use=2),
}
_PROTECTION_KEYS = {
    Algorithm.TDEA: {16: 0, 24: 1},
    Algorithm.AES: {16: 2, 24: 3, 32: 4},
}
"""Length of the protection key, and the number the derivation block has for it: TR-31:2018."""
_ENCRYPTION_MASK, _MAC_MASK = 0x45, 0x4D  # "E" and "M": TR-31:2018
_MAC_USE = 1
_LENGTH_BYTES = 2
_HIDDEN_BYTES = {"T": 24, "D": 24, "A": 32}
"""A key is filled up to the longest of its algorithm, so that its length does not show: X9.143:2021."""


def derive(version: str, protection: bytes) -> tuple[bytes, bytes]:
    """Return the key for encryption and the key for the MAC."""
    how = _VERSIONS[version]
    if how.is_variant:
        masks = (_ENCRYPTION_MASK, _MAC_MASK)
        encryption, authentication = (bytes(b ^ mask for b in protection) for mask in masks)
        return encryption, authentication
    uses = (how.encryption_use, _MAC_USE)
    encryption, authentication = (_derive(protection, how.algorithm, use) for use in uses)
    return encryption, authentication


def _derive(protection: bytes, algorithm: Algorithm, use: int) -> bytes:
    size = len(protection)
    number = _PROTECTION_KEYS[algorithm][size]
    tail = b"\0%c\0\0%c" % (use, number) + (8 * size).to_bytes(2, "big")
    blocks = -(-size // block_bytes(algorithm))
    return b"".join(cmac(protection, bytes([n + 1]) + tail, algorithm) for n in range(blocks))[
        :size
    ]


def open_block(protection: bytes, block: str) -> tuple[Header, bytes]:
    """Return the header and the key of a block whose MAC is right.

    Raises:
        InvalidKeyError: Whatever is wrong with it.
    """
    try:
        return _open(protection, block)
    except ValueError:  # ours from the header and from below, and those of the cipher
        raise _refusal() from None


def _refusal() -> InvalidKeyError:
    return InvalidKeyError("the key block is refused")


def _open(protection: bytes, block: str) -> tuple[Header, bytes]:
    header, start = parse_header(block)
    how = _VERSIONS[header.version]
    text, sealed = block[:start].encode("ascii"), block[start:]
    if len(protection) not in _PROTECTION_KEYS[how.algorithm] or set(sealed) - set(
        "0123456789ABCDEF"
    ):
        raise ValueError
    raw = bytes.fromhex(sealed)
    cipher, tag = raw[: -how.mac_bytes], raw[-how.mac_bytes :]
    if not cipher:
        raise ValueError
    encryption, authentication = derive(header.version, protection)
    if how.is_variant:
        _compare(_variant_mac(authentication, text + cipher), tag)
        clear = decrypt_cbc(encryption, cipher, iv=text[:8])
    else:
        clear = _decrypt(header.version, encryption, cipher, tag)
        _compare(cmac(authentication, text + clear, how.algorithm), tag)
    return header, _key_of(clear)


def _variant_mac(key: bytes, data: bytes) -> bytes:
    return encrypt_cbc(key, data)[-block_bytes(Algorithm.TDEA) :][:4]


def _decrypt(version: str, key: bytes, cipher: bytes, tag: bytes) -> bytes:
    if version == "E":
        return counter_mode(key, cipher, tag, Algorithm.AES)
    return decrypt_cbc(key, cipher, _VERSIONS[version].algorithm, iv=tag)


def counter_mode(key: bytes, data: bytes, start: bytes, algorithm: Algorithm) -> bytes:
    """Encrypt or decrypt *data*, of any length, with counters from *start* on. NIST SP 800-38A, 6.5."""
    size, first = len(start), int.from_bytes(start, "big")
    counters = (first + n for n in range(-(-len(data) // size)))
    stream = b"".join((each % (1 << 8 * size)).to_bytes(size, "big") for each in counters)
    pad = encrypt_ecb(key, stream, algorithm)
    return bytes(a ^ b for a, b in zip(data, pad, strict=False))


def _compare(right: bytes, tag: bytes) -> None:
    if not hmac.compare_digest(right, tag):
        raise ValueError


def _key_of(clear: bytes) -> bytes:
    bits = int.from_bytes(clear[:_LENGTH_BYTES], "big")
    key = clear[_LENGTH_BYTES : _LENGTH_BYTES + bits // 8]
    if not bits or bits % 8 or len(key) != bits // 8:
        raise ValueError
    return key


def seal_block(protection: bytes, header: Header, key: bytes) -> str:
    """Return a block of version B or D around *key*.

    Raises:
        InvalidKeyError: Another version, a protection key of another length or shorter than the key, or a
            header that cannot be written.
    """
    how = _VERSIONS.get(header.version)
    hidden = _HIDDEN_BYTES.get(header.algorithm, 0)
    if how is None or header.version not in "BD" or not 0 < len(key) <= hidden:
        raise _refusal()
    size = block_bytes(how.algorithm)
    weaker = how.algorithm is Algorithm.TDEA and header.algorithm == "A"
    if (
        len(protection) not in _PROTECTION_KEYS[how.algorithm]
        or weaker
        or len(key) > len(protection)
    ):
        raise _refusal()
    whole = _LENGTH_BYTES + hidden
    filled = os.urandom(whole - _LENGTH_BYTES - len(key) + -whole % size)
    clear = (8 * len(key)).to_bytes(_LENGTH_BYTES, "big") + key + filled
    try:
        text = format_header(
            header, sealed_characters=2 * (len(clear) + how.mac_bytes), multiple_of=size
        )
    except ValueError:
        raise _refusal() from None
    encryption, authentication = derive(header.version, protection)
    tag = cmac(authentication, text.encode("ascii") + clear, how.algorithm)
    return text + (encrypt_cbc(encryption, clear, how.algorithm, iv=tag) + tag).hex().upper()
