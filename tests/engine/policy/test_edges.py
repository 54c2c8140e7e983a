"""Every rule at its edge: what it still lets through, and one step beyond."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from engine.builders import CHIP, FINGERPRINT, NOW, TODAY, asked, original, refund_request
from posrefund.engine import DescribedSale, Document, OriginalRef, Signature
from posrefund.engine.calendar import BusinessCalendar
from posrefund.engine.policy import (
    PLATFORMS,
    Asked,
    DocumentRule,
    History,
    Limit,
    Period,
    Role,
    Rules,
    judge,
    load_rules,
)
from posrefund.values import PAN, RRN, Amount, CardRead

OTHER = "f" * 32
RECEIPT, FAPIAO = Document("receipt", "0001"), Document("fapiao", "044001900111")
TEN_YUAN = Limit((("156", 1_000),))
TYPED = CardRead("012", PAN("6200000000000005"), expiry="3012")
UNKNOWN = original(ceiling="host_only")
CLERK, LEAD = History(role="clerk"), History(role="lead")


def codes(rules: Rules, question: Asked) -> list[str]:
    """Return the code of every no, the gravest first."""
    return [fault.code for fault in judge(rules, question).faults]


def reviews(rules: Rules, question: Asked) -> list[str]:
    """Return the code of every reason for a second person."""
    return [fault.code for fault in judge(rules, question).reviews]


def of(
    minor: int | None = 1_000, sale: Any = None, history: History | None = None, **changes: Any
) -> Asked:
    """Ask for *minor* units of a sale."""
    amount = None if minor is None else Amount(minor, changes.pop("currency", "156"))
    return asked(refund_request(amount=amount, **changes), sale, history)


def host_time(text: str) -> datetime:
    """Return our time when the host's wall clock shows *text*."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def role(name: str = "clerk", **changes: Any) -> Rules:
    return Rules(roles=(Role(name, **changes),))


