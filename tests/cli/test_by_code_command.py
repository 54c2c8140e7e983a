"""A shop that is paid by codes, from the command line: sold by a code, given back with nothing in the reader."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from cli.test_shop_commands import CARD, Counter, counter
from posrefund.emulators.host import Fault
from posrefund.errors import InvalidRequestError, RefusedError

__all__ = ["counter"]

CODE = "6201234567890123451"


@pytest.fixture
def next_day(counter: Counter) -> Counter:
    counter.posrefund("sign-in", "--accept-clock")
    counter.posrefund("sale", "S-1", "--amount", "128.00", "--code", CODE)
    counter.posrefund("sale", "S-2", "--amount", "1.00", "--card", CARD)
    counter.time.advance(timedelta(days=1))
    counter.posrefund("sign-in", "--accept-clock")
    return counter


def test_a_code_pays_and_its_refund_needs_no_card(next_day: Counter) -> None:
    said = json.loads(next_day.posrefund("status", "S-1", "--json"))
    slip = next_day.posrefund(
        "refund", "R-1", "--original", "S-1", "--amount", "28", "--lang", "zh"
    )

    assert (said["wallet"], said["card_masked"], len(said["voucher"])) == ("unionpay", "QR", 20)
    assert "云闪付(扫码)" in slip
    assert said["voucher"] in slip
    assert CODE not in slip
    listed = next_day.posrefund("journal", "show", "--rows", "--json")
    assert CODE not in listed
    assert "all in order" in next_day.posrefund("journal", "verify")
    assert next_day.server.host.ledger.entries()[-1].voucher == said["voucher"]


def test_where_a_code_paid_a_no_speaks_of_codes_and_vouchers_and_of_no_card(
    next_day: Counter,
) -> None:
    sale = next_day.posrefund("sale", "S-3", "--amount", "1", "--code", CODE, exit_code=10)
    assert "declined 14: " in sale  # it has paid already
    assert "for a sale please ask the customer for a new code" in sale
    assert "消费请顾客刷新付款码" in sale

    next_day.server.host.faults.add(Fault("code", mti="0220", code="14"))
    refund = next_day.posrefund("refund", "R-1", "--original", "S-1", exit_code=10)
    assert "for a refund check the voucher number of the slip" in " ".join(refund.split())
    assert "card of the original" not in sale + refund

    next_day.server.host.faults.add(Fault("code", mti="0220", code="14"))
    words = ("refund", "R-2", "--original", "S-2", "--card", CARD)
    assert "the card of the original sale" in next_day.posrefund(*words, exit_code=10)


def test_the_voucher_of_the_slip_does_too_and_another_one_does_not(next_day: Counter) -> None:
    voucher = json.loads(next_day.posrefund("status", "S-1", "--json"))["voucher"]
    refund = ("refund", "R-1", "--original", "S-1", "--amount", "1", "--voucher")

    with pytest.raises(RefusedError, match="other_voucher"):
        next_day.posrefund(*refund, "58210526789789570802")
    assert "REFUND" in next_day.posrefund(*refund, voucher)


def test_the_way_back_is_the_way_it_came(next_day: Counter) -> None:
    with pytest.raises(RefusedError, match="other_method"):
        next_day.posrefund("refund", "R-1", "--original", "S-1", "--card", CARD)
    with pytest.raises(RefusedError, match="card_needed"):
        next_day.posrefund("refund", "R-2", "--original", "S-2")
    assert next_day.server.host.ledger.refunded_minor(next_day.server.host.ledger.entries()[0]) == 0


@pytest.mark.parametrize(
    "words",
    [
        ("sale", "S-3", "--amount", "1"),
        ("sale", "S-3", "--amount", "1", "--card", CARD, "--code", CODE),
        ("sale", "S-3", "--amount", "1", "--code", "12345"),
        ("refund", "R-3", "--original", "S-1", "--card", CARD, "--voucher", "58210526789789570802"),
        ("refund", "R-3", "--original", "S-1", "--voucher", "123"),
    ],
)
def test_what_is_neither_card_nor_code_nor_voucher_or_two_of_them_is_an_error(
    counter: Counter,
    words: tuple[str, ...],
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        counter.posrefund(*words)

    assert not any(each in str(caught.value) for each in (CARD, CODE, "12345"))
