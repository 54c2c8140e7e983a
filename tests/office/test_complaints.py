"""Complaints at a shop: opened once, late once, in the follow-up list until they are over; and what customers think."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import NOW, PROPERTY
from journal.builders import fill, open_journal
from posrefund.engine.calendar import Arrival
from posrefund.engine.complaints import Complaint, ServiceLevel
from posrefund.errors import InvalidRequestError, LocalProtocolError
from posrefund.office import (
    FollowUp,
    answer_complaint,
    close_complaint,
    complaints,
    dossier,
    feedback_on,
    find_complaint,
    follow_up,
    give_feedback,
    open_complaint,
)
from posrefund.office.shown import NOT_SHOWN
from shop import HOST_ZONE, UNIONPAY, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORDS = "four days, and no money"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A refund of a Tuesday, settled, so that nothing but complaints is left to look after."""
    made = Shop(tmp_path)
    made.terminal.sale(sale("S-1", 12_800))
    made.to(1, 10)
    made.terminal.refund(refund("R-1", "S-1", 2_800))
    made.settle(1)
    yield made
    made.terminal.close()


def complain(shop: Shop, request_id: str = "R-1", words: str = WORDS) -> Complaint:
    return open_complaint(
        shop.terminal.journal,
        request_id,
        kind="not_arrived",
        channel="phone",
        words=words,
        by="07",
        level=ServiceLevel(24, 48),
        zone=UNIONPAY.zone,
        now=shop.clock(),
    )


def look(shop: Shop) -> FollowUp:
    today = shop.terminal.view().host_day(shop.clock())
    return follow_up(shop.terminal.journal, now=shop.clock(), today=today, arrival=Arrival())


def late(found: FollowUp) -> list[str]:
    return [clock for _, clock in found.newly_late]


def test_breach_is_told_once_and_the_complaint_stays_in_the_list_until_it_is_over(
    shop: Shop,
) -> None:
    assert look(shop).is_empty
    made = complain(shop)
    assert look(shop) == FollowUp((), (), (), (made,))

    shop.to(2, 11)  # a day later
    first, again = look(shop), look(shop)
    assert (late(first), late(again)) == (["answer"], [])
    assert [each.complaint_id for each in again.complaints] == [made.complaint_id]
    shop.to(20, 11)
    assert (late(look(shop)), late(look(shop))) == (["solution"], [])
    journal = shop.terminal.journal
    told = journal.notes("complaint_late", "R-1")
    assert [each["clock"] for each in told] == ["answer", "solution"]
    close_complaint(
        journal, made.complaint_id, by="02", how="it was there", ending="solved", now=shop.clock()
    )
    assert look(shop).is_empty
    journal.verify()


def test_breach_that_nobody_looked_at_is_told_with_the_step_that_came_too_late(shop: Shop) -> None:
    made = complain(shop)
    shop.to(2, 11)
    journal = shop.terminal.journal
    answered = answer_complaint(
        journal, made.complaint_id, by="02", words="the bank has it", now=shop.clock()
    )

    assert answered.told == ("answer",)
    assert [row.kind for row in journal.rows()[-2:]] == ["complaint_answered", "complaint_late"]
    assert late(look(shop)) == []


def test_weekend_is_nobody_s_delay(shop: Shop) -> None:
    shop.to(4, 15)  # Friday
    made = complain(shop)
    shop.to(7, 14)  # Monday
    assert late(look(shop)) == []
    shop.to(7, 16)
    assert late(look(shop)) == ["answer"]
    assert made.answer_due.astimezone(HOST_ZONE).date() == date(2026, 3, 16)


def test_same_words_twice_are_one_complaint_while_it_is_open(shop: Shop) -> None:
    first = complain(shop)
    assert complain(shop) == first
    other = complain(shop, words="and nobody answers")
    close_complaint(
        shop.terminal.journal,
        first.complaint_id,
        by="02",
        how="paid",
        ending="solved",
        now=shop.clock(),
    )
    anew = complain(shop)

    assert len({first.complaint_id, other.complaint_id, anew.complaint_id}) == 3
    assert complaints(shop.terminal.journal) == [other, anew]
    assert find_complaint(shop.terminal.journal, first.complaint_id).state == "solved"
    shop.terminal.journal.verify()


def test_card_number_in_a_complaint_leaves_no_row(shop: Shop) -> None:
    rows = shop.terminal.journal.rows()
    for words in ("my card 6200000000000005", "6200-0000-0000-0005"):
        with pytest.raises(InvalidRequestError) as caught:
            complain(shop, words=words)
        assert "0005" not in str(caught.value)
        with pytest.raises(InvalidRequestError):
            give_feedback(
                shop.terminal.journal, "R-1", score=1, words=words, by="07", now=shop.clock()
            )

    assert shop.terminal.journal.rows() == rows


