"""Which sale is meant: every way to one, all that fit, the same order whatever comes first, never a choice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PROPERTY, original
from posrefund.engine import Original, ReceiptCode, SaleQuery, receipt_code
from posrefund.engine.lookup import CANDIDATES_MAX, rank
from posrefund.errors import InvalidRequestError
from posrefund.values import Amount

SALE = original(card_last4="0005", order_ref="A-17")
"""8 March 2026, terminal 12345678, batch 000001, STAN 000003, 100.00, code 654321."""
BY_CARD = {"auth_code": "654321", "card_last4": "0005", "amount": Amount(10_000)}


def query(**given: Any) -> SaleQuery:
    return SaleQuery(**given)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"code": ReceiptCode.parse(receipt_code(SALE))}, ("code",)),
        ({"request_id": "S-1"}, ("request_id",)),
        ({"rrn": "606710000042", "day": date(2026, 3, 8)}, ("rrn_and_day",)),
        ({"rrn": "606710000042", "day": "0308"}, ("rrn_and_day",)),
        ({"rrn": "606710000042"}, ("rrn",)),
        ({"order_ref": "A-17"}, ("order_ref",)),
        (BY_CARD, ("auth_card_amount",)),
        ({"request_id": "S-1", "order_ref": "A-17", **BY_CARD},
         ("request_id", "order_ref", "auth_card_amount")),
    ],
)  # fmt: skip
def test_sale_is_found_by_each_way_and_says_by_which(
    given: dict[str, Any], why: tuple[str, ...]
) -> None:
    found = rank(query(**given), [SALE])

    assert [(one.rank, one.sale, one.why) for one in found.candidates] == [(1, SALE, why)]
    assert found.only == SALE


@pytest.mark.parametrize(
    "given",
    [
        {"request_id": "S-2"},
        {"rrn": "606710000042", "day": date(2025, 3, 8)},
        {"rrn": "606710000042", "day": "0309"},
        {"rrn": "606710000043"},
        {"order_ref": "A-1"},
        {**BY_CARD, "amount": Amount(10_001)},
        {**BY_CARD, "amount": Amount(10_000, "344")},
        {**BY_CARD, "card_last4": "0006"},
        {**BY_CARD, "auth_code": "654320"},
        {"code": ReceiptCode.parse(receipt_code(replace(SALE, stan="000004")))},
        {"code": ReceiptCode.parse(receipt_code(replace(SALE, terminal="87654321")))},
        {"code": ReceiptCode.parse(receipt_code(replace(SALE, batch="000002")))},
    ],
)
def test_sale_that_differs_in_one_thing_is_not_found(given: dict[str, Any]) -> None:
    found = rank(query(**given), [SALE])

    assert found.candidates == ()
    assert found.only is None


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 3, 6), ("code_near",)),
        (date(2026, 3, 7), ("code_near",)),
        (date(2026, 3, 8), ("code",)),
        (date(2026, 3, 10), ("code_near",)),
        (date(2026, 3, 11), ()),
        (date(2027, 3, 8), ()),
    ],
)
def test_slip_may_say_the_hosts_day_and_no_other(day: date, why: tuple[str, ...]) -> None:
    code = replace(ReceiptCode.parse(receipt_code(SALE)), day=day)

    assert query(code=code).fits(SALE) == why


def test_unknown_order_and_code_fit_no_sale_that_has_none() -> None:
    bare = original(auth_code=None)

    assert query(request_id="S-9").fits(bare) == ()
    assert query(**BY_CARD).fits(bare) == ()


def test_better_ways_come_first_and_equals_share_their_rank_newest_first() -> None:
    """S-1 by two ways, S-2 by the better of them, S-3 and S-4 by the worse one."""
    sales = [
        original(original_id="S-3", order_ref="A-17", rrn="000000000003"),
        original(
            original_id="S-4",
            order_ref="A-17",
            rrn="000000000004",
            transaction_date=date(2026, 3, 9),
        ),
        original(original_id="S-2", order_ref="A-18"),
        SALE,
    ]

    found = rank(query(rrn="606710000042", day="0308", order_ref="A-17"), sales)

    assert [(one.rank, one.sale.original_id) for one in found.candidates] == [
        (1, "S-1"),
        (2, "S-2"),
        (3, "S-4"),
        (3, "S-3"),
    ]
    assert found.only is None  # whatever the ranks


def test_sale_of_a_refunds_slip_is_found_and_says_so() -> None:
    code = ReceiptCode.parse(receipt_code(replace(SALE, stan="000099")))

    found = rank(query(code=code), [SALE], refunded={"S-1"})
    assert [one.why for one in found.candidates] == [("code_of_refund",)]


def test_more_than_can_be_shown_is_said_to_be_more() -> None:
    many = [original(original_id=f"S-{n}") for n in range(CANDIDATES_MAX + 1)]
    asked = query(rrn="606710000042")

    assert len(rank(asked, many).candidates) == CANDIDATES_MAX
    assert not rank(asked, many).is_complete
    assert rank(asked, many[1:]).is_complete
    assert rank(asked, many[:1], is_complete=False).only is None


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ({}, ["query"]),
        ({"day": "0308"}, ["day"]),
        ({"rrn": "1", "day": "308"}, ["rrn", "day"]),
        ({"auth_code": "654321"}, ["auth_code"]),
        ({"card_last4": "0005", "amount": Amount(1)}, ["auth_code"]),
        ({"auth_code": "65432", "card_last4": "００05", "amount": Amount(1)}, ["auth_code", "card_last4"]),
    ],
)  # fmt: skip
def test_half_of_a_way_is_refused_with_every_fault(given: dict[str, Any], paths: list[str]) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        query(**given)

    assert [path for path, _ in refusal.value.faults] == paths


sales = st.builds(
    original,
    original_id=st.integers(1, 40).map("S-{}".format),
    rrn=st.sampled_from(["606710000042", "606710000043"]),
    transaction_date=st.dates(date(2026, 3, 1), date(2026, 3, 9)),
    order_ref=st.sampled_from(["", "A-1", "A-2"]),
    auth_code=st.sampled_from([None, "654321", "111111"]),
    card_last4=st.sampled_from(["", "0005", "0047"]),
    amount=st.sampled_from([Amount(100), Amount(200)]),
)
crowds = st.lists(sales, unique_by=lambda sale: sale.original_id, max_size=6)


def ways_to(sale: Original) -> list[SaleQuery]:
    """Every question to which *sale* is an answer."""
    asked = [
        query(code=ReceiptCode.parse(receipt_code(sale))),
        query(request_id=sale.original_id),
        query(rrn=sale.rrn, day=sale.transaction_date),
        query(rrn=sale.rrn, day=f"{sale.transaction_date:%m%d}"),
        query(rrn=sale.rrn),
    ]
    if sale.order_ref:
        asked.append(query(order_ref=sale.order_ref))
    if sale.auth_code and sale.card_last4:
        by_card = {"auth_code": sale.auth_code, "card_last4": sale.card_last4}
        asked.append(query(amount=sale.amount, **by_card))
    return asked


@PROPERTY
@given(crowds, st.randoms(use_true_random=False))
def test_every_sale_is_found_by_each_of_its_ways_in_any_order_and_never_picked_among_several(
    crowd: list[Original], random: Any
) -> None:
    for sale in crowd:
        for asked in ways_to(sale):
            found = rank(asked, crowd)
            shuffled = random.sample(crowd, len(crowd))

            assert sale in [one.sale for one in found.candidates]
            assert rank(asked, shuffled) == found
            assert (found.only is not None) == (len(found.candidates) == 1)
            assert all(one.why for one in found.candidates)
            ranks = [one.rank for one in found.candidates]
            assert ranks == sorted(ranks)
            assert set(ranks) == set(range(1, max(ranks) + 1))
