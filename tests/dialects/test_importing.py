"""Foreign tables as dialect files: what they write, byte for byte, and what is named and left out.

The packagers and specifications here are our own, in the form of jPOS and moov; theirs are not in this project.
Name a folder of them in POSREFUND_PACKAGERS and every one is tried.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posrefund.dialects import Dialect
from posrefund.dialects.capture import open_capture
from posrefund.dialects.file import load_dialect
from posrefund.dialects.importing import Imported, import_jpos, import_moov
from posrefund.dialects.importing.jpos import CLASSES
from posrefund.errors import DialectFileError, EncodeError

PROPERTY = settings(deadline=None, derandomize=True, database=None)
DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    '<!DOCTYPE isopackager PUBLIC "-//jPOS/jPOS Generic Packager DTD 1.0//EN"\n'
    '  "http://jpos.invalid/dtd/generic-packager-1.0.dtd">\n'
)


def packager(
    *rows: str | tuple[Any, ...], mti: str = "IFB_NUMERIC", bitmap: str = "IFB_BITMAP"
) -> str:
    """The XML of rows like ``(2, 19, "IFB_LLNUM", "true")``: id, length, class, pad."""
    head = ((0, 4, mti, "true"), (1, 16, bitmap))
    lines = [
        row
        if isinstance(row, str)
        else f'  <isofield id="{row[0]}" length="{row[1]}" name="FIELD {row[0]}"'
        + (f' pad="{row[3]}"' if len(row) > 3 else "")
        + f' class="org.jpos.iso.{row[2]}"/>'
        for row in (*head, *rows)
    ]
    return f"{DOCTYPE}<isopackager>\n" + "\n".join(lines) + "\n</isopackager>\n"


def loaded(found: Imported) -> Dialect:
    return load_dialect(found.text)


def jpos(*rows: str | tuple[Any, ...], **head: str) -> Dialect:
    found = import_jpos(packager(*rows, **head), name="theirs")
    assert found.problems == ()
    return loaded(found)


BINARY = [
    (2, 19, "IFB_LLNUM", "false"),
    (3, 6, "IFB_NUMERIC", "true"),
    (4, 12, "IFB_NUMERIC", "true"),
    (19, 3, "IFB_NUMERIC", "true"),
    (22, 3, "IFB_NUMERIC", "false"),
    (35, 37, "IFB_LLNUM", "false"),
    (37, 12, "IF_CHAR"),
    (48, 999, "IFB_LLLCHAR"),
    (52, 8, "IFB_BINARY"),
    (55, 999, "IFB_LLLBINARY"),
    (70, 3, "IFB_NUMERIC", "true"),
]


# --- jPOS ------------------------------------------------------------------------------------------


def test_a_packed_packager_writes_the_bytes_that_its_classes_say() -> None:
    theirs = jpos(*BINARY)
    fields = {
        "t": "0200",
        "2": "6205500000000000004",
        "3": "000000",
        "4": "000000012345",
        "19": "156",
        "22": "021",
        "35": "6200000000000005D3012",
        "37": "606710000042",
        "48": "AB",
        "52": "0123456789ABCDEF",
        "55": "9F3602031E",
        "70": "301",
    }

    line = theirs.codec.encode(fields)
    assert line == (
        bytes.fromhex("0200F0002400280112000400000000000000".replace(" ", ""))
        + bytes.fromhex("1962055000000000000040")  # odd: a zero on the right
        + bytes.fromhex("000000000000012345")
        + bytes.fromhex("01560210")  # pad="true" on the left, else on the right
        + bytes.fromhex("216200000000000005D30120")
        + b"606710000042"
        + bytes.fromhex("0002")
        + b"AB"
        + bytes.fromhex("0123456789ABCDEF")
        + bytes.fromhex("00059F3602031E")
        + bytes.fromhex("0301")
    )
    again = theirs.codec.decode(line)
    assert {name: again[name] for name in fields} == fields
    assert open_capture(line, theirs).fields["37"] == "606710000042"


def test_a_text_packager_writes_text_and_a_binary_bitmap_where_it_has_one() -> None:
    rows = [
        (2, 19, "IFA_LLNUM"),
        (3, 6, "IFA_NUMERIC"),
        (28, 9, "IFA_AMOUNT"),
        (48, 999, "IFA_LLLCHAR"),
        (55, 255, "IFA_LLLBINARY"),
        (64, 8, "IFA_BINARY"),
        (120, 9999, "IFA_LLLLCHAR"),
    ]
    fields = {"t": "0200", "2": "620000000003", "3": "000000", "28": "D00000100", "48": "é"}
    fields |= {"55": "9F3602031E", "64": "0123456789ABCDEF"}
    body = b"12620000000003000000D00000100001\xe9005\x9f\x36\x02\x03\x1e0123456789ABCDEF"

    hexed = jpos(*rows, mti="IFA_NUMERIC", bitmap="IFA_BITMAP")
    assert hexed.codec.encode(fields) == b"0200" + b"6000001000010201" + body
    raw = jpos(*rows, mti="IFA_NUMERIC", bitmap="IFB_BITMAP")
    assert raw.codec.encode(fields) == b"0200" + bytes.fromhex("6000001000010201") + body
    assert raw.codec.encode({"t": "0200", "120": "X"})[-5:] == b"0001X"
    assert [name for name, row in hexed.fields.items() if row.rule] == ["55", "120"]


def test_an_ebcdic_packager_is_written_as_its_nearest_code_page_and_says_so() -> None:
    rows = [
        (3, 6, "IFE_NUMERIC"),
        (37, 12, "IFE_CHAR"),
        (44, 25, "IFE_LLCHAR"),
        (55, 255, "IFE_LLLBINARY"),
    ]
    found = import_jpos(packager(*rows, mti="IFE_NUMERIC", bitmap="IFB_BITMAP"))

    assert [(problem.field, problem.kind, problem.is_left_out) for problem in found.problems] == [
        ("37", "IFE_CHAR", False),
        ("44", "IFE_LLCHAR", False),
    ]
    assert "EBCDIC 1047 is written as cp037" in found.problems[0].words
    line = loaded(found).codec.encode({"t": "0100", "3": "000000", "44": "A1", "55": "AB"})
    assert line == bytes.fromhex("F0F1F0F02000000000100200F0F0F0F0F0F0F0F2C1F1F0F0F1AB")


@pytest.mark.parametrize(
    ("row", "value", "written"),
    [
        ((44, 25, "IFB_LLHCHAR"), "AB", ("02" "4142")),
        ((48, 999, "IFB_LLLHCHAR"), "AB", ("0002" "4142")),
        ((44, 25, "IFB_LLCHAR"), "AB", ("02" "4142")),
        ((48, 9999, "IFB_LLLLCHAR"), "AB", ("0002" "4142")),
        ((32, 11, "IFB_LLHNUM", "true"), "123", ("03" "0123")),
        ((32, 11, "IFB_LLHNUM", "false"), "123", ("03" "1230")),
        ((32, 11, "IFB_LLNUM", "true"), "123", ("03" "0123")),
        ((60, 99, "IFB_LLLNUM", "false"), "123", ("0003" "1230")),
        ((53, 48, "IFB_LLBINARY"), "AB", ("01" "AB")),
        ((53, 48, "IFB_LLHBINARY"), "AB", ("01" "AB")),
        ((53, 999, "IFB_LLLHBINARY"), "AB", ("0001" "AB")),
        ((45, 76, "IFA_LLCHAR"), "AB", ("3032" "4142")),
        ((45, 9, "IFA_LCHAR"), "AB", ("32" "4142")),
        ((53, 48, "IFA_LLBINARY"), "AB", ("3031" "AB")),
        ((44, 25, "IFEA_LLCHAR"), "AB", ("F0F2" "4142")),
        ((32, 11, "IFE_LLNUM"), "12", ("F0F2" "F1F2")),
        ((27, 1, "IFB_NUMERIC", "false"), "7", "70"),
        ((27, 1, "IFB_NUMERIC", "true"), "7", "07"),
    ],
)  # fmt: skip
def test_every_kind_of_class_writes_its_length_and_data(row: Any, value: str, written: str) -> None:
    theirs = jpos(row)

    line = theirs.codec.encode({"t": "0200", str(row[0]): value})
    assert line[10:].hex().upper() == written
    assert theirs.codec.decode(line)[str(row[0])] == value


@pytest.mark.parametrize("name", sorted(set(CLASSES) - {"IFA_BITMAP", "IFB_BITMAP", "IFE_BITMAP"}))
def test_every_class_of_the_table_gives_a_field_that_loads(name: str) -> None:
    found = import_jpos(packager((60, 9, name), (61, 8, name), mti="IF_CHAR"))

    assert not [problem for problem in found.problems if problem.is_left_out]
    assert found.field_count == 2
    assert list(loaded(found).fields) == ["60", "61"]


def test_what_cannot_be_written_is_named_with_field_class_and_line() -> None:
    nested = (
        '  <isofieldpackager id="127" length="999" name="OWN" class="org.jpos.iso.IFB_LLLBINARY"\n'
        '      packager="org.jpos.iso.packager.GenericSubFieldPackager">\n'
        '    <isofield id="2" length="9" name="inner" class="org.jpos.iso.IF_WHATEVER"/>\n'
        "  </isofieldpackager>"
    )
    odd = '  <isofield id="41" length="8" name="T" class="org.jpos.iso.IF_CHAR "/>'
    found = import_jpos(
        packager(
            (3, 6, "IFB_NUMERIC"),
            (3, 6, "IFB_NUMERIC"),
            (28, 9, "IFB_AMOUNT"),
            (65, 1, "IFB_BINARY"),
            (129, 1, "IFB_BINARY"),
            (44, 999, "IFB_LLCHAR"),
            odd,
            nested,
        )
    )

    assert [f"{problem.line} {problem}" for problem in found.problems] == [
        "8 field 3: IFB_NUMERIC: stands there twice; the first one is taken",
        "9 field 28: IFB_AMOUNT: is not supported",
        "10 field 65: IFB_BINARY: only fields 2 to 128 without 65 are carried",
        "11 field 129: IFB_BINARY: only fields 2 to 128 without 65 are carried",
        "12 field 44: IFB_LLCHAR: its length is none from 1 to 99",
        "13 field 41: IF_CHAR : the name of the class has a blank at its end".replace(
            "CHAR :", "CHAR:"
        ),
        "14 field 127: IFB_LLLBINARY: taken whole; the subfields of GenericSubFieldPackager are not supported",
    ]
    assert list(loaded(found).fields) == ["3", "41", "127"]
    assert "# field 28: IFB_AMOUNT: is not supported\n" in found.text


def test_digits_are_checked_though_a_packed_field_could_hold_letters() -> None:
    theirs = jpos((56, 41, "IFB_LLNUM", "false"), (35, 37, "IFB_LLNUM", "false"))

    with pytest.raises(EncodeError, match="DE56"):
        theirs.codec.encode({"t": "0200", "56": "EFGH"})
    assert theirs.value_faults({"56": "EFAB", "35": "6200000000000005D30"}) == (("DE56", "digits"),)


def test_private_fields_are_not_shown() -> None:
    theirs = jpos(
        (2, 19, "IFB_LLNUM"), (4, 12, "IFB_NUMERIC"), (60, 99, "IFB_LLCHAR"), (62, 99, "IFB_LLCHAR")
    )

    assert {name: row.show for name, row in theirs.fields.items()} == {
        "2": "pan",
        "4": "clear",
        "60": "never",
        "62": "never",
    }


@pytest.mark.parametrize(
    ("xml", "fault"),
    [
        ("<isopackager>", "line 1: file: expected XML (no element found)"),
        ("<a/>", "line 1: file: expected <isopackager> as the root"),
        ("\n\n<isopackager>\n</b>", "line 4: file: expected XML (mismatched tag)"),
        ("<isopackager/>", "line 1: field 0: expected an MTI of four digits"),
        (packager(mti="IFX_NUMERIC"), "line 5: field 0: expected an MTI of four digits; IFX_NUMERIC is not supported"),
        (packager(bitmap="IFA_LLCHAR"), "line 6: field 1: expected a bitmap; IFA_LLCHAR is not supported"),
        (packager(), "line 1: file: expected at least one field that can be written"),
        ('<isopackager emitBitmap="false"/>', "line 1: emitBitmap: expected true: a message with MTI and bitmap"),
        ('<!DOCTYPE a [\n<!ENTITY b "c">]><a/>', "line 2: file: expected XML without entities of its own"),
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>', "line 1: file: expected XML without entities of its own"),
        ('<!DOCTYPE a SYSTEM "http://x.invalid/x.dtd"><isopackager>&b;</isopackager>', "line 1: file: expected XML without entities of its own"),
        (" " * 1_000_001, "line 1: file: expected at most 1000000 characters"),
        ("\ud800", "line 1: file: expected XML of characters"),
    ],
    ids=range(13),
)  # fmt: skip
def test_what_is_no_packager_says_where(xml: str, fault: str) -> None:
    with pytest.raises(DialectFileError) as caught:
        import_jpos(xml)

    assert str(caught.value) == fault


def test_what_our_own_loader_refuses_is_left_out_too() -> None:
    found = import_jpos(packager((3, 6, "IFA_NUMERIC"), (28, 1, "IFA_AMOUNT"), mti="IFA_NUMERIC"))

    (problem,) = found.problems
    assert str(problem).startswith("field 28: IFA_AMOUNT: expected a format like")
    assert list(loaded(found).fields) == ["3"]


def test_the_name_is_one_that_a_dialect_can_have() -> None:
    with pytest.raises(DialectFileError, match=r"name: expected a name of small letters"):
        import_jpos(packager((3, 6, "IFB_NUMERIC")), name="My Bank")


def test_a_header_is_for_people_to_set() -> None:
    xml = packager((3, 6, "IFB_NUMERIC")).replace("<isopackager>", '<isopackager headerLength="5">')

    (problem,) = import_jpos(xml).problems
    assert (problem.kind, problem.words) == ("headerLength", "set tpdu or header by hand")


# --- moov ------------------------------------------------------------------------------------------


def moov(**fields: dict[str, Any]) -> str:
    head = {
        "0": {
            "type": "String",
            "length": 4,
            "description": "MTI",
            "enc": "ASCII",
            "prefix": "ASCII.Fixed",
        },
        "1": {
            "type": "Bitmap",
            "length": 16,
            "description": "Bitmap",
            "enc": "HexToASCII",
            "prefix": "Hex.Fixed",
        },
    }
    rows = {name.removeprefix("f"): row for name, row in fields.items()}
    return json.dumps({"name": "theirs", "fields": {**head, **rows}}, indent=1)


def row(kind: str, length: int, enc: str, prefix: str, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "length": length,
        "description": "x",
        "enc": enc,
        "prefix": prefix,
        **more,
    }


def test_a_moov_specification_writes_the_bytes_that_it_says() -> None:
    found = import_moov(
        moov(
            f2=row("String", 19, "ASCII", "ASCII.LL"),
            f3=row("Numeric", 6, "ASCII", "ASCII.Fixed", padding={"type": "Left", "pad": "0"}),
            f4=row("String", 12, "ASCII", "ASCII.Fixed"),
            f23=row("Numeric", 3, "BCD", "BCD.Fixed"),
            f32=row("String", 11, "LBCD", "BCD.LL"),
            f37=row("String", 12, "EBCDIC", "EBCDIC.Fixed"),
            f52=row("Binary", 8, "Binary", "Binary.Fixed"),
            f64=row("String", 8, "Hex", "Hex.Fixed"),
        )
    )

    theirs = loaded(found)
    fields = {
        "t": "0800",
        "2": "620000000003",
        "3": "990000",
        "4": "000000000100",
        "23": "001",
        "32": "123",
    }
    fields |= {"37": "606710000042", "52": "0123456789ABCDEF", "64": "FEDCBA9876543210"}
    line = theirs.codec.encode(fields)
    assert line == (
        b"0800" + b"7000020108001001" + b"12620000000003" + b"990000" + b"000000000100"
        + bytes.fromhex("0001" "03" "1230" "F6F0F6F7F1F0F0F0F0F0F4F2" "0123456789ABCDEF") + b"FEDCBA9876543210"
    )  # fmt: skip
    assert theirs.value_faults({"4": "00000000010A"}) == (("DE4", "digits"),)
    assert [problem.field for problem in found.problems] == ["37"]


def test_what_of_moov_cannot_be_written_is_named() -> None:
    found = import_moov(
        moov(
            f3=row("String", 6, "ASCII", "ASCII.Fixed"),
            f34=row("String", 28, "HexToASCII", "ASCII.LL"),
            f35=row("Track2", 37, "ASCII", "ASCII.LL"),
            f44=row("String", 28, "ASCII", "Hex.LL"),
            f45=row("String", 28, "ASCII", "ASCII."),
            f46=row("String", 28, "ASCIIToHex", "ASCII.LL"),
            f48=row(
                "Composite",
                255,
                "",
                "ASCII.LLL",
                subfields={"1": row("String", 2, "ASCII", "ASCII.Fixed")},
            ),
            f55=row("Composite", 999, "", "BerTLV"),
            f56={"type": "String", "length": "9"},
            f57=3,  # type: ignore[arg-type]
        )
    )

    assert [str(problem) for problem in found.problems] == [
        "field 34: String/HexToASCII/ASCII.LL: is not supported",
        "field 35: Track2/ASCII/ASCII.LL: is not supported",
        "field 44: String/ASCII/Hex.LL: is not supported",
        "field 45: String/ASCII/ASCII.: is not supported",
        "field 46: String/ASCIIToHex/ASCII.LL: is not supported",
        "field 48: Composite/ASCII.LLL: taken whole; its subfields are not supported",
        "field 55: Composite/BerTLV: is not supported",
        "field 56: String: is not supported",
        "field 57: ?: is not supported",
    ]
    assert list(loaded(found).fields) == ["3", "48"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{}", "line 1: fields: expected an object of fields by number"),
        ('{"fields":\n {"2": 1}}', "line 1: field 0: expected an MTI of four digits"),
        ("{", "line 1: file: expected JSON (Expecting property name enclosed in double quotes)"),
    ],
)
def test_what_is_no_moov_specification_says_where(text: str, fault: str) -> None:
    with pytest.raises(DialectFileError) as caught:
        import_moov(text)

    assert str(caught.value) == fault


# --- whatever stands there -------------------------------------------------------------------------

CARD = "6200000000000005"
XML = packager(*BINARY)
JSON = moov(
    f2=row("String", 19, "ASCII", "ASCII.LL"),
    f48=row("Composite", 255, "", "ASCII.LLL", subfields={}),
)
JUNK = st.sampled_from(
    [
        CARD,
        '"',
        "<",
        ">",
        "&",
        "]]>",
        "&#0;",
        "/",
        "\x00",
        "\n",
        "-1",
        "1e9",
        "{}",
        "[]",
        "null",
        "é",
    ]
)


def is_sound(read: Any, text: str) -> None:
    try:
        found = read(text)
    except DialectFileError as refusal:
        told = [(line, f"{path} {expected}") for line, path, expected in refusal.faults]
    else:
        assert len(loaded(found).fields) == found.field_count
        told = [(problem.line, str(problem)) for problem in found.problems]
    for line, words in told:
        assert 1 <= line <= text.count("\n") + 1
        assert CARD not in words


@settings(PROPERTY, max_examples=150)
@given(st.integers(0, len(XML)), st.integers(0, 30), JUNK | st.text(max_size=4))
def test_any_change_of_a_packager_loads_or_says_where(at: int, cut: int, put: str) -> None:
    is_sound(import_jpos, XML[:at] + put + XML[at + cut :])


@settings(PROPERTY, max_examples=150)
@given(st.integers(0, len(JSON)), st.integers(0, 30), JUNK | st.text(max_size=4))
def test_any_change_of_a_specification_loads_or_says_where(at: int, cut: int, put: str) -> None:
    is_sound(import_moov, JSON[:at] + put + JSON[at + cut :])


# --- theirs ----------------------------------------------------------------------------------------

FOLDER = os.environ.get("POSREFUND_PACKAGERS", "")
THEIRS = sorted([*Path(FOLDER).glob("*.xml"), *Path(FOLDER).glob("*.json")]) if FOLDER else []


@pytest.mark.skipif(not THEIRS, reason="POSREFUND_PACKAGERS names no folder with *.xml or *.json")
@pytest.mark.parametrize("path", THEIRS or [Path()], ids=lambda path: path.name)
def test_a_public_table_loads_or_names_what_is_not_supported(path: Path) -> None:
    found = _import(path)
    if isinstance(found, DialectFileError):
        ((_, place, _),) = found.faults
        assert place in ("field 0", "field 1", "emitBitmap", "bitmapField", "firstField", "fields")
        return
    assert len(loaded(found).fields) == found.field_count > 0
    assert all(problem.kind for problem in found.problems)


def _import(path: Path) -> Imported | DialectFileError:
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        return import_jpos(text) if path.suffix == ".xml" else import_moov(text)
    except DialectFileError as refusal:
        return refusal