def test_sale_may_be_complained_of_and_has_no_feedback(shop: Shop) -> None:
    assert complain(shop, "S-1").request_id == "S-1"
    with pytest.raises(InvalidRequestError, match="request_id"):
        give_feedback(shop.terminal.journal, "S-1", score=5, by="07", now=shop.clock())


def test_last_feedback_counts_and_the_first_stays_in_the_chain(shop: Shop) -> None:
    journal = shop.terminal.journal
    assert feedback_on(journal, "R-1") is None
    give_feedback(journal, "R-1", score=1, words="slow", by="07", now=shop.clock())
    second = give_feedback(journal, "R-1", score=4, by="02", now=shop.clock())
    rows = journal.rows()
    later = shop.clock() + timedelta(hours=1)
    give_feedback(journal, "R-1", score=4, by="02", now=later)  # asked twice, and nothing new

    assert feedback_on(journal, "R-1") == second
    assert journal.rows() == rows
    assert [each["score"] for each in journal.notes("feedback", "R-1")] == ["1", "4"]
    journal.verify()


def test_dossier_tells_of_the_complaint_and_the_words_stay_in_the_shop(shop: Shop) -> None:
    complain(shop)
    give_feedback(shop.terminal.journal, "R-1", score=2, words="slow", by="07", now=shop.clock())
    (made,) = complaints(shop.terminal.journal)
    how = "a bank slip went to the customer"
    close_complaint(
        shop.terminal.journal,
        made.complaint_id,
        by="02",
        how=how,
        ending="solved",
        now=shop.clock(),
    )
    found = dossier(shop.terminal.journal, UNIONPAY, "R-1")
    english, data = found.text("en"), found.as_data()

    assert "a customer complained" in english
    assert "顾客投诉" in found.text("zh")
    assert "score 2" in english
    shown: list[dict[str, Any]] = [
        row["facts"] for row in data["rows"] if row["kind"] in ("complaint_opened", "feedback")
    ]
    assert [facts["words"] for facts in shown] == [NOT_SHOWN, NOT_SHOWN]
    assert shown[0]["kind"] == "not_arrived"
    assert shown[1]["score"] == "2"
    assert WORDS not in str(data)
    assert WORDS not in english
    assert how not in str(data) + english


# --- whatever people do, in whatever order -----------------------------------------------------------

_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["open", "answer", "solve", "withdraw", "look", "score"]),
        st.integers(0, 3),
        st.integers(0, 40),
    ),
    max_size=25,
)


@PROPERTY
@given(_STEPS)
def test_every_breach_is_told_exactly_once_whatever_people_do(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    now = NOW
    with open_journal(tmp_path_factory.mktemp("care") / "journal.db") as journal:
        fill(journal)
        for step, which, hours in steps:
            now += timedelta(hours=hours)
            try:
                _take(journal, step, which, now)
            except LocalProtocolError:
                continue  # not there, or over
        follow_up(journal, now=now, today=date(2026, 3, 9), arrival=Arrival())
        journal.verify()
        told = [
            (row.facts["complaint"], row.facts["clock"])
            for row in journal.rows_of("complaint_late")
        ]
        broken = [
            (each.complaint_id, clock)
            for each in complaints(journal, open_only=False)
            for clock in each.late(now)
        ]

    assert sorted(told) == sorted(broken)
    assert len(set(told)) == len(told)


def _take(journal: Any, step: str, which: int, now: Any) -> None:
    name = [each.complaint_id for each in complaints(journal, open_only=False)][which : which + 1]
    if step == "open":
        open_complaint(
            journal,
            ("R-1", "R-2")[which % 2],
            kind="amount",
            channel="letter",
            words=f"words {which}",
            by="07",
            level=ServiceLevel(10, 30),
            zone=HOST_ZONE,
            now=now,
        )
    elif step == "look":
        follow_up(journal, now=now, today=date(2026, 3, 9), arrival=Arrival())
    elif step == "score":
        give_feedback(journal, "R-2", score=which + 1, by="07", now=now)
    elif name and step == "answer":
        answer_complaint(journal, name[0], by="02", words="soon", now=now)
    elif name:
        ending: Any = "solved" if step == "solve" else "withdrawn"
        close_complaint(journal, name[0], by="02", how="so", ending=ending, now=now)
