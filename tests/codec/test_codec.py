"""The codec against pyiso8583 itself, and what it adds: every end is ours, and no end shows a value."""

from __future__ import annotations

import traceback
from typing import Any

import iso8583
import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso8583.specs import default, default_ascii

from posrefund.codec import Codec, Field, specification
from posrefund.dialects import dialect
from posrefund.errors import CodecError, DecodeError, EncodeError
from published import CLEAN, Published, check_refusal

Spec = dict[str, dict[str, Any]]

UNIONPAY = dialect("unionpay")
SPECS: dict[str, Spec] = {
    "default": default,
    "default_ascii": default_ascii,
    "unionpay": UNIONPAY.specification,
}
every_spec = pytest.mark.parametrize("name", sorted(SPECS))
every_clean = pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in CLEAN])

PATHS = {"t": "MTI", "p": "bitmap", "1": "bitmap.secondary", "h": "header"}


def path_of(field: str) -> str:
    return PATHS.get(field, f"DE{field}")


def raw_of(text: str) -> bytes:
    return bytes.fromhex(text)


# --- literal bytes ---------------------------------------------------------------------------------


def test_codec_writes_and_reads_every_packed_encoding() -> None:
    table = [
        Field(2, "n..19", "主账号", "PAN"),
        Field(3, "n6", "处理码", "processing code"),
        Field(22, "n3<", "输入方式", "entry mode"),
        Field(23, "n3", "序列号", "sequence number"),
        Field(35, "z..37", "磁道", "track 2"),
        Field(39, "an2", "应答码", "response code"),
        Field(44, "ans..25", "附加", "additional"),
        Field(52, "b64", "PIN", "PIN block"),
        Field(55, "b...255", "IC卡", "chip data"),
        Field(60, "n...17", "自定义", "private"),
    ]
    fields = {
        "t": "0200",
        "2": "12345",
        "3": "000000",
        "22": "021",
        "23": "001",
        "35": "12D34",
        "39": "A0",
        "44": "\u00e9",
        "52": "0011223344556677",
        "55": "9F3602",
        "60": "22000001000",
    }
    raw = raw_of(
        "0200" "6000060022101210"
        "05123450" "000000" "0210" "0001" "0512D340" "4130" "01E9" "0011223344556677"
        "00039F3602" "0011220000010000"
    )  # fmt: skip
    codec = Codec(specification(table))

    assert codec.encode(fields) == raw
    assert codec.decode(raw) == {**fields, "p": "6000060022101210"}


@pytest.mark.parametrize(
    ("text", "path", "offset_bytes", "expected"),
    [
        ("", "MTI", 0, "2 bytes, found 0"),
        ("08", "MTI", 0, "2 bytes, found 1"),
        ("0800", "bitmap", 2, "8 bytes, found 0"),
        ("080000200000000000", "bitmap", 2, "8 bytes, found 7"),
        ("08000020000000000000", "DE11", 10, "6 nibbles, found 0"),
        ("080000200000000000000000", "DE11", 10, "6 nibbles, found 4"),
        ("0800002000000000000000000100", "DE11", 13, "nothing after the last field"),
        ("08000000000000000010", "DE60", 10, "2 bytes, found 0"),
        ("0800000000000000001000", "DE60", 10, "2 bytes, found 1"),
        ("080000000000000000100018", "DE60", 10, "at most 17 nibbles, found 18"),
        ("080000000000000000100002", "DE60", 12, "2 nibbles, found 0"),
        ("0800000000000000001000011A", "DE60", 12, "1 nibbles, found 2"),
        (
            "0800000000000000001000AA",
            "DE60",
            10,
            "another encoding (failed to decode field length, invalid BCD data)",
        ),
        (
            "0800" + "0000000002000000" + "FF30",
            "DE39",
            10,
            "another encoding (failed to decode field, invalid data)",
        ),
        ("0800" + "0100000000000000" + "00", "DE8", 10, "a field of this specification"),
        ("0800" + "8000000000000000" + "00" * 8, "bitmap.secondary", 10, "a field of this specification"),
    ],
)  # fmt: skip
def test_decode_says_where_and_what_was_expected(
    text: str, path: str, offset_bytes: int, expected: str
) -> None:
    with pytest.raises(DecodeError) as caught:
        Codec(UNIONPAY.specification).decode(raw_of(text))

    error = caught.value
    assert (error.path, error.offset_bytes, error.expected) == (path, offset_bytes, expected)


