"""An aggregator is asked what became of payments by code and of their refunds; nothing there is ever reversed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from inquiring import inquiries, pass_time, state
from posrefund.dialects import dialect
from posrefund.emulators.host import Fault, HostProfile
from posrefund.engine import Approved, Declined, InDoubt, State
from posrefund.errors import RefusedError
from posrefund.values import BackToPayer, CodeRead, PayerCode
from shop import Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BACK = BackToPayer()


def code(number: int) -> CodeRead:
    """Return a WeChat code that no other payment of a test has."""
    return CodeRead(PayerCode(f"13{number:015d}0"))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A day after S-1 of 128.00."""
    profile = HostProfile(dialect="aggregator")
    made = Shop(tmp_path, profile=profile, dialect=dialect("aggregator"))
    assert isinstance(made.terminal.sale(sale("S-1", 12_800, code(1))), Approved)
    made.to(1, 10)
    yield made
    made.terminal.close()


def doubtful(shop: Shop, minor: int | None = 2_800, fault: str = "drop_reply") -> None:
    shop.fault(fault, "0200")
    assert isinstance(shop.terminal.refund(refund("R-1", "S-1", minor, BACK)), InDoubt)
    shop.link.sent.clear()


def left(shop: Shop) -> int:
    """Return what may still go back of S-1."""
    bounds = shop.terminal.amount_bounds("S-1")
    assert bounds is not None
    return bounds.most_minor


def test_a_lost_answer_to_a_refund_is_asked_for_and_the_refund_is_accepted(shop: Shop) -> None:
    doubtful(shop)
    booked = shop.host.ledger.entries()[-1]

    outcome = shop.terminal.inquire("R-1")

    assert isinstance(outcome, Approved)
    assert outcome.attempt.facts["rrn"] == booked.rrn
    assert shop.booked("refund") == [2_800]
    assert len(shop.link.sent) == 1
    assert [(told["verdict"], told["code"]) for told in inquiries(shop)] == [("processed", "00")]
    assert left(shop) == 10_000


def test_a_no_whose_answer_was_lost_is_a_no_and_the_money_is_still_there(shop: Shop) -> None:
    asked = shop.host.ledger.entries()[0]
    asked.amount_minor = 2_000  # the host knows of less than the terminal
    doubtful(shop)

    outcome = shop.terminal.inquire("R-1")

    assert isinstance(outcome, Declined)
    assert outcome.code == "61"
    assert left(shop) == 12_800


def test_what_never_arrived_is_not_found_and_nothing_is_given_back_by_that(shop: Shop) -> None:
    doubtful(shop, fault="drop_request")
    pass_time(shop, timedelta(days=2))

    assert isinstance(shop.terminal.inquire("R-1"), InDoubt)
    assert inquiries(shop)[-1]["because"] == "absence_noted"
    with pytest.raises(RefusedError, match="original_in_doubt"):
        shop.terminal.refund(refund("R-2", "S-1", 100, BACK))


def test_a_sale_whose_answer_was_lost_brings_its_voucher_and_can_be_given_back(shop: Shop) -> None:
    shop.fault("drop_reply", "0200")
    assert isinstance(shop.terminal.sale(sale("S-2", 500, code(2))), InDoubt)

    assert isinstance(shop.terminal.inquire("S-2"), Approved)
    known = shop.terminal.journal.originals("S-2")[0]
    assert known.voucher == shop.host.ledger.entries()[-1].voucher
    assert known.wallet == "wechat"
    given = shop.terminal.refund(replace(refund("R-2", "S-2", None, BACK), amount=None))
    assert isinstance(given, Approved)
    assert shop.booked("void") == [500]


def test_a_void_whose_answer_was_lost_is_asked_for_too(shop: Shop) -> None:
    assert isinstance(shop.terminal.sale(sale("S-2", 500, code(2))), Approved)
    shop.fault("drop_reply", "0200")
    assert isinstance(shop.terminal.refund(refund("R-2", "S-2", None, BACK)), InDoubt)

    assert isinstance(shop.terminal.inquire("R-2"), Approved)
    assert shop.booked("void") == [500]


def test_doubts_are_asked_about_when_they_are_due_and_no_message_of_money_leaves(
    shop: Shop,
) -> None:
    doubtful(shop)
    pass_time(shop, timedelta(minutes=10))

    shop.terminal.resolve_doubts()

    assert state(shop) is State.ACCEPTED
    assert [bytes.fromhex("730000") in sent for sent in shop.link.sent] == [True]


@pytest.mark.parametrize("kind", ["no_mac", "bad_mac", "wrong_original"])
def test_an_answer_that_proves_nothing_moves_nothing(shop: Shop, kind: str) -> None:
    doubtful(shop)
    shop.host.faults.add(Fault(kind, mti="0200"))

    assert isinstance(shop.terminal.inquire("R-1"), InDoubt)


def test_a_payment_under_way_is_left_alone(tmp_path: Path) -> None:
    profile = HostProfile(dialect="aggregator", in_progress_s=60)
    made = Shop(tmp_path, profile=profile, dialect=dialect("aggregator"))
    made.fault("drop_reply", "0200")
    assert isinstance(made.terminal.sale(sale("S-1", 500, code(1))), InDoubt)

    assert isinstance(made.terminal.inquire("S-1"), InDoubt)
    pass_time(made, timedelta(seconds=60))
    assert isinstance(made.terminal.inquire("S-1"), Approved)
    made.terminal.close()
