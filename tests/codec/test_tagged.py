"""Tag, length, value as text: literal DE59 of public sources, kept to the character whatever it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.codec import Check, Layout, Part, Tag, Tagged, describe, faults_inside
from posrefund.dialects import dialect
from posrefund.errors import EncodeError
from published import by_name

FIELDS = dialect("unionpay").fields
_LAYOUT = FIELDS["59"].layout
assert isinstance(_LAYOUT, Tagged)
DE59: Tagged = _LAYOUT

VOUCHER = "A402058210526789789570802"
"""Answer of a QR sale in a public terminal application (Topwise): the voucher that a refund names."""

DEVICE = "0102020216000029021001570803060001130408042472920508H7062801"
"""Inside tag A2 of the published sale of MaxWoods; type, serial number, random factor, its cipher, version."""

# moov-io/iso8583, field/composite_test.go (Apache-2.0): tags and lengths of two digits, one of them nested.
MOOV = Tagged(
    (
        Tag("01", "文本", "string"),
        Tag("02", "文本", "string"),
        Tag("03", "数字", "numeric", check=Check("n")),
        Tag(
            "11",
            "复合",
            "composite",
            show="never",
            layout=Tagged((Tag("01", "文本", "string"),), length_width=2),
        ),
    ),
    length_width=2,
)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (
            "0202CD0302120102AB11060102YZ",
            [
                {"tag": "02", "value": "CD"},
                {"tag": "03", "value": "12"},
                {"tag": "01", "value": "AB"},
                {"tag": "11", "tags": [{"tag": "01", "value": "YZ"}]},
            ],
        ),
        ("0102AB", [{"tag": "01", "value": "AB"}]),
        ("0102AB0102AB", [{"tag": "01", "value": "AB"}, {"tag": "01", "value": "AB"}]),
        ("9900", [{"tag": "99", "value": ""}]),
        ("0102AB03", [{"tag": "01", "value": "AB"}, {"rest": "03"}]),
        ("0102AB0303X", [{"tag": "01", "value": "AB"}, {"rest": "0303X"}]),
        ("01XXAB", [{"rest": "01XXAB"}]),
        ("01²2AB", [{"rest": "01²2AB"}]),
        ("1104ABCD", [{"tag": "11", "value": "ABCD"}]),
        ("", []),
    ],
)
def test_objects_are_read_in_order_and_what_does_not_read_is_kept(
    text: str, rows: list[dict[str, object]]
) -> None:
    assert MOOV.split(text) == rows
    assert MOOV.join(rows) == text


def test_de59_of_a_qr_answer_shows_its_voucher_and_where_it_stands() -> None:
    (node,) = describe({"59": VOUCHER}, FIELDS, spans={"59": (20, 47)})
    (child,) = node.children

    assert (node.value, child.path, child.value) == ("***", "DE59/A4", "58210526789789570802")
    assert (child.zh, child.en, child.span) == ("付款凭证码", "QR voucher", (22, 47))


def test_de59_of_a_device_shows_the_device_and_not_the_end_of_the_card_number() -> None:
    (node,) = describe({"59": f"A2060{DEVICE}"}, FIELDS, spans={"59": (20, 87)})
    (device,) = node.children

    assert [(child.path, child.value, child.span) for child in device.children] == [
        ("DE59/A2/01", "02", (27, 33)),
        ("DE59/A2/02", "0000290210015708", (33, 53)),
        ("DE59/A2/03", "***", (53, 63)),
        ("DE59/A2/04", "***", (63, 75)),
        ("DE59/A2/05", "H7062801", (75, 87)),
    ]


def test_de59_hides_pin_block_payment_code_and_every_tag_that_it_does_not_know() -> None:
    secrets = {"A1": "\xc0\xffEE77" * 2, "A3": "6220000000000000003", "A6": "code", "A9": "9" * 16}
    text = "".join(f"{tag}{len(value):03d}{value}" for tag, value in secrets.items())
    (node,) = describe({"59": text + "A4"}, FIELDS)

    assert [child.path for child in node.children] == [
        *(f"DE59/{tag}" for tag in secrets),
        "DE59.rest",
    ]
    assert {child.value for child in node.children} == {"***"}


def test_de59_that_begins_with_no_known_tag_is_not_taken_apart_on_a_screen() -> None:
    number = "6200000000000005"  # reads as tags 62, 00 and 00
    (node,) = describe({"59": number}, FIELDS)

    assert (node.value, node.children) == ("***", ())
    assert DE59.join(DE59.split(number)) == number


def test_de59_of_a_published_sale_has_another_form_and_is_kept_as_it_is() -> None:
    text = by_name("sale_0200_ic_contactless_request").fields["59"]

    assert DE59.split(text) == [{"rest": text}]
    older = Tagged((), length_width=2).split(text)
    assert [row["tag"] for row in older] == ["12", "13", "14", "15", "17", "A2"]
    assert older[-1]["value"] == DEVICE


def test_de59_of_botim_is_where_the_terminal_stands() -> None:
    row = by_name("sale_0200_request_botim")
    (node,) = describe({"59": row.fields["59"]}, dialect(row.dialect).fields)

    assert row.fields["59"] == "A10280110+24.4958110210+54.408541"
    assert [(piece.path, piece.value) for piece in node.children[0].children] == [
        ("DE59/A1/01", "+24.495811"),
        ("DE59/A1/02", "+54.408541"),
    ]


@pytest.mark.parametrize(
    ("text", "path", "expected", "offset"),
    [
        ("A4", "DE59/A4", "a length of 3 digits", 12),
        ("A402", "DE59/A4", "a length of 3 digits", 12),
        ("A", "DE59", "a tag of 2 characters", 12),
        ("A40201234", "DE59/A4", "20 characters, found 4", 12),
        (f"{VOUCHER}A20x5", "DE59/A2", "a length of 3 digits", 37),
        (f"{VOUCHER}62999", "DE59", "a whole object", 37),
        ("A4003ABC", "DE59/A4", "digits", 17),
        ("A4003123", "DE59/A4", "20 characters", 17),
        ("A20070103ABC", "DE59/A2/01", "digits", 21),
        ("A20050103A", "DE59/A2/01", "3 characters, found 1", 17),
    ],
)
def test_a_strict_reader_names_the_tag_and_the_byte(
    text: str, path: str, expected: str, offset: int
) -> None:
    (fault,) = faults_inside({"59": text}, FIELDS, spans={"59": (10, 12 + len(text))})

    assert (fault.path, fault.expected, fault.offset_bytes) == (path, expected, offset)


def test_a_strict_reader_says_what_it_had_read_before_by_size_only() -> None:
    (fault,) = faults_inside({"59": f"{VOUCHER}A20050103A"}, FIELDS)

    assert fault.partial == ("DE59/A4 (25 characters)",)
    assert "5821" not in repr((fault, fault.args, fault.partial))


@pytest.mark.parametrize(
    ("rows", "path"),
    [
        ("A4", "DE59.tags"),
        (["A4"], "DE59.tags"),
        ([{}], "DE59.tags"),
        ([{"tag": "A"}], "DE59.tags"),
        ([{"tag": 44, "value": ""}], "DE59.tags"),
        ([{"tag": "A4"}], "DE59/A4"),
        ([{"tag": "A4", "value": 5}], "DE59/A4"),
        ([{"tag": "A4", "tags": []}], "DE59/A4"),
        ([{"tag": "A4", "value": "x" * 1000}], "DE59/A4"),
        ([{"tag": "A1", "value": "***"}], "DE59/A1"),
        ([{"tag": "A9", "value": "***"}], "DE59/A9"),
        ([{"rest": "***"}], "DE59.rest"),
        ([{"rest": None}], "DE59.rest"),
        ([{"tag": "A2", "tags": [{"tag": "03", "value": "***"}]}], "DE59/A2/03"),
        ([{"tag": "A2", "raw": "0102", "tags": [{"tag": "01", "value": "2"}]}], "DE59/A2"),
    ],
)
def test_rows_of_another_shape_are_refused_by_path(rows: object, path: str) -> None:
    with pytest.raises(EncodeError) as caught:
        DE59.join(rows, path="DE59")

    assert caught.value.path == path


def test_a_tag_may_hold_parts_by_position() -> None:
    place = Layout((Part("lac", 4, "位置区", "area"), Part("cell", 4, "小区", "cell")))
    layout = Tagged((Tag("A6", "基站", "base station", layout=place),))

    assert layout.split("A60081A2B00FF") == [{"tag": "A6", "lac": "1A2B", "cell": "00FF"}]
    assert layout.join([{"tag": "A6", "lac": "1A2B", "cell": "00FF"}]) == "A60081A2B00FF"


@given(st.text(max_size=60) | st.from_regex(r"(A[1-9]0[0-9]{2}[0-9]{0,12}){0,4}", fullmatch=True))
def test_any_text_is_split_and_joined_to_the_same_text(text: str) -> None:
    assert DE59.join(DE59.split(text)) == text
    assert MOOV.join(MOOV.split(text)) == text
