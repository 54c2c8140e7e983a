"""Slips of payments by code: whose application, and the number by which another terminal gives the money back."""

from __future__ import annotations

from typing import Literal

import pytest

from engine.builders import DIALECT, attempt_in, original
from posrefund.dialects import dialect
from posrefund.engine import Approved, State, outcome_of
from posrefund.engine.attempt import Kind
from posrefund.office import slip
from posrefund.office.outcome_data import outcome_as_data
from posrefund.office.slips import SlipOptions, as_text, slip_content

VOUCHER = "58210526789789570802"
FACTS = {
    "operator": "01",
    "entry": "032",
    "why": "customer",
    "code": "00",
    "rrn": "606810000123",
    "wallet": "unionpay",
    "voucher": VOUCHER,
}


def approved(kind: Kind = "refund", **facts: str) -> Approved:
    attempt = attempt_in(State.ACCEPTED, kind, card_masked="QR", facts=FACTS | facts)
    outcome = outcome_of(attempt, DIALECT)
    assert isinstance(outcome, Approved)
    return outcome


@pytest.mark.parametrize(
    ("wallet", "zh", "en"),
    [
        ("unionpay", "支付方式            云闪付(扫码)", "Paid with            UnionPay QR"),
        ("wechat", "支付方式                微信支付", "Paid with             WeChat Pay"),
        ("alipay", "支付方式                  支付宝", "Paid with                 Alipay"),
        ("", "支付方式                    扫码", "Paid with                QR code"),
    ],
)
def test_slip_says_whose_code_paid_in_words(wallet: str, zh: str, en: str) -> None:
    found = approved(wallet=wallet)

    assert zh in slip(found, DIALECT, language="zh").splitlines()
    assert en in slip(found, DIALECT, language="en").splitlines()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_slip_of_a_sale_has_the_voucher_whole_and_no_card(language: Literal["zh", "en"]) -> None:
    text = slip(approved("sale"), DIALECT, language=language)

    assert VOUCHER in text
    assert "付款凭证码" in text or "Payment no." in text
    assert not any(line.startswith(("卡号", "Card ")) for line in text.splitlines())


def test_slip_of_a_refund_calls_it_the_original_one_and_its_consent_speaks_of_the_account() -> None:
    text = slip(approved(), DIALECT, original=original(), language="zh")

    assert "原付款凭证码" in text
    assert "原付款账" in text
    assert "原付款卡" not in text
    assert "the card that paid" not in slip(approved(), DIALECT, language="en")


def test_every_copy_of_it_is_made() -> None:
    for copy in ("merchant", "bank", "customer"):
        options = SlipOptions(copy=copy)
        assert VOUCHER in as_text(slip_content(approved(), DIALECT, None, options), 32)


def test_an_aggregators_slip_has_its_own_title() -> None:
    assert "扫码支付签购单" in slip(approved(wallet="wechat"), dialect("aggregator"), language="zh")


def test_outcome_as_data_says_wallet_and_voucher() -> None:
    said = outcome_as_data(approved(wallet="alipay"))

    assert (said["wallet"], said["voucher"], said["card_masked"]) == ("alipay", VOUCHER, "QR")
