"""What stands in DE62 of a sign-in answer, and which of its keys are taken: data, for a dialect to say. Floor 2.

No public paper shows DE62 under SM4 with numbers, so its layout is a value, not code: whoever has the
acquirer's paper writes down another one. Decision 0024.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posrefund.crypto._blockcipher import Algorithm
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "SIGN_IN_DOUBLE",
    "SIGN_IN_DOUBLE_TDK",
    "SIGN_IN_SINGLE",
    "SIGN_IN_SM4",
    "SIGN_IN_SM4_TDK",
    "UNIONPAY_SIGN_IN",
    "WRAPPED_BYTES",
    "SignInLayout",
    "SignInRule",
    "WeakKeyWarning",
    "spoken",
]

WRAPPED_BYTES = {
    Algorithm.TDEA: (8, 16, 24),
    Algorithm.AES: (16, 32),
    Algorithm.SM4: (16,),
}
"""Keys that are whole blocks of the cipher that wraps them; ECB takes no others."""
_NAMES = ("PIK", "MAK", "TDK")
_KCV_BYTES_MIN, _KCV_BYTES_MAX = 2, 8


def spoken(lengths: tuple[int, ...]) -> str:
    """Return ``8, 16 or 24``; for this package alone."""
    return " or ".join(", ".join(map(str, lengths)).rsplit(", ", 1))


class WeakKeyWarning(UserWarning):
    """A host issued a weak key that the dialect allows it to."""


@dataclass(frozen=True, slots=True)
class SignInLayout:
    """One form of the keys in a sign-in answer: each wrapped key, and behind it its check value.

    Attributes:
        cipher: Of the TMK that wraps them, and of the keys.
        parts: Name and bytes of each key, in their order: PIK and MAK, TDK where the host sends one.
        kcv_bytes: Of the check value behind each key: 4 of UnionPay, up to 8 were seen for SM4.

    Raises:
        ConfigError: The parts do not go together.

    Example:
        >>> from posrefund.crypto import Algorithm, SignInLayout
        >>> SignInLayout(Algorithm.SM4, (("PIK", 16), ("MAK", 16)), kcv_bytes=8).length_bytes
        48
    """

    cipher: Algorithm = Algorithm.TDEA
    parts: tuple[tuple[str, int], ...] = (("PIK", 16), ("MAK", 16))
    kcv_bytes: int = 4

    def __post_init__(self) -> None:
        given: tuple[object, object] = (self.cipher, self.kcv_bytes)
        if not isinstance(given[0], Algorithm) or not isinstance(given[1], int):
            raise ConfigError(
                "a sign-in needs an Algorithm, and a number of bytes for a check value"
            )
        names = [name for name, _ in self.parts]
        if not {"PIK", "MAK"} <= {*names} <= {*_NAMES} or len(names) != len({*names}):
            raise ConfigError("a sign-in needs PIK and MAK, and TDK or not, each once")
        widths = WRAPPED_BYTES[self.cipher]
        if any(width not in widths for _, width in self.parts):
            allowed = spoken(widths)
            raise ConfigError(f"a sign-in needs {allowed} bytes for a key under {self.cipher}")
        if not _KCV_BYTES_MIN <= self.kcv_bytes <= _KCV_BYTES_MAX:
            span = f"{_KCV_BYTES_MIN} to {_KCV_BYTES_MAX} bytes"
            raise ConfigError(f"a sign-in needs {span} for a check value")

    @property
    def length_bytes(self) -> int:
        """Of the whole field."""
        return sum(width + self.kcv_bytes for _, width in self.parts)

    def wrapped(self, block: bytes, name: str) -> bytes:
        """Return the key called *name* as it stands in *block*, a key block of this form: still encrypted.

        Example:
            >>> from posrefund.crypto import SIGN_IN_SINGLE
            >>> SIGN_IN_SINGLE.wrapped(bytes(range(24)), "MAK").hex()
            '0c0d0e0f10111213'
        """
        start = 0
        for part, width in self.parts:
            if part == name:
                return block[start : start + width]
            start += width + self.kcv_bytes
        raise ConfigError("this form of a sign-in has no such key")


SIGN_IN_SINGLE = SignInLayout(parts=(("PIK", 8), ("MAK", 8)))
"""24 bytes; DE60.3 = 001 asks for it."""
SIGN_IN_DOUBLE = SignInLayout()
"""40 bytes; DE60.3 = 003. A single-length MAK is filled with eight zero bytes."""
SIGN_IN_DOUBLE_TDK = SignInLayout(parts=(("PIK", 16), ("MAK", 16), ("TDK", 16)))
"""60 bytes; DE60.3 = 004."""
SIGN_IN_SM4 = SignInLayout(Algorithm.SM4)
"""40 bytes under SM4: ours, by the form of the others. Ask the acquirer."""
SIGN_IN_SM4_TDK = SignInLayout(Algorithm.SM4, (("PIK", 16), ("MAK", 16), ("TDK", 16)))
"""60 bytes under SM4, DE60.3 = 006: as one public host writes them, which prints no numbers."""


@dataclass(frozen=True, slots=True)
class SignInRule:
    """Which key sets a terminal takes.

    Attributes:
        layouts: The forms it knows; cipher of the TMK and length of the field choose among them.
        equal_halves_mak: Take a double-length MAK that is single DES in disguise, with a
            ``WeakKeyWarning``. Hosts that issue such keys exist.
        strict_parity: Refuse a TDEA key whose bytes are not all of odd parity; most hosts do not care.

    Raises:
        ConfigError: There is no layout, or two of one cipher and length.
    """

    layouts: tuple[SignInLayout, ...] = (
        SIGN_IN_SINGLE,
        SIGN_IN_DOUBLE,
        SIGN_IN_DOUBLE_TDK,
        SIGN_IN_SM4,
        SIGN_IN_SM4_TDK,
    )
    equal_halves_mak: bool = False
    strict_parity: bool = False
    _known: dict[Algorithm, dict[int, SignInLayout]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        for layout in self.layouts:
            self._known.setdefault(layout.cipher, {})[layout.length_bytes] = layout
        kinds = sum(map(len, self._known.values()))
        if not kinds or kinds != len(self.layouts):
            raise ConfigError("a sign-in needs layouts that cipher and length tell apart")

    def lengths(self, cipher: Algorithm) -> Mapping[int, SignInLayout]:
        """Return the layouts under *cipher* by their length."""
        return self._known.get(cipher, {})


UNIONPAY_SIGN_IN = SignInRule()
