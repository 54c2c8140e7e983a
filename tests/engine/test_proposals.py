"""Which sale repeats which, and what a proposal becomes."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import CHIP, NOW, PROPERTY, original
from posrefund.engine import Dismissal, DuplicateRule, Original, Proposal, Reason
from posrefund.engine.proposals import is_untouched, propose
from posrefund.errors import InvalidRequestError, LocalProtocolError
from posrefund.values import Amount, RequestID


def made(name: str, minutes: float, **changes: Any) -> Original:
    """Return a sale of 100.00, so many minutes after ten."""
    return original(original_id=name, made_at=NOW + timedelta(minutes=minutes), **changes)


def pairs(*sales: Original, **rule: Any) -> list[tuple[str, str]]:
    found = DuplicateRule(**rule).pairs(sales)
    return [(first.original_id, again.original_id) for first, again in found]


def test_same_card_and_amount_within_ten_minutes_repeats() -> None:
    assert pairs(made("S-1", 0), made("S-2", 10)) == [("S-1", "S-2")]
    assert pairs(made("S-2", 10), made("S-1", 0)) == [("S-1", "S-2")]
    assert pairs(made("S-1", 0), made("S-2", 10.02)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": Amount(10_001)},
        {"amount": Amount(10_000, "344")},
        {"card_fingerprint": "f" * 32},
        {"merchant": "999999999999999"},
        {"terminal": "87654321"},
        {"made_at": None},
        {"accepted_minor": 1},
        {"reserved_minor": 1},
        {"is_voided": True},
        {"has_open_attempt": True},
        {"has_case": True},
    ],
)
def test_sale_that_differs_or_was_touched_repeats_nothing_and_is_not_repeated(
    changes: dict[str, Any],
) -> None:
    assert (
        pairs(made("S-1", 0), original(**{"original_id": "S-2", "made_at": NOW, **changes})) == []
    )
    assert (
        pairs(original(**{"original_id": "S-1", "made_at": NOW, **changes}), made("S-2", 5)) == []
    )


def test_sales_whose_card_is_not_known_are_never_one() -> None:
    unknown = {"card_fingerprint": "", "card_last4": "0005"}

    assert pairs(made("S-1", 0, **unknown), made("S-2", 1, **unknown)) == []


def test_another_terminal_of_the_merchant_counts_where_the_rule_says_so() -> None:
    here, there = made("S-1", 0), made("S-2", 5, terminal="87654321")

    assert pairs(here, there) == []
    assert pairs(here, there, same_terminal=False) == [("S-1", "S-2")]


def test_of_three_the_second_and_the_third_repeat_the_first() -> None:
    assert pairs(made("S-1", 0), made("S-2", 4), made("S-3", 8)) == [("S-1", "S-2"), ("S-1", "S-3")]
    # The third is too late for the first, and the second is no sale of its own to be repeated.
    assert pairs(made("S-1", 0), made("S-2", 8), made("S-3", 16)) == [("S-1", "S-2")]


@pytest.mark.parametrize("minutes", [0, -1, 1441, True, 1.5])
def test_rule_with_other_minutes_is_refused(minutes: Any) -> None:
    with pytest.raises(InvalidRequestError):
        DuplicateRule(minutes)


@PROPERTY
@given(
    st.lists(
        st.builds(
            made,
            st.integers(1, 30).map("S-{}".format),
            st.integers(0, 60),
            amount=st.sampled_from([Amount(100), Amount(200)]),
        ),
        unique_by=lambda sale: sale.original_id,
        max_size=12,
    ),
    st.integers(1, 30),
)
def test_what_is_proposed_always_leaves_the_first_one(crowd: list[Original], minutes: int) -> None:
    """Compared with a rule written down another way: a chain of firsts, each out of reach of the one before."""
    found = pairs(*crowd, minutes=minutes)
    firsts, seconds = [first for first, _ in found], [again for _, again in found]
    by_name = {sale.original_id: sale for sale in crowd}

    assert not set(firsts) & set(seconds)
    assert len(seconds) == len(set(seconds))
    for first, again in found:
        one, other = by_name[first], by_name[again]
        assert one.made_at
        assert other.made_at
        assert one.amount == other.amount
        assert timedelta(0) <= other.made_at - one.made_at <= timedelta(minutes=minutes)
    kept = sorted(
        (s for s in crowd if s.original_id not in seconds), key=lambda s: s.made_at or NOW
    )
    for amount in (Amount(100), Amount(200)):
        moments = [sale.made_at for sale in kept if sale.amount == amount and sale.made_at]
        gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
        assert all(gap > timedelta(minutes=minutes) for gap in gaps)


def test_number_of_a_proposal_follows_from_the_sale_alone() -> None:
    (first,) = propose(
        "duplicate_sale", [("S-1", original(original_id="S-2"))], terminal="12345678", now=NOW
    )
    (again,) = propose(
        "duplicate_sale",
        [("S-0", original(original_id="S-2"))],
        terminal="87654321",
        now=NOW + timedelta(days=1),
    )

    assert first == Proposal(
        proposal_id="DUP-S-2",
        terminal="12345678",
        rule="duplicate_sale",
        original_id="S-2",
        amount=Amount(10_000),
        because="S-1",
        proposed_at=NOW,
    )
    assert again.proposal_id == "DUP-S-2"


def test_number_of_a_long_one_is_a_request_id_too_and_another_for_another_sale() -> None:
    long = [original(original_id=f"{'9.' * 30}{n:02d}") for n in range(50)]
    names = [
        one.proposal_id
        for one in propose(
            "cancelled_order", [("A-1", sale) for sale in long], terminal="1", now=NOW
        )
    ]

    assert len(set(names)) == 50
    assert all(RequestID(name) == name and len(name) == 36 for name in names)
    assert all(re.fullmatch("CXL-[a-p]{32}", name) for name in names)


def proposal(rule: Any = "duplicate_sale", because: str = "S-1") -> Proposal:
    return propose(rule, [(because, original(original_id="S-2"))], terminal="12345678", now=NOW)[0]


def test_draft_is_a_request_of_all_that_is_left_with_the_card_that_was_read() -> None:
    draft = proposal().draft(CHIP, operator="07", note="rang twice")

    assert (draft.request_id, draft.original, draft.amount) == ("DUP-S-2", "S-2", None)
    assert (draft.reason, draft.operator, draft.note) == (Reason.DUPLICATE, "07", "rang twice")
    assert draft.card is CHIP
    assert draft.order_ref == ""


def test_draft_of_a_cancelled_order_names_it() -> None:
    draft = proposal("cancelled_order", "A-17").draft(CHIP)

    assert (draft.request_id, draft.order_ref) == ("CXL-S-2", "A-17")
    assert draft.reason is Reason.NOT_DELIVERED


def test_what_was_dismissed_becomes_no_request() -> None:
    no = Dismissal("02", "two coffees", NOW, "12345678")
    with pytest.raises(LocalProtocolError):
        replace(proposal(), dismissal=no).draft(CHIP)


@pytest.mark.parametrize(
    ("by", "why", "paths"),
    [
        ("", "two coffees", ["by"]),
        ("0001", "two coffees", ["by"]),
        ("02", " ", ["why"]),
        ("02", "x" * 201, ["why"]),
        ("", "6200000000000005", ["by", "why"]),
    ],
)
def test_dismissal_without_a_person_or_a_reason_is_refused(
    by: str, why: str, paths: list[str]
) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        Dismissal(by, why, NOW, "12345678")

    assert [path for path, _ in refusal.value.faults] == paths


def test_untouched_is_nothing_given_back_and_nothing_open() -> None:
    assert is_untouched(original())
    assert not is_untouched(original(accepted_minor=1))
