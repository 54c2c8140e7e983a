"""BER-TLV: literal EMV data, round trips to the byte, and garbage that only ever gets a DecodeError."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.codec.tlv import TLV, is_tag, parse_tlv, write_tlv
from posrefund.dialects import dialect
from posrefund.errors import DecodeError, EncodeError
from published import by_name

SALE = by_name("sale_0200_ic_contactless_request")
DE55 = bytes.fromhex(dialect("unionpay").codec.decode(SALE.body)["55"])
TAGS = [
    "9F26",
    "9F27",
    "9F10",
    "9F37",
    "9F36",
    "95",
    "9A",
    "9C",
    "9F02",
    "5F2A",
    "82",
    "9F1A",
    "9F03",
    "9F33",
    "9F35",
    "9F1E",
    "84",
    "9F09",
    "9F41",
]


def names(data: bytes) -> list[str]:
    return [found.name for found in parse_tlv(data)]


def test_the_chip_data_of_a_published_sale_are_read_tag_by_tag() -> None:
    found = {item.name: item.value.hex().upper() for item in parse_tlv(DE55)}

    assert list(found) == TAGS
    assert found["9F26"] == "95BBE372271DDA7C"
    assert (found["9A"], found["9C"], found["5F2A"]) == ("190830", "00", "0156")
    assert write_tlv(parse_tlv(DE55)) == DE55


@pytest.mark.parametrize("end", range(len(DE55)))
def test_data_cut_anywhere_are_whole_objects_or_a_decode_error_that_points_into_them(
    end: int,
) -> None:
    refusal = None
    try:
        assert write_tlv(parse_tlv(DE55[:end])) == DE55[:end]
    except DecodeError as error:
        refusal = error
    if refusal is not None:
        assert refusal.path.startswith("DE55")
        assert 0 <= refusal.offset_bytes <= end


def test_repeated_and_unknown_tags_keep_their_order() -> None:
    data = bytes.fromhex("9F9F7F0101DF810101AA9F9F7F0102")

    found = parse_tlv(data)

    assert [(item.name, item.value) for item in found] == [
        ("9F9F7F", b"\x01"),
        ("DF8101", b"\xaa"),
        ("9F9F7F", b"\x02"),
    ]
    assert write_tlv(found) == data


def test_constructed_tags_are_opened_and_written_back() -> None:
    data = bytes.fromhex("70059F3602031E")

    (template,) = parse_tlv(data)

    assert template.is_constructed
    assert [item.name for item in template.walk()] == ["70", "9F36"]
    assert template.children[0].offset == 2
    assert write_tlv([template]) == data


@pytest.mark.parametrize("length", ["02", "8102", "820002", "83000002", "8400000002"])
def test_a_length_keeps_the_form_it_came_in(length: str) -> None:
    data = bytes.fromhex(f"9F36{length}031E")

    assert names(data) == ["9F36"]
    assert write_tlv(parse_tlv(data)) == data


@pytest.mark.parametrize(
    ("data", "path", "offset"),
    [
        ("9F", "DE55", 0),
        ("9F36", "DE55/9F36", 2),
        ("9F3602", "DE55/9F36", 3),
        ("9F360203", "DE55/9F36", 3),
        ("9F3680", "DE55/9F36", 2),
        ("9F368500000000010A", "DE55/9F36", 2),
        ("9F3681", "DE55/9F36", 2),
        ("9FFFFFFF0100", "DE55", 0),
        ("95009F36039F", "DE55/9F36", 5),
        ("70049F3602AA", "DE55/70/9F36", 5),
    ],
)
def test_a_refusal_names_the_tag_and_the_offset(data: str, path: str, offset: int) -> None:
    with pytest.raises(DecodeError) as refused:
        parse_tlv(bytes.fromhex(data))

    assert refused.value.offset_bytes == offset
    assert refused.value.path == path


def test_nesting_has_an_end() -> None:
    data = b""
    for _ in range(40):
        data = (
            b"\x70"
            + (bytes([len(data)]) if len(data) < 128 else b"\x81" + bytes([len(data)]))
            + data
        )

    with pytest.raises(DecodeError, match="at most 8 levels"):
        parse_tlv(data)


@pytest.mark.parametrize(
    "wrong",
    [
        TLV(b"", b""),
        TLV(b"\x9f", b""),
        TLV(b"\x95\x01", b""),
        TLV(b"\x9f\x81\x81\x81\x01", b""),
        TLV(b"\x95", b"\x01", length=b"\x02"),
    ],
)
def test_what_is_no_object_is_not_written(wrong: TLV) -> None:
    with pytest.raises(EncodeError):
        write_tlv([wrong])


def tags(*, is_constructed: bool) -> st.SearchStrategy[bytes]:
    """Tags of one to four bytes, made and not sifted: few bytes at random are a tag."""
    classes = st.sampled_from((0x00, 0x40, 0x80, 0xC0)).map(lambda it: it | 0x20 * is_constructed)
    short = st.builds(lambda high, low: bytes([high | low]), classes, st.integers(0, 0x1E))
    more = st.lists(st.integers(0x80, 0xFF), max_size=2)
    long = st.builds(
        lambda high, middle, last: bytes([high | 0x1F, *middle, last]),
        classes,
        more,
        st.integers(0, 0x7F),
    )
    return short | long


leaves = st.builds(TLV, tags(is_constructed=False), st.binary(max_size=300))
trees = st.recursive(
    leaves,
    lambda inner: st.builds(
        lambda tag, children: TLV(tag, b"", tuple(children)),
        tags(is_constructed=True),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


def shape(found: TLV) -> object:
    return found.name, [shape(child) for child in found.children] or found.value


@given(st.lists(trees, max_size=5))
def test_what_is_written_is_read_back_the_same(objects: list[TLV]) -> None:
    data = write_tlv(objects)

    assert all(is_tag(item.tag) for top in objects for item in top.walk())
    assert [shape(item) for item in parse_tlv(data)] == [shape(item) for item in objects]
    assert write_tlv(parse_tlv(data)) == data


@given(st.binary(max_size=200))
def test_garbage_is_read_to_the_byte_or_refused(data: bytes) -> None:
    refusal = None
    try:
        assert write_tlv(parse_tlv(data)) == data
    except DecodeError as error:
        refusal = error
    assert refusal is None or 0 <= refusal.offset_bytes <= len(data)


def test_words_of_a_slip_stay_closed_where_objects_could_stand_and_come_out_as_they_were() -> None:
    """FF0A, the currency of a signature upload, holds ``156``: no objects, whatever its tag says."""
    slip = bytes.fromhex("FF0A03313536FF63020309")

    assert [(found.name, found.value, found.children) for found in parse_tlv(slip)] == [
        ("FF0A", b"156", ()),
        ("FF63", b"\x03\x09", ()),
    ]
    assert write_tlv(parse_tlv(slip)) == slip
    (opened,) = parse_tlv(bytes.fromhex("FF01039C0109"))
    assert [child.name for child in opened.children] == ["9C"]
    with pytest.raises(DecodeError, match="DE55/70/31"):
        parse_tlv(bytes.fromhex("7003313536"))
