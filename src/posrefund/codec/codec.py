"""``Codec``: one pyiso8583 specification, two verbs, our errors.

The first message of a shape goes through pyiso8583, and so does every refusal; shapes that come back are
compiled. What this adds: a field that the specification lacks is an error and not a crash, the caller's dict is
left alone, and no error carries a value. Floor 2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import iso8583

from posrefund.closed import closed, wipe
from posrefund.codec._compiled import COMPUTED, NOT_SURE, CompiledEngine
from posrefund.codec._refusal import (
    LENGTH_REFUSED,
    expectation,
    path_of,
    refuse_odd_length,
    spans_of,
)
from posrefund.codec.record import plain_record, plain_view
from posrefund.errors import DecodeError, EncodeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.codec.check import Check
    from posrefund.codec.record import Record, View
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

_READS_MAX = 193
"""One repair per field at the most, for the pad of a field stands in one nibble; and the last read."""


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
        self._engine = CompiledEngine(specification, self._checks)
        if engine == "reference":
            self._engine.stop()
        self._head, self._stencils = self._engine.head, self._engine.stencils
        self._encoders, self._likely = self._engine.encoders, self._engine.likely
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
            try:
                fields = self._stencils[raw[self._head]][len(raw)].decode(raw)
            except NOT_SURE:
                fields = None
            return self._decode(raw) if fields is None else fields
        except BaseException as error:
            del raw
            wipe(error)
            raise

    def record(self, raw: bytes) -> Record:
        """Return the fields of *raw* by attribute: ``record.t``, ``record.de4``; quicker than a dict.

        Raises:
            DecodeError: As ``decode``.
            TypeError: *raw* is not bytes.

        Example:
            >>> from iso8583.specs import default_ascii
            >>> from posrefund.codec import Codec
            >>> Codec(default_ascii).record(b"08000020000000000000000001").de11
            '000001'
        """
        try:
            try:
                record = self._stencils[raw[self._head]][len(raw)].record(raw)
            except NOT_SURE:
                record = None
            return plain_record(self._decode(raw)) if record is None else record
        except BaseException as error:
            del raw
            wipe(error)
            raise

    def lazy(self, raw: bytes) -> View:
        """Return a mapping of the fields of *raw* that cuts a value when it is asked for.

        The message is checked whole at once: what ``decode`` refuses is refused here.

        Raises:
            DecodeError: As ``decode``.
            TypeError: *raw* is not bytes.

        Example:
            >>> from iso8583.specs import default_ascii
            >>> from posrefund.codec import Codec
            >>> Codec(default_ascii).lazy(b"08000020000000000000000001")["11"]
            '000001'
        """
        try:
            try:
                view = self._stencils[raw[self._head]][len(raw)].view(raw)
            except NOT_SURE:
                view = None
            return plain_view(self._decode(raw)) if view is None else view
        except BaseException as error:
            del raw
            wipe(error)
            raise

    def _decode(self, raw: bytes) -> dict[str, str]:
        """Decode what no stencil fits: by its shape, or by the reference."""
        fields = self._engine.decode(raw)
        if fields is not None:
            return fields
        reading = self.read(raw)
        if not reading.pads:
            self._engine.learn_decode(bytes(raw), reading.fields)
        return reading.fields

    @closed
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
                refuse_odd_length(encoded, self._total)
                return self._checked(Reading(fields, spans_of(encoded), pads))
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
        try:
            raw = self._encode_quickly(fields) if not pads else None
            return self._encode_slowly(fields, pads) if raw is None else raw
        except BaseException as error:
            del fields
            wipe(error)
            raise

    def _encode_slowly(self, fields: Mapping[str, str], pads: Mapping[str, str] | None) -> bytes:
        """Encode by the reference, or say what is wrong; a shape that comes back is compiled."""
        if fault := self._first_fault(fields):
            name, expected = fault
            raise EncodeError(path_of(name), expected)
        raw = self._encode(fields, pads)
        self._engine.learn_encode(fields, raw)
        return raw

    def _encode_quickly(self, fields: Mapping[str, str]) -> bytes | None:
        """Encode by generated code, or None if it is not sure."""
        try:
            if fields.__class__ is dict:  # any other mapping may make up the keys it is asked for
                return self._likely[fields["t"], len(fields)](fields)
        except NOT_SURE:
            pass
        try:
            return self._encoders[(*fields,)](fields)
        except NOT_SURE:
            return None

    @closed
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
                found.append((path_of(name), expected))
                continue
            try:
                self._encode({"t": mti, name: value} if name not in COMPUTED else {"t": mti}, None)
            except EncodeError as refusal:
                found.append((refusal.path, refusal.expected))
        return tuple(dict.fromkeys(found))

    @closed
    def source(self, fields: Mapping[str, str]) -> str:
        """Return the Python that is run for messages of the same shape as *fields*, for curious people.

        Raises:
            EncodeError: *fields* do not fit.
            DecodeError: They fit, and cannot be read again.

        Example:
            >>> from iso8583.specs import default_ascii
            >>> from posrefund.codec import Codec
            >>> source = Codec(default_ascii).source({"t": "0800", "11": "000001"})
            >>> print(source[source.index("def encode"):])  # doctest: +ELLIPSIS
            def encode(fields):
                ft = fields['t']
                f11 = fields['11']
                if not (4 == len(ft) and 6 == len(f11)): raise ValueError
                return ...
        """
        raw = self.encode(fields)
        return self._engine.source(fields, raw, self.read(raw).fields)

    def _encode(self, fields: Mapping[str, str], pads: Mapping[str, str] | None) -> bytes:
        for name, value in fields.items():
            if name not in self.specification:
                raise EncodeError(path_of(name), "a field of this specification")
            given: object = value
            if not isinstance(given, str) and name not in COMPUTED:
                raise EncodeError(path_of(name), "text")
        try:
            raw, encoded = iso8583.encode(dict(fields), self.specification)
        except iso8583.EncodeError as error:
            refusal = EncodeError(path_of(error.field), expectation(error.msg))
        else:
            return bytes(self._put_pads(raw, spans_of(encoded), pads, fields) if pads else raw)
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
            raise DecodeError(path_of(name), expected, offset_bytes=reading.spans[name][0])
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
                raise EncodeError(path_of(name), "a filler nibble of a field that is there")
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
        expected = expectation(error.msg) if known else "a field of this specification"
        partial = [
            f"{path_of(name)} ({len(part['len']) + len(part['data'])} bytes)"
            for name, part in error.doc_enc.items()
            if name != error.field
        ]
        return DecodeError(path_of(error.field), expected, offset_bytes=error.pos, partial=partial)

    def _repair_pad(
        self, data: bytearray, error: iso8583.DecodeError, pads: dict[str, str]
    ) -> bool:
        """Note the filler of the refused field and put the specification's there instead."""
        shape = LENGTH_REFUSED.fullmatch(error.msg)
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
