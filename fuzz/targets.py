"""What is fuzzed: functions that take any bytes and hold one invariant. They return, or they found something.

They know no fuzzer: Atheris, the plain driver and the tests call them alike. The first byte of a message
input says which dialect reads the rest; each dialect has a byte of its own that others do not move.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from fuzz.devices import relay, zvt
from fuzz.lines import FAMILIES
from fuzz.logs import check_log, check_redacted
from fuzz.pin_pad import pin_pad
from fuzz.samples import announced, head_of, points_into, sample_fields
from fuzz.settlement_files import check as settlement_file
from fuzz.text_terminals import check as text_terminal
from posrefund.codec import Codec, describe, faults_inside
from posrefund.codec.tlv import TLV, parse_tlv, write_tlv
from posrefund.crypto import Key, KeySet, Purpose
from posrefund.dialects import Dialect, dialect, names
from posrefund.dialects.bitmaps import bitmaps_of
from posrefund.dialects.capture import open_capture
from posrefund.errors import DecodeError, EncodeError, FramingError
from posrefund.framing import Envelope, LengthPrefixFramer, frame
from posrefund.seal import unseal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["FRAME_BYTES_MAX", "KEYS", "TARGETS", "Target", "selector"]

KEYS = KeySet(
    pik=Key(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), Purpose.PIN),
    mak=Key(bytes.fromhex("1032547698BADCFEEFCDAB8967452301"), Purpose.MAC),
)
"""Published test keys (``tests/vectors``)."""

FRAME_BYTES_MAX = 4096
_BYTE_BY_BYTE_MAX = 128
"""Longer streams are cut where the input says, not after every byte: that would be slow, not new."""
_NEIGHBOURS = 6
_SHAPES = 200
"""Shapes taught and remembered: fewer than the compiled engine keeps."""


@dataclass(frozen=True, slots=True)
class Target:
    """One invariant.

    Attributes:
        check: Takes any bytes; raises when the invariant does not hold.
        corpus: Folder of its seeds; targets that read the same thing share one.
        length_max: Longest input worth making, in bytes.
        reads_dialect: Whether the first byte of an input chooses a dialect.
    """

    check: Callable[[bytes], None]
    corpus: str
    length_max: int
    reads_dialect: bool = False


# --- messages --------------------------------------------------------------------------------------


def decode(data: bytes) -> None:
    """Bytes are read, or refused with a ``DecodeError`` that points into them; nothing else escapes."""
    known, raw = _chosen(data)
    for read in (known.codec.decode, known.codec.read):
        try:
            read(raw)
        except DecodeError as refusal:
            points_into(refusal, raw)
    try:
        capture = open_capture(raw, known)
    except DecodeError as refusal:
        points_into(refusal, raw)
        return
    spans = capture.spans
    assert all(0 <= start <= end <= len(raw) for start, end in spans.values()), "spans lie within"
    describe(capture.fields, known.fields, spans=spans)
    known.value_faults(capture.fields)
    for fault in faults_inside(capture.fields, known.fields, spans=spans):
        points_into(fault, raw)


def identity(data: bytes) -> None:
    """What is read is written back to the very same bytes, by either engine, and both refuse alike."""
    known, raw = _chosen(data)
    body = raw
    try:
        capture = open_capture(raw, known)
    except DecodeError:
        pass
    else:
        assert capture.rebuild(known) == raw, "a capture is rebuilt to the byte"
        body = raw[capture.framing.body_at :]
    if _agree(known, body, checked=False):
        _agree(known, body, checked=True)


def _agree(known: Dialect, body: bytes, *, checked: bool) -> bool:
    """Compare the engines on *body*, on what they read in it and on its neighbours; was it a message?"""
    compiled, reference = _engines(known.name, checked=checked)
    _teach(known.name, body[: head_of(compiled)[1]], checked=checked)
    expected = _answer(reference, body)
    assert _answer(compiled, body) == expected, "compiled and reference engine read the same"
    if not isinstance(expected, dict):
        return False
    for _ in range(2):  # compiled, run
        assert _answer(compiled, body) == expected, "compiled and reference engine read the same"
    pads = reference.read(body).pads
    fields = {name: value for name, value in expected.items() if name != "p"}
    again = reference.encode(fields, pads=pads)
    if bitmaps_of(fields) == expected["p"] + expected.get(
        "1", ""
    ):  # else they are spelled otherwise
        assert again == body, "fields are written back to the byte"
    assert reference.record(body).fields() == compiled.record(body).fields() == expected
    assert dict(reference.lazy(body)) == dict(compiled.lazy(body)) == expected
    canonical = reference.encode(fields)
    for _ in range(3):
        assert compiled.encode(fields) == canonical, "compiled and reference engine write the same"
    for near in _neighbours(body):
        assert _answer(compiled, near) == _answer(reference, near), "and read neighbours the same"
    return True


def _neighbours(body: bytes) -> Iterable[bytes]:
    """Yield a few messages as long as *body* that differ in one byte: the same for the same input."""
    digest = zlib.crc32(body)
    for turn in range(_NEIGHBOURS):
        at = (digest + turn * 7919) % len(body)
        changed = (1 << (digest >> turn) % 8, 0x80, 0x0F)[turn % 3]
        yield body[:at] + bytes([body[at] ^ changed]) + body[at + 1 :]


def unsealed(data: bytes) -> None:
    """``unseal`` never raises; a MAC is valid only as it stands."""
    known, body = _chosen(data)
    without_keys = unseal(body, known, None)
    found = unseal(body, known, KEYS)
    assert without_keys.fields == found.fields, "keys do not change what is read"
    assert found.length_bytes == len(body)
    if found.refusal is not None:
        assert not found.fields, "what is refused has no fields"
        assert found.mac == without_keys.mac == "absent"
        return
    assert without_keys.mac in ("absent", "no_key"), "no verdict without a key"
    assert (found.mac == "absent") == (without_keys.mac == "absent")
    if found.mac == "valid":
        touched = unseal(body[:-1] + bytes([body[-1] ^ 1]), known, KEYS)
        assert touched.mac != "valid", "a MAC with one bit changed is not valid"


def redacted(data: bytes) -> None:
    """A redactor never raises, and leaves nothing of what is hidden."""
    check_redacted(*_chosen(data))


def _chosen(data: bytes) -> tuple[Dialect, bytes]:
    return _by_selector()[data[0] if data else 0], data[1:]


def selector(known: Dialect) -> bytes:
    """Return the first byte of an input that *known* is to read."""
    return bytes([_codes()[known.name]])


@cache
def _codes() -> dict[str, int]:
    """Give each dialect a byte made from its name: another dialect does not change what inputs mean."""
    codes: dict[str, int] = {}
    for name in names():
        code = zlib.crc32(name.encode()) & 0xFF
        while code in codes.values():
            code = (code + 1) & 0xFF
        codes[name] = code
    return codes


@cache
def _by_selector() -> tuple[Dialect, ...]:
    """Return the dialect of each first byte: the one whose own byte is nearest."""
    codes = _codes()
    return tuple(dialect(min(codes, key=lambda name: codes[name] ^ byte)) for byte in range(256))


@cache
def _engines(name: str, *, checked: bool) -> tuple[Codec, Codec]:
    """Return a compiled and a reference codec of a dialect, *checked* with what its table says of values."""
    known = dialect(name)
    rows = {number: row.check() for number, row in known.fields.items()} if checked else None
    spec, pads = known.specification, known.accept_pads
    return (
        Codec(spec, accept_pads=pads, checks=rows),
        Codec(spec, accept_pads=pads, checks=rows, engine="reference"),
    )


_Answer = dict[str, str] | tuple[str, int, str]


def _answer(codec: Codec, body: bytes) -> _Answer:
    try:
        return codec.decode(body)
    except DecodeError as refusal:
        return refusal.path, refusal.offset_bytes, refusal.expected


@lru_cache(_SHAPES)
def _teach(name: str, head: bytes, *, checked: bool) -> None:
    """Make the compiled engine write its code for *head*: one input alone then shows a difference."""
    compiled, _ = _engines(name, checked=checked)
    found = announced(compiled, head) if len(head) == head_of(compiled)[1] else None
    if found is None:
        return
    mti, numbers = found
    fields = sample_fields(compiled, mti, numbers)
    if len(fields) != len(numbers) + 1:
        return  # a field that the specification lacks: no such shape
    try:
        for _ in range(3):
            compiled.decode(compiled.encode(fields))
    except (EncodeError, DecodeError):
        return  # no such message type, or values that a check refuses: whole messages teach those


# --- data objects ----------------------------------------------------------------------------------


def tlv(data: bytes) -> None:
    """Objects are read and written back to the byte; in shortest form they mean the same."""
    try:
        found = parse_tlv(data)
    except DecodeError as refusal:
        points_into(refusal, data)
        return
    assert write_tlv(found) == data, "objects are written back to the byte"
    for top in found:
        for item in top.walk():
            assert data.startswith(item.tag, item.offset), "an object says where it begins"
    short = write_tlv(_shortened(item) for item in found)
    assert len(short) <= len(data), "the shortest form is no longer"
    assert _meaning(parse_tlv(short)) == _meaning(found), "the shortest form means the same"


def _shortened(item: TLV) -> TLV:
    return TLV(item.tag, item.value, tuple(_shortened(child) for child in item.children))


def _meaning(objects: Iterable[TLV]) -> list[object]:
    return [
        (item.tag, _meaning(item.children) if item.children else item.value) for item in objects
    ]


# --- frames ----------------------------------------------------------------------------------------


def framing(data: bytes) -> None:
    """Any split of a stream gives the same messages and the same refusal; an envelope opens or refuses.

    The first byte says how many cuts there are, the next ones how long the pieces are.
    """
    count = data[0] & 0x0F if data else 0
    sizes, stream = data[1 : 1 + count], data[1 + count :]
    expected = _cut(stream)
    assert _fed([stream]) == expected, "whole"
    assert _fed(_pieces(stream, sizes)) == expected, "in the pieces of this input"
    if len(stream) <= _BYTE_BY_BYTE_MAX:
        assert _fed(_pieces(stream, b"\1" * len(stream))) == expected, "byte by byte"
    messages = expected[0]
    assert _fed([frame(message) for message in messages]) == (messages, None, 0), "framed again"
    for message in (*messages, stream):
        _open_envelope(message)


_Cut = tuple[list[bytes], int | None, int]


def _cut(stream: bytes) -> _Cut:
    """Messages, where a wrong prefix stands, and how much is left over: the rule, written once more."""
    messages: list[bytes] = []
    at = 0
    while at + 2 <= len(stream):
        end = at + 2 + int.from_bytes(stream[at : at + 2], "big")
        if end - at - 2 > FRAME_BYTES_MAX:
            return messages, at, 0
        if end > len(stream):
            break
        messages += [stream[at + 2 : end]] if end > at + 2 else []
        at = end
    return messages, None, len(stream) - at


def _pieces(stream: bytes, sizes: bytes) -> list[bytes]:
    pieces = []
    at = 0
    for size in sizes:
        pieces.append(stream[at : at + size])
        at += size
    return [*pieces, stream[at:]]


def _fed(pieces: Iterable[bytes]) -> _Cut:
    framer = LengthPrefixFramer()
    messages: list[bytes] = []
    try:
        for piece in (*pieces, b""):  # a refusal behind a message comes with the next call
            messages += framer.feed(piece)
            assert framer.pending_bytes < 2 + FRAME_BYTES_MAX, "never more than one frame is held"
    except FramingError as refusal:
        assert _refused_again(framer) == refusal.offset_bytes, "a stream without boundary stays so"
        return messages, refusal.offset_bytes, 0
    return messages, None, framer.pending_bytes


def _refused_again(framer: LengthPrefixFramer) -> int | None:
    try:
        framer.feed(b"\0\1a")
    except FramingError as refusal:
        return refusal.offset_bytes
    return None


def _open_envelope(message: bytes) -> None:
    try:
        envelope, body = Envelope.unwrap(message)
    except FramingError as refusal:
        assert 0 <= refusal.offset_bytes <= len(message)
        return
    assert envelope.wrap(body) == message, "an envelope closes as it was"
    assert (
        envelope.reply(processing_request=envelope.processing_request).reply(
            processing_request=envelope.processing_request
        )
        == envelope
    ), "an answer to an answer goes where the first came from"


TARGETS: dict[str, Target] = {
    "decode": Target(decode, "message", 2048, reads_dialect=True),
    "identity": Target(identity, "message", 2048, reads_dialect=True),
    "unseal": Target(unsealed, "message", 2048, reads_dialect=True),
    "redacted": Target(redacted, "message", 2048, reads_dialect=True),
    "tlv": Target(tlv, "tlv", 1024),
    "relay": Target(relay, "relay", FRAME_BYTES_MAX),
    "framing": Target(framing, "framing", 2 * FRAME_BYTES_MAX),
    "wirelog": Target(check_log, "wirelog", 4096),
    "settlement-file": Target(settlement_file, "settlement-file", 2048),
    "text-terminal": Target(text_terminal, "text-terminal", 512),
    "zvt": Target(zvt, "zvt", 1024),
    "pinpad": Target(pin_pad, "pinpad", 1024),
    **{name: Target(family.check, name, FRAME_BYTES_MAX) for name, family in FAMILIES.items()},
}
