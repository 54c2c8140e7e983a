"""Tag, length and value as text inside a field: DE59 of UnionPay and its like. Floor 2.

Tags and decimal lengths have one width each. Unknown tags are kept in their order, repeated tags are kept, and
what does not read to the end is ``rest``; joining them again gives the very same text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed
from posrefund.codec.inside import (
    Misfit,
    Piece,
    Scan,
    join_value,
    rest,
    rows,
    shifted,
    tag_rows,
)
from posrefund.errors import EncodeError

if TYPE_CHECKING:
    from posrefund.codec.check import Check
    from posrefund.codec.field import Show
    from posrefund.codec.inside import Inside

__all__ = ["Tag", "Tagged"]


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag that is known.

    Attributes:
        name: The tag itself: ``"A4"``.
        zh: Chinese name.
        en: English name.
        show: How much of its value may be shown.
        check: What a strict reader expects of it.
        layout: What stands inside it.
    """

    name: str
    zh: str
    en: str
    show: Show = "clear"
    check: Check | None = None
    layout: Inside | None = None


@dataclass(frozen=True, slots=True)
class Tagged:
    """Objects of a tag, a decimal length in characters, and a value.

    Attributes:
        tags: Those that are known; the value of any other is never shown.
        tag_width: Characters of a tag.
        length_width: Digits of a length.

    Example:
        >>> from posrefund.codec import Tag, Tagged
        >>> de59 = Tagged((Tag("A4", "付款凭证码", "QR voucher"),))
        >>> de59.split("A4003ABC")
        [{'tag': 'A4', 'value': 'ABC'}]
        >>> de59.join([{"tag": "A4", "value": "ABC"}, {"tag": "A9", "value": ""}])
        'A4003ABCA9000'
    """

    tags: tuple[Tag, ...]
    tag_width: int = 2
    length_width: int = 3

    def scan(self, value: str, show: Show = "clear") -> Scan:
        """Return the objects of *value*, and what is left over after the last whole one.

        Where the field is never shown, a value that begins with no known tag is not taken apart: its "tags"
        would be pieces of whatever really stands there.
        """
        if show == "never" and not self._known(value[: self.tag_width]):
            return Scan()
        pieces: list[Piece] = []
        misfits: list[Misfit] = []
        start = 0
        while start < len(value):
            tag = value[start : start + self.tag_width]
            value_at = start + self.tag_width + self.length_width
            digits = value[start + self.tag_width : value_at]
            expected = self._fault(tag, digits, len(value) - value_at)
            if expected:
                # A tag that no table names may be anything: a piece of a card number, out of step.
                misfits.append(Misfit(f"/{tag}" if self._known(tag) else "", expected, start))
                pieces += [rest(value, start, show)] if pieces else []
                break
            end = value_at + int(digits)
            piece, faults = self._object(tag, value[value_at:end], start, value_at)
            pieces.append(piece)
            misfits += faults
            start = end
        return Scan(tuple(pieces), tuple(misfits))

    def _fault(self, tag: str, digits: str, left: int) -> str:
        if len(tag) != self.tag_width:
            return f"a tag of {self.tag_width} characters"
        if len(digits) != self.length_width or not (digits.isascii() and digits.isdigit()):
            return f"a length of {self.length_width} digits"
        if int(digits) <= left:
            return ""
        # Out of step, the digits may be those of a card number.
        return f"{int(digits)} characters, found {left}" if self._known(tag) else "a whole object"

    def _object(
        self, name: str, text: str, start: int, value_at: int
    ) -> tuple[Piece, tuple[Misfit, ...]]:
        """Return one whole object, and what is wrong with it or inside it."""
        tag, end = self._known(name), value_at + len(text)
        if tag is None:
            return Piece(name, text, start, end, is_tag=True), ()
        inner = tag.layout.scan(text, tag.show) if tag.layout else Scan()
        inner = shifted(inner, f"/{name}", value_at)
        expected = tag.check.fault(text) if tag.check else None
        own = (Misfit(f"/{name}", expected, value_at),) if expected else ()
        piece = Piece(
            name, text, start, end, tag.zh, tag.en, tag.show, is_tag=True, inside=inner.pieces
        )
        return piece, own + inner.misfits

    def _known(self, name: str) -> Tag | None:
        return next((tag for tag in self.tags if tag.name == name), None)

    def split(self, value: str) -> list[dict[str, Any]]:
        """Return the objects in order, and what is left over as ``rest``."""
        return tag_rows(value, self.scan(value).pieces)

    @closed
    def join(self, data: object, *, path: str = "") -> str:
        """Return the text of rows with ``tag`` and ``value``, ``tags`` or parts, or with ``rest``.

        Raises:
            EncodeError: A row has another shape, its tag another width, or its value is too long.
        """
        return "".join(self._join(row, path) for row in rows(data, path))

    def _join(self, row: dict[str, Any], path: str) -> str:
        if set(row) == {"rest"}:
            return join_value(None, row["rest"], f"{path}.rest", "never")
        name = row.get("tag")
        if not isinstance(name, str) or len(name) != self.tag_width:
            raise EncodeError(f"{path}.tags", f"a tag of {self.tag_width} characters")
        tag, inner = self._known(name), f"{path}/{name}"
        given = {key: each for key, each in row.items() if key != "tag"}
        text = join_value(
            tag.layout if tag else None,
            given["value"] if set(given) == {"value"} else given,
            inner,
            tag.show if tag else "never",
        )
        digits = f"{len(text):0{self.length_width}d}"
        if len(digits) != self.length_width:
            raise EncodeError(inner, f"at most {10**self.length_width - 1} characters")
        return f"{name}{digits}{text}"
