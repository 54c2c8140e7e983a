"""The key sets of sign-ins in a key file: the newest, and older ones that something open needs. Floor 5.

A set stays as the host sent it, wrapped under the TMK, and is opened when it is asked for. An older one answers
questions about messages that were sent under it; which those are, the caller says at each sign-in.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from posrefund.crypto import unwrap_key_set
from posrefund.errors import InvalidKeyError
from posrefund.keystore.document import Slot
from posrefund.keystore.slots import SIGN_IN, SIGN_IN_PURPOSE, refuse_published_set

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from posrefund.crypto import Algorithm, Key, KeySet, SignInRule
    from posrefund.keystore.vault import Draft

__all__ = ["drop_all", "forget", "keep", "put_converted", "slot_of", "unneeded", "wrapped_pik"]

_OLDER = f"{SIGN_IN}."


def keep(
    draft: Draft, keys: KeySet, cipher: Algorithm, block: bytes, still_needed: Collection[str]
) -> None:
    """Let *keys*, of *block*, be the newest set, and destroy the sets before it but those needed.

    Raises:
        InvalidKeyError: One of the keys was published.
    """
    refuse_published_set(keys, test_keys=draft.test_keys)
    before = {slot.kcv: draft.open(name) for name, slot in draft.slots.items() if _is_set(slot)}
    drop_all(draft)
    for key_set_id, older in before.items():
        if key_set_id in still_needed and key_set_id != keys.key_set_id:
            _put(draft, _OLDER + key_set_id.lower(), key_set_id, cipher, older)
    _put(draft, SIGN_IN, keys.key_set_id, cipher, block)


def drop_all(draft: Draft) -> None:
    """Destroy every set: what wrapped them is gone, or they are not the newest ones."""
    for name in [name for name, slot in draft.slots.items() if _is_set(slot)]:
        del draft.slots[name]


def unneeded(slots: Mapping[str, Slot], still_needed: Collection[str]) -> list[str]:
    """Return the slots of replaced sets that nothing needs."""
    return [
        name
        for name, slot in slots.items()
        if name.startswith(_OLDER) and slot.kcv not in still_needed
    ]


def forget(draft: Draft, still_needed: Collection[str]) -> None:
    """Destroy the replaced sets that nothing needs."""
    for name in unneeded(draft.slots, still_needed):
        del draft.slots[name]


def slot_of(slots: Mapping[str, Slot], key_set_id: str) -> str | None:
    """Return the slot of a set, or None."""
    found = (name for name, slot in slots.items() if _is_set(slot) and slot.kcv == key_set_id)
    return next(found, None)


def wrapped_pik(block: bytes, rule: SignInRule, cipher: Algorithm) -> bytes | None:
    """Return the PIK of a kept set as it came; None if *rule* has no such set any more."""
    layout = rule.lengths(cipher).get(len(block))
    return layout.wrapped(block, "PIK") if layout else None


def put_converted(draft: Draft, tmk: Key, block: bytes) -> None:
    """Take over the one set of a file of version 1, unless it is refused or was published: then sign in again."""
    with suppress(InvalidKeyError):
        keys = unwrap_key_set(tmk, block)
        refuse_published_set(keys, test_keys=draft.test_keys)
        _put(draft, SIGN_IN, keys.key_set_id, tmk.algorithm, block)


def _put(draft: Draft, name: str, key_set_id: str, cipher: Algorithm, block: bytes) -> None:
    slot = Slot(SIGN_IN_PURPOSE, cipher.value, key_set_id, 0)
    draft.put(name, slot, block)


def _is_set(slot: Slot) -> bool:
    return slot.purpose == SIGN_IN_PURPOSE
