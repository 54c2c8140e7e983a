"""A key store that is only memory: any TMK, and the sign-in rule that a dialect asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.crypto import (
    UNIONPAY_ECB,
    UNIONPAY_SIGN_IN,
    Key,
    KeySet,
    MACRule,
    mac,
    unwrap_key_set,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from posrefund.keystore import Anchor

__all__ = ["MemoryKeyStore"]


class MemoryKeyStore:
    """One terminal's keys for as long as a test runs."""

    generation = 0
    has_published_master = True
    journal_key = bytes(range(32))

    def __init__(self, tmk: Key) -> None:
        self.tmk = tmk
        self.sign_in_rule = UNIONPAY_SIGN_IN
        self._block = b""
        self._anchor: Anchor | None = None

    def keep_sign_in(
        self, block: bytes, rule: MACRule = UNIONPAY_ECB, *, still_needed: Collection[str] = ()
    ) -> KeySet:
        """Open DE62 by the rule that was handed over, and keep it."""
        keys = unwrap_key_set(self.tmk, block, self.sign_in_rule)
        mac(keys.mak, b"", rule)
        self._block = block
        return keys

    def id_of(self, block: bytes) -> str:
        """What the keys of DE62 are called."""
        return unwrap_key_set(self.tmk, block, self.sign_in_rule).key_set_id

    def forget_sets(self, *, still_needed: Collection[str]) -> None:
        """There is never more than one."""

    def working_keys(self) -> KeySet | None:
        """The last set, opened again as after a restart."""
        return unwrap_key_set(self.tmk, self._block, self.sign_in_rule) if self._block else None

    def anchor(self) -> Anchor | None:
        """The last one, for as long as the store lives."""
        return self._anchor

    def keep_anchor(self, anchor: Anchor) -> None:
        """Keep it in the place of the one before."""
        self._anchor = anchor

    def key_set(self, key_set_id: str) -> KeySet | None:
        """The last set, if it is that one."""
        keys = self.working_keys()
        return keys if keys and keys.key_set_id == key_set_id else None
