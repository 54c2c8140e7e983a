"""BER-TLV as EMV uses it: what stands inside DE55. Floor 2: pure bytes.

Unknown tags are kept in their order, repeated tags are kept, constructed tags are opened; writing the tree
again gives the very same bytes, whatever odd but legal form a length had.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed
from posrefund.codec.inside import Misfit, Piece, Scan, Spelling, octets, rows, spell, tag_rows
from posrefund.codec.mask import refuse_masked
from posrefund.errors import DecodeError, EncodeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from posrefund.codec.field import Show

__all__ = ["BERTLV", "TLV", "parse_tlv", "write_tlv"]

_TAG_BYTES_MAX = 4
_LENGTH_BYTES_MAX = 4
_DEPTH_MAX = 8
"""EMV nests three deep; a bound keeps a hostile message from nesting for ever."""


@dataclass(frozen=True, slots=True)
class TLV:
    """One data object.

    Attributes:
        tag: 1 to 4 bytes.
        value: Its bytes; for a constructed one those of its children.
        children: The objects inside a constructed one.
        length: Its length field as it was read, or empty for the shortest form.
        offset: Where its tag begins, counted from the start of the whole.
    """

    tag: bytes
    value: bytes = field(repr=False)
    children: tuple[TLV, ...] = ()
    length: bytes = b""
    offset: int = 0

    @property
    def name(self) -> str:
        """The tag as it is spoken of: ``"9F26"``."""
        return self.tag.hex().upper()

    @property
    def is_constructed(self) -> bool:
        """Whether bit 6 of the tag says that objects stand inside."""
        return bool(self.tag[0] & 0x20)

    def walk(self) -> Iterator[TLV]:
        """Yield this object and everything inside it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class BERTLV:
    """The layout of a field of BER-TLV.

    Attributes:
        tags: Those whose values may be shown, and their names.
        spelling: How the field's value spells bytes.

    Example:
        >>> from posrefund.codec import BERTLV
        >>> BERTLV({"9F36": "transaction counter"}).split("9F3602031E")
        [{'tag': '9F36', 'value': '031E'}]
    """

    tags: Mapping[str, str]
    spelling: Spelling = "hex"

    def scan(self, value: str, show: Show = "clear") -> Scan:
        """Return the objects of *value*; none at all if one of them is malformed."""
        data = octets(value, self.spelling)
        if data is None:
            return Scan((), (Misfit("", "whole bytes", 0),))
        unit = 2 if self.spelling == "hex" else 1
        try:
            found = parse_tlv(data, path="")
        except DecodeError as refusal:
            misfit = Misfit(refusal.path, refusal.expected, refusal.offset_bytes * unit)
            return Scan((), (misfit,))
        return Scan(tuple(self._piece(item, unit) for item in found))

    def _piece(self, item: TLV, unit: int) -> Piece:
        size = len(item.tag) + len(item.length) + len(item.value)
        odd = item.length != _shortest(len(item.value))
        return Piece(
            item.name,
            item.value.hex().upper(),
            item.offset * unit,
            (item.offset + size) * unit,
            name := self.tags.get(item.name, ""),
            name,
            "clear" if item.name in self.tags else "never",
            is_tag=True,
            length=item.length.hex().upper() if odd else "",
            inside=tuple(self._piece(child, unit) for child in item.children),
        )

    def split(self, value: str) -> list[dict[str, Any]]:
        """Return the objects in order; a length of an odd but legal form is kept as ``length``."""
        return tag_rows(value, self.scan(value).pieces)

    @closed
    def join(self, data: object, *, path: str = "") -> str:
        """Return the text of rows with ``tag`` and ``value`` or ``tags``.

        Raises:
            EncodeError: A row has another shape, or a length does not fit its value.
        """
        match data:
            case [{"rest": str() as text, **more}] if not more:
                return refuse_masked(text, "never", f"{path}.rest")
        return spell(write_tlv(_objects(data, path), path=path), self.spelling)


def _objects(data: object, path: str) -> list[TLV]:
    found = []
    for row in rows(data, path):
        tag = _unhex(row.get("tag"), f"{path}.tags")
        inner = f"{path}/{tag.hex().upper()}"
        length = _unhex(row.get("length", ""), inner)
        if "tags" in row:
            found.append(TLV(tag, b"", tuple(_objects(row["tags"], inner)), length))
        else:
            found.append(TLV(tag, _unhex(row.get("value"), inner), (), length))
    return found


def _unhex(text: object, path: str) -> bytes:
    try:
        return bytes.fromhex(text if isinstance(text, str) else "?")
    except ValueError:
        expected = "hexadecimal digits; masked ones need decode --reveal"
    raise EncodeError(path, expected)


