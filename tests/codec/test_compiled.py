"""The compiled engine against pyiso8583 itself: generated specifications, whole and damaged messages."""

from __future__ import annotations

import os
import random
from collections import defaultdict
from typing import TYPE_CHECKING

import iso8583
import pytest
from fuzz.differential import run
from iso8583.specs import default_ascii

from posrefund.codec import Codec
from posrefund.codec import _compiled as compiled
from posrefund.codec import _stencil as stencil
from posrefund.dialects import dialect
from posrefund.errors import DecodeError, EncodeError
from published import CLEAN, Published

if TYPE_CHECKING:
    from collections.abc import Mapping

MESSAGES = 40_000 if os.environ.get("CI") else 10_000
SALE = {"t": "0200", "2": "6200000000000005", "3": "000000", "4": "000000000100", "11": "000001"}


def warm(codec: Codec, fields: Mapping[str, str]) -> bytes:
    """Encode and decode often enough for both shapes to be compiled."""
    raw = b""
    for _ in range(5):
        raw = codec.encode(fields)
        codec.decode(raw)
    return raw


def test_compiled_codec_answers_as_pyiso8583_does_whatever_the_specification() -> None:
    report = run(seed=20261122, messages=MESSAGES)

    assert report.messages >= MESSAGES
    assert report.decoded > MESSAGES / 2
    assert report.refused > MESSAGES / 4
    assert report.compiled > report.specifications  # most of them were compiled at all


@pytest.mark.parametrize("row", CLEAN, ids=lambda row: row.name)
def test_published_messages_read_the_same_compiled_and_not(row: Published) -> None:
    known = dialect(row.dialect)
    reference = Codec(known.specification, accept_pads=known.accept_pads, engine="reference")
    ours = Codec(known.specification, accept_pads=known.accept_pads)
    body = row.body + (bytes(8) if row.name.endswith("mab_worked_mac") else b"")

    expected = reference.decode(body)
    for _ in range(5):
        assert ours.decode(body) == expected
    for _ in range(5):
        assert ours.encode(expected) == reference.encode(expected)


def test_reference_engine_compiles_nothing() -> None:
    codec = Codec(dialect("unionpay").specification, engine="reference")

    raw = warm(codec, SALE)

    assert codec.decode(raw) == iso8583.decode(raw, codec.specification)[0]
    assert codec._engine.decoders == {}
    assert codec._engine.encoders == {}


@pytest.mark.parametrize(
    ("number", "value"),
    [("3", "00000"), ("3", "0000000"), ("4", "00000000010G"), ("2", "6" * 20), ("11", "")],
)
def test_a_shape_that_is_compiled_still_refuses_what_does_not_fit(number: str, value: str) -> None:
    codec = Codec(dialect("unionpay").specification)
    warm(codec, SALE)

    with pytest.raises(EncodeError) as refused:
        codec.encode(SALE | {number: value})

    assert refused.value.path == f"DE{number}"


@pytest.mark.parametrize("value", [1, b"000001", None, ["0"] * 6, 1.5])
def test_a_shape_that_is_compiled_still_refuses_what_is_no_text(value: object) -> None:
    codec = Codec(dialect("unionpay").specification)
    warm(codec, SALE)

    with pytest.raises(EncodeError) as refused:
        codec.encode({**SALE, "11": value})  # type: ignore[dict-item]

    assert (refused.value.path, refused.value.expected) == ("DE11", "text")


def test_a_compiled_message_cut_or_longer_is_refused_at_its_place() -> None:
    codec = Codec(dialect("unionpay").specification)
    raw = warm(codec, SALE)

    for end in range(len(raw)):
        with pytest.raises(DecodeError):
            codec.decode(raw[:end])
    with pytest.raises(DecodeError) as refused:
        codec.decode(raw + b"\0")
    assert (refused.value.path, refused.value.offset_bytes) == ("DE11", len(raw))


SECONDARY = {"t": "0800", "11": "000001", "70": "301", "100": "48021000"}


