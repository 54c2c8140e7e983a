"""Rules on a whole shop: they propose once, people make the refund or say no, and of two equal sales one stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from journal.builders import dump
from posrefund.engine import Approved, DuplicateRule, Reason
from posrefund.errors import (
    DecodeError,
    InvalidRequestError,
    LocalProtocolError,
)
from posrefund.office import (
    dismiss_proposal,
    list_proposals,
    propose_cancelled,
    propose_duplicates,
    read_order_refs,
    take_proposal,
)
from posrefund.values import Amount
from shop import CHIP, MERCHANT, OTHER_CHIP, TAP, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.office import Proposed

DAY = date(2026, 3, 9)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """S-1 and S-2 of one card within three minutes; S-3 of another card; S-4 paid by the first card for order A-17."""
    made = Shop(tmp_path)
    made.terminal.sale(sale("S-1", 12_800))
    made.host_time.set(made.start + timedelta(minutes=3))
    made.clock.advance(timedelta(minutes=3))
    made.terminal.sale(sale("S-2", 12_800))
    made.terminal.sale(sale("S-3", 12_800, TAP))
    made.terminal.sale(replace(sale("S-4", 500), order_ref="A-17"))
    made.to(1, 10)
    yield made
    made.terminal.close()


def duplicates(shop: Shop, rule: DuplicateRule | None = None, since: date = DAY) -> Proposed:
    return propose_duplicates(
        shop.terminal.journal,
        rule or DuplicateRule(),
        merchant=MERCHANT,
        since=since,
        now=shop.clock(),
    )


def cancelled(shop: Shop, *orders: str) -> Proposed:
    return propose_cancelled(shop.terminal.journal, orders, merchant=MERCHANT, now=shop.clock())


def states(shop: Shop) -> dict[str, str]:
    return {one.proposal.proposal_id: one.state for one in list_proposals(shop.terminal.journal)}


def test_sale_that_was_made_twice_is_proposed_once(shop: Shop) -> None:
    found = duplicates(shop)
    assert [(one.proposal_id, one.original_id, one.because) for one in found.new] == [
        ("DUP-S-2", "S-2", "S-1")
    ]
    assert (found.new[0].amount, found.known) == (Amount(12_800), 0)
    before = dump(shop.folder / "journal.db")

    shop.to(2, 10)
    again = duplicates(shop)
    assert (again.new, again.known) == ((), 1)
    kept = [row for row in dump(shop.folder / "journal.db") if "proposals" in row]
    assert kept == [row for row in before if "proposals" in row]
    shop.terminal.journal.verify()


def test_rule_that_looks_at_other_days_or_minutes_finds_nothing(shop: Shop) -> None:
    assert duplicates(shop, DuplicateRule(minutes=2)).new == ()
    assert duplicates(shop, since=DAY + timedelta(days=1)).new == ()
    assert len(duplicates(shop, since=date.min).new) == 1


def test_proposal_becomes_the_refund_of_the_card_that_is_read(shop: Shop) -> None:
    duplicates(shop)
    request = take_proposal(shop.terminal.journal, "DUP-S-2", CHIP, operator="07")
    assert request.reason is Reason.DUPLICATE

    assert isinstance(shop.terminal.refund(request), Approved)
    assert isinstance(shop.terminal.refund(request), Approved)
    assert shop.booked("refund") == [12_800]
    assert states(shop) == {"DUP-S-2": "taken"}
    with pytest.raises(LocalProtocolError, match=r"^the proposal is taken$"):
        take_proposal(shop.terminal.journal, "DUP-S-2", CHIP)
    with pytest.raises(LocalProtocolError, match=r"^the proposal is taken$"):
        dismiss_proposal(shop.terminal.journal, "DUP-S-2", by="02", why="no", now=shop.clock())
    assert duplicates(shop).new == ()


def test_another_card_gets_nothing_of_it(shop: Shop) -> None:
    duplicates(shop)
    request = take_proposal(shop.terminal.journal, "DUP-S-2", OTHER_CHIP)
    with pytest.raises(Exception, match="account_mismatch"):
        shop.terminal.refund(request)

    assert shop.booked("refund") == []
    assert states(shop) == {"DUP-S-2": "open"}


def test_one_of_two_equal_sales_stays(shop: Shop) -> None:
    """The first was given back at the counter: the second is no duplicate any more."""
    duplicates(shop)
    shop.terminal.refund(refund("R-1", "S-1"))

    assert states(shop) == {"DUP-S-2": "moot"}
    with pytest.raises(LocalProtocolError, match=r"^the proposal is moot$"):
        take_proposal(shop.terminal.journal, "DUP-S-2", CHIP)


def test_refund_that_was_declined_leaves_the_proposal_open(shop: Shop) -> None:
    duplicates(shop)
    shop.fault("code", code="51")
    shop.terminal.refund(take_proposal(shop.terminal.journal, "DUP-S-2", CHIP))

    assert states(shop) == {"DUP-S-2": "open"}


def test_doubt_is_not_open(shop: Shop) -> None:
    duplicates(shop)
    shop.fault("drop_reply")
    shop.terminal.refund(take_proposal(shop.terminal.journal, "DUP-S-2", CHIP))

    assert states(shop) == {"DUP-S-2": "taken"}


def test_no_is_for_good(shop: Shop) -> None:
    duplicates(shop)
    said = dismiss_proposal(
        shop.terminal.journal, "DUP-S-2", by="02", why="two coffees", now=shop.clock()
    )
    assert said.dismissal is not None
    assert (said.dismissal.by, said.dismissal.why, said.dismissal.terminal) == (
        "02",
        "two coffees",
        "12345678",
    )

    assert states(shop) == {"DUP-S-2": "dismissed"}
    assert duplicates(shop).new == ()
    with pytest.raises(LocalProtocolError, match=r"^the proposal is dismissed$"):
        take_proposal(shop.terminal.journal, "DUP-S-2", CHIP)
    with pytest.raises(LocalProtocolError, match=r"^the proposal is dismissed$"):
        dismiss_proposal(shop.terminal.journal, "DUP-S-2", by="03", why="again", now=shop.clock())


@pytest.mark.parametrize(("by", "why"), [("", "x"), ("02", ""), ("02", "6200000000000005")])
def test_no_without_a_person_or_a_reason_is_none(shop: Shop, by: str, why: str) -> None:
    duplicates(shop)
    with pytest.raises(InvalidRequestError):
        dismiss_proposal(shop.terminal.journal, "DUP-S-2", by=by, why=why, now=shop.clock())

    assert states(shop) == {"DUP-S-2": "open"}


def test_proposal_that_nobody_made_is_neither_taken_nor_dismissed(shop: Shop) -> None:
    with pytest.raises(InvalidRequestError):
        take_proposal(shop.terminal.journal, "DUP-S-9", CHIP)
    with pytest.raises(InvalidRequestError):
        dismiss_proposal(shop.terminal.journal, "DUP-S-9", by="02", why="x", now=shop.clock())


def test_cancelled_order_is_proposed_once_and_an_unknown_one_is_named(shop: Shop) -> None:
    found = cancelled(shop, "A-17", "A-18", "A-17")
    assert [(one.proposal_id, one.because, one.amount) for one in found.new] == [
        ("CXL-S-4", "A-17", Amount(500))
    ]
    assert (found.known, found.unknown) == (0, ("A-18",))
    assert cancelled(shop, "A-17").known == 1

    request = take_proposal(shop.terminal.journal, "CXL-S-4", CHIP)
    assert request.order_ref == "A-17"
    assert isinstance(shop.terminal.refund(request), Approved)
    assert shop.booked("refund") == [500]


def test_cancelled_order_of_which_something_was_given_back_is_proposed_for_the_rest(
    shop: Shop,
) -> None:
    shop.terminal.refund(refund("R-1", "S-4", 200))
    (found,) = cancelled(shop, "A-17").new
    assert found.amount == Amount(300)

    shop.terminal.refund(refund("R-2", "S-4"))
    assert states(shop) == {"CXL-S-4": "moot"}


def test_order_that_was_given_back_wholly_is_known_and_not_proposed(shop: Shop) -> None:
    shop.terminal.refund(refund("R-1", "S-4"))

    assert cancelled(shop, "A-17").new == ()
    assert cancelled(shop, "A-17").unknown == ()


def test_no_card_number_is_in_what_a_rule_writes(shop: Shop) -> None:
    duplicates(shop)
    cancelled(shop, "A-17")

    for row in shop.terminal.journal.rows():
        assert "6200000000000005" not in row.body


@pytest.mark.parametrize(
    ("data", "orders"),
    [
        (b"order_ref\nA-17\nA-18\n", ["A-17", "A-18"]),
        ("订单号,原因\nA-17,缺货\n".encode(), ["A-17"]),
        (b'[{"order_ref": "A-17"}]', ["A-17"]),
        (b"", []),
    ],
)
def test_orders_of_a_feed(data: bytes, orders: list[str]) -> None:
    assert read_order_refs(data) == orders


def test_orders_under_another_name() -> None:
    assert read_order_refs(b"no\nA-17", columns={"no": "order_ref"}) == ["A-17"]


@pytest.mark.parametrize(
    "data",
    [
        b"order\nA-17",
        b"order_ref,x\n,1",
        b'[{"order_ref": 17}]',
        b"order_ref\n\xff",
        b"order_ref\n6200000000000005",
    ],
)
def test_row_without_an_order_is_named(data: bytes) -> None:
    with pytest.raises(DecodeError, match=r"^line [12] at byte 0: expected "):
        read_order_refs(data)