@closed
def parse_tlv(data: bytes, *, path: str = "DE55", offset: int = 0) -> tuple[TLV, ...]:
    """Return the objects of *data*.

    Args:
        data: The whole of a field or of a constructed object.
        path: For errors: ``"DE55/70/9F26"``.
        offset: Where *data* begins in what the error counts from.

    Raises:
        DecodeError: A tag or a length is cut or malformed, or a value is shorter than its length.

    Source:
        ISO/IEC 8825-1, 8.1; EMV Book 3, annex B.

    Example:
        >>> from posrefund.codec.tlv import parse_tlv
        >>> [object.name for object in parse_tlv(bytes.fromhex("9F2608EBC2FD0102030405950500000080" "00"))]
        ['9F26', '95']
    """
    return _parse(data, path, offset, depth=1)


@closed
def write_tlv(objects: Iterable[TLV], *, path: str = "DE55") -> bytes:
    """Return the bytes of *objects*; children, where there are any, take the place of the value.

    Args:
        objects: In their order.
        path: For errors.

    Raises:
        EncodeError: A tag is malformed, or a kept length does not fit its value any more.

    Example:
        >>> from posrefund.codec.tlv import TLV, write_tlv
        >>> write_tlv([TLV(bytes.fromhex("9F36"), bytes.fromhex("031E"))]).hex()
        '9f3602031e'
    """
    return b"".join(_write(found, path) for found in objects)


def _parse(data: bytes, path: str, offset: int, *, depth: int) -> tuple[TLV, ...]:
    if depth > _DEPTH_MAX:
        raise DecodeError(path, f"at most {_DEPTH_MAX} levels", offset_bytes=offset)
    found = []
    at = 0
    while at < len(data):
        tag = _read_tag(data, at, path, offset)
        inner = f"{path}/{tag.hex().upper()}"
        length_at = at + len(tag)
        size, length = _read_length(data, length_at, inner, offset)
        value_at = length_at + len(length)
        value = data[value_at : value_at + size]
        if len(value) != size:
            expected = f"{size} bytes, found {len(value)}"
            raise DecodeError(inner, expected, offset_bytes=offset + value_at)
        children: tuple[TLV, ...] = ()
        if tag[0] & 0x20:
            try:
                children = _parse(value, inner, offset + value_at, depth=depth + 1)
            except DecodeError:
                if not _may_be_text(tag):
                    raise
        found.append(TLV(tag, value, children, length, offset + at))
        at = value_at + size
    return tuple(found)


def _may_be_text(tag: bytes) -> bool:
    """FF00 to FF7F say that objects stand inside; UnionPay puts the words of a slip there all the same (signature upload)."""
    return len(tag) == 2 and tag[0] == 0xFF


def _read_tag(data: bytes, at: int, path: str, offset: int) -> bytes:
    end = at + 1
    if data[at] & 0x1F == 0x1F:  # all low bits set: the number goes on while bit 8 is set
        while end < len(data) and end - at < _TAG_BYTES_MAX and data[end] & 0x80:
            end += 1
        end += 1
    tag = data[at:end]
    if not is_tag(tag):
        raise DecodeError(path, "a tag of 1 to 4 bytes", offset_bytes=offset + at)
    return tag


def is_tag(tag: bytes) -> bool:
    """Say whether *tag* is one whole tag."""
    if not tag or tag[0] & 0x1F != 0x1F:
        return len(tag) == 1
    more = tag[1:]
    return 1 <= len(more) < _TAG_BYTES_MAX and all(b & 0x80 for b in more[:-1]) and more[-1] < 0x80


def _read_length(data: bytes, at: int, path: str, offset: int) -> tuple[int, bytes]:
    first = data[at : at + 1]
    if first and first[0] < 0x80:
        return first[0], first
    count = first[0] & 0x7F if first else 0
    length = data[at : at + 1 + count]
    if not 1 <= count <= _LENGTH_BYTES_MAX or len(length) != 1 + count:
        expected = "a length of 1 to 5 bytes, definite form"
        raise DecodeError(path, expected, offset_bytes=offset + at)
    return int.from_bytes(length[1:], "big"), length


def _write(found: TLV, path: str) -> bytes:
    inner = f"{path}/{found.name}"
    if not is_tag(found.tag):
        raise EncodeError(inner, "a tag of 1 to 4 bytes")
    value = write_tlv(found.children, path=inner) if found.children else found.value
    length = found.length or _shortest(len(value))
    if _read_size(length) != len(value):
        raise EncodeError(inner, f"a length of {len(value)}")
    return found.tag + length + value


def _read_size(length: bytes) -> int:
    """The size that a length field tells, or -1 if it is none."""
    try:
        size, whole = _read_length(length, 0, "", 0)
    except DecodeError:
        return -1
    return size if whole == length else -1


def _shortest(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets
