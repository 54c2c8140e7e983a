"""What every layout of a composite field has in common: it finds pieces, and joins them again. Floor 2.

There are four: by position (``Layout``), by tag and length in text (``Tagged``), by BER-TLV (``BERTLV``) and by a
bitmap of its own (``Nested``). None refuses what it is given: what it cannot read stays as it is, ``rest``. What
a strict reader would have refused is reported beside the pieces, by place and never by value.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from posrefund.closed import closed
from posrefund.codec.mask import HIDDEN, mask, refuse_masked
from posrefund.errors import EncodeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posrefund.codec.field import Show

__all__ = [
    "Inside",
    "Misfit",
    "Piece",
    "Scan",
    "Spelling",
    "data_of",
    "join_value",
    "masked",
    "octets",
    "rest",
    "rows",
    "shifted",
    "spell",
    "tag_rows",
]

Spelling = Literal["hex", "latin-1"]
"""How a field's value spells bytes: ``b`` fields in upper-case hexadecimal, free text one character each."""


class Misfit(NamedTuple):
    """What a strict reader refuses: where, and what it expected there.

    Attributes:
        path: What follows the field's own: ``".date"``, ``"/9F26"``.
        expected: In words.
        at: Which character of the value.
    """

    path: str
    expected: str
    at: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that a layout found.

    Attributes:
        name: ``"date"``, ``"9F26"``, ``"3"``; ``"rest"`` for what is left over.
        value: Its text.
        start: Where it begins in the value that was read, its tag and length included.
        end: Past its last character.
        zh: Chinese name.
        en: English name.
        show: How much of it may be shown.
        is_tag: Whether the value itself names it; its path has ``/`` then, else ``.``.
        length: The length field of a BER-TLV object, in hexadecimal, where it is not the shortest.
        inside: What a layout of its own found in it.
    """

    name: str
    value: str = field(repr=False)
    start: int
    end: int
    zh: str = ""
    en: str = ""
    show: Show = "never"
    is_tag: bool = False
    length: str = ""
    inside: tuple[Piece, ...] = ()

    @property
    def path(self) -> str:
        """What it adds to the path of what it stands in."""
        return f"{'/' if self.is_tag else '.'}{self.name}"


class Scan(NamedTuple):
    """What a layout found; no pieces if it does not apply at all."""

    pieces: tuple[Piece, ...] = ()
    misfits: tuple[Misfit, ...] = ()


class Inside(Protocol):
    """A layout: what stands inside a composite field."""

    def scan(self, value: str, show: Show = "clear") -> Scan:
        """Return the pieces of *value*; *show* is how much may be seen of what no table names."""

    def split(self, value: str) -> Any:
        """Return *value* as data for JSON, complete: ``join`` gives the very same text."""

    def join(self, data: Any, *, path: str = "") -> str:
        """Return the text of *data*; anything of another shape is an ``EncodeError``."""


def rest(value: str, start: int, show: Show) -> Piece:
    """Return what is left over from *start* on."""
    return Piece("rest", value[start:], start, len(value), "其余", "rest", show)


def shifted(scan: Scan, path: str, at: int) -> Scan:
    """Return what was found inside a piece with the places of the whole."""
    return Scan(
        tuple(_moved(piece, at) for piece in scan.pieces),
        tuple(Misfit(path + each.path, each.expected, each.at + at) for each in scan.misfits),
    )


def _moved(piece: Piece, by: int) -> Piece:
    inside = tuple(_moved(each, by) for each in piece.inside)
    return replace(piece, start=piece.start + by, end=piece.end + by, inside=inside)


def masked(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return *pieces* with no more in them than may be seen."""
    return tuple(
        replace(piece, value=mask(piece.value, piece.show), inside=masked(piece.inside))
        for piece in pieces
    )


# --- bytes -----------------------------------------------------------------------------------------


def octets(value: str, spelling: Spelling) -> bytes | None:
    """Return the bytes that *value* spells, or None if it is not spelled so."""
    try:
        data = bytes.fromhex(value) if spelling == "hex" else value.encode("latin-1")
    except ValueError:
        return None
    return data if spell(data, spelling) == value else None


def spell(data: bytes, spelling: Spelling) -> str:
    """Return *data* as the value of a field."""
    return data.hex().upper() if spelling == "hex" else data.decode("latin-1")


# --- data ------------------------------------------------------------------------------------------


def data_of(pieces: Sequence[Piece]) -> dict[str, Any] | list[dict[str, Any]]:
    """Return *pieces* as data: tags as a list, for they repeat; all else by name.

    Example:
        >>> from posrefund.codec.inside import Piece, data_of
        >>> data_of([Piece("A4", "12", 0, 7, is_tag=True)])
        [{'tag': 'A4', 'value': '12'}]
        >>> data_of([Piece("date", "0309", 0, 4)])
        {'date': '0309'}
    """
    if any(piece.is_tag for piece in pieces):
        return [_row(piece) for piece in pieces]
    return {
        piece.name: {"raw": piece.value, **_open(piece)} if piece.inside else piece.value
        for piece in pieces
    }


def tag_rows(value: str, pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    """Return tagged *pieces* as data; where there are none, the whole of *value* as ``rest``."""
    if not pieces:
        return [{"rest": value}] if value else []
    data = data_of(pieces)
    assert isinstance(data, list)
    return data


def _row(piece: Piece) -> dict[str, Any]:
    if not piece.is_tag:
        return {piece.name: piece.value}
    length = {"length": piece.length} if piece.length else {}
    return {"tag": piece.name} | length | (_open(piece) if piece.inside else {"value": piece.value})


def _open(piece: Piece) -> dict[str, Any]:
    data = data_of(piece.inside)
    return {"tags": data} if isinstance(data, list) else data


@closed
def join_value(layout: Inside | None, given: object, path: str, show: Show = "clear") -> str:
    """Return the text of a value given as text, or by its pieces, with or without the whole as ``raw``.

    Raises:
        EncodeError: It is neither, is masked, or ``raw`` and the pieces differ.
    """
    if isinstance(given, dict):
        raw = given.get("raw")
        pieces = {name: each for name, each in given.items() if name != "raw"}
        if not pieces or layout is None:
            given = raw
        else:
            if raw == HIDDEN:
                refuse_masked(raw, show, path)
            joined = layout.join(pieces.get("tags", pieces), path=path)
            if raw not in (None, joined):
                raise EncodeError(path, "parts that are those of raw; leave raw out to change one")
            return refuse_masked(joined, show, path)
    if not isinstance(given, str):
        raise EncodeError(path, "text")
    return refuse_masked(given, show, path)


def rows(data: object, path: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of tags, each a mapping.

    Raises:
        EncodeError: *data* is something else.
    """
    if not isinstance(data, list):
        raise EncodeError(f"{path}.tags", "a list of objects with tag and value or tags")
    for row in data:
        if not isinstance(row, dict):
            raise EncodeError(f"{path}.tags", "objects with tag and value or tags")
        yield row
