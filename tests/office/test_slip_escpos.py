"""Bytes for a receipt printer, read again by a printer that was written apart from them."""

from __future__ import annotations

import io
import re
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import DIALECT, PROPERTY, original
from office.escpos_reader import Paper, read
from office.slip_shop import accepted, columns, options, outcome
from posrefund.engine import Signature, State
from posrefund.errors import ConfigError
from posrefund.office.signatures import draw
from posrefund.office.slips import Columns, as_escpos, as_text, slip_content

pytest.importorskip("escpos", reason="pip install 'posrefund[print]'")
pytest.importorskip("PIL", reason="pip install 'posrefund[print]'")

WATERMARK = "培训 TRAINING 无效"
DOUBLE, TALL = 0x11, 0x01
"""GS !: twice as wide and high; twice as high."""


def printed(width: Columns = 32, profile: str = "default", **changes: Any) -> Paper:
    content = slip_content(accepted(), DIALECT, original(), options(**changes))
    return read(as_escpos(content, width, profile=profile))


def flat(text: str) -> str:
    return re.sub(r"[\s*_]", "", text)


@pytest.mark.parametrize("copy", ["merchant", "bank", "customer"])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [32, 48])
def test_the_paper_says_what_the_text_says(width: Columns, language: str, copy: str) -> None:
    content = slip_content(
        accepted(), DIALECT, original(), options(language=language, copy=copy, watermark=WATERMARK)
    )
    paper = read(as_escpos(content, width))

    assert paper.was_cut
    assert flat("".join(row.text for row in paper.rows)) == flat(as_text(content, width))
    assert paper.codes == [("R0APN58QCGAAPM8J79AW", 6)]


def test_chinese_goes_as_gb18030_once_the_printer_was_told() -> None:
    data = as_escpos(slip_content(accepted(), DIALECT, original(), options()))

    assert data[:4] == b"\x1b@\x1c&"
    # 退货 in GB 2312, of which GB 18030 is a superset: rows 45 and 27
    assert b"\xcd\xcb\xbb\xf5(REFUND)" in data


def test_a_printer_that_knows_no_chinese_is_not_asked_for_it() -> None:
    english = options(language="en", merchant_name="Store", institutions={})
    data = as_escpos(slip_content(accepted(), DIALECT, original(), english))

    assert b"\x1c" not in data
    assert b"REFUND" in data


def test_what_people_look_at_first_is_large_and_a_watermark_is_white_on_black() -> None:
    paper = printed(watermark=WATERMARK)
    large = [" ".join(row.text.split()) for row in paper.rows if row.size]

    assert large == ["银联签购单", "交易类型 退货(REFUND)", "金额 RMB 10.00"]
    assert [row.size for row in paper.rows if row.size] == [DOUBLE, TALL, TALL]
    inverse = [row.text for row in paper.rows if row.inverse]
    assert [text.strip() for text in inverse] == [WATERMARK] * 3
    assert {columns(text) for text in inverse} == {32}  # black from edge to edge


@PROPERTY
@given(st.text(max_size=80).filter(lambda text: not re.search("[0-9]{4}", text)))
def test_no_line_is_wider_than_the_paper_whatever_the_shop_is_called(name: str) -> None:
    for width in (32, 48):
        paper = printed(width, merchant_name=name)

        for row in paper.rows:
            wide = 2 if row.size == DOUBLE else 1
            assert columns(row.text) * wide <= width


ANY_FACT = st.text(st.characters(max_codepoint=255), max_size=25)


@PROPERTY
@given(
    st.fixed_dictionaries(
        dict.fromkeys(["auth_code", "rrn", "institutions", "order_ref"], ANY_FACT)
    )
)
def test_a_host_cannot_command_the_printer_either(facts: dict[str, str]) -> None:
    content = slip_content(accepted(facts=facts), DIALECT, original(), options())
    paper = read(as_escpos(content))  # knows no command but ours

    assert paper.was_cut
    assert max(columns(row.text) for row in paper.rows) <= 32
    assert len([row for row in paper.rows if row.size]) == 3


def test_a_name_cannot_command_the_printer() -> None:
    paper = printed(merchant_name="A\x1b@\x1dV\x00B\n")  # it would reset it and cut

    assert "A?@?V?B?" in "".join(row.text for row in paper.rows)


def test_a_printer_without_qr_codes_gets_a_picture_of_one() -> None:
    paper = printed(profile="POS-5890")

    assert paper.codes == []
    ((width, height, raster),) = paper.pictures
    assert (width, height) == (384, (21 + 2 * 4) * 6)  # version 1, its quiet zone, 6 dots a module
    dark = sum(byte.bit_count() for byte in raster)
    assert 0.4 < dark / (21 * 6) ** 2 < 0.6
    assert paper.rows[-1].text.strip() == "R0APN58QCGAAPM8J79AW"


