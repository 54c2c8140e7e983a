"""A terminal as the host has it on file, and the keys that a sign-in hands out.

The host makes fresh working keys at each sign-in and wraps them under the terminal's TMK; it never
shows them. Floor 9.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posrefund.crypto import Algorithm, Key, KeySet, Purpose, kcv, wrap_key

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KeyBlock", "TerminalRecord", "issue_keys"]

_SM4_BYTES = 16
_BATCH_MAX = 999_998
"""Terminals take 1 to 999998 from a host (LIAO)."""


@dataclass(slots=True, eq=False)
class TerminalRecord:
    """One terminal on file.

    Attributes:
        terminal_id: DE41, 8 characters.
        merchant_id: DE42, 15 characters.
        tmk: Wraps the working keys; they are for the same cipher, TDEA or SM4.
        batch: The open batch.
        is_disabled: Known, and switched off.
        keys: The working keys of the last sign-in; None while signed off.
        asks: What the header of every answer asks for (digit 6); a new sign-in ends a 3, and nothing else ends anything.
    """

    terminal_id: str
    merchant_id: str
    tmk: Key
    batch: str = "000001"
    is_disabled: bool = False
    keys: KeySet | None = field(default=None, repr=False)
    asks: int = 0

    def close_batch(self) -> str:
        """Open the next batch and return its number."""
        self.batch = _after(self.batch)
        return self.batch

    def follows(self, batch: str) -> bool:
        """Say whether the open batch is the one after *batch*."""
        return self.batch == _after(batch)


def _after(batch: str) -> str:
    return f"{int(batch) % _BATCH_MAX + 1:06d}"


@dataclass(frozen=True, slots=True)
class KeyBlock:
    """Which keys a sign-in hands out, and how long they are.

    Attributes:
        pik_bytes: 8 or 16; the MAK has as much room in the block.
        mak_bytes: 8 or 16.
        tdk_bytes: 16, or 0 for none.
        kcv_bytes: Length of the check value behind each key.
    """

    pik_bytes: int
    mak_bytes: int
    tdk_bytes: int = 0
    kcv_bytes: int = 4


def issue_keys(
    layout: KeyBlock, tmk: Key, random_bytes: Callable[[int], bytes]
) -> tuple[KeySet, bytes]:
    """Make the working keys of a sign-in and the key block that carries them.

    Shape:
        Key block (DE62): 24 bytes, PIK 8 and MAK 8; 40 bytes, PIK 16 and MAK 16 (a MAK of 8 is filled
        with zeros); 60 bytes, the same and TDK 16. A KCV follows each key, four bytes by default. Under SM4
        every key has 16 bytes.

    Source:
        UnionPay sign-in, DE62; sample of code456.com/article/3026509 (40 bytes). Under SM4 after BEST, a
        public host, without numbers.
    """

    def new(size: int, purpose: Purpose) -> Key:
        size = _SM4_BYTES if tmk.algorithm is Algorithm.SM4 else size
        return Key(random_bytes(size), purpose, tmk.algorithm, allow_weak=True)

    pik = new(layout.pik_bytes, Purpose.PIN)
    mak = new(layout.mak_bytes, Purpose.MAC)
    tdk = new(layout.tdk_bytes, Purpose.DATA) if layout.tdk_bytes else None
    parts = [_part(tmk, key, layout) for key in (pik, mak, tdk) if key]
    return KeySet(pik, mak, tdk), b"".join(parts)


def _part(tmk: Key, key: Key, layout: KeyBlock) -> bytes:
    """One key wrapped, and its check value: over a block of zeros, as long as a block of its cipher is."""
    check = kcv(
        key.use(key.purpose, "a check value"),
        length_bytes=layout.kcv_bytes,
        algorithm=key.algorithm,
    )
    return wrap_key(tmk, key).ljust(layout.pik_bytes, b"\0") + check
