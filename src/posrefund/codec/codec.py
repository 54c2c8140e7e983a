"""``Codec``: one pyiso8583 specification, two verbs, our errors.

The first message of a shape goes through pyiso8583, and so does every refusal; shapes that come back are
compiled. What this adds: a field that the specification lacks is an error and not a crash, the caller's dict is
left alone, and no error carries a value. Floor 2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import iso8583

from posrefund.codec._compiled import COMPUTED, CompiledEngine
from posrefund.errors import DecodeError, EncodeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.codec.check import Check
    from posrefund.errors import Fault

__all__ = ["Codec", "Reading"]

_NO_SUCH_FIELD: dict[str, Any] = {
    "data_enc": "b",
    "len_enc": "b",
    "len_type": 0,
    "max_len": 1 << 30,
    "desc": "",
}
"""Stands in for every field the specification lacks: no message is long enough to fill it, so
pyiso8583 refuses the field by name and position where it would otherwise raise ``KeyError``."""

_NO_SUCH_BITMAP: dict[str, Any] = {**_NO_SUCH_FIELD, "data_enc": "none"}
"""Stands in for the secondary bitmap where the specification has no field above 64: pyiso8583 would
read one that announces nothing, and could not write it again."""

_SECONDARY = tuple(str(number) for number in range(66, 193))

_NOT_SURE = (LookupError, ValueError, TypeError, AttributeError)
"""What generated code raises at a new shape, or at something to say no to."""

_READS_MAX = 193
"""One repair per field at the most, for the pad of a field stands in one nibble; and the last read."""

_LENGTH_REFUSED = re.compile(
    r"Field (?:data|length) is (\d+) (bytes|nibbles)(?: wide)?, expecting (\d+)"
)
_LENGTH_EXCEEDED = re.compile(
    r"Field (?:data|length) is (\d+) (bytes|nibbles), larger than maximum (\d+)"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as it was read.

    Attributes:
        fields: As ``Codec.decode`` returns them.
        spans: For each field the bytes it stands in, its length prefix included.
        pads: Fields whose filler nibble is not the specification's, and the nibble that was found.
    """

    fields: dict[str, str] = field(repr=False)
    spans: dict[str, tuple[int, int]]
    pads: dict[str, str]


