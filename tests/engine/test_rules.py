"""The rules before anything is sent, and the choice between void and refund."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from engine.builders import (
    FINGERPRINT,
    NOW,
    PROPERTY,
    SALE_DAY,
    TODAY,
    check_original,
    original,
    refund_request,
    sale_request,
    view,
)
from posrefund.engine import Original
from posrefund.engine.machine import start_refund, start_sale
from posrefund.engine.plan import Occasion
from posrefund.engine.refusals import REFUSALS, refuse
from posrefund.engine.rules import amount_to_refund, choose_route, not_before
from posrefund.errors import RefusedError
from posrefund.values import PAN, Amount, CardRead, HostClock

GRID = """
before whole here open refund
before whole here closed refund
before whole elsewhere open refund
before whole elsewhere closed refund
before part here open refund
before part here closed refund
before part elsewhere open refund
before part elsewhere closed refund
before rest here open refund
before rest here closed refund
before rest elsewhere open refund
before rest elsewhere closed refund
equal whole here open void
equal whole here closed 2026-03-09T23:00:00+08:00
equal whole elsewhere open 2026-03-09T23:00:00+08:00
equal whole elsewhere closed 2026-03-09T23:00:00+08:00
equal part here open 2026-03-09T23:00:00+08:00
equal part here closed 2026-03-09T23:00:00+08:00
equal part elsewhere open 2026-03-09T23:00:00+08:00
equal part elsewhere closed 2026-03-09T23:00:00+08:00
equal rest here open 2026-03-09T23:00:00+08:00
equal rest here closed 2026-03-09T23:00:00+08:00
equal rest elsewhere open 2026-03-09T23:00:00+08:00
equal rest elsewhere closed 2026-03-09T23:00:00+08:00
after whole here open 2026-03-10T23:00:00+08:00
after whole here closed 2026-03-10T23:00:00+08:00
after whole elsewhere open 2026-03-10T23:00:00+08:00
after whole elsewhere closed 2026-03-10T23:00:00+08:00
after part here open 2026-03-10T23:00:00+08:00
after part here closed 2026-03-10T23:00:00+08:00
after part elsewhere open 2026-03-10T23:00:00+08:00
after part elsewhere closed 2026-03-10T23:00:00+08:00
after rest here open 2026-03-10T23:00:00+08:00
after rest here closed 2026-03-10T23:00:00+08:00
after rest elsewhere open 2026-03-10T23:00:00+08:00
after rest elsewhere closed 2026-03-10T23:00:00+08:00
"""
"""Settlement day against the host's, how much, where, in which batch → the route, or the earliest time."""

LATE_SALE = original(transaction_date=date(2026, 3, 9), settlement_date=date(2026, 3, 10))
"""Made at 23:30 on 9 March: DE13 says the ninth, DE15 the tenth."""


def host_time(text: str) -> datetime:
    """Return our time when the host's wall clock shows *text*."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def refusal(
    sale: Original | None = None, *, fingerprint: str = FINGERPRINT, **changes: Any
) -> RefusedError:
    """Return how the journal's rules refuse a request."""
    with pytest.raises(RefusedError) as caught:
        check_original(refund_request(**changes), sale or original(), fingerprint)
    return caught.value


def route_or_time(sale: Original, minor: int, now: datetime) -> str:
    """Return the route, or the earliest time of one, as text."""
    try:
        return choose_route(sale, minor, view(), now)
    except RefusedError as error:
        return error.not_before.isoformat() if error.not_before else error.code


