"""Key serial numbers: which key of which device a message is protected with, and which comes next. Floor 2.

A number of 10 bytes belongs to TDEA DUKPT (21 bits of counter, at most 10 of them one), one of 12 bytes to
AES DUKPT (32 bits, at most 16 one). Nothing here is secret: the number travels beside the message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from posrefund.errors import InvalidKeyError

__all__ = ["KSN"]


class _Rule(NamedTuple):
    counter_bits: int
    ones_max: int


_RULES = {10: _Rule(21, 10), 12: _Rule(32, 16)}
"""By length in bytes. X9.24-1:2009 and X9.24-3:2017: more one bits than that are skipped, so that a
host never derives longer than this."""


@dataclass(frozen=True, slots=True)
class KSN:
    """A key serial number.

    Shape:
        value: 10 bytes (TDEA) or 12 bytes (AES), the counter on the right.

    Raises:
        InvalidKeyError: It is no bytes, or the length is another.

    Example:
        >>> from posrefund.crypto.ksn import KSN
        >>> str(KSN(bytes.fromhex("FFFF9876543210EFFC00")).next())
        'FFFF9876543210F00000'
    """

    value: bytes

    def __post_init__(self) -> None:
        given: object = self.value
        if not isinstance(given, bytes) or len(given) not in _RULES:
            reason = "a key serial number has 10 bytes (TDEA) or 12 (AES)"
            raise InvalidKeyError(reason)

    @property
    def counter(self) -> int:
        """The transaction counter; 0 before the first transaction."""
        return int.from_bytes(self.value, "big") & self._mask

    @property
    def is_usable(self) -> bool:
        """Whether a transaction may use it: a counter above 0 without too many one bits."""
        return self.counter > 0 and self.counter.bit_count() <= _RULES[len(self.value)].ones_max

    def next(self) -> KSN:
        """Return the number of the next transaction: the next counter that the standard allows.

        Raises:
            InvalidKeyError: There is none: the initial key is used up, and a new one has to be loaded.
        """
        ones_max = _RULES[len(self.value)].ones_max
        counter = self.counter + 1
        while counter.bit_count() > ones_max:
            counter += counter & -counter  # every number between has as many one bits, or more
        if counter > self._mask:
            reason = "the DUKPT counter is exhausted: the device needs a new initial key"
            raise InvalidKeyError(reason)
        number = int.from_bytes(self.value, "big") & ~self._mask | counter
        return KSN(number.to_bytes(len(self.value), "big"))

    @property
    def _mask(self) -> int:
        return (1 << _RULES[len(self.value)].counter_bits) - 1

    def __str__(self) -> str:
        return self.value.hex().upper()