class Codec:
    """Encodes and decodes messages of one specification.

    Args:
        specification: A pyiso8583 4.x specification.
        accept_pads: Filler nibbles of odd-length packed fields that are accepted besides the one
            the specification sends. UnionPay terminals send 0 and must ignore what they receive.
        checks: What is expected of values besides, by field; none of it unless asked for.
        engine: ``"compiled"`` writes straight-line code for the shapes it meets; ``"reference"`` is
            pyiso8583 itself. Same fields, same bytes, same refusals.

    Example:
        >>> from iso8583.specs import default_ascii
        >>> from posrefund.codec import Codec
        >>> codec = Codec(default_ascii)
        >>> codec.encode({"t": "0800", "11": "000001"})
        b'08000020000000000000000001'
        >>> codec.decode(b"08000020000000000000000001")["11"]
        '000001'
    """

    def __init__(
        self,
        specification: Mapping[str, Mapping[str, Any]],
        *,
        accept_pads: str = "",
        checks: Mapping[str, Check] | None = None,
        engine: Literal["compiled", "reference"] = "compiled",
    ) -> None:
        self.specification = specification
        self._accept_pads = accept_pads
        self._checks = dict(checks or {})
        self._engine = CompiledEngine(specification)
        if engine == "reference":
            self._engine.head_bytes = 0  # nothing is compiled then
        self._decoders, self._encoders = self._engine.decoders, self._engine.encoders
        self._head_bytes = self._engine.head_bytes
        missing = {str(n): _NO_SUCH_FIELD for n in range(2, 193) if n != 65}
        self._total: dict[str, Mapping[str, Any]] = {**missing, **specification}
        if "1" not in specification or not any(name in specification for name in _SECONDARY):
            self._total["1"] = _NO_SUCH_BITMAP

    def decode(self, raw: bytes) -> dict[str, str]:
        """Return the fields of *raw*: ``"t"`` the MTI, ``"p"`` the bitmap, ``"2"``… the fields.

        Raises:
            DecodeError: With the path and the offset of the field that could not be read.
            TypeError: *raw* is not bytes.
        """
        try:
            fields = self._decoders[raw[: self._head_bytes]](raw)
        except _NOT_SURE:
            fields = None
        if fields is None:  # out here: the error of the generated code may hold the message
            return self._decode_and_learn(raw)
        if self._checks and self._first_fault(fields):
            self.read(raw)  # says where
        return fields

    def _decode_and_learn(self, raw: bytes) -> dict[str, str]:
        reading = self.read(raw)
        if not reading.pads:
            self._engine.learn_decode(bytes(raw), reading.fields)
        return reading.fields

    def read(self, raw: bytes) -> Reading:
        """Return the fields of *raw* and all that is needed to write the very same bytes again.

        Raises:
            DecodeError: As ``decode``.
            TypeError: *raw* is not bytes.
        """
        if not isinstance(raw, (bytes, bytearray, memoryview)):
            raise TypeError("a message is bytes")
        data = bytearray(raw)
        pads: dict[str, str] = {}
        for _ in range(_READS_MAX):
            try:
                fields, encoded = iso8583.decode(data, self._total)
            except iso8583.DecodeError as error:
                refusal = None if self._repair_pad(data, error, pads) else self._refusal(error)
            else:
                return self._checked(Reading(fields, _spans(encoded), pads))
            if refusal is not None:  # raised out here: pyiso8583's error holds the message in clear
                raise refusal
        raise AssertionError("unreachable")  # each round mends another of at most 192 fields

    def encode(self, fields: Mapping[str, str], *, pads: Mapping[str, str] | None = None) -> bytes:
        """Return the bytes of *fields*; the bitmap is made here, a given ``"p"`` is ignored.

        Args:
            fields: ``"t"`` and the fields by number.
            pads: Filler nibbles that differ from the specification's, as ``read`` reported them.

        Raises:
            EncodeError: With the path of the field that does not fit.
        """
        if self._checks and (fault := self._first_fault(fields)):
            name, expected = fault
            raise EncodeError(_path(name), expected)
        if not pads:
            try:
                return self._encoders[(*fields,)](*fields.values())
            except _NOT_SURE:
                pass
        raw = self._encode(fields, pads)
        self._engine.learn_encode(fields, raw)
        return raw

    def faults(self, fields: Mapping[str, str]) -> tuple[Fault, ...]:
        """Name everything that is wrong with *fields* at once; nothing when they can be encoded.

        Example:
            >>> from iso8583.specs import default_ascii
            >>> from posrefund.codec import Check, Codec
            >>> codec = Codec(default_ascii, checks={"4": Check("n")})
            >>> codec.faults({"t": "0200", "4": "00000000000A", "11": "1"})
            (('DE4', 'digits'), ('DE11', '6 bytes, found 1'))
        """
        found = [] if "t" in fields else [("MTI", "this field")]
        mti = fields.get("t", "0000")
        for name, value in fields.items():
            check = self._checks.get(name)
            expected = check.fault(value) if check and isinstance(value, str) else None
            if expected:
                found.append((_path(name), expected))
                continue
            try:
                self._encode({"t": mti, name: value} if name not in COMPUTED else {"t": mti}, None)
            except EncodeError as refusal:
                found.append((refusal.path, refusal.expected))
        return tuple(dict.fromkeys(found))

    def source(self, fields: Mapping[str, str]) -> str:
        """Return the Python that is run for messages of the same shape as *fields*, for curious people.

        Raises:
            EncodeError: *fields* do not fit.

        Example:
            >>> from iso8583.specs import default_ascii
            >>> from posrefund.codec import Codec
            >>> print(Codec(default_ascii).source({"t": "0800", "11": "000001"}).splitlines()[0])
            def decode(raw):
        """
        return self._engine.source(fields, self._encode(fields, None))

    def _encode(self, fields: Mapping[str, str], pads: Mapping[str, str] | None) -> bytes:
        for name, value in fields.items():
            if name not in self.specification:
                raise EncodeError(_path(name), "a field of this specification")
            given: object = value
            if not isinstance(given, str) and name not in COMPUTED:
                raise EncodeError(_path(name), "text")
        try:
            raw, encoded = iso8583.encode(dict(fields), self.specification)
        except iso8583.EncodeError as error:
            refusal = EncodeError(_path(error.field), _expectation(error.msg))
        else:
            return bytes(self._put_pads(raw, _spans(encoded), pads, fields) if pads else raw)
        raise refusal  # out here: pyiso8583's error holds the fields in clear

    def _first_fault(self, fields: Mapping[str, str]) -> Fault | None:
        """Name the first field that a check refuses, and what was expected there."""
        for name, check in self._checks.items():
            value = fields.get(name)
            expected = check.fault(value) if isinstance(value, str) else None
            if expected:
                return name, expected
        return None

    def _checked(self, reading: Reading) -> Reading:
        """Refuse what a check refuses, at the place of the field."""
        if fault := self._first_fault(reading.fields):
            name, expected = fault
            raise DecodeError(_path(name), expected, offset_bytes=reading.spans[name][0])
        return reading

    def _put_pads(
        self,
        raw: bytearray,
        spans: Mapping[str, tuple[int, int]],
        pads: Mapping[str, str],
        fields: Mapping[str, str],
    ) -> bytearray:
        for name, pad in pads.items():
            there = name in spans and self._has_pad(name, fields.get(name, ""))
            if not there or len(pad) != 1 or pad not in self._accept_pads:
                raise EncodeError(_path(name), "a filler nibble of a field that is there")
            at, keep = self._pad_place(name, *spans[name])
            raw[at] = (raw[at] & keep) | (int(pad * 2, 16) & ~keep)
        return raw

    def _has_pad(self, name: str, value: str) -> bool:
        rule = self.specification[name]
        filler = rule.get("left_pad") or rule.get("right_pad")
        return bool(filler) and rule.get("len_count") == "nibbles" and len(value) % 2 == 1

    def _pad_place(self, name: str, start: int, end: int) -> tuple[int, int]:
        """Where the filler of an odd field stands: the byte, and the mask of what is not filler."""
        rule = self.specification[name]
        if rule.get("left_pad"):
            return start + rule["len_type"], 0x0F
        return end - 1, 0xF0

    def _refusal(self, error: iso8583.DecodeError) -> DecodeError:
        known = self._total[error.field] is self.specification.get(error.field)
        # What pyiso8583 says names lengths and kinds, never data; checked against its 4.0 source.
        expected = _expectation(error.msg) if known else "a field of this specification"
        partial = [
            f"{_path(name)} ({len(part['len']) + len(part['data'])} bytes)"
            for name, part in error.doc_enc.items()
            if name != error.field
        ]
        return DecodeError(_path(error.field), expected, offset_bytes=error.pos, partial=partial)

    def _repair_pad(
        self, data: bytearray, error: iso8583.DecodeError, pads: dict[str, str]
    ) -> bool:
        """Note the filler of the refused field and put the specification's there instead."""
        shape = _LENGTH_REFUSED.fullmatch(error.msg)
        name = error.field
        if name in pads or not shape or int(shape[1]) != int(shape[3]) + 1:
            return False
        rule = self.specification[name]
        if not (rule.get("left_pad") or rule.get("right_pad")):
            return False
        part = error.doc_enc[name]
        end = error.pos + len(part["data"])
        at, keep = self._pad_place(name, error.pos - len(part["len"]), end)
        pad = f"{data[at]:02X}"[keep == 0xF0]
        if pad not in self._accept_pads:
            return False
        pads[name] = pad
        wanted = int((rule.get("left_pad") or rule["right_pad"])[0] * 2, 16)
        data[at] = (data[at] & keep) | (wanted & ~keep)
        return True


def _path(field: str) -> str:
    return {"t": "MTI", "p": "bitmap", "1": "bitmap.secondary", "h": "header"}.get(
        field, f"DE{field}"
    )


def _expectation(message: str) -> str:
    """Turn what pyiso8583 says into what was expected; its texts name lengths and kinds, no data."""
    if refused := _LENGTH_REFUSED.fullmatch(message):
        found, unit, wanted = refused.groups()
        return f"{wanted} {unit}, found {found}"
    if refused := _LENGTH_EXCEEDED.fullmatch(message):
        found, unit, most = refused.groups()
        return f"at most {most} {unit}, found {found}"
    if message.startswith("Extra data"):
        return "nothing after the last field"
    return f"another encoding ({message[:1].lower()}{message[1:]})"


def _spans(encoded: Mapping[str, Mapping[str, bytes]]) -> dict[str, tuple[int, int]]:
    spans = {}
    start = 0
    for name, part in encoded.items():
        end = start + len(part["len"]) + len(part["data"])
        spans[name] = (start, end)
        start = end
    return spans
