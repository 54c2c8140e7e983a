"""A message as somebody caught it: with or without length prefix, TPDU, header or MAC. Floor 3.

``open_capture`` finds out which of them are there and reads the fields; ``Capture.rebuild`` gives the
same bytes back. For tools and tests: a link knows its framing and never guesses.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.dialects.bitmaps import announce_the_same, bitmaps_of, spell
from posrefund.dialects.definition import MAC_FIELDS, MAC_PLACE
from posrefund.errors import DecodeError, EncodeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posrefund.dialects.definition import Dialect

__all__ = ["Capture", "Framing", "open_capture", "read_capture"]

_PREFIX_BYTES, _TPDU_BYTES, _HEADER_BYTES = 2, 5, 6
_CAPTURE_BYTES_MAX = 65_535 + _PREFIX_BYTES


@dataclass(frozen=True, slots=True)
class Framing:
    """What stood around the message.

    Attributes:
        length_prefix: Whether two length bytes stood first.
        tpdu: 5 bytes, or empty.
        header: 6 bytes, or empty.
        mac_missing: ``"64"`` or ``"128"`` where the bitmap announces that field and the message ends
            before it: what a MAC is computed over, as people paste it. Else empty.
        pads: Filler nibbles that are not 0, by field.
        bitmap: The bitmaps where we would write them otherwise (small letters, an empty second one), in
            hexadecimal. Else empty.
    """

    length_prefix: bool = False
    tpdu: bytes = b""
    header: bytes = b""
    mac_missing: str = ""
    pads: dict[str, str] = field(default_factory=dict)
    bitmap: str = ""

    @property
    def body_at(self) -> int:
        """Offset of the MTI."""
        return _PREFIX_BYTES * self.length_prefix + len(self.tpdu) + len(self.header)


@dataclass(frozen=True, slots=True)
class Capture:
    """A caught message, read.

    Attributes:
        framing: What stood around it.
        fields: The decoded fields.
        spans: Bytes of each field, counted from the start of the capture.
    """

    framing: Framing
    fields: dict[str, str] = field(repr=False)
    spans: dict[str, tuple[int, int]]

    @closed
    def rebuild(self, dialect: Dialect) -> bytes:
        """Return the bytes of the capture.

        Raises:
            EncodeError: A field does not fit; cannot happen with fields that were read.
        """
        framing = self.framing
        fields = {name: value for name, value in self.fields.items() if name != "p"}
        if framing.mac_missing:
            fields[framing.mac_missing] = MAC_PLACE
        body = self._with_bitmap(dialect.codec.encode(fields, pads=framing.pads), fields, dialect)
        if framing.mac_missing:
            body = body[: -dialect.mac_width]
        message = framing.tpdu + framing.header + body
        prefix = len(message).to_bytes(_PREFIX_BYTES, "big") if framing.length_prefix else b""
        return prefix + message

    def _with_bitmap(self, body: bytes, fields: Iterable[str], dialect: Dialect) -> bytes:
        given, made = self.framing.bitmap, bitmaps_of(fields)
        if not given:
            return body
        if not announce_the_same(given, made):
            raise EncodeError("framing.bitmap", "a bitmap of the fields of this message")
        mti, bitmap = (dialect.specification[name]["data_enc"] for name in ("t", "p"))
        start = 2 if mti == "b" else 4
        return body[:start] + spell(given, bitmap) + body[start + len(spell(made, bitmap)) :]


@closed
def open_capture(raw: bytes, dialect: Dialect) -> Capture:
    """Read a caught message, whatever stands around it.

    Raises:
        DecodeError: It is no message of this dialect under any framing; the error is that of the
            framing that fits best, its offset counted from the start of *raw*.

    Example:
        >>> from posrefund.dialects import dialect
        >>> from posrefund.dialects.capture import open_capture
        >>> echo = bytes.fromhex("600003000060310000000008200000000000000010" "0011000000013010")
        >>> open_capture(echo, dialect("unionpay")).fields["60"]
        '00000001301'
    """
    if len(raw) > _CAPTURE_BYTES_MAX:
        expected = f"at most {_CAPTURE_BYTES_MAX} bytes"
        raise DecodeError("frame", expected, offset_bytes=_CAPTURE_BYTES_MAX)
    refusal: DecodeError | None = None
    for framing in _framings(raw, dialect):
        try:
            return read_capture(raw, framing, dialect)
        except DecodeError as error:
            refusal = refusal or error
    raise refusal or _no_framing(raw, dialect)


def _framings(raw: bytes, dialect: Dialect) -> Iterator[Framing]:
    """Yield the framings whose signs are there, the most telling first."""
    for prefixed in (True, False):
        start = _PREFIX_BYTES * prefixed
        if prefixed and int.from_bytes(raw[:_PREFIX_BYTES], "big") != len(raw) - _PREFIX_BYTES:
            continue
        for tpdu_bytes, header_bytes in (
            (_TPDU_BYTES, _HEADER_BYTES),
            (_TPDU_BYTES, 0),
            (0, _HEADER_BYTES),
            (0, 0),
        ):
            tpdu = raw[start : start + tpdu_bytes]
            header_at = start + tpdu_bytes
            header = raw[header_at : header_at + header_bytes]
            body_at = header_at + header_bytes
            is_mti = _is_mti(raw[body_at : body_at + 4], dialect)
            if is_tpdu(tpdu) and is_header(header) and is_mti:
                yield Framing(prefixed, tpdu, header)


def is_tpdu(tpdu: bytes) -> bool:
    return not tpdu or tpdu[:1] == b"\x60"


def is_header(header: bytes) -> bool:
    """Application classes 60 to 63, packed digits; the first six digits are never letters."""
    return not header or (0x60 <= header[0] <= 0x63 and header[:2].hex().isdigit())


def _is_mti(start: bytes, dialect: Dialect) -> bool:
    """The dialect's version of ISO 8583, a class, and digits; three of four digits even known."""
    encoding = dialect.specification["t"]["data_enc"]
    mti = start[:2].hex() if encoding == "b" else start.decode(encoding, "replace")
    versions = {table.mti[0] for table in dialect.messages.values()} or set("012")
    return (
        len(mti) == 4 and mti.isascii() and mti.isdigit() and mti[0] in versions and mti[1] != "0"
    )


