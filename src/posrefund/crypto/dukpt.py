"""TDEA DUKPT (ANSI X9.24-1:2009): a key for each transaction, derived from one initial key. Floor 2.

``DUKPT`` is a value: ``advance()`` gives the state of the next transaction, and **that state's KSN must be on
disk before a key of it is used**. A counter that falls back after a power cut would give one key to two
messages. Keeping it is the key store's work; here is only arithmetic. The initial key stays with the
state, so who reads it out of the memory can derive every past key of the device: a PIN pad, which
erases what it used, is better, and a terminal has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from posrefund.closed import closed
from posrefund.crypto._dukpt_tdea import (
    derive_initial_key,
    derive_transaction_key,
    derive_working_key,
)
from posrefund.crypto.keys import Algorithm, Key, Purpose
from posrefund.errors import InvalidKeyError

if TYPE_CHECKING:
    from posrefund.crypto.ksn import KSN

__all__ = ["DUKPT", "KeyUse", "initial_key", "session_key"]

_KEY_BYTES = 16
_KSN_BYTES = 10


class _Variant(NamedTuple):
    mask: str
    purpose: Purpose
    one_way: bool


class KeyUse(Enum):
    """What the key of a transaction is for: its mask, X9.24-1:2009, for each half of the key."""

    PIN = _Variant("00000000000000FF", Purpose.PIN, one_way=False)
    """Encrypts the PIN block."""
    MAC_REQUEST = _Variant("000000000000FF00", Purpose.MAC, one_way=False)
    """MAC of the request, or of both ways."""
    MAC_RESPONSE = _Variant("00000000FF000000", Purpose.MAC, one_way=False)
    """MAC of the answer."""
    DATA_REQUEST = _Variant("0000000000FF0000", Purpose.DATA, one_way=True)
    """Encrypts data of the request, or of both ways."""
    DATA_RESPONSE = _Variant("000000FF00000000", Purpose.DATA, one_way=True)
    """Encrypts data of the answer."""


@closed
def initial_key(bdk: Key, ksn: KSN) -> Key:
    """Return the initial key of the device of *ksn*: the host's side, and that of who loads keys.

    Shape:
        bdk: the base derivation key, 16 bytes. Result: 16 bytes.

    Raises:
        KeyUsageError: *bdk* is no base derivation key.
        InvalidKeyError: It has another length, or the number is one of AES DUKPT.

    Source:
        ANSI X9.24-1:2009.
    """
    material = _material(bdk, Purpose.BDK, ksn)
    return Key(derive_initial_key(material, ksn.value), Purpose.DUKPT, allow_weak=True)


@closed
def session_key(initial: Key, ksn: KSN, use: KeyUse) -> Key:
    """Return the key of the transaction of *ksn* for one *use*.

    Shape:
        initial: the initial key, 16 bytes. Result: 16 bytes.

    Raises:
        KeyUsageError: *initial* is no initial key.
        InvalidKeyError: It has another length, the number is one of AES DUKPT, or the counter is none that
            the standard allows: 0, or with more than 10 one bits.

    Source:
        ANSI X9.24-1:2009.

    Example:
        >>> from posrefund.crypto.dukpt import KeyUse, initial_key, session_key
        >>> from posrefund.crypto import Key, Purpose
        >>> from posrefund.crypto.ksn import KSN
        >>> bdk = Key(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), Purpose.BDK)
        >>> ksn = KSN(bytes.fromhex("FFFF9876543210E00001"))
        >>> session_key(initial_key(bdk, ksn), ksn, KeyUse.PIN).purpose
        <Purpose.PIN: 'PIN'>
    """
    material = _material(initial, Purpose.DUKPT, ksn)
    if not ksn.is_usable:
        reason = "no transaction has this DUKPT counter"
        raise InvalidKeyError(reason)
    mask, purpose, one_way = use.value
    transaction = derive_transaction_key(material, ksn.value)
    working = derive_working_key(transaction, bytes.fromhex(mask), one_way=one_way)
    return Key(working, purpose, allow_weak=True)  # derived, not chosen


def _material(key: Key, purpose: Purpose, ksn: KSN) -> bytes:
    material = key.use(purpose, "TDEA DUKPT")
    sizes = (len(material), len(ksn.value))
    if key.algorithm is not Algorithm.TDEA or sizes != (_KEY_BYTES, _KSN_BYTES):
        reason = f"TDEA DUKPT takes keys of {_KEY_BYTES} bytes and serial numbers of {_KSN_BYTES}"
        raise InvalidKeyError(reason)
    return material


@dataclass(frozen=True, slots=True)
class DUKPT:
    """The state of a device: its initial key, and the serial number of the transaction at hand.

    Attributes:
        initial: The initial key that was loaded.
        ksn: The number that travels with the message; counter 0 before the first transaction.
    """

    initial: Key
    ksn: KSN

    def advance(self) -> DUKPT:
        """Return the state of the next transaction; persist its ``ksn`` before any key of it is used.

        Raises:
            InvalidKeyError: The counter is exhausted; the state stays as it was.
        """
        return DUKPT(self.initial, self.ksn.next())

    def key(self, use: KeyUse) -> Key:
        """Return the key of this transaction for one *use*. Raises as ``session_key``."""
        return session_key(self.initial, self.ksn, use)
