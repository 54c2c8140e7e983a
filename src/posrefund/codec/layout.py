"""What stands inside a composite field, as data: parts of fixed width, one after the other. Floor 2.

A layout never refuses what it is given: parts that are whole are named, what is left over is
``rest``, and joining them again gives the very same text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.errors import EncodeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.codec.field import Show

__all__ = ["Layout", "Part"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a composite field.

    Attributes:
        name: Identifier in the JSON and in error paths.
        width: Characters of the field's text (digits of a packed field).
        zh: Chinese name.
        en: English name.
        show: How much of it may be shown.
    """

    name: str
    width: int
    zh: str
    en: str
    show: Show = "clear"


@dataclass(frozen=True, slots=True)
class Layout:
    """Parts in order; a value may end after any of them.

    Example:
        >>> from posrefund.codec import Layout, Part
        >>> de61 = Layout((Part("batch", 6, "原批次号", "original batch"),
        ...                Part("stan", 6, "原流水号", "original STAN"),
        ...                Part("date", 4, "原交易日期", "original date")))
        >>> de61.split("0000010000020309")
        {'batch': '000001', 'stan': '000002', 'date': '0309'}
        >>> de61.join({"batch": "000001", "stan": "000002"})
        '000001000002'
    """

    parts: tuple[Part, ...]

    def split(self, value: str) -> dict[str, str]:
        """Return the parts that are whole, and what is left over as ``rest``."""
        found = {}
        start = 0
        for part in self.parts:
            if start + part.width > len(value):
                break
            found[part.name] = value[start : start + part.width]
            start += part.width
        if start < len(value):
            found["rest"] = value[start:]
        return found

    def join(self, values: Mapping[str, str], *, path: str = "") -> str:
        """Return the text of *values*; later parts may be missing, earlier ones not.

        Raises:
            EncodeError: A part is unknown, has another width, or stands after a missing one.
        """
        names = [part.name for part in self.parts]
        for name in values:
            if name not in (*names, "rest"):
                raise EncodeError(f"{path}.{name}", f"one of {', '.join(names)}, rest")
        given = [part for part in self.parts if part.name in values]
        for part, expected in zip(given, self.parts, strict=False):
            if part is not expected:
                raise EncodeError(f"{path}.{expected.name}", f"{expected.width} characters")
            if len(values[part.name]) != part.width:
                raise EncodeError(f"{path}.{part.name}", f"{part.width} characters")
        return "".join(values[part.name] for part in given) + values.get("rest", "")