@closed
def read_capture(raw: bytes, framing: Framing, dialect: Dialect) -> Capture:
    """Read a message of which it is known what stands around it.

    Raises:
        DecodeError: It is no message of this dialect; the offset is counted from the start of *raw*.
    """
    at = framing.body_at
    body = raw[at:]
    mac_missing = ""
    try:
        reading = dialect.codec.read(body)
    except DecodeError as error:
        mac_missing = error.path.removeprefix("DE")
        if mac_missing not in MAC_FIELDS or error.offset_bytes != len(body):
            raise _moved(error, at) from None
        try:
            reading = dialect.codec.read(body + b"0" * dialect.mac_width)
        except DecodeError:  # it was not the last field
            raise _moved(error, at) from None
        del reading.fields[mac_missing], reading.spans[mac_missing]
    given = reading.fields["p"] + reading.fields.get("1", "")
    made = bitmaps_of((*reading.fields, mac_missing))
    found = replace(
        framing,
        mac_missing=mac_missing,
        pads=reading.pads,
        bitmap="" if given == made else given,
    )
    spans = {name: (start + at, end + at) for name, (start, end) in reading.spans.items()}
    return Capture(found, reading.fields, spans)


def _moved(error: DecodeError, by: int) -> DecodeError:
    return DecodeError(
        error.path, error.expected, offset_bytes=error.offset_bytes + by, partial=error.partial
    )


def _no_framing(raw: bytes, dialect: Dialect) -> DecodeError:
    rest = raw[_PREFIX_BYTES:]
    if any(framing.tpdu for framing in _framings(rest, dialect)):
        expected = f"{len(rest)}, for that many bytes follow"
        return DecodeError("frame.length_prefix", expected, offset_bytes=0)
    expected = "a length prefix, a TPDU (60…), a header (60… to 63…) or an MTI"
    return DecodeError("frame", expected if raw else "a message", offset_bytes=0)
