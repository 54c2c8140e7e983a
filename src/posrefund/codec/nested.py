"""A bitmap inside a field, and the subfields it announces: DE127 of Postilion and its like. Floor 2.

The inside is a message without MTI, described by a pyiso8583 specification; its rows may have layouts of their
own. Each level takes at least its bitmap from the value, so nesting ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed
from posrefund.codec.codec import Codec
from posrefund.codec.inside import (
    Misfit,
    Piece,
    Scan,
    Spelling,
    data_of,
    join_value,
    octets,
    spell,
)
from posrefund.codec.place import place_of
from posrefund.errors import ConfigError, DecodeError, EncodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from posrefund.codec.codec import Reading
    from posrefund.codec.field import Field, Show

__all__ = ["Nested"]

_MTI, _MTI_BYTES = "0000", 2
"""pyiso8583 reads a message from its MTI on: one is put before the inside, and taken off again."""
_FIXED: dict[str, Any] = {"data_enc": "b", "len_enc": "b", "len_type": 0, "desc": ""}


@dataclass(frozen=True)
class Nested:
    """A layout with a bitmap of its own.

    Attributes:
        fields: The rows of the subfields by number: names, masks, layouts.
        specification: The pyiso8583 rules of the bitmap ``"p"`` and of the subfields.
        spelling: How the field's value spells bytes.

    Raises:
        ConfigError: The specification has a subfield without a row.

    Example:
        >>> from posrefund.codec import Field, Nested, specification
        >>> rows = [Field(2, "ans..32", "交换键", "switch key"), Field(20, "n8", "清算日", "settled on")]
        >>> inside = Nested({str(row.number): row for row in rows}, specification(rows), "hex")
        >>> inside.join({"2": "7", "20": "20260309"})
        '4000100000000000013720260309'
        >>> inside.split("4000100000000000013720260309")
        {'2': '7', '20': '20260309'}
    """

    fields: Mapping[str, Field]
    specification: Mapping[str, Mapping[str, Any]]
    spelling: Spelling = "latin-1"
    codec: Codec = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for number in self.specification:
            if number.isdigit() and number != "1" and number not in self.fields:
                message = f"subfield {number} has no row"
                raise ConfigError(message)
        around = {"h": {**_FIXED, "max_len": 0}, "t": {**_FIXED, "max_len": _MTI_BYTES}}
        object.__setattr__(self, "codec", Codec({**self.specification, **around}))

    def scan(self, value: str, show: Show = "clear") -> Scan:
        """Return the subfields of *value*; none at all if it is not the bytes that they give."""
        data = octets(value, self.spelling)
        if data is None:
            return Scan((), (Misfit("", "whole bytes", 0),))
        unit = 2 if self.spelling == "hex" else 1
        raw = bytes.fromhex(_MTI) + data
        try:
            reading = self.codec.read(raw)
        except DecodeError as refusal:
            at = max(0, refusal.offset_bytes - _MTI_BYTES) * unit
            return Scan((), (Misfit(f".{_name(refusal)}", refusal.expected, at),))
        if not self._gives(reading, raw):
            return Scan((), (Misfit("", "the form that these subfields are written in", 0),))
        numbers = sorted((name for name in reading.fields if name in self.fields), key=int)
        found = [self._subfield(number, reading, unit) for number in numbers]
        return Scan(
            tuple(piece for piece, _ in found),
            tuple(misfit for _, misfits in found for misfit in misfits),
        )

    def _gives(self, reading: Reading, raw: bytes) -> bool:
        try:
            return self.codec.encode(reading.fields) == raw
        except EncodeError:
            return False

    def _subfield(
        self, number: str, reading: Reading, unit: int
    ) -> tuple[Piece, tuple[Misfit, ...]]:
        row, value, span = self.fields[number], reading.fields[number], reading.spans[number]
        place = place_of(row, value, span)

        def characters(start: int, end: int) -> tuple[int, int]:
            first, last = place.span(start, end)
            return (first - _MTI_BYTES) * unit, (last - _MTI_BYTES) * unit

        start, end = ((at - _MTI_BYTES) * unit for at in span)
        inner = row.layout.scan(value, row.show) if row.layout else Scan()
        expected = row.fault(value)
        misfits = [Misfit(f".{number}", expected, start)] if expected else []
        misfits += (
            Misfit(f".{number}{each.path}", each.expected, characters(each.at, each.at)[0])
            for each in inner.misfits
        )
        inside = tuple(_placed(piece, characters) for piece in inner.pieces)
        piece = Piece(number, value, start, end, row.zh, row.en, row.show, inside=inside)
        return piece, tuple(misfits)

    def split(self, value: str) -> dict[str, Any]:
        """Return the subfields by number; what is no such inside is ``rest``."""
        pieces = self.scan(value).pieces
        if not pieces:
            return {"rest": value} if value else {}
        data = data_of(pieces)
        assert isinstance(data, dict)
        return data

    @closed
    def join(self, data: object, *, path: str = "") -> str:
        """Return the text of the subfields given by number; the bitmap is made here.

        Raises:
            EncodeError: A subfield is unknown, is masked or does not fit.
        """
        if not isinstance(data, dict):
            raise EncodeError(path, "an object with subfields by number")
        if set(data) <= {"rest"}:
            return join_value(None, data.get("rest", ""), f"{path}.rest", "never")
        values = {"t": _MTI}
        for number, given in data.items():
            row = self.fields.get(number)
            if row is None:
                raise EncodeError(f"{path}.{number}", "a subfield of this table")
            values[number] = join_value(row.layout, given, f"{path}.{number}", row.show)
        try:
            raw = self.codec.encode(values)
        except EncodeError as refusal:
            raise EncodeError(f"{path}.{_name(refusal)}", refusal.expected) from None
        return spell(raw[_MTI_BYTES:], self.spelling)


def _name(refusal: DecodeError | EncodeError) -> str:
    """The subfield that was refused, as a path calls it."""
    return refusal.path.removeprefix("DE")


def _placed(piece: Piece, characters: Callable[[int, int], tuple[int, int]]) -> Piece:
    """Return a piece of a subfield with its place in the whole."""
    start, end = characters(piece.start, piece.end)
    inside = tuple(_placed(each, characters) for each in piece.inside)
    return replace(piece, start=start, end=end, inside=inside)