@pytest.mark.parametrize("row", GRID.strip().splitlines())
def test_route_goes_by_settlement_day_amount_terminal_and_batch(row: str) -> None:
    day, part, where, batch, expected = row.split()
    settled = {"before": SALE_DAY, "equal": TODAY, "after": date(2026, 3, 10)}[day]
    sale = original(
        settlement_date=settled,
        terminal="12345678" if where == "here" else "87654321",
        batch="000001" if batch == "open" else "000000",
        accepted_minor=1 if part == "rest" else 0,
    )
    minor = {"whole": 10_000, "part": 9_999, "rest": 9_999}[part]

    assert route_or_time(sale, minor, NOW) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-09T23:40:00", "void"),
        ("2026-03-10T00:00:00", "void"),
        ("2026-03-10T22:59:00", "void"),
        ("2026-03-10T22:59:59", "void"),
        ("2026-03-10T23:00:00", "refund"),
        ("2026-03-11T10:00:00", "refund"),
    ],
)
def test_sale_after_the_cut_off_is_voided_until_the_next_one(at: str, expected: str) -> None:
    assert choose_route(LATE_SALE, 10_000, view(), host_time(at)) == expected


@pytest.mark.parametrize("at", ["2026-03-09T23:40:00", "2026-03-10T22:59:59"])
def test_part_of_a_sale_after_the_cut_off_waits_for_the_next_one(at: str) -> None:
    with pytest.raises(RefusedError, match="not_before") as caught:
        choose_route(LATE_SALE, 5_000, view(), host_time(at))

    assert str(caught.value.not_before) == "2026-03-10 23:00:00+08:00"
    assert choose_route(LATE_SALE, 5_000, view(), host_time("2026-03-10T23:00:00")) == "refund"


def test_route_goes_by_the_host_s_clock_and_not_by_ours() -> None:
    sale = original(settlement_date=TODAY)
    ahead = view(host_clock=HostClock(offset=timedelta(seconds=1)))
    just_before = host_time("2026-03-09T22:59:59")

    assert choose_route(sale, 10_000, view(), just_before) == "void"
    assert choose_route(sale, 10_000, ahead, just_before) == "refund"


def test_not_before_is_the_cut_off_of_the_settlement_day_in_host_time() -> None:
    assert str(not_before(original(settlement_date=date(2025, 12, 31)), view())) == (
        "2025-12-31 23:00:00+08:00"
    )


def test_amount_to_refund_is_what_was_named_or_all_that_is_left() -> None:
    sale = original(accepted_minor=3_000, reserved_minor=500)

    assert amount_to_refund(refund_request(amount=Amount(1)), sale) == 1
    assert amount_to_refund(refund_request(amount=None), sale) == 6_500


def test_request_that_breaks_no_rule_is_not_refused() -> None:
    check_original(refund_request(), original(), FINGERPRINT)
    check_original(refund_request(amount=Amount(10_000)), original(), FINGERPRINT)
    check_original(refund_request(amount=None), original(accepted_minor=9_999), FINGERPRINT)


@pytest.mark.parametrize(
    ("facts", "code", "owner"),
    [
        ({"is_voided": True}, "original_voided", "merchant"),
        ({"has_case": True}, "original_has_case", "acquirer"),
        ({"has_open_attempt": True}, "original_in_doubt", "acquirer"),
        ({"accepted_minor": 9_001}, "over_remaining", "merchant"),
        ({"reserved_minor": 4_000, "accepted_minor": 5_001}, "over_remaining", "merchant"),
        ({"accepted_minor": 10_000}, "nothing_remaining", "merchant"),
        ({"amount": Amount(10_000, "344")}, "currency_mismatch", "merchant"),
    ],
)
def test_original_that_cannot_be_refunded_is_refused_by_name(
    facts: dict[str, Any], code: str, owner: str
) -> None:
    error = refusal(original(**facts))

    assert (error.code, error.owner, error.effect) == (code, owner, "nothing_sent")
    assert error.not_before is None


def test_one_cent_more_than_the_sale_is_refused() -> None:
    assert refusal(amount=Amount(10_001)).code == "over_remaining"


def test_another_card_is_refused() -> None:
    assert refusal(fingerprint="f" * 32).code == "account_mismatch"


def test_refusal_never_shows_the_card() -> None:
    error = refusal(fingerprint="f" * 32, card=CardRead("071", PAN("6200000000000047")))

    assert "6200000000000047" not in repr(error) + str(error) + str(vars(error))


