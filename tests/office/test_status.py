"""How a refund stands in a shop's words, and what somebody has to look after, day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from engine.builders import attempt_in
from posrefund.engine import Approved, State
from posrefund.engine.calendar import Arrival
from posrefund.errors import RefusedError
from posrefund.office import FollowUp, RefundStatus, ShopStatus, follow_up, refund_status
from posrefund.office.status import WORDS, of_attempt
from shop import UNIONPAY, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARRIVAL = Arrival(1, 3)
MONDAY = date(2026, 3, 9)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    made.terminal.sale(sale("S-1", 12_800))
    made.to(1, 10)
    yield made
    made.terminal.close()


def today(shop: Shop) -> date:
    return shop.terminal.view().host_day(shop.clock())


def status(shop: Shop, request_id: str) -> RefundStatus | None:
    return refund_status(shop.terminal.journal, request_id, today=today(shop), arrival=ARRIVAL)


def look(shop: Shop) -> FollowUp:
    return follow_up(shop.terminal.journal, now=shop.clock(), today=today(shop), arrival=ARRIVAL)


def test_accepted_refund_has_an_expected_day_and_is_overdue_the_day_after_it(shop: Shop) -> None:
    shop.terminal.refund(refund("R-1", "S-1", 2_800))  # on Tuesday
    found = status(shop, "R-1")
    assert found is not None
    assert found.status is ShopStatus.ACCEPTED
    assert found.expected is not None
    assert found.expected.latest == date(2026, 3, 13)  # Friday

    shop.to(4, 22)  # Friday, before the host's day turns
    assert look(shop).overdue == ()
    shop.to(4, 23, 1)  # the host's Saturday
    first, again = look(shop), look(shop)
    assert [each.request_id for each in first.overdue] == ["R-1"]
    assert [each.request_id for each in first.newly_overdue] == ["R-1"]
    assert again.overdue == first.overdue
    assert again.newly_overdue == ()
    assert shop.terminal.journal.notes("overdue", "R-1/1") == [{"expected_by": "2026-03-13"}]
    late = status(shop, "R-1")
    assert late is not None
    assert late.advice("zh") == "已过预计日期：请联系收单机构查询"


def test_what_a_file_showed_is_not_overdue(shop: Shop) -> None:
    shop.terminal.refund(refund("R-1", "S-1", 2_800))
    shop.settle(1)
    shop.to(20, 10)
    assert look(shop) == FollowUp((), (), ())
    found = status(shop, "R-1")
    assert found is not None
    assert (found.status, found.expected) == (ShopStatus.CONFIRMED, None)


def test_doubt_ages_until_it_is_decided(shop: Shop) -> None:
    shop.fault("drop_reply")
    shop.terminal.refund(refund("R-1", "S-1", 2_800))
    found = status(shop, "R-1")
    assert found is not None
    assert found.status is ShopStatus.CHECKING
    assert "不要重做" in found.advice("zh")
    ages = []
    for day in (1, 2, 3, 8, 9, 31, 32):
        shop.to(day, 11)
        ages.append(next(group for group, count in look(shop).ageing().items() if count))
    assert ages == ["0-1", "1-2", "1-2", "3-7", "8-30", "8-30", ">30"]
    (still,) = look(shop).undecided
    assert timedelta(0) < still.next_look - shop.clock() <= timedelta(minutes=36)


def test_sale_in_doubt_blocks_every_other_refund_of_it_until_a_file_decides(
    shop: Shop,
) -> None:
    """Whoever waits may ask again as often as he likes: it is one refund, and no other goes past it."""
    shop.fault("drop_reply")
    first = shop.terminal.refund(refund("R-1", "S-1", 2_800))
    shop.link.sent.clear()

    for request_id, minor in (("R-2", 2_800), ("R-3", 1)):
        with pytest.raises(RefusedError, match="original_in_doubt") as caught:
            shop.terminal.refund(refund(request_id, "S-1", minor))
        assert caught.value.hint_zh
        assert caught.value.hint_en
    assert shop.terminal.refund(refund("R-1", "S-1", 2_800)) == first
    found = status(shop, "R-1")
    assert found is not None
    assert "do not make it again" in found.advice("en")
    assert shop.link.sent == []
    assert shop.booked("refund") == [2_800]

    shop.to(2, 10)
    for day in (0, 1):
        shop.settle(day)
    assert isinstance(shop.terminal.refund(refund("R-2", "S-1", 2_800)), Approved)
    assert shop.booked("refund") == [2_800, 2_800]


def test_unknown_and_a_sale_are_no_refund(shop: Shop) -> None:
    assert status(shop, "R-9") is None
    assert status(shop, "S-1") is None


def test_waiting_approved_and_withdrawn_are_told_apart(tmp_path: Path) -> None:
    policy = replace(UNIONPAY.policy, approval_from_minor=1)
    made = Shop(tmp_path, dialect=UNIONPAY.derive("unionpay", policy=policy))
    terminal = made.terminal
    with terminal:
        terminal.sale(sale("S-1", 12_800))
        made.to(1, 10)
        seen = []
        for name in ("R-1", "R-2"):
            with pytest.raises(RefusedError, match="approval_needed"):
                terminal.refund(refund(name, "S-1", 2_800))
            seen.append(status(made, name))
        terminal.withdraw("R-2", by="02")
        (waiting,) = terminal.pending_approvals()
        terminal.approve("R-1", checker="02", digest=waiting.digest)
        seen += [status(made, "R-1"), status(made, "R-2")]
    assert [each.status for each in seen if each] == [
        ShopStatus.WAITING,
        ShopStatus.WAITING,
        ShopStatus.APPROVED,
        ShopStatus.WITHDRAWN,
    ]


@pytest.mark.parametrize("state", [s for s in State if s not in (State.DRAFT, State.CHECKED)])
@pytest.mark.parametrize("kind", ["refund", "void"])
def test_every_state_that_an_attempt_can_be_in_has_words(state: State, kind: str) -> None:
    if state in (State.AWAITING_APPROVAL, State.CLEARED, State.CANCELLED, State.EXPIRED):
        return
    found = of_attempt(attempt_in(state, kind), MONDAY, ARRIVAL)  # type: ignore[arg-type]
    for language in ("zh", "en"):
        assert found.text(language)
        assert found.advice(language)


def test_nothing_says_that_money_arrived_before_a_file_showed_it() -> None:
    """I10: 到账 is never said, and settled only of what is confirmed; a doubt offers no again."""
    assert set(WORDS) == set(ShopStatus)
    for kind, words in WORDS.items():
        said = " ".join(words)
        assert "到账" not in said
        assert "arrived" not in said
        is_confirmed = kind is ShopStatus.CONFIRMED
        assert ("已入账" in said or "settled" in said) is is_confirmed
    again = [WORDS[kind] for kind in (ShopStatus.ACCEPTED, ShopStatus.CHECKING)]
    assert all("不要重做" in words[2] and "do not make it again" in words[3] for words in again)
