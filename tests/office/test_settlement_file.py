"""Settlement files: fixed columns, read strictly, and no card number comes out."""

from __future__ import annotations

from itertools import product
from string import ascii_uppercase, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PAN_DIGITS, PROPERTY
from office.lines import REFUND_LINE, line
from posrefund.engine.evidence import FileRow
from posrefund.errors import DecodeError
from posrefund.office import read_settlement_file

ROW = FileRow(
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
ENDS = (
    *(11, 23, 30, 41, 61, 74, 87, 100, 105, 112, 117, 126, 142, 155, 158, 165, 177, 184, 187, 191),
    *(204, 217, 230, 232, 236, 238, 240, 251, 263, 265, 268, 271, 284),
)
"""The columns of the spaces between the fields."""


def refusal(text: str) -> tuple[str, str, int]:
    """Return where and why a file is refused."""
    with pytest.raises(DecodeError) as caught:
        read_settlement_file(text)
    assert PAN_DIGITS not in str(caught.value) + repr(caught.value) + str(vars(caught.value))
    return caught.value.path, caught.value.expected, caught.value.offset_bytes


def test_line_is_299_characters_wide() -> None:
    assert len(REFUND_LINE) == 299
    assert all(REFUND_LINE[column] == " " for column in ENDS)


def test_line_becomes_a_row_without_the_card_number() -> None:
    rows = read_settlement_file(f"{REFUND_LINE}\n")

    assert rows == [ROW]
    assert PAN_DIGITS not in repr(rows)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_lines_end_as_any_system_ends_them(end: str) -> None:
    text = f"{REFUND_LINE}{end or chr(10)}{line(stan='000008')}{end}"

    assert [(row.stan, row.row) for row in read_settlement_file(text)] == [
        ("000007", 1),
        ("000008", 2),
    ]


@pytest.mark.parametrize(
    ("mti", "processing", "kind"),
    [
        ("0200", "000000", "sale"),
        ("0200", "001000", "sale"),
        ("0200", "200000", "void"),
        ("0220", "200000", "refund"),
        ("0220", "203000", "refund"),
        ("0420", "000000", "reversal"),
        ("0420", "200000", "reversal"),
    ],
)
def test_kind_of_a_row_follows_from_its_message_type_and_processing_code(
    mti: str, processing: str, kind: str
) -> None:
    (row,) = read_settlement_file(line(mti=mti, processing=processing))

    assert row.kind == kind


@pytest.mark.parametrize(
    ("mti", "processing"), [("0200", "310000"), ("0100", "030000"), ("0220", "000000")]
)
def test_row_of_another_kind_only_shows_that_the_host_knows_something(
    mti: str, processing: str
) -> None:
    text = "\n".join([line(mti=mti, processing=processing), REFUND_LINE])

    assert [row.kind for row in read_settlement_file(text)] == ["other", "refund"]


BOOKED = {"00", "11", "A2", "A4", "A5", "A6"}


@pytest.mark.parametrize("mti", ["0200", "0220", "0420"])
def test_row_says_whether_the_host_booked_it(mti: str) -> None:
    for code in ["".join(pair) for pair in product(f"{digits}{ascii_uppercase} ", repeat=2)]:
        row, _ = read_settlement_file("\n".join([line(mti=mti, code=code), REFUND_LINE]))

        assert row.is_booked == (code in BOOKED)


@pytest.mark.parametrize("code", ["05", "25"])
def test_row_that_was_not_booked_still_has_to_fit_its_columns(code: str) -> None:
    assert refusal(line(code=code, amount="            ")) == ("line 1", "digits", 62)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (REFUND_LINE[:-1], ("line 1", "299 characters", 298)),
        (REFUND_LINE + " ", ("line 1", "299 characters", 299)),
        (REFUND_LINE.rstrip(), ("line 1", "299 characters", 260)),
        (REFUND_LINE[:100], ("line 1", "299 characters", 100)),
        (f"{REFUND_LINE}\n\n{REFUND_LINE}", ("line 2", "299 characters", 0)),
        (f"{REFUND_LINE}\n{REFUND_LINE[:150]}", ("line 2", "299 characters", 150)),
    ],
)
def test_line_of_another_width_refuses_the_whole_file(
    text: str, where: tuple[str, str, int]
) -> None:
    assert refusal(text) == where


@pytest.mark.parametrize("column", ENDS)
def test_missing_space_between_two_fields_refuses_the_whole_file(column: int) -> None:
    shifted = f"{REFUND_LINE[:column]}0{REFUND_LINE[column + 1 :]}"

    assert refusal(f"{REFUND_LINE}\n{shifted}") == ("line 2", "a space between two fields", column)


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"amount": "00000000I000"}, 62),
        ({"amount": "        1000"}, 62),
        ({"amount": "-00000001000"}, 62),
        ({"amount": "00000000１000"}, 62),
        ({"amount": "            "}, 62),
        ({"stan": "00000A"}, 24),
        ({"transmitted": "03091000 0"}, 31),
        ({"mti": "02x0"}, 101),
    ],
)
def test_letters_where_digits_belong_refuse_the_whole_file(
    changes: dict[str, str], column: int
) -> None:
    text = f"{REFUND_LINE}\n{REFUND_LINE}\n{line(**changes)}"

    assert refusal(text) == ("line 3", "digits", column)


def test_first_fault_is_named() -> None:
    text = "\n".join([REFUND_LINE, line(amount="x" * 12, stan="x" * 6), "short"])

    assert refusal(text) == ("line 2", "digits", 24)


@PROPERTY
@given(st.text(max_size=700))
def test_arbitrary_text_is_refused_or_holds_no_row(text: str) -> None:
    try:
        rows = read_settlement_file(text)
    except DecodeError as error:
        where = error.path
    else:
        where = "line of an empty file"
        assert rows == []
    assert where.startswith("line ")


@PROPERTY
@given(st.integers(0, 298), st.characters(codec="utf-8"))
def test_one_character_changed_is_refused_or_changes_the_row_by_that_character(
    column: int, char: str
) -> None:
    changed = REFUND_LINE[:column] + char + REFUND_LINE[column + 1 :]
    try:
        rows = read_settlement_file(changed)
    except DecodeError:
        return
    for row in rows:
        assert row.amount_minor == int(changed[62:74])
        assert (row.stan, row.terminal) == (changed[24:30], changed[118:126])


@PROPERTY
@given(st.integers(0, 898), st.integers(1, 898))
def test_file_cut_inside_a_line_is_always_refused(start: int, size: int) -> None:
    whole = "\n".join([REFUND_LINE] * 3)
    piece = whole[start : start + size]
    if any(len(part) not in (0, 299) for part in piece.split("\n")):
        with pytest.raises(DecodeError):
            read_settlement_file(piece)
