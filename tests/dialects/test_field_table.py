"""The field table of UnionPay as literal rows, how a dialect is found, and how one is derived."""

from __future__ import annotations

from datetime import time, timedelta, timezone
from typing import Any

import iso8583
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.codec import Field, Layout
from posrefund.dialects import Dialect, dialect, names
from posrefund.dialects.message import CLOSING
from posrefund.errors import ConfigError, DecodeError, EncodeError

UNIONPAY = dialect("unionpay")

# Number and format, from the public derivatives of Q/CUP 009; DE58 and DE62 hold bytes, not text.
TABLE = [
    (2, "n..19"),
    (3, "n6"),
    (4, "n12"),
    (11, "n6"),
    (12, "n6"),
    (13, "n4"),
    (14, "n4"),
    (15, "n4"),
    (22, "n3<"),
    (23, "n3"),
    (25, "n2"),
    (26, "n2"),
    (27, "n1<"),
    (32, "n..11"),
    (35, "z..37"),
    (36, "z...104"),
    (37, "an12"),
    (38, "an6"),
    (39, "an2"),
    (41, "ans8"),
    (42, "ans15"),
    (44, "ans..25"),
    (48, "n...322"),
    (49, "an3"),
    (52, "b64"),
    (53, "n16"),
    (54, "ans...040"),
    (55, "b...255"),
    (57, "ans...999"),
    (58, "b...100"),
    (59, "ans...600"),
    (60, "n...17"),
    (61, "n...29"),
    (62, "b...999"),
    (63, "ans...163"),
    (64, "b64"),
]
UNUSED = [5, 6, 7, 8, 9, 10, 16, 17, 18, 19, 20, 21, 24, 28, 29, 30, 31, 33, 34, 40, 43, 45, 46, 47, 50, 51, 56]  # fmt: skip
NEVER_SHOWN = {14, 35, 36, 48, 52, 54, 55, 57, 58, 59, 62}


def test_field_table_is_the_papers() -> None:
    assert [(row.number, row.format) for row in UNIONPAY.fields.values()] == TABLE
    assert list(UNIONPAY.fields) == [str(number) for number, _ in TABLE]


def test_field_table_leaves_out_what_the_dialect_does_not_use() -> None:
    assert sorted({number for number, _ in TABLE} | set(UNUSED)) == list(range(2, 65))
    assert not [number for number in UNUSED if str(number) in UNIONPAY.fields]


def test_field_table_shows_neither_tracks_nor_keys_nor_pins() -> None:
    assert {row.number for row in UNIONPAY.fields.values() if row.show == "never"} == NEVER_SHOWN
    assert [row.number for row in UNIONPAY.fields.values() if row.show == "pan"] == [2]


@pytest.mark.parametrize("name", names())
def test_field_table_has_words_in_both_languages(name: str) -> None:
    for row in dialect(name).fields.values():
        assert row.en.isascii()
        assert any("\u4e00" <= char <= "\u9fff" for char in row.zh)
        for part in row.layout.parts if isinstance(row.layout, Layout) else ():
            assert part.name.isidentifier()
            assert any("\u4e00" <= char <= "\u9fff" for char in part.zh)


@pytest.mark.parametrize("name", names())
def test_layouts_fit_into_their_fields(name: str) -> None:
    for row in dialect(name).fields.values():
        if isinstance(row.layout, Layout):
            digits = row.packed()["max_len"] * (2 if row.format.startswith("b") else 1)
            assert sum(part.width for part in row.layout.parts) <= digits
            part_names = [part.name for part in row.layout.parts]
            assert len(set(part_names)) == len(part_names)


def test_field_table_cannot_be_changed_by_its_readers() -> None:
    with pytest.raises(TypeError):
        UNIONPAY.fields["2"] = UNIONPAY.fields["3"]  # type: ignore[index]


@pytest.mark.parametrize("name", names())
def test_specification_works_in_pyiso8583_itself(name: str) -> None:
    fields = {"t": "0820", "11": "000001", "41": "12345678", "42": "123456789012345"}
    raw, _ = iso8583.encode(dict(fields), dialect(name).specification)

    packed = bytes.fromhex(
        "08200020000000c000000000013132333435363738313233343536373839303132333435"
    )
    text = b"08200020000000C0000000000112345678123456789012345"
    assert raw == (text if name.endswith("ascii") else packed)
    assert dialect(name).codec.encode(fields) == bytes(raw)


@given(st.sampled_from([str(number) for number in UNUSED]), st.sampled_from(["", "0", "000000"]))
def test_field_that_is_not_used_is_refused_both_ways(number: str, value: str) -> None:
    with pytest.raises(EncodeError, match=rf"^DE{number}: expected a field of this specification$"):
        UNIONPAY.codec.encode({"t": "0200", number: value})
    bitmap = (1 << (64 - int(number))).to_bytes(8, "big")
    with pytest.raises(DecodeError, match=rf"^DE{number} at byte 10"):
        UNIONPAY.codec.decode(b"\x02\x00" + bitmap + bytes(40))


