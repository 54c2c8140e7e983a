"""What pays beside a card: a payer's code that cannot be seen, a voucher that shows its ends, and whose each is."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PROPERTY
from posrefund.errors import InvalidRequestError
from posrefund.values import PAN, BackToPayer, CardRead, CodeRead, Method, PayerCode, Voucher
from posrefund.values.method import wallet_of

UNIONPAY_CODE = "6201234567890123451"
VOUCHER = "58210526789789570802"  # published dump: A4020 58210526789789570802


def faults_of(make: Any, *given: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRequestError) as caught:
        make(*given)
    assert not any(str(each) in str(caught.value) for each in given if len(str(each)) > 3)
    return list(caught.value.faults)


@pytest.mark.parametrize(
    ("digits", "wallet"),
    [
        (UNIONPAY_CODE, "unionpay"),
        ("620123456789012345", None),  # 18 digits
        ("100000000000000000", "wechat"),
        ("159999999999999999", "wechat"),
        ("1600000000000000", None),
        ("160000000000000000", None),
        ("2500000000000000", "alipay"),
        ("300000000000000000000000", "alipay"),
        ("3100000000000000", None),
        ("280000000000000000", "alipay"),
    ],
)
def test_a_code_begins_as_its_wallets_do(digits: str, wallet: str | None) -> None:
    assert wallet_of(digits) == wallet
    assert PayerCode(digits).wallet == wallet


@pytest.mark.parametrize(
    "wrong", ["", "1" * 15, "1" * 25, "62012345678901234５1", "a" * 18, 62, None]
)
def test_a_code_has_16_to_24_digits(wrong: Any) -> None:
    assert faults_of(PayerCode, wrong) == [("code", "16 to 24 digits")]


@pytest.mark.parametrize(
    "wrong", ["", "1234567", "1" * 31, "58210526 78978957", "付款凭证码付款凭证", 5, None]
)
def test_a_voucher_has_the_characters_of_one(wrong: Any) -> None:
    assert faults_of(Voucher, wrong) == [("voucher", "8 to 30 letters, digits, - or _")]


@PROPERTY
@given(st.from_regex("[0-9]{16,24}", fullmatch=True))
def test_no_way_of_showing_a_code_shows_a_digit_of_it(digits: str) -> None:
    read = CodeRead(PayerCode(digits))

    for shown in (repr(read), str(read), f"{read}", f"{read.code:>30}", read.masked):
        assert not any(digits[at : at + 4] in shown for at in range(len(digits) - 3))
    assert read.code.reveal() == digits
    for way in (pickle.dumps, hash):
        with pytest.raises(TypeError):
            way(read.code)
    assert copy.deepcopy(read.code) is read.code


@PROPERTY
@given(st.from_regex("[0-9A-Za-z_-]{8,30}", fullmatch=True))
def test_a_voucher_shows_its_ends_and_never_more_than_eight_characters(text: str) -> None:
    shown = str(Voucher(text))

    assert len(shown.replace("*", "")) <= 8
    assert shown == "***" or (shown[:4], shown[-4:], len(shown)) == (text[:4], text[-4:], len(text))


def test_a_card_a_code_and_the_way_back_are_methods() -> None:
    card = CardRead("051", PAN("6200000000000005"), expiry="3012")
    code, back = CodeRead(PayerCode(UNIONPAY_CODE)), BackToPayer(Voucher(VOUCHER))
    ways: list[Method] = [card, code, back, BackToPayer()]

    assert [way.entry_mode for way in ways] == ["051", "032", "032", "032"]
    assert [way.masked for way in ways] == ["620000******0005", "QR", "QR", "QR"]
    assert [way.kept is not None for way in ways] == [True, False, False, False]
    assert [way.identity for way in ways] == [card.pan, code.code, back.voucher, None]
    assert not any(
        (way.is_keyed, way.pin_block, way.pin_bypassed, way.track2) != (False, None, False, None)
        for way in ways
    )


def test_what_is_read_is_checked_all_at_once() -> None:
    assert faults_of(CodeRead, "6201", "051") == [
        ("card.code", "a PayerCode"),
        ("card.entry_mode", "one of 030, 031, 032"),
    ]
    assert faults_of(BackToPayer, VOUCHER) == [("card.voucher", "a Voucher")]


@pytest.mark.parametrize(
    ("text", "is_card"),
    [
        ("6200000000000005", True),
        ("6200-0000-0000-0005", True),
        ("6200_0000_0000_0005", True),
        ("x6200000000000005", True),
        ("A-6205500000000000004", True),
        ("58210526789789570802", False),  # 20 digits: a voucher of UnionPay's
        ("6200000000000006", False),
        ("PAY-2026-03-09-0005", False),
    ],
)
def test_voucher_that_may_be_a_card_is_known(text: str, *, is_card: bool) -> None:
    assert Voucher(text).may_be_card is is_card
