"""A row of a file that gives money back, and that no attempt here knows of: which sales it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import NOW, original, plan
from posrefund.engine.evidence import FileRow
from posrefund.engine.host_only import disputes, gives_back, note_of

DAY = date(2026, 3, 10)
ROW = FileRow(
    kind="refund",
    terminal="12345678",
    merchant="123456789012345",
    stan="000007",
    rrn="606810000123",
    amount_minor=1_000,
    transmitted="0310100000",
    original_stan="000003",
    row=1,
    original_transmitted="0309233000",
)
SALE = original(original_id="S-1", stan="000003", transaction_date=date(2026, 3, 9))


def about(row: FileRow, sale: object = SALE, against: tuple[object, ...] = ()) -> bool:
    return disputes(note_of(row, DAY, NOW).facts, sale, against)  # type: ignore[arg-type]


def test_note_stands_under_the_stan_of_the_sale_and_holds_no_card() -> None:
    note = note_of(ROW, DAY, NOW)
    assert (note.kind, note.attempt_id) == ("host_only", "000003")
    assert note.facts == {
        "kind": "refund",
        "stan": "000007",
        "rrn": "606810000123",
        "amount_minor": "1000",
        "transmitted": "0310100000",
        "original_transmitted": "0309233000",
        "day": "2026-03-10",
    }


@pytest.mark.parametrize(
    ("kind", "stan", "gives"),
    [
        ("refund", "000003", True),
        ("void", "000003", True),
        ("refund", "000000", False),
        ("refund", "", False),
        ("sale", "000003", False),
        ("other", "000003", False),
        ("reversal", "000003", False),
    ],
)
def test_only_what_takes_from_a_sale_counts(kind: str, stan: str, gives: bool) -> None:
    assert gives_back(replace(ROW, kind=kind, original_stan=stan)) is gives  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("time", "fits"),
    [
        ("0309000000", True),
        ("0308235959", True),  # two clocks, two sides of midnight
        ("0310000001", True),
        ("0307120000", False),
        ("0311120000", False),
        ("0000000000", True),  # it does not say
        ("", True),
        ("03x9120000", True),  # no date: any
    ],
)
def test_date_of_the_sale_may_be_a_day_off_and_none_fits_all(time: str, fits: bool) -> None:
    assert about(replace(ROW, original_transmitted=time)) is fits


def test_new_year_is_a_day_like_any_other() -> None:
    sale = replace(SALE, transaction_date=date(2027, 1, 1))
    assert about(replace(ROW, original_transmitted="1231235959"), sale)


def test_attempt_of_ours_with_its_number_and_reference_explains_it() -> None:
    ours = replace(plan("refund").attempt, stan="000007", facts={"rrn": "606810000123"})
    assert not about(ROW, SALE, (ours,))
    assert about(ROW, SALE, (replace(ours, stan="000008"),))
    assert about(ROW, SALE, (replace(ours, facts={"rrn": "606810000124"}),))
    assert about(ROW, SALE, (replace(ours, facts={}),)), "a doubt explains nothing"


@given(st.text("0123456789 x", max_size=10), st.dates(date(2025, 1, 1), date(2030, 1, 1)))
def test_any_text_for_a_time_is_judged(time: str, day: date) -> None:
    near = {f"{date.fromordinal(day.toordinal() + shift):%m%d}" for shift in (-1, 0, 1)}
    row, sale = replace(ROW, original_transmitted=time), replace(SALE, transaction_date=day)
    mmdd = time[:4]
    says_nothing = not mmdd.isdigit() or set(mmdd) == {"0"}
    assert about(row, sale) == (says_nothing or mmdd in near)