# --- values ----------------------------------------------------------------------------------------


def test_value_faults_name_every_field_with_wrong_characters() -> None:
    fields = {
        "t": "0200",
        "2": "62A",
        "3": "000000",
        "41": "终端",
        "42": "a\tb",
        "52": "zz",
        "99": "?",
    }

    assert UNIONPAY.value_faults(fields) == (
        ("DE2", "digits"),
        ("DE42", "printable characters"),
        ("DE52", "upper-case hexadecimal"),
    )


@given(st.dictionaries(st.sampled_from(sorted(UNIONPAY.fields)), st.text(max_size=20)))
def test_value_faults_of_any_fields_hold_no_value(fields: dict[str, str]) -> None:
    faults = UNIONPAY.value_faults(fields)

    assert {path for path, _ in faults} <= {f"DE{number}" for number in fields}
    assert {expected for _, expected in faults} <= {
        "digits",
        "digits and a separator",
        "letters, digits and spaces",
        "printable characters",
        "upper-case hexadecimal",
    }


# --- finding and deriving -------------------------------------------------------------------------


def test_dialects_are_found_by_name_the_main_one_first() -> None:
    assert names() == (
        "unionpay",
        "iso87-ascii",
        "iso87-binary",
        "iso93-ascii",
        "iso93-binary",
        "aggregator",
        "unionpay-botim",
        "unionpay-vfwz",
        "unionpay-p8583",
    )
    for name in names():
        assert dialect(name).name == name
        assert dialect(name) is dialect(name)


@pytest.mark.parametrize("name", ["", "UnionPay", "unionpay ", "visa"])
def test_unknown_dialect_is_a_config_error_that_tells_the_known_ones(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        dialect(name)

    assert str(caught.value) == (
        f"unknown dialect {name!r}; known: unionpay, iso87-ascii, iso87-binary, iso93-ascii,"
        " iso93-binary, aggregator, unionpay-botim, unionpay-vfwz, unionpay-p8583"
    )
    assert caught.value.__cause__ is None


def test_unionpay_has_its_papers_defaults() -> None:
    assert UNIONPAY.cut_off == time(23)
    assert UNIONPAY.zone == timezone(timedelta(hours=8))
    assert (UNIONPAY.tpdu.hex(), UNIONPAY.header.hex()) == ("6000030000", "603200000000")
    assert UNIONPAY.constants == {"de60_tail": "600"}
    assert UNIONPAY.reversed_codes == {"00", "12", "25"}
    assert UNIONPAY.accept_pads == "0123456789ABCDEF"


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("unionpay-botim", {"59": "ans...600", "60": "ans...999"}),
        ("unionpay-vfwz", {"46": "ans...999", "56": "b...999", "63": "b...163"}),
        ("unionpay-p8583", {"47": "b...999"}),
    ],
)
def test_derived_dialect_differs_only_in_its_fields(name: str, changed: dict[str, str]) -> None:
    derived = dialect(name)
    different = {
        number: row.format
        for number, row in derived.fields.items()
        if UNIONPAY.fields.get(number) is not row
    }

    assert different == changed
    # How vfwz closes a batch no source says.
    closing = set(CLOSING) if name == "unionpay-vfwz" else set()
    assert derived.messages == {
        key: row for key, row in UNIONPAY.messages.items() if key not in closing
    }
    assert derived.codes is UNIONPAY.codes
    assert set(UNIONPAY.fields) <= set(derived.fields)


def test_derive_changes_what_is_given_and_leaves_the_first_alone() -> None:
    assert "60" in UNIONPAY.codec.specification
    house: Dialect = UNIONPAY.derive(
        "my-bank",
        fields=[Field(46, "n6", "自定义", "private")],
        constants={"de60_tail": "50"},
        cut_off=time(22),
    )

    assert (house.name, house.constants["de60_tail"]) == ("my-bank", "50")
    assert house.cut_off == time(22)
    assert house.codec.encode({"t": "0200", "46": "000001"}).hex() == "02000000000000040000000001"
    assert "46" not in UNIONPAY.fields
    assert (UNIONPAY.constants["de60_tail"], UNIONPAY.cut_off) == ("600", time(23))
    with pytest.raises(TypeError):
        house.fields["2"] = house.fields["3"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("changes", "is_shared"),
    [
        ({"cut_off": time(22), "constants": {}}, True),
        ({"fields": [Field(46, "n6", "自定义", "private")]}, False),
        ({"accept_pads": "0"}, False),
        ({"encoding": "ascii"}, False),
        ({"mti_enc": "ascii"}, False),
        ({"bitmap_enc": "ascii"}, False),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_codec_is_made_anew_exactly_where_something_is_written_otherwise(
    changes: dict[str, Any], *, is_shared: bool
) -> None:
    first = UNIONPAY.codec
    house = UNIONPAY.derive("my-bank", **changes)

    assert (house.codec is first) == is_shared
    assert house.codec.specification == house.specification


def test_dialect_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        UNIONPAY.name = "other"  # type: ignore[misc]