@pytest.mark.parametrize(
    ("rules", "good", "bad", "code"),
    [
        pytest.param(Rules(), of(10_000), of(10_001), "over_remaining", id="sum"),
        pytest.param(
            Rules(), of(1, original(accepted_minor=9_999)), of(1, original(accepted_minor=10_000)), "nothing_remaining", id="nothing left"
        ),
        pytest.param(Rules(), of(1), of(1, currency="840"), "currency_mismatch", id="currency"),
        pytest.param(Rules(), of(), of(sale=original(is_voided=True)), "original_voided", id="voided"),
        pytest.param(Rules(), of(), of(sale=original(has_case=True)), "original_has_case", id="case"),
        pytest.param(
            Rules(), of(), of(sale=original(has_open_attempt=True)), "original_in_doubt", id="doubt"
        ),
        pytest.param(
            Rules(), of(), of(sale=original(merchant="999999999999999")), "other_merchant", id="merchant"
        ),
        pytest.param(Rules(), of(), of(card=TYPED), "keyed_card", id="typed card"),
        pytest.param(
            Rules(), of(), of(history=History(holds=frozenset({"dispute"}))), "dispute_hold", id="dispute"
        ),
        pytest.param(
            Rules(), of(), of(history=History(holds=frozenset({"legal"}))), "legal_hold", id="legal"
        ),
        pytest.param(
            Rules(refunds_max=3), of(history=History(2)), of(history=History(3)), "too_many_refunds", id="count"
        ),
        pytest.param(
            Rules(gap_s=60),
            of(history=History(last_sent_at=NOW - timedelta(seconds=60))),
            of(history=History(last_sent_at=NOW - timedelta(seconds=59))),
            "too_soon",
            id="gap",
        ),
        pytest.param(Rules(terminal_max=TEN_YUAN), of(1_000), of(1_001), "over_terminal_cap", id="cap"),
        pytest.param(
            Rules(terminal_max=Limit((("840", 99_999),))), of(1, original(amount=Amount(5, "840")), currency="840"), of(1), "over_terminal_cap", id="cap of another currency"
        ),
        pytest.param(
            Rules(blocked_cards=(OTHER,)), of(), asked(fingerprint=OTHER, sale=original(card_fingerprint=OTHER)), "card_blocked", id="block list"
        ),
        pytest.param(
            Rules(order_required=True), of(order_ref="A-1"), of(), "order_ref_required", id="order"
        ),
        pytest.param(
            Rules(order_required=True),
            of(original=OriginalRef(RRN("606710000042"), "0308")),
            of(order_ref=""),
            "order_ref_required",
            id="order by slip",
        ),
        pytest.param(
            Rules(order_required=True),
            of(order_ref="A-1", sale=original(order_ref="A-1")),
            of(order_ref="A-1", sale=original(order_ref="A-2")),
            "order_mismatch",
            id="order of another sale",
        ),
        pytest.param(
            Rules(documents=(DocumentRule(("fapiao", "receipt")),)), of(documents=(FAPIAO,)), of(documents=(Document("photo", "1"),)), "documents_required", id="document of a kind"
        ),
        pytest.param(
            Rules(documents=(DocumentRule(from_=Limit((("156", 1_001),))),)), of(1_000), of(1_001), "documents_required", id="document from an amount on"
        ),
        pytest.param(
            Rules(documents=(DocumentRule(("fapiao",)), DocumentRule(("red_letter_fapiao",)))),
            of(documents=(FAPIAO, Document("red_letter_fapiao", "044001900112"))),
            of(documents=(FAPIAO,)),
            "documents_required",
            id="fapiao and red-letter fapiao",
        ),
        pytest.param(
            Rules(signature_from=TEN_YUAN), of(999), of(1_000), "signature_required", id="signature from an amount on"
        ),
        pytest.param(
            Rules(signature_from=TEN_YUAN), of(1_000, signature=Signature("paper")), of(1_000), "signature_required", id="signature"
        ),
        pytest.param(
            Rules(merchant_through=TODAY), of(), asked(now=NOW + timedelta(days=1)), "merchant_not_permitted", id="merchant's end"
        ),
        pytest.param(Rules(merchant_status="active"), of(), None, "", id="active"),
        pytest.param(Rules(merchant_status="suspended"), None, of(), "merchant_not_permitted", id="suspended"),
        pytest.param(Rules(merchant_status="revoked"), None, of(), "merchant_not_permitted", id="revoked"),
        pytest.param(Rules(merchant_may_refund=False), None, of(), "merchant_not_permitted", id="refund bit"),
        pytest.param(Rules(mcc="5411", mcc_allowed=("5411",)), of(), None, "", id="category listed"),
        pytest.param(Rules(mcc="5411", mcc_allowed=("5812",)), None, of(), "mcc_not_allowed", id="category not listed"),
        pytest.param(Rules(mcc_allowed=("5812",)), None, of(), "mcc_not_allowed", id="category not said"),
        pytest.param(Rules(mcc="7995", mcc_blocked=("7995",)), None, of(), "mcc_not_allowed", id="category blocked"),
        pytest.param(
            Rules(blocked_periods=(Period(date(2026, 3, 10), date(2026, 3, 11), "盘点"),)),
            of(),
            asked(now=NOW + timedelta(days=1)),
            "period_blocked",
            id="first day of a period",
        ),
        pytest.param(
            Rules(blocked_periods=(Period(date(2026, 3, 7), date(2026, 3, 9)),)),
            asked(now=NOW + timedelta(days=1)),
            of(),
            "period_blocked",
            id="last day of a period",
        ),
        pytest.param(role(), of(history=CLERK), of(history=LEAD), "role_unknown", id="role"),
        pytest.param(
            role(may_refund=False), None, of(history=CLERK), "role_may_not_refund", id="role may not"
        ),
        pytest.param(
            role(refund_max=TEN_YUAN), of(1_000, history=CLERK), of(1_001, history=CLERK), "over_role_limit", id="role at once"
        ),
        pytest.param(
            role(day_max=TEN_YUAN),
            of(400, history=replace(CLERK, day_minor=600)),
            of(401, history=replace(CLERK, day_minor=600)),
            "over_day_limit",
            id="role in a day",
        ),
        pytest.param(
            role(day_count_max=2),
            of(history=replace(CLERK, day_count=1)),
            of(history=replace(CLERK, day_count=2)),
            "over_day_limit",
            id="role times a day",
        ),
        pytest.param(
            role(may_partial=False), of(10_000, history=CLERK), of(9_999, history=CLERK), "partial_not_allowed", id="part"
        ),
        pytest.param(
            role(may_partial=False), of(None, history=CLERK), of(1, history=CLERK), "partial_not_allowed", id="all that is left"
        ),
        pytest.param(
            role(may_key=True), of(card=TYPED, history=CLERK), None, "", id="typed by who may"
        ),
        pytest.param(
            Rules(unreferenced=False), of(), of(sale=UNKNOWN), "unreferenced_not_allowed", id="unreferenced"
        ),
        pytest.param(
            role(may_unreferenced=True), of(sale=UNKNOWN, history=CLERK), None, "", id="unreferenced by who may"
        ),
        pytest.param(
            role(), of(history=CLERK), of(sale=UNKNOWN, history=CLERK), "unreferenced_not_allowed", id="unreferenced by who may not"
        ),
    ],
)  # fmt: skip
def test_rule_lets_its_edge_through_and_refuses_one_step_beyond(
    rules: Rules, good: Asked | None, bad: Asked | None, code: str
) -> None:
    if good is not None:
        assert codes(rules, good) == []
    if bad is not None:
        assert codes(rules, bad) == [code]


