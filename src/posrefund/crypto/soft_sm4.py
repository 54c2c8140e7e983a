"""Clear PIN blocks under SM4, for emulators and host stubs: one page shows two layouts and says to ask the bank. Floor 2.

As in ``crypto.soft``: one error with one message for whatever is wrong.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Literal

from posrefund.closed import closed
from posrefund.crypto._blockcipher import Algorithm, decrypt_ecb, encrypt_ecb
from posrefund.crypto.keys import Purpose
from posrefund.crypto.soft import _account, _check_block, _pin_of, _zero_field
from posrefund.errors import InvalidPINBlockError, KeyUsageError

if TYPE_CHECKING:
    from posrefund.crypto.keys import Key
    from posrefund.values.card import PAN

__all__ = ["SM4Layout", "decrypt_sm4_pin_block", "encrypt_sm4_pin_block"]

SM4Layout = Literal["wide", "filled"]
"""``wide``: format 0 drawn out to 16 bytes, its account at the right end. ``filled``: the 8 bytes of format 0
and 8 zero bytes."""

_HALF_BYTES = 8
_FILLER = 0xFFFFFFFFFFFFFFFF


@closed
def encrypt_sm4_pin_block(pik: Key, pin: str, pan: PAN, *, layout: SM4Layout) -> bytes:
    """Return the PIN block of 16 bytes under *pik*.

    Shape:
        pin: 4 to 12 decimal digits.

    Raises:
        InvalidPINBlockError: The PIN is not of that shape, or the layout another.
        KeyUsageError: The key is no PIN key, or for another cipher.

    Source:
        SM4 PIN pad example, CSDN M_Kerry 104625499, as printed there (test vectors): no standard names it.

    Example:
        >>> from posrefund.crypto import Algorithm, Key, Purpose
        >>> from posrefund.crypto.soft_sm4 import encrypt_sm4_pin_block
        >>> from posrefund.values import PAN
        >>> pik = Key(bytes.fromhex("F351D490994603795C6EBEE8FAEBB481"), Purpose.PIN, Algorithm.SM4)
        >>> len(encrypt_sm4_pin_block(pik, "123654", PAN("6200000000000005"), layout="filled"))
        16
    """
    material = _material(pik)
    mask, tail = _around(pan, layout)
    return encrypt_ecb(material, _octets(_zero_field(pin) ^ mask) + tail, Algorithm.SM4)


@closed
def decrypt_sm4_pin_block(pik: Key, block: bytes, pan: PAN, *, layout: SM4Layout) -> str:
    """Return the PIN of a block; a host stub needs it, a terminal never.

    Raises:
        InvalidPINBlockError: Whatever is wrong with it.
        KeyUsageError: The key is no PIN key, or for another cipher.
    """
    material = _material(pik)
    mask, tail = _around(pan, layout)
    _check_block(block, 2 * _HALF_BYTES)
    clear = decrypt_ecb(material, block, Algorithm.SM4)
    if not hmac.compare_digest(clear[_HALF_BYTES:], tail):
        raise InvalidPINBlockError
    return _pin_of(_octets(int.from_bytes(clear[:_HALF_BYTES], "big") ^ mask), 0)


def _material(pik: Key) -> bytes:
    if pik.algorithm is not Algorithm.SM4:
        raise KeyUsageError(f"{pik.algorithm} {pik.purpose}", "a PIN block of SM4")
    return pik.use(Purpose.PIN, "a PIN block")


def _around(pan: PAN, layout: SM4Layout) -> tuple[int, bytes]:
    """Return what is mixed into the half with the PIN, and the other half."""
    match layout:
        case "wide":
            return 0, _octets(_FILLER ^ _account(pan))
        case "filled":
            return _account(pan), bytes(_HALF_BYTES)
        case _:
            raise InvalidPINBlockError


def _octets(half: int) -> bytes:
    return half.to_bytes(_HALF_BYTES, "big")
