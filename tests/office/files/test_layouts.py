"""Layouts: each built-in one reads its literal rows, a user's own is loaded, and a wrong one names every fault."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PROPERTY
from office.files.samples import ALIPAY, SHOP, SHOP_TOML, WECHAT, ZM_LINE
from office.lines import REFUND_LINE
from posrefund.dialects.unionpay.codes import CODES
from posrefund.engine.evidence import FileRow
from posrefund.errors import ConfigError
from posrefund.office.files import FeeRule, FileReader, layout, layout_names, load_layout

ACOM_WIDTHS = (
    *(11, 11, 6, 10, 19, 12, 12, 12, 4, 6, 4, 8, 15, 12, 2, 6, 11),
    *(6, 2, 3, 12, 12, 12, 1, 3, 1, 1, 10, 11, 1, 2, 2, 12, 14),
)
"""chinaljp/posp, impcups/proc.c."""
ZM_WIDTHS = (
    *(3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21),
    *(15, 1, 15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 131),
)
"""lyonliyang/demo, UnionField."""


def read(name: str, raw: bytes) -> list[FileRow]:
    known = load_layout(SHOP_TOML) if name == "shop" else layout(name)
    return list(FileReader(known).rows([raw]))


@pytest.mark.parametrize(
    ("name", "widths", "bytes_a_line"),
    [("unionpay-acom", ACOM_WIDTHS, 299), ("unionpay-zm", ZM_WIDTHS, 607)],
)
def test_columns_of_fixed_width_are_as_wide_as_published(
    name: str, widths: tuple[int, ...], bytes_a_line: int
) -> None:
    found = [column.width for column in layout(name).columns]

    assert tuple(found) == widths
    assert sum(found) + len(found) - 1 == bytes_a_line


def test_acom_takes_for_booked_what_the_response_codes_say() -> None:
    booked = {code.code for code in CODES.values() if code.money == "booked"}

    assert layout("unionpay-acom").booked == {"code": booked}


@pytest.mark.parametrize("name", ["unionpay-acom", "unionpay-zm"])
def test_card_number_is_the_fifth_or_sixth_column_and_has_no_other_use(name: str) -> None:
    cards = [
        (column.role, column.width) for column in layout(name).columns if column.type == "card"
    ]

    assert cards == [("card", 19)]


GOLDEN: list[tuple[str, bytes, list[FileRow]]] = [
    (
        "unionpay-acom",
        REFUND_LINE.encode(),
        [
            FileRow(
                kind="refund",
                terminal="12345678",
                merchant="123456789012345",
                stan="000007",
                rrn="606810000123",
                amount_minor=1_000,
                transmitted="0309100000",
                original_stan="000003",
                row=1,
                original_transmitted="0308233000",
                auth_code="654321",
            )
        ],
    ),
    (
        "unionpay-zm",
        ZM_LINE.encode(),
        [
            FileRow(
                kind="refund",
                terminal="12345678",
                merchant="123456789012345",
                stan="000007",
                rrn="",
                amount_minor=1_000,
                transmitted="0309100000",
                original_stan="000003",
                row=1,
                original_transmitted="0308233000",
                currency="156",
                sign=-1,
                reference="R-1",
                fee_minor=-6,
            )
        ],
    ),
    (
        "wechat",
        WECHAT.encode(),
        [
            FileRow(
                kind="sale",
                terminal="",
                merchant="1900000109",
                stan="",
                rrn="",
                amount_minor=10_000,
                transmitted="0309095801",
                original_stan="",
                row=2,
                currency="156",
                reference="S-9",
                fee_minor=60,
                year="2026",
            ),
            FileRow(
                kind="refund",
                terminal="",
                merchant="1900000109",
                stan="",
                rrn="",
                amount_minor=1_000,
                transmitted="0309100000",
                original_stan="",
                row=3,
                currency="156",
                reference="R-1",
                fee_minor=-6,
                year="2026",
            ),
        ],
    ),
    (
        "alipay",
        ALIPAY.encode(),
        [
            FileRow(
                kind="sale",
                terminal="",
                merchant="",
                stan="",
                rrn="",
                amount_minor=10_000,
                transmitted="0309095801",
                original_stan="",
                row=2,
                currency="344",
                reference="S-9",
                year="2026",
            ),
            FileRow(
                kind="refund",
                terminal="",
                merchant="",
                stan="",
                rrn="",
                amount_minor=1_000,
                transmitted="0309100000",
                original_stan="",
                row=3,
                currency="344",
                reference="R-1",
                original_reference="S-1",
                year="2026",
            ),
        ],
    ),
    (
        "shop",
        SHOP.encode("gbk"),
        [
            FileRow(
                kind="refund",
                terminal="12345678",
                merchant="123456789012345",
                stan="000007",
                rrn="606810000123",
                amount_minor=1_000,
                transmitted="0309100000",
                original_stan="",
                row=2,
                currency="156",
                sign=-1,
                auth_code="654321",
                fee_minor=-6,
                year="2026",
            )
        ],
    ),
]


@pytest.mark.parametrize(("name", "raw", "rows"), GOLDEN, ids=[name for name, *_ in GOLDEN])
def test_literal_file_becomes_these_rows(name: str, raw: bytes, rows: list[FileRow]) -> None:
    assert read(name, raw) == rows


def test_every_built_in_layout_has_a_golden_file() -> None:
    assert {name for name, *_ in GOLDEN} == {*layout_names(), "shop"}


def test_wechat_refund_of_a_closed_account_is_a_return() -> None:
    (_, row) = read("wechat", WECHAT.replace("PROCESSING", "CHANGE").encode())

    assert (row.kind, row.is_booked, row.reference) == ("return", True, "R-1")


def test_wechat_refund_that_was_closed_is_not_booked() -> None:
    (_, row) = read("wechat", WECHAT.replace("PROCESSING", "REFUNDCLOSE").encode())

    assert (row.kind, row.is_booked) == ("refund", False)


def test_bill_that_lacks_an_optional_column_is_read_all_the_same() -> None:
    without = ALIPAY.replace("originalTransactionRequestId,", "anything,")
    rows = read("alipay", without.encode())

    assert [row.original_reference for row in rows] == ["", ""]


@pytest.mark.parametrize(
    ("amount_minor", "fee_minor", "fits"),
    [(1_000, -6, True), (1_000, 0, False), (1_000, 6, False), (1_000, -7, False), (99, -1, True)],
)
def test_fee_follows_from_the_rate_with_halves_rounded_up(
    amount_minor: int, fee_minor: int, fits: bool
) -> None:
    assert FeeRule(6_000, 0).fits(amount_minor, fee_minor) == fits
    assert FeeRule(6_000, 20).fits(amount_minor, fee_minor)


# --- loading ---------------------------------------------------------------------------------

_COLUMNS = """columns = [
    { name = "id", role = "reference" },
    { name = "cents", type = "minor", role = "amount" },
    { name = "at", type = "time", role = "time", form = "MMDDhhmmss" },
]
"""
GOOD = f'name = "x"\nform = "csv"\n{_COLUMNS}\n[[kind]]\nis = "refund"\nwhen = {{ id = "R" }}\n'


def faults(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_layout(text)
    return str(caught.value)


def test_good_text_is_a_layout() -> None:
    found = load_layout(GOOD)

    assert (found.name, found.separator, found.encoding) == ("x", b",", "utf-8")
    assert [rule.kind for rule in found.kinds] == ["refund"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("form = ", "from = "), "form: fixed or csv"),
        (('"csv"', '"xml"'), "form: fixed or csv"),
        (('name = "x"', 'name = "x"\nencoding = "utf-16"'), "encoding: one of"),
        (('name = "x"', 'name = "x"\nseparator = ",,"'), "separator: one character"),
        (('name = "x"', 'name = "x"\nseparator = "a"'), "separator: one character"),
        (
            ('name = "x"', 'name = "x"\nencoding = "gbk"\nseparator = "|"'),
            "separator: one that is no half of a character in gbk",
        ),
        (('role = "amount"', 'role = "money"'), "columns[2].role: one of"),
        (('role = "amount"', 'role = "refund_stan"'), "columns[2].role: one of"),
        (('role = "amount"', 'role = "reference"'), "columns: each role once"),
        (('role = "amount"', 'take = "2"'), "columns[2].take: a whole number"),
        (
            ('type = "minor", role = "amount"', 'role = "amount"'),
            "columns[2].role: a column of type",
        ),
        (('type = "minor"', 'type = "card"'), "columns[2].role: card"),
        (('"MMDDhhmmss"', '"MMDD"'), "columns[3].form: MM DD hh mm ss once each"),
        ((', form = "MMDDhhmmss"', ""), "columns[3].form: a form for a time only"),
        (('name = "cents", ', 'name = "cents", width = 12, '), "columns[2].width: a width in a"),
        (('name = "cents"', 'name = "id"'), "columns: names that differ"),
        (('name = "cents", ', ""), "columns[2].name: a name"),
        (('is = "refund"', 'is = "gift"'), "kind[1].is: one of"),
        (('{ id = "R" }', '{ other = "R" }'), "kind[1].when: columns of this layout"),
        (('{ id = "R" }', "{ id = 1 }"), "kind[1].when: a table of text"),
        (('name = "x"', 'name = "x"\nbooked = 1'), "booked: a table of lists of text"),
        (
            ('name = "x"', 'name = "x"\nfee = { refund_rate_ppm = -1 }'),
            "fee.refund_rate_ppm: a whole",
        ),
        (('name = "x"', 'name = "x"\ntrailer = { count = "n" }'), "trailer: a heading"),
        (
            ('name = "x"', 'name = "x"\ntrailer = { heading = "T", sums = { a = "id" } }'),
            "trailer.sums: columns that are amounts",
        ),
        (('role = "amount"', 'role = "amount", optional = true'), "columns[2].optional: no column"),
        (
            (
                '{ name = "id", role = "reference" }',
                '{ name = "id", type = "card", role = "card" }',
            ),
            "kind[1].when: columns of this layout",
        ),
        (('name = "x"', "name = ["), "no TOML"),
        (('name = "x"', "name = 1"), "name: text"),
    ],
)
def test_wrong_layout_names_its_fault(change: tuple[str, str], said: str) -> None:
    assert change[0] in GOOD

    assert said in faults(GOOD.replace(*change))


def test_layout_in_the_documents_is_one() -> None:
    page = Path(__file__).parents[3] / "docs" / "howto" / "settlement.md"
    text = page.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    found = load_layout(text)

    assert (found.name, found.encoding, len(found.columns)) == ("our acquirer", "gbk", 8)
    assert found.fee == FeeRule(6_000, 1)


def test_all_faults_are_told_at_once() -> None:
    told = faults('form = "xml"\ncolour = 1\nencoding = "ebcdic"\ncolumns = []\n')

    assert told.count(";") >= 4
    assert "ebcdic" not in told


def test_unknown_name_says_which_there_are() -> None:
    with pytest.raises(ConfigError, match="alipay, unionpay-acom, unionpay-zm, wechat"):
        layout("visa")


@PROPERTY
@given(st.text(max_size=60), st.integers(0, len(GOOD)))
def test_any_text_is_a_layout_or_a_config_error(noise: str, at: int) -> None:
    said = "layout: fine"
    try:
        load_layout(GOOD[:at] + noise + GOOD[at:])
    except ConfigError as error:
        said = str(error)

    assert said.startswith("layout: ")