# --- the window --------------------------------------------------------------------------------------

NEW_YEAR = BusinessCalendar(
    off=frozenset({date(2026, 1, 1), date(2026, 1, 2)}), worked=frozenset({date(2026, 1, 4)})
)
"""1 January 2026 and the Friday after it are off, and the Sunday is worked for it."""


@pytest.mark.parametrize(
    ("days", "settled", "at", "is_over"),
    [
        # Settled on Friday 6 March: business days 1, 2, 3 are Monday to Wednesday, 9 to 11 March.
        (3, "2026-03-06", "2026-03-11T22:59:59", False),
        (3, "2026-03-06", "2026-03-11T23:00:00", True),  # the host's day is Thursday now
        (5, "2026-03-06", "2026-03-13T22:59:59", False),
        (5, "2026-03-06", "2026-03-13T23:00:00", False),  # Saturday counts for nothing
        (5, "2026-03-06", "2026-03-15T22:59:59", False),
        (5, "2026-03-06", "2026-03-15T23:00:00", True),  # Sunday night is Monday
        # Over the end of the year, with days off and a Sunday that is worked: 31 December is day 1, 4 January day 2.
        (1, "2025-12-30", "2025-12-31T22:59:59", False),
        (1, "2025-12-30", "2025-12-31T23:00:00", False),  # 1 January is off
        (1, "2025-12-30", "2026-01-03T22:59:59", False),
        (1, "2025-12-30", "2026-01-03T23:00:00", True),
        (2, "2025-12-30", "2026-01-04T22:59:59", False),
        (2, "2025-12-30", "2026-01-04T23:00:00", True),
        # Sold at 23:30 on 30 December: settled on the 31st, and day 1 is 4 January.
        (1, "2025-12-31", "2026-01-04T22:59:59", False),
        (1, "2025-12-31", "2026-01-04T23:00:00", True),
    ],
)
def test_window_counts_business_days_after_the_settlement_date_by_the_hosts_day(
    days: int, settled: str, at: str, *, is_over: bool
) -> None:
    day = date.fromisoformat(settled)
    sale = original(transaction_date=day - timedelta(days=1), settlement_date=day)
    rules = Rules(window_business_days=days, calendar=NEW_YEAR)

    assert codes(rules, asked(sale=sale, now=host_time(at))) == (
        ["window_expired"] if is_over else []
    )


@pytest.mark.parametrize(
    ("at", "is_over"),
    [
        ("2026-12-31T22:59:59", False),
        ("2026-12-31T23:00:00", True),
        ("2027-03-01T10:00:00", True),
    ],
)
def test_window_of_a_year_ends_with_the_hosts_day(at: str, *, is_over: bool) -> None:
    day = date(2025, 12, 31)
    sale = original(transaction_date=day, settlement_date=day)

    assert codes(Rules(window_days=365), asked(sale=sale, now=host_time(at))) == (
        ["window_expired"] if is_over else []
    )


def test_refusal_names_the_last_day_of_the_narrower_window() -> None:
    day = date(2026, 3, 2)
    sale = original(transaction_date=day, settlement_date=day)
    rules = Rules(window_business_days=3, window_days=30)
    (fault,) = judge(rules, asked(sale=sale)).faults

    assert fault.hint_en == (
        "the time for a refund is over: 3 business days and 30 days after the settlement date, until"
        " 2026-03-05; settle it another way"
    )
    assert "2026-03-05 止" in fault.hint_zh


