"""Each measure on the smallest story that it is about, and on the one right before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PROPERTY
from posrefund.office.report import MEASURES, Finding, OperatorSums, Watched, find

ONE = Watched(
    attempt="R-1/1",
    terminal="48020001",
    operator="01",
    approved_by="",
    amount_minor=20_000,
    currency="156",
    sale="S-99",
    card_no=99,
    card="*0005",
    sold_by="02",
    after_sale_s=86_400,
    before_close_s=7_200,
)


def refunds(count: int, **same: Any) -> list[Watched]:
    """Refunds that have nothing in common but what is said."""
    return [
        replace(
            ONE,
            **{
                "attempt": f"R-{n}/1",
                "operator": f"{n:02d}",
                "sale": f"S-{n}",
                "card_no": n,
                "amount_minor": 20_000 + n,
                **same,
            },
        )
        for n in range(1, count + 1)
    ]


def found(watched: list[Watched], *sums: OperatorSums) -> list[tuple[str, str, str, float]]:
    return [(f.measure, f.verdict, f.who, f.value) for f in find(watched, sums)]


STORIES: dict[str, tuple[dict[str, Any], str, int, int]] = {
    "one_original": ({"sale": "S-7"}, "S-7", 1, 4),
    "one_card": ({"card_no": 7}, "№7 *0005", 2, 6),
    "soon_after_sale": ({"operator": "07", "sold_by": "07", "after_sale_s": 600}, "07", 1, 5),
    "end_of_batch": ({"operator": "07", "before_close_s": 900}, "07", 2, 6),
    "same_approver": ({"operator": "07", "approved_by": "09"}, "07 → 09", 4, 99),
    "small_repeated": ({"operator": "07", "amount_minor": 5_000}, "07", 3, 8),
}
"""What the refunds share, whom it is about, how many are still fine, and how many are too many."""


@pytest.mark.parametrize("name", STORIES)
def test_measure_is_silent_then_asks_then_stops(name: str) -> None:
    same, who, fine, too_many = STORIES[name]

    assert found(refunds(fine, **same)) == []
    assert found(refunds(fine + 1, **same)) == [(name, "review", who, fine + 1)]
    if MEASURES[name].block:
        assert found(refunds(too_many - 1, **same))[0][1] == "review"
        assert found(refunds(too_many, **same)) == [(name, "block", who, too_many)]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("soon_after_sale", {"after_sale_s": 601}),
        ("soon_after_sale", {"after_sale_s": -1}),
        ("soon_after_sale", {"after_sale_s": None}),
        ("soon_after_sale", {"sold_by": "08"}),
        ("end_of_batch", {"before_close_s": 901}),
        ("end_of_batch", {"before_close_s": None}),
        ("same_approver", {"approved_by": ""}),
        ("small_repeated", {"amount_minor": 5_001}),
    ],
)
def test_what_is_only_nearly_so_is_fine(name: str, other: dict[str, Any]) -> None:
    same, _, fine, _ = STORIES[name]

    assert (
        found([*refunds(fine, **same), replace(ONE, **{**same, **other, "attempt": "R-9/1"})]) == []
    )


def test_two_approvers_in_turn_are_fine() -> None:
    some = refunds(9, operator="07", approved_by="09")

    assert found([*some, replace(ONE, operator="07", approved_by="08")]) == []


def test_operator_is_held_against_the_others() -> None:
    """The others give back 10 of 100: σ of 100 sales is 3 percent points (√(0.1 × 0.9 / 100))."""
    others = OperatorSums("01", 100, 10)

    assert found([], others, OperatorSums("02", 100, 14)) == []
    assert ("operator_ratio", "review", "02", 1.7) in found([], others, OperatorSums("02", 100, 15))
    assert ("operator_ratio", "block", "02", 3.3) in found([], others, OperatorSums("02", 100, 20))


def test_operator_without_others_or_sales_is_not_measured() -> None:
    assert found([], OperatorSums("01", 100, 50)) == []
    assert found([], OperatorSums("01", 100, 50), OperatorSums("02", 0, 5)) == []


def test_finding_says_why_in_both_languages_and_of_what() -> None:
    assert find(refunds(2, sale="S-7"), []) == [
        Finding(
            "one_original",
            "review",
            "S-7",
            2,
            "同一笔消费 S-7 退了 2 次",
            "sale S-7 was refunded 2 times",
            ("R-1/1", "R-2/1"),
        )
    ]


def test_shop_of_other_habits_has_other_thresholds() -> None:
    patient = {**MEASURES, "one_original": replace(MEASURES["one_original"], review=3)}

    assert find(refunds(2, sale="S-7"), [], patient) == []


@st.composite
def watched(draw: st.DrawFn) -> Watched:
    return replace(
        ONE,
        attempt=f"R-{draw(st.integers(1, 99))}/1",
        operator=draw(st.sampled_from(["01", "02"])),
        approved_by=draw(st.sampled_from(["", "08", "09"])),
        amount_minor=draw(st.sampled_from([100, 5_000, 90_000])),
        sale=draw(st.sampled_from(["S-1", "S-2", "S-3"])),
        card_no=draw(st.integers(1, 3)),
        sold_by=draw(st.sampled_from(["", "01", "02"])),
        after_sale_s=draw(st.none() | st.integers(-9, 900)),
        before_close_s=draw(st.none() | st.integers(0, 2_000)),
    )


@PROPERTY
@given(st.lists(watched(), max_size=12), st.lists(st.integers(0, 50), min_size=4, max_size=4))
def test_findings_are_grave_first_and_about_what_they_name(
    some: list[Watched], counts: list[int]
) -> None:
    sums = [OperatorSums("01", *counts[:2]), OperatorSums("02", *counts[2:])]
    findings = find(some, sums)
    verdicts = [each.verdict for each in findings]

    assert "allow" not in verdicts
    assert verdicts == sorted(verdicts)  # block, then review
    for each in findings:
        assert each.value >= MEASURES[each.measure].review
        assert set(each.attempts) <= {one.attempt for one in some}
        assert each.who in each.reason_zh
        assert each.who in each.reason_en