@pytest.mark.parametrize("header", ["", "60003200"])
def test_messages_with_a_secondary_bitmap_and_a_header_are_compiled(header: str) -> None:
    spec = {**default_ascii, "h": {**default_ascii["h"], "max_len": len(header)}}
    fields = {"h": header, **SECONDARY} if header else SECONDARY
    codec = Codec(spec)
    raw = warm(codec, fields)
    engine = codec._engine

    assert [len(engine.secondary), len(engine.encoders), engine._stencil_count] == [1, 1, 1]
    assert codec.decode(raw) == iso8583.decode(raw, spec)[0]
    assert codec.encode(fields) == raw
    for end in range(len(raw)):  # one of these ends inside the secondary bitmap
        with pytest.raises(DecodeError):
            codec.decode(raw[:end])


@pytest.mark.parametrize("encoding", sorted(stencil._EVERY_BYTE - {"ascii"}))
def test_encodings_of_stencils_read_every_byte_as_one_character(encoding: str) -> None:
    read = bytes(range(256)).decode(encoding)

    assert len(read) == len(set(read)) == 256
    assert "0123456789".encode(encoding)[0] & 0x0F == 0  # digits in one row of sixteen


def test_messages_of_other_lengths_are_read_by_the_decoder_of_their_shape() -> None:
    codec = Codec(dialect("unionpay").specification)
    warm(codec, SALE)
    shorter = SALE | {"2": "620000000003"}
    raw = iso8583.encode(dict(shorter), codec.specification)[0]

    assert codec.decode(bytes(raw)).items() >= shorter.items()


class Masked(str):
    """A text that prints itself as something else, digits included."""

    __slots__ = ()

    def __str__(self) -> str:
        return "0" * len(self)

    def __format__(self, spec: str) -> str:
        return str(self)


def test_a_text_that_prints_itself_as_something_else_is_sent_as_what_it_is() -> None:
    codec = Codec(dialect("unionpay").specification)
    raw = warm(codec, SALE)

    assert codec.encode(SALE | {"2": Masked(SALE["2"]), "11": Masked("000001")}) == raw


def test_a_mapping_that_makes_up_its_keys_is_not_asked_for_others() -> None:
    codec = Codec(dialect("unionpay").specification)
    warm(codec, SALE)
    other = defaultdict(str, {**SALE, "12": "101112"})
    del other["3"]

    assert codec.decode(codec.encode(other)).items() >= dict(other).items()
    assert "3" not in other


def test_keys_that_are_computed_do_not_stand_in_for_others() -> None:
    codec = Codec(dialect("unionpay").specification)
    raw = warm(codec, {**SALE, "p": "whatever"})

    assert codec.encode({**SALE, "p": ""}) == raw
    assert codec.encode({**SALE, "12": "101112"}) != raw


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_kind_of_bytes_is_read(kind: type) -> None:
    codec = Codec(dialect("unionpay").specification)
    raw = warm(codec, SALE)

    assert codec.decode(kind(raw)) == codec.decode(raw)


@pytest.mark.parametrize("value", ["0200", 5, None, [1, 2]])
def test_what_is_no_bytes_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError, match="bytes"):
        Codec(dialect("unionpay").specification).decode(value)  # type: ignore[arg-type]


def test_caches_stay_bounded_whatever_shapes_come() -> None:
    codec = Codec(dialect("unionpay").specification)
    source = random.Random(7)
    numbers = ["3", "4", "11", "12", "13", "14", "15", "22", "23", "25", "26", "49"]
    values = {n: "1" * codec.specification[n]["max_len"] for n in numbers}

    for _ in range(4 * compiled._SHAPES_MAX):
        chosen = [n for n in numbers if source.random() < 0.5]
        warm(codec, {"t": "0800", **{n: values[n] for n in chosen}})

    engine = codec._engine
    for cache in (engine.decoders, engine.encoders, engine.likely, engine.stencils):
        assert 0 < len(cache) <= compiled._SHAPES_MAX
    assert engine._stencil_count <= compiled._STENCILS_OF_ALL_MAX
    assert len(codec._engine._seen) <= compiled._SEEN_MAX


def test_the_generated_source_can_be_read() -> None:
    codec = Codec(dialect("unionpay").specification)

    source = codec.source(SALE)

    assert "f3, f4, f11" in source
    assert "def encode(fields):" in source
    assert source.count("def decode(raw):") == 2  # with a stencil, and with lengths of any kind
    assert "if number & constant != expected: return None" in source
