"""``FileKeyStore``: the keys of one terminal in one encrypted file. Floor 5.

It never writes a key in clear, never keeps a working key decrypted on disk (DE62 stays wrapped under the TMK),
refuses a file that others may touch, and notices an older copy where somebody keeps a mark (``HighWater``; a
``Terminal`` keeps one in its journal). Decision 0022.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from posrefund.closed import closed_class
from posrefund.crypto import (
    UNIONPAY_ECB,
    UNIONPAY_SIGN_IN,
    Key,
    KeySet,
    MACRule,
    Purpose,
    mac,
    unwrap_key_set,
)
from posrefund.errors import ConfigError, InvalidKeyError, KeyUsageError
from posrefund.keystore import disk, dukpt, master, sign_ins, slots
from posrefund.keystore.anchor import AnchorKeeper
from posrefund.keystore.convert import convert
from posrefund.keystore.locks import as_lock
from posrefund.keystore.token_key import TokenKey
from posrefund.keystore.vault import Draft, Vault

if TYPE_CHECKING:
    from collections.abc import Collection
    from os import PathLike

    from posrefund.crypto import KeyEncryptingKey
    from posrefund.crypto.ksn import KSN
    from posrefund.keystore.contract import DeviceKey, HighWater, Lock
    from posrefund.keystore.document import Slot
    from posrefund.keystore.token import Token

__all__ = ["FileKeyStore"]

_JOURNAL_KEY_BYTES = 32


@closed_class
class FileKeyStore(AnchorKeeper):
    """An opened key file; a file of version 1 is written again as version 2.

    Args:
        path: The file.
        lock: Opens it; bytes are a passphrase.
        token: Where the TMK lives, if the file only names it; open, for as long as the store is used.
        high_water: Where the highest generation is kept, if anywhere.
        anchor_file: Where the journal's anchor is kept; ``<name>.anchor`` beside *path* if None.
        test_keys: Only for a file of version 1: take a published TMK, and flag the file.

    Attributes:
        tmk: The terminal master key: a ``Key``, or a ``TokenKey``.
        sign_in_rule: By which DE62 is opened; a ``Terminal`` sets its dialect's.

    Raises:
        ConfigError: The file cannot be read, others may touch it, it is no key file, or an older copy.
        InvalidKeyError: The lock is the wrong one, or the file was changed.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from posrefund.keystore import FileKeyStore
        >>> tmk = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9")  # published
        >>> path = Path(tempfile.mkdtemp()) / "keys.json"
        >>> FileKeyStore.create(path, b"correct horse", tmk=tmk, test_keys=True).tmk
        Key(KEK, KCV 43C6CC)
    """

    def __init__(
        self,
        path: str | PathLike[str],
        lock: bytes | Lock,
        *,
        token: Token | None = None,
        high_water: HighWater | None = None,
        anchor_file: str | PathLike[str] | None = None,
        test_keys: bool = False,
    ) -> None:
        path, lock = Path(path), as_lock(lock)
        converted = convert(path, lock, high_water, test_keys=test_keys)
        self._vault = converted or Vault.open(path, lock, high_water)
        self._token = token
        self._moor(path, anchor_file, self.journal_key)
        self.sign_in_rule = UNIONPAY_SIGN_IN
        self.tmk = self._master()

    @classmethod
    def create(
        cls,
        path: str | PathLike[str],
        lock: bytes | Lock,
        *,
        tmk: bytes | Key | TokenKey,
        test_keys: bool = False,
        high_water: HighWater | None = None,
        anchor_file: str | PathLike[str] | None = None,
    ) -> Self:
        """Make a new key file with *tmk* and a fresh journal key.

        Args:
            path: Where.
            lock: Will open it; bytes are a passphrase.
            tmk: The terminal master key, or where it lives; bytes are a TDEA key.
            test_keys: Take published keys; the file says so for ever.
            high_water: Where the highest generation is kept, if anywhere.
            anchor_file: As for opening; what stands there goes, for no journal of it opens any more.

        Raises:
            ConfigError: There is a file already: a key file is never overwritten.
            InvalidKeyError: The TMK has a wrong length, is single DES, or was published.
            KeyUsageError: The key in the token opens no sign-ins.
        """
        path, lock = Path(path), as_lock(lock)
        master.check_master(tmk, test_keys=test_keys)
        with disk.alone(path):
            if os.path.lexists(path):
                raise ConfigError(f"{path.name} exists already")

            def fill(draft: Draft) -> None:
                master.put_master(draft, tmk)
                slots.put_journal_key(draft, secrets.token_bytes(_JOURNAL_KEY_BYTES))

            store = cls.__new__(cls)  # opening what was just written would only take time
            store._vault = Vault.create(  # noqa: SLF001 — ours, as below
                path, lock, fill, test_keys=test_keys, high_water=high_water
            )
            store._moor(path, anchor_file, store.journal_key)  # noqa: SLF001
            store._cast_off()  # noqa: SLF001
        store._token = tmk.token if isinstance(tmk, TokenKey) else None  # noqa: SLF001
        store.sign_in_rule = UNIONPAY_SIGN_IN
        store.tmk = store._master()  # noqa: SLF001
        return store

    def _master(self) -> KeyEncryptingKey:
        if "device" not in self._slot(slots.TMK).detail:
            return self.key(slots.TMK)
        return master.master_key(self._token, self.device_key(slots.TMK), test_keys=self.test_keys)

    # --- what a terminal needs ---------------------------------------------------------------

    @property
    def journal_key(self) -> bytes:
        """32 bytes for the journal: chain, fingerprints, sealed numbers."""
        return self._vault.read(slots.JOURNAL)

    @property
    def generation(self) -> int:
        """How often the file was written; an older copy has a lower one."""
        return self._vault.document.generation

    def keep_sign_in(
        self,
        block: bytes,
        rule: MACRule = UNIONPAY_ECB,
        *,
        still_needed: Collection[str] = (),
    ) -> KeySet:
        """Open DE62 of a sign-in answer and, only if all of it is right, keep it for the next start.

        Args:
            block: As it stands in the answer.
            rule: What its MAC key has to serve.
            still_needed: Ids of older sets to keep, for verifying; every other one is destroyed.

        Raises:
            InvalidKeyError: The set is refused, one of its keys was published, or another program has loaded
                another TMK; the set before stays.
        """

        def work(draft: Draft) -> KeySet:
            master.check_same_master(draft, self.tmk)
            keys = unwrap_key_set(self.tmk, block, self.sign_in_rule)
            mac(keys.mak, b"", rule)  # a key that the rule does not take is no key
            sign_ins.keep(draft, keys, self.tmk.algorithm, block, still_needed)
            return keys

        return self._vault.change(work)

    def id_of(self, block: bytes) -> str:
        """Return the name of the keys of DE62, once they open rightly; nothing is kept.

        Raises:
            InvalidKeyError: The set is refused.
        """
        keys = unwrap_key_set(self.tmk, block, self.sign_in_rule)
        keys.close()
        return keys.key_set_id

    def forget_sets(self, *, still_needed: Collection[str]) -> None:
        """Destroy every replaced set but those that are needed; without any the file is not written.

        Raises:
            ConfigError: The file cannot be written; nothing was destroyed.
        """
        if sign_ins.unneeded(self._vault.document.slots, still_needed):
            self._vault.change(lambda draft: sign_ins.forget(draft, still_needed))

    def working_keys(self) -> KeySet | None:
        """Return the keys of the last sign-in, or None before the first."""
        return self._set_in(slots.SIGN_IN)

    def wrapped_pik(self) -> bytes | None:
        """Return the PIK of the last sign-in as the host sent it, under the TMK; None before the first.

        For a PIN pad in which the same TMK was injected: it opens the PIK itself.
        """
        if slots.SIGN_IN not in self._vault.document.slots:
            return None
        block = self._vault.read(slots.SIGN_IN)
        return sign_ins.wrapped_pik(block, self.sign_in_rule, self.tmk.algorithm)

    def key_set(self, key_set_id: str) -> KeySet | None:
        """Return the last set, or an older one to verify with, by its id; None if it is gone."""
        name = sign_ins.slot_of(self._vault.document.slots, key_set_id)
        keys = self._set_in(name) if name else None
        return keys.verify_only() if keys and name != slots.SIGN_IN else keys

    def _set_in(self, name: str) -> KeySet | None:
        if name not in self._vault.document.slots:
            return None
        block = self._vault.read(name)
        with suppress(InvalidKeyError):  # the dialect no longer takes such a set: sign in again
            return unwrap_key_set(self.tmk, block, self.sign_in_rule)
        return None

    # --- other slots -------------------------------------------------------------------------

    @property
    def test_keys(self) -> bool:
        """Whether the file was made for published keys."""
        return self._vault.document.test_keys

    @property
    def has_published_master(self) -> bool:
        """Whether everybody can know the TMK: then nothing under it is a secret."""
        return master.is_published(self.tmk)

    @property
    def lock_header(self) -> dict[str, str]:
        """What stands in the file about its lock; no secret."""
        return dict(self._vault.document.lock)

    def slots(self) -> tuple[slots.SlotInfo, ...]:
        """Return what may be shown of every slot, by name."""
        return slots.infos(self._vault.document.slots)

    def key(self, slot: str) -> Key:
        """Return the key of a slot.

        Raises:
            InvalidKeyError: There is no such slot, its key lives in a device, or it holds no key to work
                with.
            KeyUsageError: It is a DUKPT slot: only ``next_dukpt`` gives its keys.
        """
        found = self._slot(slot)
        if "device" in found.detail:
            reason = f"the key of slot {slot} lives in a device and never comes here"
            raise InvalidKeyError(reason, kcv=found.kcv)
        if "ksn" in found.detail:
            raise KeyUsageError(found.purpose, "anything but its next transaction")
        return slots.slot_key(found, self._vault.read(slot))

    def device_key(self, slot: str) -> DeviceKey:
        """Return the name of a key that lives in a device.

        Raises:
            InvalidKeyError: There is no such slot.
            KeyUsageError: The slot's key lives in the file.
        """
        return slots.device_key(self._slot(slot))

    def load_key(self, slot: str, key: Key, *, replace: bool = False) -> None:
        """Put *key* into a slot. Another TMK destroys the keys of every sign-in: they came under the old one.

        Raises:
            InvalidKeyError: The slot is taken, and *replace* was not said; the key was published, or stands
                in another slot.
            KeyUsageError: *key* is an initial key of DUKPT, or no TMK and the slot is the TMK's.
        """
        if key.purpose is Purpose.DUKPT:
            raise KeyUsageError(key.purpose, "a slot without a serial number")
        if slot == slots.TMK:
            master.check_opens_sign_ins(key)

        def work(draft: Draft) -> None:
            slots.put_key(draft, slot, key, replace=replace)
            if slot == slots.TMK:
                sign_ins.drop_all(draft)

        self._vault.change(work)
        self.tmk = self._master()

    def load_device_key(self, slot: str, key: DeviceKey, *, replace: bool = False) -> None:
        """Put the name of a key that lives in a device into a slot.

        The TMK's has to be in the token that the file was opened with; the keys of every sign-in go, as for
        ``load_key``.

        Raises:
            InvalidKeyError: The slot is taken, and *replace* was not said; the token's key is another.
            KeyUsageError: The slot is the TMK's, and the key opens no sign-ins.
            ConfigError: The slot is the TMK's, and the file was opened with no token, or one without it.
        """
        if slot == slots.TMK:
            master.master_key(self._token, key, test_keys=self.test_keys)

        def work(draft: Draft) -> None:
            slots.put_device_key(draft, slot, key, replace=replace)
            if slot == slots.TMK:
                sign_ins.drop_all(draft)

        self._vault.change(work)
        self.tmk = self._master()

    def load_dukpt(self, slot: str, key: Key, ksn: KSN, *, replace: bool = False) -> None:
        """Put an initial key and its serial number into a slot; the number's counter counts as used.

        Raises:
            KeyUsageError: *key* is no initial key, or the slot is the TMK's.
            InvalidKeyError: The number is one of another algorithm, the file used this key up to this counter
                or further, or as ``load_key``.
        """
        if slot == slots.TMK:
            raise KeyUsageError(key.purpose, "opening sign-ins")
        self._vault.change(lambda draft: dukpt.load(draft, slot, key, ksn, replace=replace))

    def next_dukpt(self, slot: str) -> dukpt.Transaction:
        """Return the keys of the next transaction; its counter is on disk before they are.

        Raises:
            InvalidKeyError: No DUKPT slot, or its counters are used up: a new initial key is needed.
            ConfigError: The counter could not be written: no key comes out.
        """
        return self._vault.change(lambda draft: dukpt.advance(draft, slot))

    def _slot(self, name: str) -> Slot:
        found = self._vault.document.slots.get(name)
        if found is None:
            slots.check_name(name)
            reason = f"the key file has no slot {name}"
            raise InvalidKeyError(reason)
        return found

    # --- the file as a whole -----------------------------------------------------------------

    def change_lock(self, lock: bytes | Lock) -> None:
        """Seal every slot anew, under another lock or under a fresh key of the same passphrase.

        Copies of the file made before still open with the old one.

        Raises:
            ConfigError: It could not be written, and the old lock holds; or only its mark could not, as
                the message says, and the new one does.
        """
        header, kek = as_lock(lock).new()
        self._vault.change(lambda draft: draft.reseal(kek, header))

    def accept_restored(self, above: int) -> None:
        """Go on with a restored copy, on purpose, as the newest of all.

        What may have moved on since the copy was made is not trusted: the keys of sign-ins are destroyed,
        and DUKPT slots are used up.

        Args:
            above: The highest generation that was seen.

        Raises:
            ConfigError: It could not be written.
        """

        def work(draft: Draft) -> None:
            draft.skip_to(above + 1)
            sign_ins.drop_all(draft)
            dukpt.use_up(draft)

        self._vault.change(work)
