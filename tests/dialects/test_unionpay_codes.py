"""The UnionPay response codes: which of them move money, and what the clerk is told."""

from __future__ import annotations

import re
from string import ascii_uppercase, digits

import pytest

from posrefund.dialects.codes import ResponseCode, look_up
from posrefund.dialects.unionpay.codes import _TABLE, CODES

LISTED = """
    00 01 02 03 04 05 06 07 09 10 11 12 13 14 15 19 20 21 22 23 25 30 31 33 34 35 36 37 38 39 40
    41 42 43 44 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 75 77 79 90 91 92 93 94 95
    96 97 98 99 A0 A1 A2 A3 A4 A5 A6 A7
"""

every_row = pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.code) for row in CODES.values()]
)


def _codes_where_money_is(money: str) -> set[str]:
    return {row.code for row in CODES.values() if row.money == money}


def test_table_lists_exactly_the_codes_of_the_appendix() -> None:
    assert set(LISTED.split()) == set(CODES)


def test_table_lists_no_code_twice() -> None:
    rows = [row for rows in _TABLE.values() for row in rows]

    assert 74 == len(rows) == len(CODES)


def test_table_cannot_be_changed_by_its_readers() -> None:
    with pytest.raises(TypeError):
        CODES["00"] = CODES["05"]  # type: ignore[index]


@every_row
def test_row_stands_under_its_own_two_upper_case_characters(row: ResponseCode) -> None:
    assert CODES.get(row.code) is row
    assert len(row.code) == 2
    assert set(row.code) <= set(digits + ascii_uppercase)


@every_row
def test_row_has_words_for_the_record_and_for_the_clerk_in_both_languages(
    row: ResponseCode,
) -> None:
    for text in (row.zh, row.en, row.clerk_zh, row.clerk_en):
        assert text
        assert text == text.strip()
    assert row.en.isascii()
    assert row.clerk_en.isascii()
    assert any("\u4e00" <= char <= "\u9fff" for char in row.zh)
    assert any("\u4e00" <= char <= "\u9fff" for char in row.clerk_zh)


@every_row
def test_no_text_claims_that_money_has_arrived(row: ResponseCode) -> None:
    for text in (row.zh, row.en, row.clerk_zh, row.clerk_en):
        assert "到账" not in text
        assert "入账" not in text
        assert "arrived" not in text.lower()


@every_row
def test_where_a_code_paid_nobody_is_told_to_look_at_a_card(row: ResponseCode) -> None:
    zh, en = row.clerk(is_by_code=True)

    assert not re.search(r"the card\b(?! behind the code)|the card's|new card", en)
    assert not re.search(r"留住卡|所用的卡|新卡", zh)
    assert zh[:3] == row.clerk_zh[:3]
    assert (
        en.partition(":")[0].partition(",")[0] == row.clerk_en.partition(":")[0].partition(",")[0]
    )
    assert en.isascii()
    assert bool(row.clerk_zh_by_code) == bool(row.clerk_en_by_code)
    for text in (row.clerk_zh_by_code, row.clerk_en_by_code):
        assert not re.search("到账|入账|arrived", text.lower())
    assert row.clerk(is_by_code=False) == (row.clerk_zh, row.clerk_en)


def test_money_is_booked_by_six_codes_only() -> None:
    assert {"00", "11", "A2", "A4", "A5", "A6"} == _codes_where_money_is("booked")


@pytest.mark.parametrize("code", ["06", "09", "10", "68", "90", "91", "92", "94", "96", "98"])
def test_money_is_unknown_by_law(code: str) -> None:
    assert CODES[code].money == "unknown"


def test_money_is_unknown_for_the_law_and_four_more() -> None:
    law = {"06", "09", "10", "68", "90", "91", "92", "94", "96", "98"}

    assert law | {"20", "79", "95", "A7"} == _codes_where_money_is("unknown")


@pytest.mark.parametrize("code", ["05", "12", "14", "22", "25", "30", "51", "61", "64", "93", "97"])
def test_money_is_not_booked_by_a_real_decline(code: str) -> None:
    assert CODES[code].money == "not_booked"


@every_row
def test_instruction_opens_with_what_became_of_the_money(row: ResponseCode) -> None:
    if row.money == "booked":
        assert row.clerk_zh.startswith("已受理")
        assert row.clerk_en.startswith("accepted")
    elif row.money == "not_booked":
        assert row.clerk_zh.startswith("未受理")
        assert row.clerk_en.startswith("not accepted")
    else:
        assert "结果未知：请不要重做，终端会继续处理" in row.clerk_zh
        assert "result unknown: please do not repeat it; the terminal keeps working" in row.clerk_en


def test_new_attempt_may_follow_five_codes_only() -> None:
    retryable = [row for row in CODES.values() if row.may_retry]

    assert {"19", "55", "77", "99", "A0"} == {row.code for row in retryable}
    assert {"not_booked"} == {row.money for row in retryable}


def test_sign_in_comes_first_for_three_codes_only() -> None:
    sign_in = [row for row in CODES.values() if row.sign_in_first]

    assert {"77", "99", "A0"} == {row.code for row in sign_in}
    assert all(row.may_retry for row in sign_in)
    assert all("签到" in row.clerk_zh and "sign in" in row.clerk_en for row in sign_in)


@pytest.mark.parametrize("code", ["03", "12", "40", "57", "58", "97"])
def test_acquirer_is_called_when_only_it_can_mend_the_cause(code: str) -> None:
    row = CODES[code]

    assert row.owner == "acquirer"
    assert "联系收单机构" in row.clerk_zh
    assert "call the acquirer" in row.clerk_en


def test_class_of_a_code_is_the_appendix_s() -> None:
    of_kind = {
        kind: {row.code for row in CODES.values() if row.kind == kind}
        for kind in ("approved", "retry", "operator", "system")
    }

    assert of_kind == {
        "approved": {"00", "10", "11", "A2", "A4", "A5", "A6"},
        "retry": {"09", "13", "14", "42", "99", "A0"},
        "operator": {"04", "07", "33", "34", "35", "36", "37", "38", "41", "43", "77", "97"},
        "system": {"06", "98"},
    }


def test_look_up_gives_every_two_character_code_an_instruction() -> None:
    alphabet = digits + ascii_uppercase
    every_code = [first + second for first in alphabet for second in alphabet]

    found = [look_up(CODES, code) for code in every_code]

    assert len(found) == 1296
    assert every_code == [row.code for row in found]
    assert all(row.clerk_zh and row.clerk_en for row in found)
    unlisted = [row for row in found if row.code not in CODES]
    assert len(unlisted) == 1222
    assert {("unknown", False)} == {(row.money, row.may_retry) for row in unlisted}


@pytest.mark.parametrize("code", ["85", "89", "D5", "ZZ", "", "0", "a2"])
def test_look_up_takes_a_code_nobody_listed_for_unknown(code: str) -> None:
    assert look_up(CODES, code).money == "unknown"
