"""The slots of a key file by name: which there are, what may stand in them. Floor 5: no I/O in this file.

One key stands in one slot: a key that serves two purposes is one that a chosen message can turn against itself.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.crypto import Algorithm, Key, KeySet, Purpose, is_well_known
from posrefund.errors import InvalidKeyError, KeyUsageError
from posrefund.keystore.contract import DeviceKey
from posrefund.keystore.document import Slot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.keystore.vault import Draft

__all__ = [
    "JOURNAL",
    "JOURNAL_PURPOSE",
    "SIGN_IN",
    "SIGN_IN_PURPOSE",
    "TMK",
    "SlotInfo",
    "check_name",
    "device_key",
    "infos",
    "put_device_key",
    "put_journal_key",
    "put_key",
    "refuse_published",
    "refuse_published_set",
    "slot_key",
]

TMK, JOURNAL, SIGN_IN = "tmk", "journal", "sign_in"
JOURNAL_PURPOSE, SIGN_IN_PURPOSE = "JOURNAL", "KEY-SET"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class SlotInfo:
    """What may be shown of a slot.

    Attributes:
        name: Its name.
        purpose: What its key is for: a ``Purpose``, JOURNAL, or KEY-SET for the keys of a sign-in.
        algorithm: The cipher it is for; ``""`` for the journal's key.
        kcv: Check value; of a key set its id; ``""`` for the journal's key.
        counter: The generation of the file that wrote it.
        place: ``file``, or the slot of the device where the key lives.
        ksn: Of a DUKPT slot, the last serial number that was taken.
    """

    name: str
    purpose: str
    algorithm: str
    kcv: str
    counter: int
    place: str
    ksn: str


def infos(slots: Mapping[str, Slot]) -> tuple[SlotInfo, ...]:
    """Return what may be shown of every slot, by name."""
    return tuple(
        SlotInfo(
            name=name,
            purpose=slot.purpose,
            algorithm=slot.algorithm,
            kcv=slot.kcv,
            counter=slot.counter,
            place=f"device {slot.detail['device']}" if "device" in slot.detail else "file",
            ksn=slot.detail.get("ksn", ""),
        )
        for name, slot in sorted(slots.items())
    )


def check_name(name: str) -> None:
    """Refuse a name that no slot for keys has.

    Raises:
        InvalidKeyError: It is no name, or one that the store keeps for itself.
    """
    if not _NAME.fullmatch(name) or name in (JOURNAL, SIGN_IN):
        reason = (
            "a slot has a name of 1 to 32 small letters, digits, - and _, and none of the store's"
        )
        raise InvalidKeyError(reason)


def slot_key(slot: Slot, clear: bytes) -> Key:
    """Return the key that was sealed in *slot*.

    Raises:
        InvalidKeyError: What was sealed is no such key: the file was written by something else.
    """
    try:
        purpose, algorithm = Purpose(slot.purpose), Algorithm(slot.algorithm)
    except ValueError:
        reason = f"a slot for {slot.purpose} holds no key to work with"
        raise InvalidKeyError(reason) from None
    key = Key(clear, purpose, algorithm, allow_weak=purpose is Purpose.DUKPT)
    if key.kcv_hex != slot.kcv:
        reason = "a key of the key file has another check value than its slot says"
        raise InvalidKeyError(reason)
    return key


def device_key(slot: Slot) -> DeviceKey:
    """Return the name of the key that lives in a device.

    Raises:
        KeyUsageError: The slot's key lives in the file.
    """
    if "device" not in slot.detail:
        raise KeyUsageError(f"{slot.purpose} in the file", "a device")
    return DeviceKey(
        slot.detail["device"], Purpose(slot.purpose), Algorithm(slot.algorithm), slot.kcv
    )


def put_key(draft: Draft, name: str, key: Key, *, replace: bool, **detail: str) -> None:
    """Set a slot to *key*.

    Raises:
        InvalidKeyError: No name of a slot; the slot is taken and may not be replaced, or is one of DUKPT and
            the key is not; the key was published, or stands in another slot.
    """
    _check_free(draft, name, replace=replace, detail=detail)
    clear = key.use(key.purpose, "being kept")
    refuse_published(key, f"the key for slot {name}", test_keys=draft.test_keys)
    _refuse_twin(draft, name, key, clear)
    slot = Slot(key.purpose.value, key.algorithm.value, key.kcv_hex, 0, detail)
    draft.put(name, slot, clear)


def put_device_key(draft: Draft, name: str, key: DeviceKey, *, replace: bool) -> None:
    """Set a slot to the name of a key that lives in a device.

    Raises:
        InvalidKeyError: No name of a slot; the slot is taken and may not be replaced, or is one of DUKPT.
    """
    detail = {"device": key.slot_name}
    _check_free(draft, name, replace=replace, detail=detail)
    slot = Slot(key.purpose.value, key.algorithm.value, key.kcv_hex, 0, detail)
    draft.put(name, slot, None)


def put_journal_key(draft: Draft, key: bytes) -> None:
    """Set the slot of the journal's key."""
    draft.put(JOURNAL, Slot(JOURNAL_PURPOSE, "", "", 0), key)


def _check_free(draft: Draft, name: str, *, replace: bool, detail: Mapping[str, str]) -> None:
    check_name(name)
    before = draft.slots.get(name)
    if before is not None and not replace:
        reason = f"slot {name} holds a key already"
        raise InvalidKeyError(reason, kcv=before.kcv)
    if before is not None and "ksn" in before.detail and "ksn" not in detail:
        reason = f"slot {name} remembers used DUKPT counters: take another one"
        raise InvalidKeyError(reason, kcv=before.kcv)


def refuse_published(key: Key, what: str, *, test_keys: bool) -> None:
    """Refuse a published key where the file is not one for test keys.

    Raises:
        InvalidKeyError: It is.
    """
    if is_well_known(key) and not test_keys:
        reason = f"{what} was published: only a key file made for test keys takes it"
        raise InvalidKeyError(reason, kcv=key.kcv_hex)


def refuse_published_set(keys: KeySet, *, test_keys: bool) -> None:
    """Refuse the keys of a sign-in if one of them was published. Raises as ``refuse_published``."""
    named = (("PIK", keys.pik), ("MAK", keys.mak), ("TDK", keys.tdk))
    for name, key in named:
        if key is not None:
            refuse_published(key, f"the {name} of the sign-in", test_keys=test_keys)


def _refuse_twin(draft: Draft, name: str, key: Key, clear: bytes) -> None:
    for other, slot in draft.slots.items():
        if other != name and slot.sealed and _is_same(key, clear, slot, draft.open(other)):
            reason = f"the key for slot {name} stands in slot {other} already"
            raise InvalidKeyError(reason, kcv=slot.kcv)


def _is_same(key: Key, clear: bytes, slot: Slot, other: bytes) -> bool:
    """Compare bytes, and of one cipher keys: two that differ in parity bits alone are one key."""
    alike = (slot.algorithm, slot.kcv) == (key.algorithm, key.kcv_hex)
    return hmac.compare_digest(other, clear) or (alike and slot_key(slot, other).equals(key))
