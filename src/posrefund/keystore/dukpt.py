"""DUKPT in a key file: the next transaction's keys, its counter on disk before anybody has them. Floor 5.

A crash after the write loses a counter, which DUKPT allows; a counter used twice would give one key to two
messages. What stands in the file is the initial key: who opens the file and reads it can derive every past
key of the device. A PIN pad, which erases what it used, is better.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.crypto import Algorithm, Key, Purpose
from posrefund.crypto.dukpt import DUKPT, KeyUse
from posrefund.crypto.dukpt_aes import AESDUKPT, Indicator, Kind
from posrefund.crypto.ksn import KSN
from posrefund.errors import InvalidKeyError, KeyUsageError
from posrefund.keystore.slots import put_key, slot_key

if TYPE_CHECKING:
    from posrefund.keystore.document import Slot
    from posrefund.keystore.vault import Draft

__all__ = ["Transaction", "advance", "load", "use_up"]

_KSN_BYTES = {Algorithm.TDEA: 10, Algorithm.AES: 12}


@dataclass(frozen=True, slots=True)
class Transaction:
    """The keys of one transaction, whose number is on disk already.

    Attributes:
        ksn: Travels with the message.
    """

    ksn: KSN
    _state: DUKPT | AESDUKPT = field(repr=False)

    @closed
    def key(self, use: KeyUse | Indicator, kind: Kind = Kind.AES128) -> Key:
        """Return the key for one use: ``KeyUse`` for TDEA, ``Indicator`` and *kind* for AES.

        Raises:
            KeyUsageError: The use is one of the other DUKPT.
            InvalidKeyError: As ``crypto.dukpt_aes.working_key``.
        """
        if isinstance(self._state, DUKPT) and isinstance(use, KeyUse):
            return self._state.key(use)
        if isinstance(self._state, AESDUKPT) and isinstance(use, Indicator):
            return self._state.key(use, kind)
        raise KeyUsageError(f"{self._state.initial.algorithm} {Purpose.DUKPT}", f"{use}")


def load(draft: Draft, name: str, key: Key, ksn: KSN, *, replace: bool) -> None:
    """Set a slot to an initial key; the counter of *ksn* counts as used.

    Raises:
        KeyUsageError: *key* is no initial key.
        InvalidKeyError: The number is one of another algorithm, the file used the key up to this counter or
            further (however long ago), or as for every key.
    """
    if key.purpose is not Purpose.DUKPT:
        raise KeyUsageError(key.purpose, "a DUKPT slot")
    if _KSN_BYTES.get(key.algorithm) != len(ksn.value):
        reason = f"a key serial number of {len(ksn.value)} bytes is none of {key.algorithm} DUKPT"
        raise InvalidKeyError(reason)
    if any(kcv == key.kcv_hex and ksn.counter <= counter for kcv, counter in _history(draft)):
        reason = "this file has used this counter of the key, or a higher one"
        raise InvalidKeyError(reason, kcv=key.kcv_hex)
    past = _past_with(draft.slots[name]) if name in draft.slots else ""
    put_key(draft, name, key, replace=replace, ksn=str(ksn), past=past)


def advance(draft: Draft, name: str) -> Transaction:
    """Take the next counter of a slot; the caller gives the result away once it is on disk.

    Raises:
        InvalidKeyError: There is no such slot, or its counters are used up.
    """
    slot = draft.slots.get(name)
    if slot is None or "ksn" not in slot.detail:
        reason = f"slot {name} holds no DUKPT key"
        raise InvalidKeyError(reason)
    initial = slot_key(slot, draft.open(name))
    ksn = _ksn(slot).next()
    _set_counter(draft, name, ksn)
    if initial.algorithm is Algorithm.AES:
        return Transaction(ksn, AESDUKPT(initial, ksn))
    return Transaction(ksn, DUKPT(initial, ksn))


def use_up(draft: Draft) -> None:
    """Leave no counter to any DUKPT slot: which ones were used is not known any more."""
    for name, slot in list(draft.slots.items()):
        if "ksn" in slot.detail:
            number = _ksn(slot).value
            bits = (1 << _COUNTER_BITS[slot.algorithm]) - 1
            last = (int.from_bytes(number, "big") | bits).to_bytes(len(number), "big")
            _set_counter(draft, name, KSN(last))


_COUNTER_BITS = {Algorithm.TDEA.value: 21, Algorithm.AES.value: 32}


def _set_counter(draft: Draft, name: str, ksn: KSN) -> None:
    slot = draft.slots[name]
    draft.put(
        name, dataclasses.replace(slot, detail={**slot.detail, "ksn": str(ksn)}), draft.open(name)
    )


def _past_with(slot: Slot) -> str:
    """Check values and last numbers of the keys that stood in a slot, its present one among them."""
    here = f"{slot.kcv}:{slot.detail['ksn']}" if "ksn" in slot.detail else ""
    return " ".join(filter(None, (slot.detail.get("past", ""), here)))


def _history(draft: Draft) -> list[tuple[str, int]]:
    """Check value and highest counter of every initial key that this file ever used."""
    entries = " ".join(map(_past_with, draft.slots.values())).split()
    pairs = (entry.split(":") for entry in entries)
    return [(kcv, KSN(bytes.fromhex(number)).counter) for kcv, number in pairs]


def _ksn(slot: Slot) -> KSN:
    return KSN(bytes.fromhex(slot.detail["ksn"]))