def test_decode_tells_what_it_had_read_by_name_and_length_only() -> None:
    with pytest.raises(DecodeError) as caught:
        UNIONPAY.codec.decode(raw_of("020060000000000000000412340000"))

    assert caught.value.partial == ("MTI (2 bytes)", "bitmap (8 bytes)", "DE2 (3 bytes)")


@pytest.mark.parametrize(
    ("fields", "path", "expected"),
    [
        ({}, "MTI", "another encoding (field data is required)"),
        ({"t": "020"}, "MTI", "another encoding (failed to encode field, odd-length hex data)"),
        ({"t": "020000"}, "MTI", "2 bytes, found 3"),
        ({"t": "0200", "4": "1"}, "DE4", "12 nibbles, found 1"),
        ({"t": "0200", "39": "000"}, "DE39", "2 bytes, found 3"),
        ({"t": "0200", "39": "零零"}, "DE39", "another encoding (failed to encode field, invalid data)"),
        ({"t": "0200", "60": "1" * 18}, "DE60", "at most 17 nibbles, found 18"),
        ({"t": "0200", "52": "XY"}, "DE52", "another encoding (failed to encode field, non-hex data)"),
        ({"t": "0200", "8": "1"}, "DE8", "a field of this specification"),
        ({"t": "0200", "65": "1"}, "DE65", "a field of this specification"),
        ({"t": "0200", "200": "1"}, "DE200", "a field of this specification"),
        ({"t": "0200", "x": "1"}, "DEx", "a field of this specification"),
        ({"t": "0200", "11": 1}, "DE11", "text"),
        ({"t": "0200", "11": None}, "DE11", "text"),
        ({"t": "0200", "11": b"000001"}, "DE11", "text"),
        ({"t": 200}, "MTI", "text"),
        ({"t": "0200", 11: "000001"}, "DE11", "a field of this specification"),
        ({"t": "0200", None: "1"}, "DENone", "a field of this specification"),
    ],
)  # fmt: skip
def test_encode_names_the_field_that_does_not_fit(
    fields: dict[Any, Any], path: str, expected: str
) -> None:
    with pytest.raises(EncodeError) as caught:
        UNIONPAY.codec.encode(fields)

    assert (caught.value.path, caught.value.expected) == (path, expected)


def test_encode_leaves_the_given_fields_alone() -> None:
    fields = {"11": "000001", "t": "0800", "p": "FFFFFFFFFFFFFFFF", "1": "00", "h": ""}
    before = dict(fields)

    assert Codec(UNIONPAY.specification).encode(fields) == raw_of("08000020000000000000000001")
    assert fields == before
    assert list(fields) == list(before)


def test_encode_of_a_refused_field_leaves_the_given_fields_alone() -> None:
    fields = {"11": "1", "t": "0800", "p": "00", "1": "00"}
    with pytest.raises(EncodeError):
        UNIONPAY.codec.encode(fields)

    assert fields == {"11": "1", "t": "0800", "p": "00", "1": "00"}


def test_codec_leaves_the_given_specification_alone() -> None:
    spec = specification([Field(11, "n6", "流水号", "STAN")])
    Codec(spec).encode({"t": "0800", "11": "000001"})

    assert sorted(spec) == ["1", "11", "h", "p", "t"]


# --- filler nibbles ---------------------------------------------------------------------------------