def test_a_bar_code_is_the_printers_own() -> None:
    own = printed(48, is_barcode=True)
    assert (own.bars, own.codes, own.pictures) == ([("R0APN58QCGAAPM8J79AW", 2, 80)], [], [])
    assert own.rows[-1].text.strip() == "R0APN58QCGAAPM8J79AW"


def test_a_bar_code_that_has_no_room_is_refused() -> None:
    with pytest.raises(ConfigError, match="takes paper of 48 columns"):
        printed(32, is_barcode=True)
    with pytest.raises(ConfigError, match="too long for a bar code"):
        printed(48, is_barcode=True, code="A" * 26)
    assert printed(32, is_barcode=True, code="").bars == []  # nothing to print is no bar code


def test_a_signature_from_a_pad_is_printed_in_the_middle() -> None:
    picture = draw([[(0, 20), (99, 20)]], 100, 40)
    given = Signature.of("bitmap", picture)
    paper = printed(signature=given, picture=picture)

    ((width, height, raster),) = paper.pictures
    assert (width, height) == (384, 40)
    rows = [raster[at : at + 48] for at in range(0, len(raster), 48)]
    # a pen two pixels wide, from (384 - 100) / 2 = 142 to 241
    assert [y for y, row in enumerate(rows) if any(row)] == [20, 21]
    assert int.from_bytes(rows[20], "big").bit_count() == 100
    assert given.sha256[:32] in [row.text for row in paper.rows]


def test_an_old_printer_without_a_knife_gets_its_pictures_in_slices_and_feeds() -> None:
    data = as_escpos(slip_content(accepted(), DIALECT, original(), options()), profile="TM-U220")
    paper = read(data)

    assert paper.pictures == [(0, 24 * 8, b"")]  # 174 dots
    assert not paper.was_cut
    assert data.endswith(b"\x1bd\x06")


def test_a_picture_that_is_none_is_refused() -> None:
    signed = options(signature=Signature.of("bitmap", b"JBIG"), picture=b"JBIG")

    with pytest.raises(ConfigError, match="no picture that Pillow reads"):
        as_escpos(slip_content(accepted(), DIALECT, None, signed))


def test_a_phone_signs_by_a_code_of_its_own() -> None:
    paper = printed(scan_to_sign="posrefund-sign-1 R-1")

    assert [code for code, _ in paper.codes] == ["posrefund-sign-1 R-1", "R0APN58QCGAAPM8J79AW"]
    assert "请用手机扫码签名" in "".join(row.text for row in paper.rows)


@pytest.mark.parametrize("profile", ["default", "Sunmi-V2", "POS-5890"])
def test_the_longest_text_to_sign_still_fits_on_the_narrowest_paper(profile: str) -> None:
    paper = printed(profile=profile, scan_to_sign="x" * 600)

    # ISO/IEC 18004: 600 bytes at level M take version 19, 93 modules, 4 of white on each side: 3 dots each are 303
    if profile == "POS-5890":
        assert paper.pictures[0][:2] == (384, 303)
    else:
        assert paper.codes[0] == ("x" * 600, 3)


def test_a_notice_has_no_code_to_scan() -> None:
    content = slip_content(outcome(State.IN_DOUBT), DIALECT, original(), options())
    paper = read(as_escpos(content))

    assert (paper.codes, paper.pictures) == ([], [])
    assert "结果未知" in "".join(row.text for row in paper.rows)


@pytest.mark.parametrize(
    ("profile", "width", "expected"),
    [
        ("POS-5890", 48, "has 32 columns on a line, not 48"),
        ("TM-T88V", 48, "has 42 columns on a line, not 48"),
        ("AF-240", 32, "has 20 columns on a line, not 32"),
        ("no such printer", 32, "knows no printer profile"),
        ("default", 40, "32 or 48"),
    ],
)
def test_a_printer_that_cannot_is_said_before_anything_is_printed(
    profile: str, width: Any, expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected):
        printed(width, profile)


def test_without_python_escpos_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "escpos.printer", None)

    with pytest.raises(ConfigError, match=re.escape("pip install 'posrefund[print]'")):
        printed()


def test_nothing_is_said_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    printed(profile="simple")  # of unknown width: python-escpos prints what it thinks of that

    assert capsys.readouterr() == ("", "")
    assert isinstance(sys.stdout, io.TextIOBase)
