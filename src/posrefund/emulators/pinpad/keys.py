"""The keys that were injected into the emulated pad, those for PINs apart from those for data. Floor 9."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.crypto import Key, Purpose, unwrap_key, wrap_key
from posrefund.crypto.dukpt import DUKPT, KeyUse, initial_key
from posrefund.crypto.ksn import KSN
from posrefund.crypto.soft import encrypt_pin_block

if TYPE_CHECKING:
    from posrefund.values import PAN

__all__ = ["PadKeys"]

_PUBLISHED = "0123456789ABCDEFFEDCBA9876543210"
_PUBLISHED_TMK = "CA5D92598DCA48CE8A4C76361A9269E9"
_KSN = "FFFF9876543210E00000"
_BLOCK_BYTES = 8


def _masters() -> dict[int, Key]:
    return {1: Key(bytes.fromhex(_PUBLISHED_TMK), Purpose.KEK)}


def _registers() -> dict[int, DUKPT]:
    first = KSN(bytes.fromhex(_KSN))
    return {1: DUKPT(initial_key(Key(bytes.fromhex(_PUBLISHED), Purpose.BDK), first), first)}


@dataclass(slots=True)
class PadKeys:
    """Keys by number; published test keys under number 1 if none are given.

    Attributes:
        pin_masters: They open working keys for PINs.
        data_masters: They open working keys for data.
        pin_registers: DUKPT for PINs.
        data_registers: DUKPT for data.
    """

    pin_masters: dict[int, Key] = field(default_factory=_masters)
    data_masters: dict[int, Key] = field(default_factory=_masters)
    pin_registers: dict[int, DUKPT] = field(default_factory=_registers)
    data_registers: dict[int, DUKPT] = field(default_factory=_registers)

    def has_pin_key(self, method: str, index: int) -> bool:
        """Whether *method*, 1 or 3, has a key of this number."""
        return index in (self.pin_masters if method == "1" else self.pin_registers)

    @closed
    def encrypt_pin(
        self, method: str, index: int, wrapped: bytes, pin: str, pan: PAN
    ) -> tuple[bytes, bytes]:
        """Return the PIN block in format 0 and the serial number of its key, zeros for a working key.

        Raises:
            InvalidKeyError: The cryptogram is no key of double length.
        """
        if method == "1":
            pik = unwrap_key(self.pin_masters[index], wrapped, Purpose.PIN)
            return encrypt_pin_block(pik, pin, pan), bytes(10)
        state = self.pin_registers[index] = self.pin_registers[index].advance()
        return encrypt_pin_block(state.key(KeyUse.PIN), pin, pan), state.ksn.value

    @closed
    def encrypt_data(
        self, index: int, wrapped: bytes | None, data: bytes, vector: bytes | None
    ) -> tuple[bytes, bytes]:
        """Return *data* encrypted, in CBC where there is a *vector*, and the serial number of the key, or nothing.

        Raises:
            KeyError: No such key.
            InvalidKeyError: The cryptogram is no key.
        """
        if wrapped is not None:
            key = unwrap_key(self.data_masters[index], wrapped, Purpose.DATA)
            return _run(key, data, vector), b""
        state = self.data_registers[index] = self.data_registers[index].advance()
        return _run(state.key(KeyUse.DATA_REQUEST), data, vector), state.ksn.value


def _run(key: Key, data: bytes, vector: bytes | None) -> bytes:
    """Encrypt block by block: what wrapping a key under the same key does with one block."""
    kek = Key(key.use(Purpose.DATA, "data"), Purpose.KEK, allow_weak=True)
    done, before = b"", vector or bytes(_BLOCK_BYTES)
    for start in range(0, len(data), _BLOCK_BYTES):
        block = data[start : start + _BLOCK_BYTES]
        if vector is not None:
            block = bytes(a ^ b for a, b in zip(block, before, strict=True))
        before = wrap_key(kek, Key(block, Purpose.MAC, allow_weak=True))
        done += before
    return done