def test_read_notes_a_filler_nibble_and_encode_puts_it_back() -> None:
    raw = raw_of("08200000000000000010001100000001301F")
    reading = UNIONPAY.codec.read(raw)

    assert reading.fields["60"] == "00000001301"
    assert reading.pads == {"60": "F"}
    assert UNIONPAY.codec.encode(reading.fields, pads=reading.pads) == raw
    assert UNIONPAY.codec.encode(reading.fields) == raw[:-1] + b"\x10"


def test_codec_without_accepted_pads_refuses_a_foreign_filler() -> None:
    with pytest.raises(DecodeError, match=r"^DE60 at byte 12: expected 11 nibbles, found 12$"):
        Codec(UNIONPAY.specification).decode(raw_of("08200000000000000010001100000001301F"))


def test_codec_accepts_only_the_pads_it_was_told() -> None:
    codec = Codec(UNIONPAY.specification, accept_pads="F")

    assert codec.read(raw_of("0820000000000000001000011F")).pads == {"60": "F"}
    with pytest.raises(DecodeError):
        codec.decode(raw_of("0820000000000000001000011E"))


@pytest.mark.parametrize(
    "pads",
    [
        {"11": "F"},  # six digits have no filler
        {"t": "F"},
        {"p": "F"},
        {"39": "F"},  # text has none
        {"2": "F"},  # not in the message
        {"60": "FF"},
        {"60": ""},
        {"60": "G"},
    ],
)
def test_encode_refuses_a_filler_where_none_stands(pads: dict[str, str]) -> None:
    fields = {"t": "0810", "11": "000001", "39": "00", "60": "00000001301"}

    with pytest.raises(EncodeError, match=r"expected a filler nibble of a field that is there$"):
        UNIONPAY.codec.encode(fields, pads=pads)


def test_read_mends_as_many_fillers_as_a_message_has_fields() -> None:
    spec = specification([Field(n, "n1", "域", "field") for n in range(2, 129) if n != 65])
    codec = Codec(spec, accept_pads="F")
    fields = {"t": "0800"} | {str(n): "1" for n in range(2, 129) if n != 65}
    plain = codec.encode(fields)
    raw = plain[:18] + bytes(byte | 0xF0 for byte in plain[18:])
    reading = codec.read(raw)

    assert len(reading.pads) == 126
    assert codec.encode(reading.fields, pads=reading.pads) == raw


def test_decode_refuses_an_odd_field_whose_rule_names_no_filler() -> None:
    spec = specification([Field(3, "n1", "域", "field")])
    del spec["3"]["left_pad"]

    with pytest.raises(DecodeError, match=r"^DE3 at byte 10"):
        Codec(spec, accept_pads="0123456789ABCDEF").decode(raw_of("0800200000000000000001"))


# --- what the specification lacks -----------------------------------------------------------------


@pytest.mark.parametrize("number", [n for n in range(2, 65) if str(n) not in UNIONPAY.fields])
def test_decode_names_a_field_the_specification_lacks(number: int) -> None:
    bitmap = (1 << (64 - number)).to_bytes(8, "big")
    with pytest.raises(DecodeError) as caught:
        UNIONPAY.codec.decode(raw_of("0200") + bitmap + bytes(64))

    assert (caught.value.path, caught.value.offset_bytes) == (f"DE{number}", 10)
    assert caught.value.expected == "a field of this specification"


def test_decode_refuses_a_secondary_bitmap_when_the_specification_has_no_rule_for_it() -> None:
    spec = {key: rule for key, rule in default_ascii.items() if key != "1"}

    with pytest.raises(DecodeError, match=r"^bitmap.secondary at byte 20"):
        Codec(spec).decode(b"080080000000000000000400000000000000")


def test_decode_names_a_field_beyond_the_secondary_bitmap() -> None:
    spec = {key: rule for key, rule in default_ascii.items() if key != "70"}

    with pytest.raises(DecodeError, match=r"^DE70 at byte 36: expected a field of this spec"):
        Codec(spec).decode(b"080080000000000000000400000000000000301")


