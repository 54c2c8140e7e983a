"""Which bytes of a message some characters of a field stand in. Floor 2.

Packed digits stand two to a byte, text one to a byte, and hexadecimal spells each byte with two characters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from posrefund.codec.field import Field

__all__ = ["Place", "place_of"]


class Place(NamedTuple):
    """Where the data of one field stand.

    Attributes:
        at: First byte after the length prefix.
        nibbles: Half bytes to a character: 1 for packed digits and for bytes in hexadecimal, 2 for text.
        pad: Half bytes of filler before the first character.
    """

    at: int = 0
    nibbles: int = 2
    pad: int = 0

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the bytes that the characters *start* to *end* touch.

        Example:
            >>> from posrefund.codec.place import Place
            >>> Place(at=40, nibbles=1).span(12, 16), Place(at=40).span(2, 5)
            ((46, 48), (42, 45))
        """
        first, last = (self.pad + start * self.nibbles, self.pad + end * self.nibbles)
        return self.at + first // 2, self.at + -(-last // 2)


def place_of(field: Field, value: str, span: tuple[int, int] | None) -> Place:
    """Return where *value* stands; without a *span*, counted from the first byte of the data.

    The span says how it is encoded: only text is as long as its characters and their length prefix.
    """
    dots = field.format.count(".")
    start, end = span or (0, 0)
    is_text = field.format.startswith("a")
    if span is not None:
        is_text = is_text or end - start >= len(value) + dots
    if is_text:
        return Place(max(start, end - len(value)))
    size = -(-len(value) // 2)
    is_right_justified = field.format[0] == "n" and not dots and not field.format.endswith("<")
    return Place(max(start, end - size), 1, len(value) % 2 if is_right_justified else 0)
