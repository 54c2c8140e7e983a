"""What stands inside a composite field by position: parts of fixed width, one after the other. Floor 2.

A layout never refuses what it is given: parts that are whole are named, what is left over is
``rest``, and joining them again gives the very same text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed
from posrefund.codec.inside import Misfit, Piece, Scan, rest
from posrefund.codec.mask import refuse_masked
from posrefund.errors import EncodeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.codec.check import Check
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
        check: What a strict reader expects of it.
    """

    name: str
    width: int
    zh: str
    en: str
    show: Show = "clear"
    check: Check | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Parts in order; a value may end after any of them.

    Attributes:
        parts: One after the other.
        width: Only values of so many characters are laid out like this; None for all.
        is_open: Whether more may follow the last part.

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
    width: int | None = None
    is_open: bool = False

    def scan(self, value: str, show: Show = "clear") -> Scan:
        """Return the parts of *value*; none if the field as a whole is never shown.

        Positions tell nothing of what really stands there: a number in the place of a flag would show.
        """
        if show == "never" or self.width not in (None, len(value)):
            return Scan()
        pieces: list[Piece] = []
        misfits = []
        start = 0
        for part in self.parts:
            end = start + part.width
            if end > len(value):
                break
            text = value[start:end]
            pieces.append(Piece(part.name, text, start, end, part.zh, part.en, part.show))
            if part.check and (expected := part.check.fault(text)):
                misfits.append(Misfit(f".{part.name}", expected, start))
            start = end
        if start < len(value):
            misfits += self._left_over(len(pieces), start, len(value) - start)
            pieces += [rest(value, start, show)] if pieces else []
        return Scan(tuple(pieces), tuple(misfits))

    def _left_over(self, count: int, start: int, found: int) -> list[Misfit]:
        if count < len(self.parts):
            part = self.parts[count]
            return [Misfit(f".{part.name}", f"{part.width} characters, found {found}", start)]
        return [] if self.is_open else [Misfit(".rest", "nothing after the last part", start)]

    def split(self, value: str) -> dict[str, str]:
        """Return the parts that are whole, and what is left over as ``rest``."""
        pieces = self.scan(value).pieces
        if not pieces:
            return {"rest": value} if value else {}
        return {piece.name: piece.value for piece in pieces}

    @closed
    def join(self, data: Mapping[str, Any], *, path: str = "") -> str:
        """Return the text of the parts; later ones may be missing, earlier ones not.

        Raises:
            EncodeError: A part is unknown, has another width, or stands after a missing one.
        """
        names = [part.name for part in self.parts]
        if not hasattr(data, "items"):
            raise EncodeError(path, "an object with parts by name")
        for name, text in data.items():
            if name not in (*names, "rest"):
                raise EncodeError(f"{path}.{name}", f"one of {', '.join(names)}, rest")
            if not isinstance(text, str):
                raise EncodeError(f"{path}.{name}", "text")
        given = [part for part in self.parts if part.name in data]
        for part, expected in zip(given, self.parts, strict=False):
            if part is not expected:
                raise EncodeError(f"{path}.{expected.name}", f"{expected.width} characters")
            refuse_masked(data[part.name], part.show, f"{path}.{part.name}")
            if len(data[part.name]) != part.width:
                raise EncodeError(f"{path}.{part.name}", f"{part.width} characters")
        return "".join([*(data[part.name] for part in given), data.get("rest", "")])