# --- pyiso8583 is the reference -------------------------------------------------------------------


def _value(rule: dict[str, Any]) -> st.SearchStrategy[str]:
    binary = rule["data_enc"] == "b"
    alphabet = "0123456789ABCDEF" if binary else "0123456789ABC xyz"
    width = rule["max_len"] * (2 if binary and rule.get("len_count") != "nibbles" else 1)
    right = st.text(alphabet, min_size=0 if rule["len_type"] else width, max_size=min(width, 120))
    return st.one_of(right, right, right, st.text(max_size=5), st.text(alphabet, max_size=9))


@st.composite
def messages(draw: st.DrawFn, spec: Spec) -> dict[str, str]:
    numbers = [key for key in spec if key.isdigit() and int(key) > 1 and spec[key]["max_len"] < 120]
    chosen = draw(st.lists(st.sampled_from(numbers), unique=True, max_size=8))
    fields = {"t": draw(st.sampled_from(["0200", "0810", "0220"]))}
    return fields | {key: draw(_value(spec[key])) for key in chosen}


Ending = tuple[Any, ...]


def reference_decode(raw: bytes, spec: Spec) -> Ending:
    """What pyiso8583 makes of *raw*: ``("fields", …)`` or ``("refused", path, offset)``."""
    try:
        return "fields", iso8583.decode(raw, spec)[0]
    except KeyError as lacking:  # a field that the specification lacks: here it gives up itself
        return "refused", path_of(str(lacking.args[0])), None
    except iso8583.DecodeError as refusal:
        return "refused", path_of(refusal.field), refusal.pos


def our_decode(raw: bytes, spec: Spec) -> Ending:
    try:
        return "fields", Codec(spec).decode(raw)
    except DecodeError as refusal:
        return "refused", refusal.path, refusal.offset_bytes


def reference_encode(fields: dict[str, str], spec: Spec) -> Ending:
    try:
        return "bytes", bytes(iso8583.encode(dict(fields), spec)[0])
    except iso8583.EncodeError as refusal:
        return "refused", path_of(refusal.field)


def our_encode(fields: dict[str, str], spec: Spec) -> Ending:
    try:
        return "bytes", Codec(spec).encode(fields)
    except EncodeError as refusal:
        return "refused", refusal.path


@every_spec
@given(data=st.data())
def test_encode_ends_as_pyiso8583_does(name: str, data: st.DataObject) -> None:
    spec = SPECS[name]
    fields = data.draw(messages(spec))
    ending = our_encode(fields, spec)

    assert ending == reference_encode(fields, spec)
    if ending[0] == "bytes":
        assert our_decode(ending[1], spec) == reference_decode(ending[1], spec)


@every_spec
@given(data=st.data())
def test_decode_ends_as_pyiso8583_does(name: str, data: st.DataObject) -> None:
    spec = SPECS[name]
    made = reference_encode(data.draw(messages(spec)), spec)
    raw = bytearray(made[1] if made[0] == "bytes" else data.draw(st.binary(max_size=40)))
    wounds = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=3)
    for place, byte in data.draw(wounds):
        raw[place : place + 1] = bytes([byte])
    ours, reference = our_decode(bytes(raw), spec), reference_decode(bytes(raw), spec)
    if name == "unionpay" and len(raw) >= 10 and raw[2] & 0x80:
        # The one refusal that is ours alone: a dialect without fields above 64 has no second bitmap.
        assert ours == ("refused", "bitmap.secondary", 10)
    elif reference[-1] is None:
        assert ours[:2] == reference[:2]
    else:
        assert ours == reference


@given(st.binary(max_size=200))
def test_decode_of_any_bytes_ends_in_fields_or_a_decode_error(raw: bytes) -> None:
    for spec in SPECS.values():
        codec = Codec(spec, accept_pads="0123456789ABCDEF")
        try:
            codec.decode(raw)
        except DecodeError as error:
            check_refusal(error, raw)


