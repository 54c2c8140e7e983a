"""All that says no is said at once; and what no example thought of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import FINGERPRINT, NOW, PROPERTY, asked, original, refund_request, view
from posrefund.engine import Document, Signature
from posrefund.engine.calendar import BusinessCalendar
from posrefund.engine.machine import start_refund
from posrefund.engine.plan import Occasion
from posrefund.engine.policy import (
    BOOK,
    Contact,
    DocumentRule,
    History,
    Limit,
    Period,
    Role,
    Rules,
    amount_bounds,
    judge,
)
from posrefund.engine.refusals import REFUSALS
from posrefund.errors import PosRefundError, RefusedError
from posrefund.values import PAN, Amount, CardRead

NOTHING = Rules()
AMOUNTS = st.integers(0, 20_000)
LIMITS = st.one_of(st.just(Limit()), AMOUNTS.map(lambda minor: Limit((("156", minor),))))
DAYS = st.dates(date(2025, 1, 1), date(2027, 1, 1))
FLAGS = st.booleans()
ROLES = st.builds(
    Role,
    st.sampled_from(["clerk", "lead"]),
    may_refund=FLAGS,
    may_key=FLAGS,
    may_unreferenced=FLAGS,
    may_partial=FLAGS,
    refund_max=LIMITS,
    alone_max=LIMITS,
    day_max=LIMITS,
    day_count_max=st.integers(0, 3),
)
RULES = st.builds(
    Rules,
    merchant_status=st.sampled_from(["active", "active", "suspended", "revoked"]),
    merchant_through=st.none() | DAYS,
    merchant_may_refund=FLAGS,
    mcc=st.sampled_from(["", "5411", "7995"]),
    mcc_allowed=st.sampled_from([(), ("5411",)]),
    mcc_blocked=st.sampled_from([(), ("7995",)]),
    blocked_periods=st.lists(st.builds(Period, DAYS, DAYS), max_size=2).map(tuple),
    window_business_days=st.integers(0, 40),
    window_days=st.integers(0, 400),
    refunds_max=st.integers(0, 4),
    gap_s=st.integers(0, 120),
    other_card=st.sampled_from(["never", "two_people"]),
    blocked_cards=st.sampled_from([(), (FINGERPRINT,)]),
    terminal_max=LIMITS,
    order_required=FLAGS,
    documents=st.lists(st.builds(DocumentRule, st.just(("receipt",)), LIMITS), max_size=2).map(
        tuple
    ),
    signature_from=LIMITS,
    unreferenced=FLAGS,
    roles=st.lists(ROLES, max_size=2, unique_by=lambda each: each.name).map(tuple),
    default_role=st.sampled_from(["", "clerk"]),
)
QUESTIONS = st.builds(
    lambda request, sale, history, fingerprint, days: asked(
        refund_request(**request), original(**sale), history, fingerprint=fingerprint, now=NOW + timedelta(days=days)
    ),
    st.fixed_dictionaries(
        {
            "amount": st.none() | st.builds(Amount, st.integers(1, 20_000), st.sampled_from(["156", "840"])),
            "order_ref": st.sampled_from(["", "A-1"]),
            "documents": st.sampled_from([(), (Document("receipt", "1"),)]),
            "signature": st.sampled_from([None, Signature("paper")]),
            "card": st.sampled_from(
                [CardRead(mode, PAN("6200000000000005"), expiry="3012") for mode in ("012", "051")]
            ),
        }
    ),
    st.fixed_dictionaries(
        {
            "accepted_minor": st.sampled_from([0, 9_999, 10_000]),
            "is_voided": FLAGS,
            "has_case": FLAGS,
            "ceiling": st.sampled_from(["journal", "host_only"]),
            "order_ref": st.sampled_from(["", "A-1", "A-2"]),
        }
    ),
    st.builds(
        History,
        st.integers(0, 5),
        st.none() | st.integers(0, 200).map(lambda seconds: NOW - timedelta(seconds=seconds)),
        AMOUNTS,
        st.integers(0, 4),
        st.sampled_from([None, "clerk", "lead", "nobody"]),
        st.sampled_from([frozenset[str](), frozenset({"dispute"}), frozenset({"dispute", "legal"})]),
    ),
    st.sampled_from([FINGERPRINT, "f" * 32]),
    st.integers(0, 500),
)  # fmt: skip


def test_everything_that_says_no_is_said_at_once_and_the_gravest_first() -> None:
    rules = Rules(
        merchant_status="revoked",
        mcc="7995",
        mcc_blocked=("7995",),
        refunds_max=1,
        order_required=True,
        documents=(DocumentRule(("fapiao",)),),
        signature_from=Limit((("156", 1),)),
        roles=(Role("clerk", may_refund=False),),
        contacts=(Contact("acquirer", "95516"), Contact("merchant", "010-1234", en="service")),
    )
    history = History(1, role="clerk", holds=frozenset({"dispute"}))
    sale = original(is_voided=True)
    question = asked(refund_request(amount=Amount(10_001)), sale, history, fingerprint="f" * 32)

    with pytest.raises(RefusedError) as caught:
        judge(rules, question).check()

    error = caught.value
    assert [error.code, *(other.code for other in error.others)] == [
        "merchant_not_permitted",
        "mcc_not_allowed",
        "original_voided",
        "dispute_hold",
        "account_mismatch",
        "over_remaining",
        "too_many_refunds",
        "order_ref_required",
        "documents_required",
        "signature_required",
        "role_may_not_refund",
    ]
    contacts = {other.code: other.contact for other in (error, *error.others)}
    assert contacts["merchant_not_permitted"] == "95516"
    assert contacts["order_ref_required"] == "service, 010-1234"
    assert error.effect == "nothing_sent"
    assert str(error).startswith(
        "refused (merchant_not_permitted): this merchant may not refund now (revoked)"
    )


def test_machine_says_what_is_not_ready_and_when_beside_what_the_rules_say() -> None:
    today = original(transaction_date=date(2026, 3, 9), settlement_date=date(2026, 3, 9))
    occasion = Occasion(1, "f" * 32, NOW, Rules(order_required=True))

    with pytest.raises(RefusedError) as caught:
        start_refund(refund_request(), today, view(key_set_id=""), occasion)

    found = [caught.value, *caught.value.others]
    assert [each.code for each in found] == [
        "not_signed_in",
        "account_mismatch",
        "order_ref_required",
        "not_before",
    ]
    assert found[-1].not_before is not None


def test_without_rules_a_refund_is_planned_as_ever() -> None:
    bare, ruled = (
        start_refund(refund_request(), original(), view(), occasion)
        for occasion in (
            Occasion(1, FINGERPRINT, NOW),
            Occasion(1, FINGERPRINT, NOW, Rules(), History(99, NOW, 10**9, 99, "lead")),
        )
    )

    assert bare == ruled
    assert not bare.needs_approval


def test_review_makes_a_plan_wait_for_a_second_person() -> None:
    rules = Rules(roles=(Role("clerk", alone_max=Limit((("156", 999),))),), default_role="clerk")
    plan = start_refund(refund_request(), original(), view(), Occasion(1, FINGERPRINT, NOW, rules))

    assert plan.needs_approval
    assert [each.code for each in plan.reviews] == ["review_amount"]
    assert plan.attempt.facts["review"] == "review_amount"


@PROPERTY
@given(RULES, QUESTIONS)
def test_judge_says_only_what_its_rules_may_say(rules: Rules, question: Any) -> None:
    known = {code for rule in BOOK if rule.is_in_force(rules) for code in rule.codes}
    verdict = judge(rules, question)

    assert {each.code for each in (*verdict.faults, *verdict.reviews)} <= known
    assert known <= REFUSALS.keys()
    assert not [each for each in verdict.faults if each.code.startswith("review_")]


@PROPERTY
@given(RULES, QUESTIONS)
def test_only_documented_errors_leave_the_machine(rules: Rules, question: Any) -> None:
    occasion = Occasion(1, question.card_fingerprint, question.now, rules, question.history)
    effect = "nothing_sent"
    try:
        start_refund(question.request, question.original, view(), occasion)
    except PosRefundError as error:
        effect = error.effect
    assert effect == "nothing_sent"


@PROPERTY
@given(RULES, QUESTIONS)
def test_a_no_is_gone_when_exactly_its_rule_is_taken_away(rules: Rules, question: Any) -> None:
    before = judge(rules, question).faults
    for rule in BOOK:
        if rule.always or "roles" in rule.settings:
            continue  # without roles every rule about them is gone, too
        columns = [name.partition(".")[2] for name in rule.settings if "." in name]
        roles = tuple(
            replace(role, **{name: getattr(Role(""), name) for name in columns})
            for role in rules.roles
        )
        plain = {name: getattr(NOTHING, name) for name in rule.settings if "." not in name}
        without = replace(rules, **({"roles": roles} | plain))
        left = [fault.code for fault in judge(without, question).faults]

        assert left == [fault.code for fault in before if fault.code not in rule.codes]


@PROPERTY
@given(RULES, QUESTIONS)
def test_any_other_card_is_refused_unless_the_rules_let_it_through(
    rules: Rules, question: Any
) -> None:
    verdict = judge(rules, question)
    said = {each.code for each in verdict.faults}
    is_other = question.card_fingerprint != question.original.card_fingerprint

    assert ("account_mismatch" in said) == (is_other and rules.other_card == "never")
    if is_other and not verdict.faults:
        assert question.request.documents
        assert "review_other_card" in {each.code for each in verdict.reviews}


@PROPERTY
@given(
    st.integers(0, 40),
    st.integers(0, 60),
    st.sets(DAYS, max_size=30),
    st.dates(date(2025, 12, 1), date(2026, 3, 8)),
)
def test_day_that_a_refusal_names_is_the_last_one_on_which_it_would_not_be(
    business: int, days: int, off: set[date], settled: date
) -> None:
    rules = Rules(
        window_business_days=business, window_days=days, calendar=BusinessCalendar(frozenset(off))
    )
    sale = original(transaction_date=settled, settlement_date=settled)
    question = asked(sale=sale)
    found = {fault.code: fault for fault in judge(rules, question).faults}
    if "window_expired" in found:
        last = date.fromisoformat(found["window_expired"].hint_en.split("until ")[1][:10])
        assert last < question.today
        assert not judge(rules, replace(question, today=last)).faults
        assert judge(rules, replace(question, today=last + timedelta(days=1))).faults


AMOUNT_CODES = {
    "over_remaining", "nothing_remaining", "over_terminal_cap", "over_role_limit", "partial_not_allowed",
}  # fmt: skip


@PROPERTY
@given(RULES, QUESTIONS, st.integers(1, 20_000))
def test_bounds_are_exactly_the_amounts_that_no_rule_refuses(
    rules: Rules, question: Any, minor: int
) -> None:
    sale, history = (
        replace(question.original, ceiling="journal"),
        replace(question.history, day_count=0),
    )
    rules = replace(rules, roles=tuple(replace(role, day_count_max=0) for role in rules.roles))
    bounds = amount_bounds(rules, sale, history)
    request = replace(question.request, amount=Amount(minor))
    verdict = judge(rules, replace(question, request=request, original=sale, history=history))
    refused = {fault.code for fault in verdict.faults} & (AMOUNT_CODES | {"over_day_limit"})
    is_inside = bounds is not None and bounds.least_minor <= minor <= bounds.most_minor

    assert is_inside == (not refused)
    if bounds is not None and is_inside:
        needs_two = "review_amount" in {each.code for each in verdict.reviews}
        assert needs_two == (minor > bounds.alone_minor)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (Rules(), (1, 7_500)),
        (Rules(terminal_max=Limit((("156", 5_000),))), (1, 5_000)),
        (Rules(roles=(Role("clerk", may_partial=False),), default_role="clerk"), (7_500, 7_500)),
        (
            Rules(roles=(Role("clerk", day_max=Limit((("156", 2_000),))),), default_role="clerk"),
            (1, 1_500),
        ),
    ],
)
def test_bounds_of_a_sale_of_which_a_quarter_is_gone(
    rules: Rules, expected: tuple[int, int]
) -> None:
    found = amount_bounds(rules, original(accepted_minor=2_500), History(day_minor=500))

    assert found is not None
    assert (found.least_minor, found.most_minor) == expected


def test_nothing_may_be_asked_for_of_what_is_gone() -> None:
    assert amount_bounds(Rules(), original(accepted_minor=10_000), History()) is None