# --- platforms ---------------------------------------------------------------------------------------


def test_wechat_takes_fifty_refunds_a_minute_apart_for_a_year() -> None:
    rules = load_rules('platform = "wechat"')
    minute, less = NOW - timedelta(seconds=60), NOW - timedelta(seconds=59, milliseconds=999)

    assert codes(rules, of(history=History(49, minute))) == []
    assert codes(rules, of(history=History(50, minute))) == ["too_many_refunds"]
    assert codes(rules, of(history=History(49, less))) == ["too_soon"]
    assert (rules.refunds_max, rules.gap_s, rules.window_days) == (50, 60, 365)


def test_too_soon_says_when_by_the_hosts_clock() -> None:
    rules, last = Rules(gap_s=60), NOW - timedelta(seconds=20)
    (fault,) = judge(rules, of(history=History(1, last))).faults

    assert fault.not_before is not None
    assert fault.not_before.isoformat() == "2026-03-09T10:00:40+08:00"


@pytest.mark.parametrize("pack", PLATFORMS)
def test_pack_off_is_no_rule_and_what_the_shop_says_goes_first(pack: str) -> None:
    assert load_rules(f'platform = "{pack}"') != Rules(platform=pack)
    assert load_rules("").refunds_max == 0
    assert load_rules(f'platform = "{pack}"\nrefunds_max = 7').refunds_max == 7


def test_region_pack_on_and_off_and_joined_with_the_shops_own_list() -> None:
    casino, grocer = 'mcc = "7995"\n', 'mcc = "5411"\n'

    assert codes(load_rules(casino), of()) == []
    assert codes(load_rules(casino + 'region = "cn"'), of()) == ["mcc_not_allowed"]
    assert codes(load_rules(grocer + 'region = "cn"'), of()) == []
    assert load_rules('region = "cn"\nmcc_blocked = ["6051"]').mcc_blocked == ("7995", "6051")
    assert load_rules('region = "cn"').retention_years == 30
    assert load_rules("").retention_years == 0


# --- another card, and second persons ----------------------------------------------------------------


def test_other_card_is_let_through_only_with_a_document_and_never_without_a_second_person() -> None:
    rules = Rules(other_card="two_people")
    bare = asked(fingerprint=OTHER)
    proven = asked(refund_request(documents=(RECEIPT,)), fingerprint=OTHER)

    assert codes(Rules(), proven) == ["account_mismatch"]
    assert codes(rules, bare) == ["other_card_document"]
    assert codes(rules, proven) == []
    assert reviews(rules, proven) == ["review_other_card"]
    assert reviews(rules, asked(refund_request(documents=(RECEIPT,)))) == []


def test_more_than_a_role_refunds_alone_needs_a_second_person() -> None:
    rules = role(alone_max=TEN_YUAN)

    assert reviews(rules, of(1_000, history=CLERK)) == []
    assert reviews(rules, of(1_001, history=CLERK)) == ["review_amount"]
    assert codes(rules, of(1_001, history=CLERK)) == []


def test_sale_that_nobody_knows_always_needs_a_second_person() -> None:
    named = DescribedSale(RRN("606710000042"), "0308")
    question = asked(refund_request(original=named), UNKNOWN, CLERK)

    assert reviews(Rules(), question) == ["review_unreferenced"]
    assert reviews(role(may_unreferenced=True), question) == ["review_unreferenced"]


def test_default_role_is_that_of_an_operator_whose_role_nobody_says() -> None:
    rules = Rules(roles=(Role("clerk", refund_max=TEN_YUAN), Role("lead")), default_role="clerk")

    assert codes(rules, of(1_001)) == ["over_role_limit"]
    assert codes(rules, of(1_001, history=LEAD)) == []


def test_card_that_may_be_typed_is_the_one_that_paid_all_the_same() -> None:
    question = asked(refund_request(card=TYPED), history=CLERK, fingerprint=OTHER)

    assert codes(role(may_key=True), question) == ["account_mismatch"]
    assert FINGERPRINT != OTHER
    assert not CHIP.is_keyed
