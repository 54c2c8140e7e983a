"""Field formats as the paper writes them, and what pyiso8583 makes of each."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.codec import Codec, Field, Layout, Part, specification
from posrefund.errors import ConfigError, EncodeError


def field(form: str) -> Field:
    return Field(60, form, "域", "field")


@pytest.mark.parametrize(
    ("form", "rule"),
    [
        ("n6", {"max_len": 6, "len_type": 0, "data_enc": "b", "len_count": "nibbles", "left_pad": "0"}),
        ("n3<", {"max_len": 3, "len_type": 0, "data_enc": "b", "len_count": "nibbles", "right_pad": "0"}),
        ("n..19", {"max_len": 19, "len_type": 1, "data_enc": "b", "len_count": "nibbles", "right_pad": "0"}),
        ("n...322", {"max_len": 322, "len_type": 2, "data_enc": "b", "len_count": "nibbles", "right_pad": "0"}),
        ("z..37", {"max_len": 37, "len_type": 1, "data_enc": "b", "len_count": "nibbles", "right_pad": "0"}),
        ("an12", {"max_len": 12, "len_type": 0, "data_enc": "ascii"}),
        ("ans8", {"max_len": 8, "len_type": 0, "data_enc": "ascii"}),
        ("ans..25", {"max_len": 25, "len_type": 1, "data_enc": "latin-1"}),
        ("ans...999", {"max_len": 999, "len_type": 2, "data_enc": "latin-1"}),
        ("b64", {"max_len": 8, "len_type": 0, "data_enc": "b"}),
        ("b...255", {"max_len": 255, "len_type": 2, "data_enc": "b"}),
    ],
)  # fmt: skip
def test_packed_rule_is_what_the_format_says(form: str, rule: dict[str, Any]) -> None:
    assert field(form).packed() == {"desc": "field", "len_enc": "bcd", **rule}


@pytest.mark.parametrize(
    ("form", "value", "raw"),
    [
        ("n3", "001", "0001"),
        ("n3<", "021", "0210"),
        ("n4", "0309", "0309"),
        ("n..19", "123", "031230"),
        ("n...322", "1234", "00041234"),
        ("z..37", "12D", "0312D0"),
        ("an2", "A0", "4130"),
        ("ans..25", "ab", "026162"),
        ("ans...163", "\u00b3\u00c9", "0002B3C9"),
        ("b64", "0011223344556677", "0011223344556677"),
        ("b...999", "FF", "0001FF"),
    ],
)
def test_packed_rule_gives_literal_bytes_both_ways(form: str, value: str, raw: str) -> None:
    codec = Codec(specification([field(form)]))
    message = bytes.fromhex("08000000000000000010" + raw)

    assert codec.encode({"t": "0800", "60": value}) == message
    assert codec.decode(message)["60"] == value


@pytest.mark.parametrize(
    "form", ["", "n", "6", "x6", "n.5", "n....5", "n-1", "n 6", "N6", "n6>", "n6<<", "ans..", "n６", "n6\n"]
)  # fmt: skip
def test_field_refuses_a_format_that_the_paper_does_not_know(form: str) -> None:
    with pytest.raises(ConfigError, match=r"^DE60: .* is no field format$"):
        field(form)


@given(st.text(alphabet="nzasb.0123456789< ", max_size=8))
def test_field_of_any_format_is_refused_or_has_a_rule(form: str) -> None:
    try:
        rule = field(form).packed()
    except ConfigError:
        return
    assert rule["len_type"] in (0, 1, 2)


@pytest.mark.parametrize(
    ("form", "right", "wrong", "expected"),
    [
        ("n6", ["000001", ""], ["00000A", "１２３４５６", " 1"], "digits"),
        ("z..37", ["12D34", "12=34"], ["12F", "a"], "digits and a separator"),
        ("an6", ["Ab 012"], ["é", "a-b", "a\n"], "letters, digits and spaces"),
        ("ans8", ["~!@ ab", "退货"], ["a\x00", "\x7f", "\n"], "printable characters"),
        ("b64", ["00FF"], ["ff", "0x00", "G"], "upper-case hexadecimal"),
    ],
)
def test_fault_names_the_characters_that_were_expected(
    form: str, right: list[str], wrong: list[str], expected: str
) -> None:
    for value in right:
        assert field(form).fault(value) is None
    for value in wrong:
        assert field(form).fault(value) == expected


def test_fault_lets_free_text_hold_any_bytes_of_any_code_page() -> None:
    assert field("ans...163").fault("\x00\x7f\xb3\xc9") is None


@given(st.from_regex(r"[0-9]{0,17}", fullmatch=True))
def test_digits_without_a_fault_fit_their_packed_field(value: str) -> None:
    assert field("n...17").fault(value) is None
    codec = Codec(specification([field("n...17")]))

    assert codec.decode(codec.encode({"t": "0800", "60": value}))["60"] == value


@given(st.text(max_size=20))
def test_text_with_no_fault_in_a_binary_field_fits_it_or_is_of_odd_length(value: str) -> None:
    codec = Codec(specification([field("b...999")]))
    if field("b...999").fault(value) is None and len(value) % 2 == 0:
        assert codec.decode(codec.encode({"t": "0800", "60": value}))["60"] == value
    elif len(value) % 2:
        with pytest.raises(EncodeError):
            codec.encode({"t": "0800", "60": value})


def test_layout_with_a_width_applies_only_to_values_of_it() -> None:
    layout = Layout((Part("one", 2, "一", "one"),), width=4)

    assert layout.split("1234") == {"one": "12", "rest": "34"}
    assert layout.split("123") == {"rest": "123"}
    assert layout.scan("123").pieces == ()


def test_renamed_changes_only_what_is_given() -> None:
    row = Field(60, "n...17", "域", "field").renamed(format="ans...999")

    assert (row.number, row.format, row.zh, row.en, row.show) == (
        60,
        "ans...999",
        "域",
        "field",
        "clear",
    )


def test_specification_holds_the_frame_of_every_message_and_its_fields() -> None:
    spec = specification([Field(3, "n6", "处理码", "processing code")])

    assert set(spec) == {"h", "t", "p", "1", "3"}
    assert (spec["h"]["max_len"], spec["t"]["max_len"], spec["p"]["max_len"]) == (0, 2, 8)
    assert spec["3"]["desc"] == "processing code"