@given(
    st.dictionaries(
        st.one_of(st.text(max_size=3), st.integers(), st.none()),
        st.one_of(st.text(max_size=20), st.integers(), st.none(), st.binary(max_size=3)),
        max_size=4,
    )
)
def test_encode_of_any_mapping_ends_in_bytes_or_an_encode_error(fields: dict[Any, Any]) -> None:
    paths = set()
    for start in ({}, {"t": "0200"}):
        try:
            assert isinstance(UNIONPAY.codec.encode({**start, **fields}), bytes)
        except EncodeError as error:
            paths.add(error.path)
    assert "" not in paths


# --- spans -----------------------------------------------------------------------------------------


@every_clean
def test_spans_cover_every_byte_of_a_message_once_and_in_order(row: Published) -> None:
    codec = dialect(row.dialect).codec
    try:
        body, spans = row.body, codec.read(row.body).spans
    except DecodeError:  # the one MAC input block
        body = row.body + bytes(8)
        spans = codec.read(body).spans
    edges = [0]
    for start, end in spans.values():
        assert start == edges[-1]
        edges.append(end)

    assert edges[-1] == len(body)
    assert set(spans) == {"t", "p", "64"} & set(spans) | set(row.fields)


# --- nothing leaks ----------------------------------------------------------------------------------

CANARIES = {
    "2": "6217009988776655443",
    "35": "6217009988776655443D3012",
    "36": "996217009988776655443D1561",
    "52": "C0FFEE77C0FFEE77",
    "55": "5A0A6217009988776655443F",
    "61": "7766554433221",
    "62": "DEADBEEFCAFE77DEADBEEFCAFE77",
    "63": "SECRET-OF-DE63",
    "41": "TERMCANA",
    "42": "MERCHANT-CANARY",
}


def leaks(error: CodecError) -> list[str]:
    told = [
        str(error),
        repr(error),
        repr(error.args),
        repr(error.__dict__),
        repr(error.__reduce__()),
    ]
    told += traceback.format_exception(error)
    return [canary for canary in CANARIES.values() if any(canary in text for text in told)]


@pytest.mark.parametrize("name", sorted(CANARIES))
def test_no_encode_error_holds_a_value_of_any_field(name: str) -> None:
    fields = {"t": "0200", **CANARIES}
    rule = UNIONPAY.specification[name]
    wrong = [
        fields[name] * 99,
        fields[name] + "零",
        fields[name][:-1] if not rule["len_type"] else "G",
    ]
    for value in [*wrong, fields[name].encode(), [fields[name]]]:
        if name == "63" and value == "G":
            continue  # any text fits DE63
        with pytest.raises(EncodeError) as caught:
            UNIONPAY.codec.encode({**fields, name: value})  # type: ignore[dict-item]
        assert caught.value.path == f"DE{name}"
        assert caught.value.__cause__ is None
        assert not leaks(caught.value)


def test_no_decode_error_holds_a_value_of_any_field() -> None:
    raw = UNIONPAY.codec.encode({"t": "0200", **CANARIES})
    assert UNIONPAY.codec.decode(raw)["2"] == CANARIES["2"]
    refusals: list[DecodeError] = []
    for place in range(len(raw)):
        for broken in (
            raw[:place],
            raw[:place] + b"\xff" + raw[place + 1 :],
            raw[:place] + raw[place:] * 2,
        ):
            try:
                UNIONPAY.codec.decode(broken)
            except DecodeError as error:
                refusals.append(error)
    assert len(refusals) > len(raw)
    for refusal in refusals:
        assert refusal.__cause__ is None
        assert not leaks(refusal)


def test_reading_does_not_show_its_fields_when_printed() -> None:
    reading = UNIONPAY.codec.read(UNIONPAY.codec.encode({"t": "0200", **CANARIES}))

    assert reading.fields["2"] == CANARIES["2"]
    assert not [canary for canary in CANARIES.values() if canary in repr(reading)]
