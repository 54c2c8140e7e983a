"""AES DUKPT (ANSI X9.24-3:2017): a key for each transaction and each use of it. Floor 2.

The rule is that of ``dukpt``: ``AESDUKPT.advance()`` gives the state of the next transaction, and **that state's
KSN must be on disk before a key of it is used**; keeping it is the key store's work. HMAC keys are derived in
``_dukpt_aes``, but a ``Key`` has no such algorithm, so none comes out here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.crypto._dukpt_aes import (
    Indicator,
    Kind,
    derive_initial_key,
    derive_transaction_key,
    derive_update_key,
    derive_working_key,
)
from posrefund.crypto.keys import Algorithm, Key, Purpose
from posrefund.errors import InvalidKeyError

if TYPE_CHECKING:
    from posrefund.crypto.ksn import KSN

__all__ = ["AESDUKPT", "Indicator", "Kind", "initial_key", "update_key", "working_key"]

_KSN_BYTES = 12
_DEVICE_BYTES = 8
_STRENGTH_BITS = {16: 128, 24: 192, 32: 256}
_PURPOSES = {
    Indicator.KEY_ENCRYPTION: Purpose.KEK,
    Indicator.PIN_ENCRYPTION: Purpose.PIN,
    Indicator.MAC_GENERATION: Purpose.MAC,
    Indicator.MAC_VERIFICATION: Purpose.MAC,
    Indicator.MAC_BOTH_WAYS: Purpose.MAC,
    Indicator.DATA_ENCRYPTION: Purpose.DATA,
    Indicator.DATA_DECRYPTION: Purpose.DATA,
    Indicator.DATA_BOTH_WAYS: Purpose.DATA,
}
_ALGORITHMS = {
    Kind.TDEA128: Algorithm.TDEA,
    Kind.TDEA192: Algorithm.TDEA,
    Kind.AES128: Algorithm.AES,
    Kind.AES192: Algorithm.AES,
    Kind.AES256: Algorithm.AES,
}


@closed
def initial_key(bdk: Key, ksn: KSN) -> Key:
    """Return the initial key of the device of *ksn*: the host's side, and that of who loads keys.

    Shape:
        bdk: an AES base derivation key. Result: as long.

    Raises:
        KeyUsageError: *bdk* is no base derivation key.
        InvalidKeyError: It is no AES key, or the number is one of TDEA DUKPT.

    Source:
        ANSI X9.24-3:2017.
    """
    material = _material(bdk, Purpose.BDK, ksn)
    derived = derive_initial_key(material, ksn.value[:_DEVICE_BYTES])
    return Key(derived, Purpose.DUKPT, Algorithm.AES)


@closed
def working_key(initial: Key, ksn: KSN, use: Indicator, kind: Kind = Kind.AES128) -> Key:
    """Return the key of the transaction of *ksn* for one *use*.

    Raises:
        KeyUsageError: *initial* is no initial key.
        InvalidKeyError: It is no AES key; the counter is none that the standard allows (0, or with more than
            16 one bits); or *kind* is stronger than the initial key, or HMAC, or *use* gives no key to work with.

    Source:
        ANSI X9.24-3:2017.

    Example:
        >>> from posrefund.crypto import Algorithm, Key, Purpose
        >>> from posrefund.crypto.dukpt_aes import Indicator, working_key
        >>> from posrefund.crypto.ksn import KSN
        >>> ik = bytes.fromhex("1273671EA26AC29AFA4D1084127652A1")
        >>> ksn = KSN(bytes.fromhex("123456789012345600000001"))
        >>> key = working_key(Key(ik, Purpose.DUKPT, Algorithm.AES), ksn, Indicator.PIN_ENCRYPTION)
        >>> key.purpose, key.algorithm
        (<Purpose.PIN: 'PIN'>, <Algorithm.AES: 'AES'>)
    """
    material = _material(initial, Purpose.DUKPT, ksn)
    _check_kind(kind, material)
    if not ksn.is_usable:
        reason = "no transaction has this DUKPT counter"
        raise InvalidKeyError(reason)
    if use not in _PURPOSES:
        reason = "DUKPT gives no derivation key away"
        raise InvalidKeyError(reason)
    transaction = derive_transaction_key(material, ksn.value)
    derived = derive_working_key(transaction, ksn.value, use, kind)
    return Key(derived, _PURPOSES[use], _ALGORITHMS[kind], allow_weak=True)  # derived, not chosen


@closed
def update_key(initial: Key, ksn: KSN, kind: Kind = Kind.AES128) -> Key:
    """Return the key under which the host sends the device of *ksn* its next initial key.

    Raises:
        KeyUsageError: *initial* is no initial key.
        InvalidKeyError: As ``working_key``, the counter left aside.

    Source:
        ANSI X9.24-3:2017: the counter of all ones, which no transaction has.
    """
    material = _material(initial, Purpose.DUKPT, ksn)
    _check_kind(kind, material)
    derived = derive_update_key(material, ksn.value[:_DEVICE_BYTES], kind)
    return Key(derived, Purpose.KEK, _ALGORITHMS[kind], allow_weak=True)  # derived, not chosen


def _material(key: Key, purpose: Purpose, ksn: KSN) -> bytes:
    material = key.use(purpose, "AES DUKPT")
    if key.algorithm is not Algorithm.AES or len(ksn.value) != _KSN_BYTES:
        reason = f"AES DUKPT takes AES keys and serial numbers of {_KSN_BYTES} bytes"
        raise InvalidKeyError(reason)
    return material


def _check_kind(kind: Kind, material: bytes) -> None:
    if kind not in _ALGORITHMS or kind.value.strength_bits > _STRENGTH_BITS[len(material)]:
        reason = "AES DUKPT gives no HMAC key here and none stronger than the initial key"
        raise InvalidKeyError(reason)


@dataclass(frozen=True, slots=True)
class AESDUKPT:
    """The state of a device: its initial key, and the serial number of the transaction at hand.

    Attributes:
        initial: The initial key that was loaded.
        ksn: The number that travels with the message; counter 0 before the first transaction.
    """

    initial: Key
    ksn: KSN

    def advance(self) -> AESDUKPT:
        """Return the state of the next transaction; persist its ``ksn`` before any key of it is used.

        Raises:
            InvalidKeyError: The counter is exhausted; the state stays as it was.
        """
        return AESDUKPT(self.initial, self.ksn.next())

    def key(self, use: Indicator, kind: Kind = Kind.AES128) -> Key:
        """Return the key of this transaction for one *use*. Raises as ``working_key``."""
        return working_key(self.initial, self.ksn, use, kind)
