"""What a shop's rules ask a journal: earlier refunds of a sale, an operator's day, and whether a sale is held."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from engine.builders import NOW
from journal.builders import know, move, opening
from posrefund.engine import Event
from posrefund.engine.policy import Hold
from posrefund.engine.policy.holds import HOLD_LIFTED, HOLD_SET
from posrefund.errors import JournalWriteError
from posrefund.values import Amount

if TYPE_CHECKING:
    from posrefund.engine import Action
    from posrefund.journal import Journal

MERCHANT, TODAY = "123456789012345", date(2026, 3, 9)
DISPUTE = Hold("S-1", "dispute", by="07", why="chargeback 4711")


def refund(
    request_id: str, stan: str, *events: Event, minor: int = 1_000, operator: str = "01", minutes: int = 0, days: int = 0
) -> list[Action]:  # fmt: skip
    made = opening(request_id, stan, minor)
    attempt = replace(
        made.attempt,
        facts={**made.attempt.facts, "operator": operator},
        created_at=NOW + timedelta(minutes=minutes),
        host_day=TODAY + timedelta(days=days),
    )
    return [replace(made, attempt=attempt), *move(f"{request_id}/1", Event.SEND, *events)]


def given_by(journal: Journal, operator: str, day: date = TODAY) -> tuple[int, int]:
    return journal.given_back_by(operator, merchant=MERCHANT, host_day=day, currency="156")


def test_refunds_of_a_sale_are_counted_and_the_last_message_remembered(journal: Journal) -> None:
    journal.commit([know("S-1")])
    assert journal.given_back("S-1") == (0, None)
    journal.commit(refund("R-1", "000001", Event.ACCEPT))
    journal.commit(refund("R-2", "000002", Event.ACCEPT, Event.CONFIRM, minutes=5))
    journal.commit(
        refund("R-3", "000003", Event.DECLINE, minutes=9)
    )  # gave nothing back, and did leave

    assert journal.given_back("S-1") == (2, NOW + timedelta(minutes=9))
    journal.commit(refund("R-0", "000009", Event.FAIL, minutes=10))  # no byte of it left
    assert journal.given_back("S-1") == (2, NOW + timedelta(minutes=9))

    journal.commit(
        refund("R-4", "000004", Event.DOUBT, minutes=11)
    )  # may have given something back
    assert journal.given_back("S-1") == (3, NOW + timedelta(minutes=11))
    assert journal.given_back("S-2") == (0, None)


def test_an_operators_day_counts_what_he_gave_back_on_it_under_any_spelling(
    journal: Journal,
) -> None:
    journal.commit([know("S-1", 100_000)])
    journal.commit(refund("R-1", "000001", Event.ACCEPT, minor=100))
    journal.commit(refund("R-2", "000002", Event.ACCEPT, minor=20, operator="1"))
    journal.commit(refund("R-3", "000003", Event.ACCEPT, minor=3, operator="11"))
    journal.commit(refund("R-4", "000004", Event.DECLINE, minor=5_000))
    journal.commit(refund("R-5", "000005", Event.ACCEPT, minor=700, days=1))
    journal.commit(refund("R-6", "000006", Event.ACCEPT, minor=9, operator="aB"))

    assert given_by(journal, "01") == (2, 120)
    assert given_by(journal, "001") == (2, 120)
    assert given_by(journal, "11") == (1, 3)
    assert given_by(journal, "Ab") == (1, 9)
    assert given_by(journal, "02") == (0, 0)
    assert given_by(journal, "01", TODAY + timedelta(days=1)) == (1, 700)
    assert journal.given_back_by("01", merchant="9" * 15, host_day=TODAY, currency="156") == (0, 0)
    assert journal.given_back_by("01", merchant=MERCHANT, host_day=TODAY, currency="840") == (0, 0)


def test_held_sale_gives_nothing_back_until_the_hold_is_lifted(journal: Journal) -> None:
    journal.commit([know("S-1"), know("S-2")])
    assert journal.held("S-1") == frozenset()
    journal.commit([DISPUTE.note(HOLD_SET, NOW)])
    journal.commit([replace(DISPUTE, kind="legal").note(HOLD_SET, NOW)])
    assert journal.held("S-1") == {"dispute", "legal"}
    assert journal.held("S-2") == frozenset()

    with pytest.raises(JournalWriteError, match="the sale is held"):
        journal.commit(refund("R-1", "000001"))
    assert journal.attempts() == []
    assert journal.content("R-1") is None

    journal.commit([DISPUTE.note(HOLD_LIFTED, NOW + timedelta(minutes=1))])
    assert journal.held("S-1") == {"legal"}
    journal.commit([replace(DISPUTE, kind="legal").note(HOLD_LIFTED, NOW + timedelta(minutes=1))])
    journal.commit(refund("R-1", "000001", Event.ACCEPT))
    assert journal.given_back("S-1")[0] == 1
    assert journal.attempts()[0].amount == Amount(1_000)
    assert journal.verify() == 8 + 1


def test_rows_of_a_hold_say_who_and_why(journal: Journal) -> None:
    journal.commit([know("S-1"), DISPUTE.note(HOLD_SET, NOW)])

    assert journal.notes("hold_set", "S-1") == [
        {"hold": "dispute", "by": "07", "why": "chargeback 4711"}
    ]