@pytest.mark.parametrize(
    ("sale", "code"),
    [
        (original(is_voided=True, has_case=True, has_open_attempt=True), "original_voided"),
        (original(has_case=True, has_open_attempt=True), "original_has_case"),
        (original(has_open_attempt=True, card_fingerprint="f" * 32), "original_in_doubt"),
        (original(card_fingerprint="f" * 32, accepted_minor=10_000), "account_mismatch"),
    ],
)
def test_gravest_reason_is_named_first(sale: Original, code: str) -> None:
    assert refusal(sale).code == code


def test_nothing_starts_before_a_sign_in() -> None:
    unsigned, occasion = view(key_set_id=""), Occasion(1, FINGERPRINT, NOW)
    with pytest.raises(RefusedError, match="sign in first"):
        start_refund(refund_request(), original(), unsigned, occasion)
    with pytest.raises(RefusedError, match="sign in first"):
        start_sale(sale_request(), unsigned, occasion)


def test_refund_that_breaks_a_rule_is_never_planned() -> None:
    with pytest.raises(RefusedError, match="over_remaining"):
        start_refund(
            refund_request(amount=Amount(10_001)),
            original(),
            view(),
            Occasion(1, FINGERPRINT, NOW),
        )


def test_sale_of_another_merchant_is_never_refunded_here() -> None:
    with pytest.raises(RefusedError) as caught:
        start_refund(
            refund_request(),
            original(merchant="999999999999999", is_voided=True),
            view(),
            Occasion(1, FINGERPRINT, NOW),
        )

    error = caught.value
    assert (error.code, error.owner, error.effect) == ("other_merchant", "merchant", "nothing_sent")
    assert (error.hint_zh, error.hint_en) == (
        "原交易属于另一商户",
        "that sale was made for another merchant",
    )


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_refusal_has_words_in_both_languages_and_never_says_that_money_arrived(code: str) -> None:
    error = refuse(code)

    assert error.owner in ("merchant", "acquirer", "issuer", "engineer")
    assert any("\u4e00" <= char <= "\u9fff" for char in error.hint_zh)
    assert error.hint_en.isascii()
    assert "到账" not in error.hint_zh
    assert "arrived" not in error.hint_en


@PROPERTY
@given(
    st.integers(1, 10**12 - 1),
    st.integers(0, 10**12),
    st.integers(0, 10**12),
    st.integers(1, 10**12),
)
def test_more_than_what_remains_is_always_refused(
    paid: int, reserved: int, accepted: int, over: int
) -> None:
    assume(reserved + accepted <= paid)
    remaining = paid - reserved - accepted
    assume(remaining + over < 10**12)
    sale = original(amount=Amount(paid), reserved_minor=reserved, accepted_minor=accepted)
    expected = "over_remaining" if remaining else "nothing_remaining"

    assert refusal(sale, amount=Amount(remaining + over)).code == expected


@PROPERTY
@given(st.integers(1, 10_000))
def test_what_remains_or_less_is_never_refused(asked: int) -> None:
    check_original(refund_request(amount=Amount(asked)), original(), FINGERPRINT)


@PROPERTY
@given(st.integers(-3, 3), st.integers(0, 86_399), st.integers(1, 10_000))
@example(-1, 82_799, 10_000)
@example(-1, 82_800, 10_000)
@example(0, 82_799, 10_000)
@example(0, 82_800, 10_000)
def test_void_and_refund_never_share_a_moment(days: int, second: int, minor: int) -> None:
    """Before its settlement day ends a sale is never refunded, after it never voided."""
    sale = original(settlement_date=TODAY)
    now = host_time("2026-03-09T00:00:00") + timedelta(days=days, seconds=second)
    is_over = now >= host_time("2026-03-09T23:00:00")
    route = route_or_time(sale, minor, now)

    if is_over:
        assert route == "refund"
    else:
        is_its_day = now >= host_time("2026-03-08T23:00:00")
        is_void = is_its_day and minor == 10_000
        assert route == ("void" if is_void else "2026-03-09T23:00:00+08:00")
