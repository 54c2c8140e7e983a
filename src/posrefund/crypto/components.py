"""A key in parts: each person types one, the key is all of them XORed, and nobody saw it. Floor 2.

Every part is as long as the key, so that one part alone says nothing. The mistakes that people make are
refused: a part of zeros adds nothing, and the same part typed twice takes itself out again.
"""

from __future__ import annotations

import hmac
from functools import reduce
from itertools import combinations
from typing import TYPE_CHECKING, NoReturn, Self, final

from posrefund.closed import closed
from posrefund.crypto._blockcipher import BLOCK_BYTES, Algorithm
from posrefund.crypto.keys import Key, Purpose, kcv, without_parity
from posrefund.errors import InvalidKeyError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Component", "combine"]

_PARTS_MIN = 2
_KCV_BYTES_MIN = 2
_WEAK_DES = frozenset(
    bytes.fromhex(each)
    for each in (
        "0000000000000000", "FEFEFEFEFEFEFEFE", "E0E0E0E0F0F0F0F0", "1E1E1E1E0E0E0E0E",
    )
)  # fmt: skip
"""The four that encrypt as they decrypt, without their parity bits: NIST SP 800-67."""


@final
class Component:
    """One part of a key, as long as the key; shows its check value and nothing else.

    Shape:
        material: TDEA 16 or 24 bytes; AES 16, 24 or 32; SM4 16.

    Raises:
        InvalidKeyError: The length is another, or it is all zeros (of TDEA: but for parity bits).
        ConfigError: The provider does not have *algorithm*.

    Example:
        >>> from posrefund.crypto.components import Component
        >>> Component(bytes.fromhex("4CBF5D51EA8525EF045EFED6E386D9D9"))
        Component(TDEA, KCV 01A4D8)
    """

    __slots__ = ("_material", "algorithm", "kcv_hex")

    @closed
    def __init__(self, material: bytes, algorithm: Algorithm = Algorithm.TDEA) -> None:
        check = kcv(material, length_bytes=3, algorithm=algorithm)
        if algorithm is Algorithm.TDEA and len(material) == BLOCK_BYTES:
            raise InvalidKeyError("a component of a TDEA key has 16 or 24 bytes")
        if not any(_effective(material, algorithm)):
            raise InvalidKeyError("a component of zeros adds nothing to a key")
        self._material = bytearray(material)
        self.algorithm = algorithm
        self.kcv_hex = check.hex().upper()

    def use(self) -> bytes:
        """Return the material, for ``combine``; the only way to it.

        Raises:
            InvalidKeyError: The component was closed.
        """
        if not self._material:
            raise InvalidKeyError("the component was closed")
        return bytes(self._material)

    def close(self) -> None:
        """Overwrite and forget the material."""
        self._material[:] = bytes(len(self._material))
        self._material.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Component({self.algorithm}, KCV {self.kcv_hex})"

    @closed
    def __eq__(self, other: object) -> NoReturn:
        message = "components are not compared"
        raise TypeError(message)

    __hash__ = None  # type: ignore[assignment]  # reason: a hash would invite look-up by component

    def __reduce__(self) -> NoReturn:
        message = "a component cannot be pickled or copied"
        raise TypeError(message)

    def __getstate__(self) -> NoReturn:
        self.__reduce__()


@closed
def combine(
    parts: Sequence[Component], purpose: Purpose, *, expected_kcv: bytes | None = None
) -> Key:
    """Return the key that *parts* make; the parts stay open, for the caller to close.

    Args:
        parts: Two or more, of one algorithm and one length.
        purpose: Of the key.
        expected_kcv: The check value on the paper, 2 bytes or more; without it a slip in typing is
            found by the parts' own check values only.

    Raises:
        InvalidKeyError: Fewer than two parts, parts that do not match or that cancel each other, a key
            that is zero, weak or for *purpose* single DES, or one that *expected_kcv* does not fit.

    Source:
        Full-length components with XOR; the numbers of jPOS, testFormKeyFromClearComponent:

    Example:
        >>> from posrefund.crypto import Purpose
        >>> from posrefund.crypto.components import Component, combine
        >>> first = Component(bytes.fromhex("E09B073B4007541FAB76B04370451031"))
        >>> second = Component(bytes.fromhex("4CBF5D51EA8525EF045EFED6E386D9D9"))
        >>> combine([first, second], Purpose.KEK, expected_kcv=bytes.fromhex("40D522"))
        Key(KEK, KCV 40D522)
    """
    algorithm = _checked(parts)
    material = reduce(_xor, (part.use() for part in parts))
    _check_result(material, algorithm)
    if expected_kcv is not None:
        _check_kcv(material, algorithm, expected_kcv)
    return Key(material, purpose, algorithm)


def _checked(parts: Sequence[Component]) -> Algorithm:
    if len(parts) < _PARTS_MIN:
        raise InvalidKeyError("a key has two components or more")
    if len({(part.algorithm, len(part.use())) for part in parts}) > 1:
        raise InvalidKeyError("the components are of one algorithm and one length")
    algorithm = parts[0].algorithm
    clear = [_effective(part.use(), algorithm) for part in parts]
    if any(hmac.compare_digest(one, other) for one, other in combinations(clear, 2)):
        raise InvalidKeyError("two components are the same: they cancel each other")
    return algorithm


def _check_result(material: bytes, algorithm: Algorithm) -> None:
    clear = _effective(material, algorithm)
    if not any(clear):
        raise InvalidKeyError("the components make a key of zeros")
    starts = range(0, len(clear), BLOCK_BYTES)
    if algorithm is Algorithm.TDEA and any(clear[n : n + BLOCK_BYTES] in _WEAK_DES for n in starts):
        raise InvalidKeyError("the components make a weak key")


def _check_kcv(material: bytes, algorithm: Algorithm, expected: bytes) -> None:
    if len(expected) < _KCV_BYTES_MIN:
        raise InvalidKeyError(f"a check value has {_KCV_BYTES_MIN} bytes or more")
    found = kcv(material, length_bytes=len(expected), algorithm=algorithm)
    if not hmac.compare_digest(found, expected):
        reason = "the components make a key with another check value"
        raise InvalidKeyError(reason, kcv=found.hex().upper())


def _effective(material: bytes, algorithm: Algorithm) -> bytes:
    return without_parity(material) if algorithm is Algorithm.TDEA else material


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
