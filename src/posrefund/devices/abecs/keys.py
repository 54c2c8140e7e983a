"""Which of its keys a PIN pad uses: by number, and a working key only as the cryptogram that came for it. Floor 6.

No clear key stands in these types, nor could one be used: the pad opens the cryptogram itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from posrefund.closed import closed_class
from posrefund.errors import InvalidRequestError

if TYPE_CHECKING:
    from posrefund.errors import Fault

__all__ = ["DUKPTKey", "PadKey", "WorkingKey", "method_of"]

_INDEX_MAX = 99
_TDEA_BYTES = 16


@closed_class
@dataclass(frozen=True, slots=True)
class WorkingKey:
    """A working key of double length under one of the pad's master keys.

    Attributes:
        master: Number of the master key in the pad, 0 to 99: of those for PINs with ``enter_pin``, of those for
            data with ``encrypt``.
        wrapped: The working key, encrypted under it, 16 bytes: as a host sends it in a sign-in
            (``FileKeyStore.wrapped_pik``).

    Raises:
        InvalidRequestError: Every fault at once.

    Example:
        >>> from posrefund.devices.abecs import WorkingKey
        >>> WorkingKey(8, bytes(16))
        WorkingKey(master=8)
    """

    master: int
    wrapped: bytes = field(repr=False)

    def __post_init__(self) -> None:
        given: object = self.wrapped
        faults = _index_faults(self.master, "key.master")
        if not (isinstance(given, bytes) and len(given) == _TDEA_BYTES):
            faults.append(("key.wrapped", "16 bytes: ABECS pads know TDEA keys of double length"))
        if faults:
            raise InvalidRequestError(faults)


@dataclass(frozen=True, slots=True)
class DUKPTKey:
    """A TDEA DUKPT register of the pad, which takes a new key for each use.

    Attributes:
        index: Its number in the pad, 0 to 99: of those for PINs, or of those for data.

    Raises:
        InvalidRequestError: It is none.
    """

    index: int

    def __post_init__(self) -> None:
        if faults := _index_faults(self.index, "key.index"):
            raise InvalidRequestError(faults)


PadKey: TypeAlias = WorkingKey | DUKPTKey


def method_of(key: PadKey) -> tuple[bytes, int, bytes]:
    """Return how a PIN is encrypted, the number of the key and the working key in hexadecimal.

    Source:
        ABECS PIN pad protocol 2.12, 3.3.11: 1 is MK/WK and 3 DUKPT, both TDES; what DUKPT does not use is zeros.
    """
    match key:
        case WorkingKey(master, wrapped):
            return b"1", master, wrapped.hex().upper().encode("ascii")
        case DUKPTKey(index):
            return b"3", index, b"0" * 32


def _index_faults(index: object, path: str) -> list[Fault]:
    right = isinstance(index, int) and not isinstance(index, bool) and 0 <= index <= _INDEX_MAX
    return [] if right else [(path, f"a number from 0 to {_INDEX_MAX}")]
