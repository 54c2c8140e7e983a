"""What a strict reader refuses inside the fields of a message, and where it stands. Floor 2.

Decoding never asks: what is inside a field cannot undo a message that was read. Whoever wants to know, asks here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.codec.inside import Misfit
from posrefund.codec.layout import Layout
from posrefund.codec.place import place_of
from posrefund.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from posrefund.codec.field import Field
    from posrefund.codec.inside import Piece

__all__ = ["faults_inside"]


def faults_inside(
    fields: Mapping[str, str],
    table: Mapping[str, Field],
    *,
    spans: Mapping[str, tuple[int, int]] | None = None,
) -> tuple[DecodeError, ...]:
    """Return everything that does not fit the layouts of *fields*; nothing is raised.

    Args:
        fields: As ``Codec.decode`` gave them.
        table: The dialect's fields by number.
        spans: As ``Codec.read`` gave them; without them offsets count from the data of each field.

    Example:
        >>> from posrefund.codec import Check, Field, Layout, Part, faults_inside
        >>> day = Part("date", 4, "日期", "date", check=Check("n", calendar="MMDD"))
        >>> table = {"61": Field(61, "n...29", "原始信息域", "original", layout=Layout((day,)))}
        >>> faults_inside({"61": "0230"}, table, spans={"61": (40, 44)})[0]
        DecodeError('DE61.date at byte 42: expected a date or time MMDD')
    """
    found: list[DecodeError] = []
    for number, value in fields.items():
        row = table.get(number)
        if row is None or row.layout is None:
            continue
        scan = row.layout.scan(value)
        plain = _characters(row, scan.pieces) if isinstance(row.layout, Layout) else ()
        misfits = {(each.path, each.at): each for each in (*plain, *scan.misfits)}
        place = place_of(row, value, (spans or {}).get(number))
        found += (
            DecodeError(
                f"DE{number}{misfit.path}",
                misfit.expected,
                offset_bytes=place.span(misfit.at, misfit.at)[0],
                partial=tuple(_before(scan.pieces, misfit.at, f"DE{number}")),
            )
            for misfit in sorted(misfits.values(), key=lambda each: each.at)
        )
    return tuple(found)


def _characters(row: Field, pieces: Sequence[Piece]) -> Iterator[Misfit]:
    """Yield the parts by position that have not the characters of their field."""
    for piece in pieces:
        if expected := row.fault(piece.value):
            yield Misfit(piece.path, expected, piece.start)


def _before(pieces: Sequence[Piece], at: int, path: str) -> Iterator[str]:
    """Yield the pieces that end before the refused place, by path and size."""
    for piece in pieces:
        inner = f"{path}{piece.path}"
        if piece.end <= at and piece.name != "rest":
            yield f"{inner} ({piece.end - piece.start} characters)"
        else:
            yield from _before(piece.inside, at, inner)
