"""A bitmap inside a field: subfields read and written to the byte, nested paths, nothing but our errors."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.codec import (
    Codec,
    Field,
    Layout,
    Nested,
    Part,
    Tag,
    Tagged,
    describe,
    faults_inside,
    specification,
)
from posrefund.errors import ConfigError, EncodeError


def text(length_digits: int, length: int) -> dict[str, Any]:
    enc = {"data_enc": "ascii", "len_enc": "ascii", "desc": ""}
    return {**enc, "len_type": length_digits, "max_len": length}


# --- Postilion ---------------------------------------------------------------------------------------
# Kinds and lengths of DE127 as jPOS' PostPackager of 1999 has them: bitmap of 8 bytes, lengths in ASCII.
# 127.3: source and sink node, their STANs, totals group (PostBridge interface specification, public).

RULES = {
    "p": {**text(0, 8), "data_enc": "b"},
    "2": text(2, 32),
    "3": text(0, 48),
    "4": text(0, 22),
    "10": text(0, 3),
    "20": text(0, 8),
    "22": text(5, 99999),
    "25": text(4, 8000),
}
ROUTING = Layout(
    (
        Part("source", 12, "源节点", "source node"),
        Part("sink", 12, "宿节点", "sink node"),
        Part("source_stan", 6, "源流水号", "source STAN"),
        Part("sink_stan", 6, "宿流水号", "sink STAN"),
        Part("group", 12, "汇总组", "totals group"),
    )
)
ROWS = (
    Field(2, "ans..32", "交换键", "switch key"),
    Field(3, "ans48", "路由信息", "routing information", layout=ROUTING),
    Field(4, "ans22", "终端数据", "POS data"),
    Field(10, "n3", "卡验证码", "CVV2", show="never"),
    Field(20, "n8", "清算日期", "settlement date"),
    Field(22, "ans...999", "结构化数据", "structured data", show="never"),
    Field(25, "ans...999", "芯片数据", "ICC data", show="never"),
)
POSTILION = Nested({str(row.number): row for row in ROWS}, RULES)
DE127 = Field(127, "ans...999", "自定义域127", "Postilion", show="never", layout=POSTILION)
NODES = "ACQUIRER    ISSUER      000012000034TOTALS      "
VALUE = "\x60\x40\x10\x00\x00\x00\x00\x00" "07SWITCH1" f"{NODES}" "123" "20260309"  # fmt: skip
DATA = {
    "2": "SWITCH1",
    "3": {
        "raw": NODES,
        "source": "ACQUIRER    ",
        "sink": "ISSUER      ",
        "source_stan": "000012",
        "sink_stan": "000034",
        "group": "TOTALS      ",
    },
    "10": "123",
    "20": "20260309",
}


def test_subfields_are_read_and_written_to_the_byte() -> None:
    assert POSTILION.split(VALUE) == DATA
    assert POSTILION.join(DATA) == VALUE


def test_subfields_may_be_given_by_their_parts() -> None:
    parts = {name: each for name, each in DATA["3"].items() if name != "raw"}  # type: ignore[attr-defined]

    assert POSTILION.join({**DATA, "3": parts}) == VALUE


def test_picture_has_nested_paths_byte_spans_and_hides_the_card_verification_value() -> None:
    (node,) = describe({"127": VALUE}, {"127": DE127}, spans={"127": (200, 206 + len(VALUE))})

    assert [(child.path, child.value, child.span) for child in node.children] == [
        ("DE127.2", "SWITCH1", (214, 223)),
        ("DE127.3", NODES, (223, 271)),
        ("DE127.10", "***", (271, 274)),
        ("DE127.20", "20260309", (274, 282)),
    ]
    assert [(part.path, part.span) for part in node.children[1].children] == [
        ("DE127.3.source", (223, 235)),
        ("DE127.3.sink", (235, 247)),
        ("DE127.3.source_stan", (247, 253)),
        ("DE127.3.sink_stan", (253, 259)),
        ("DE127.3.group", (259, 271)),
    ]
    assert "123" not in repr(node)


def test_bytes_may_be_spelled_in_hexadecimal() -> None:
    layout = Nested(POSTILION.fields, RULES, "hex")
    value = VALUE.encode("latin-1").hex().upper()
    row = Field(127, "b...999", "自定义域127", "Postilion", show="never", layout=layout)
    (node,) = describe({"127": value}, {"127": row}, spans={"127": (0, 2 + len(VALUE))})

    assert (layout.split(value), layout.join(DATA)) == (DATA, value)
    assert node.children[1].children[1].span == (31, 43)
    assert layout.split(value.lower()) == {"rest": value.lower()}


@pytest.mark.parametrize(
    ("value", "path", "expected", "offset"),
    [
        (VALUE[:-1], "DE127.20", "8 bytes, found 7", 68),
        (VALUE[:12], "DE127.2", "7 bytes, found 2", 10),
        (VALUE[:5], "DE127.bitmap", "8 bytes, found 5", 0),
        (f"{VALUE}0", "DE127.20", "nothing after the last field", 76),
        (VALUE.replace("20260309", "2026030A"), "DE127.20", "digits", 68),
        ("\x02" + VALUE[1:], "DE127.7", "a field of this specification", 8),
        ("\u65e5" + VALUE, "DE127", "whole bytes", 0),
        (VALUE.replace("07", " 7"), "DE127.2", "a length of 2 digits", 8),
    ],
)
def test_a_strict_reader_names_the_subfield_and_the_byte(
    value: str, path: str, expected: str, offset: int
) -> None:
    (fault,) = faults_inside({"127": value}, {"127": DE127})

    assert (fault.path, fault.expected, fault.offset_bytes) == (path, expected, offset)
    assert POSTILION.join(POSTILION.split(value)) == value


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ([], "DE127"),
        ({"7": "1"}, "DE127.7"),
        ({"2": 5}, "DE127.2"),
        ({"2": "x" * 33}, "DE127.2"),
        ({"10": "***"}, "DE127.10"),
        ({"3": {"raw": NODES, "source": "OTHER       "}}, "DE127.3"),
        ({"3": {"source": "OTHER"}}, "DE127.3.source"),
        ({"rest": "***"}, "DE127.rest"),
        ({"rest": "x", "2": "1"}, "DE127.rest"),
    ],
)
def test_data_of_another_shape_are_refused_by_path(data: object, path: str) -> None:
    with pytest.raises(EncodeError) as caught:
        POSTILION.join(data, path="DE127")

    assert caught.value.path == path


def test_a_subfield_without_a_row_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match=r"^subfield 4 has no row$"):
        Nested({"2": ROWS[0]}, {"p": RULES["p"], "2": RULES["2"], "4": RULES["4"]})


def test_a_whole_message_carries_it_there_and_back() -> None:
    first = text(0, 8) | {"data_enc": "b"}
    spec = specification([]) | {"1": first, "127": text(6, 999999) | {"data_enc": "latin-1"}}
    codec = Codec(spec)
    raw = codec.encode({"t": "0200", "127": VALUE})

    reading = codec.read(raw)
    assert raw[18:24] == b"000076"
    assert reading.fields["127"] == VALUE
    (*_, node) = describe(reading.fields, {"127": DE127}, spans=reading.spans)
    assert node.children[0].span == (18 + 6 + 8, 18 + 6 + 8 + 9)
    assert raw[slice(*node.children[-1].span or ())] == b"20260309"


# --- moov --------------------------------------------------------------------------------------------
# moov-io/iso8583, field/composite_test.go (Apache-2.0): bitmap as hexadecimal text, LL in ASCII, tags in subfield
# 11. Its subfield 1 is left out here: bit 1 announces a second bitmap in pyiso8583.

MOOV_RULES = {"p": text(0, 16), "2": text(2, 2), "3": text(2, 2), "11": text(2, 6)}
MOOV_ROWS = (
    Field(2, "ans..2", "文本", "string"),
    Field(3, "n..2", "数字", "numeric"),
    Field(11, "ans..6", "复合", "composite", layout=Tagged((Tag("01", "甲", "one"),), length_width=2)),
)  # fmt: skip
MOOV = Nested({str(row.number): row for row in MOOV_ROWS}, MOOV_RULES)


def test_a_bitmap_in_hexadecimal_text_and_tags_inside_a_subfield() -> None:
    value = "602000000000000002CD0212060102YZ"
    data = {
        "2": "CD",
        "3": "12",
        "11": {"raw": "0102YZ", "tags": [{"tag": "01", "value": "YZ"}]},
    }

    assert (MOOV.split(value), MOOV.join(data)) == (data, value)
    (node,) = describe({"48": value}, {"48": Field(48, "ans...999", "域", "f", layout=MOOV)})
    assert node.children[2].children[0].path == "DE48.11/01"


def test_a_subfield_that_is_announced_and_not_in_the_table_is_named() -> None:
    value = "702000000000000002AB0212060102YZ"

    assert [misfit[:2] for misfit in MOOV.scan(value).misfits] == [
        (".4", "a field of this specification")
    ]


# --- anything ----------------------------------------------------------------------------------------

PACKED = [Field(2, "n..19", "号", "number", show="pan"), Field(20, "n7", "数", "odd")]
BCD = Nested({str(row.number): row for row in PACKED}, specification(PACKED), "hex")


def test_odd_digits_and_their_filler_keep_their_places() -> None:
    value = BCD.join({"2": "6200000000000000003", "20": "1234567"})
    row = Field(60, "b...999", "域", "field", show="never", layout=BCD)
    (node,) = describe({"60": value}, {"60": row}, spans={"60": (10, 12 + len(value) // 2)})

    assert value == "40001000" "00000000" "19" "62000000000000000030" "01234567"  # fmt: skip
    assert [(child.value, child.span) for child in node.children] == [
        ("620000*********0003", (20, 31)),
        ("1234567", (31, 35)),
    ]
    assert BCD.split(value.replace("01234567", "F1234567")).keys() == {"rest"}


@given(
    st.text(st.characters(max_codepoint=255), max_size=90), st.sampled_from([POSTILION, MOOV, BCD])
)
def test_any_text_is_split_and_joined_to_the_same_text(value: str, layout: Nested) -> None:
    assert layout.join(layout.split(value)) == value


@given(st.integers(0, len(VALUE) - 1), st.characters(max_codepoint=255))
def test_any_character_of_it_may_be_another(at: int, other: str) -> None:
    value = VALUE[:at] + other + VALUE[at + 1 :]

    assert POSTILION.join(POSTILION.split(value)) == value
    for fault in faults_inside({"127": value}, {"127": DE127}):
        assert fault.path.startswith("DE127")
        assert 0 <= fault.offset_bytes <= len(value)
