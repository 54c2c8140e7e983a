"""What is destroyed when its time is over, and what is not: cards, contacts, holds of the law, records."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from engine.builders import NOW
from journal.builders import know, move, open_journal, opening
from posrefund.engine import Event
from posrefund.engine.policy import Rules
from posrefund.engine.policy.holds import HOLD_LIFTED, HOLD_SET, Hold
from posrefund.errors import ConfigError
from posrefund.office import Retained, Retention, apply_retention, records_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.engine.policy import HoldKind
    from posrefund.journal import Journal

PHONE = "+86 138 0013 8000"
HALF_YEAR = timedelta(days=180)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with open_journal(tmp_path / "journal.db") as opened:
        opened.remember(NOW, "batch", batch="000002")
        yield opened


def refunded(journal: Journal, name: str, stan: str, *, batch: str = "000001") -> None:
    """A refund of a sale of its own, accepted and told."""
    sale = f"S-{name}"
    journal.commit([know(sale, stan=f"9{stan[1:]}")])
    journal.commit([opening(name, stan, original_id=sale, batch=batch, contact=PHONE)])
    journal.commit(move(f"{name}/1", Event.SEND, Event.ACCEPT))
    for notice in journal.notices(name):
        journal.put_off(notice, None)


def hold(journal: Journal, name: str, kind: str, *, row: str = HOLD_SET) -> None:
    said = Hold(f"S-{name}", cast("HoldKind", kind), by="07", why="order 4711")
    journal.commit([said.note(row, NOW)])


def test_contacts_go_on_the_day_and_not_a_moment_before(journal: Journal) -> None:
    refunded(journal, "R-1", "000001")
    day = NOW + HALF_YEAR

    early = apply_retention(journal, Retention(), now=day - timedelta(microseconds=1))
    assert (early.contacts, journal.contact("R-1")) == (0, PHONE)
    assert apply_retention(journal, Retention(), now=day).contacts == 1
    assert journal.contact("R-1") == ""


def test_the_chain_only_grows_and_twice_is_once(journal: Journal) -> None:
    refunded(journal, "R-1", "000001")
    refunded(journal, "R-2", "000002")
    before, records = journal.rows(), journal.attempts()

    done = apply_retention(journal, Retention(), now=NOW + HALF_YEAR)
    assert done == Retained(cards=2, contacts=2, held=())
    after = journal.rows()
    assert after[: len(before)] == before
    assert [row.kind for row in after[len(before) :]] == ["contacts_wiped"]
    assert journal.verify() == len(before) + 1
    assert journal.attempts() == records

    again = apply_retention(journal, Retention(), now=NOW + HALF_YEAR)
    assert again == Retained(cards=0, contacts=0, held=())
    assert journal.rows() == after


def test_a_legal_hold_keeps_until_it_is_lifted_and_a_dispute_does_not(journal: Journal) -> None:
    for number, name in enumerate(("R-law", "R-dispute", "R-free"), start=1):
        refunded(journal, name, f"{number:06d}")
    hold(journal, "R-law", "legal")
    hold(journal, "R-dispute", "dispute")

    done = apply_retention(journal, Retention(), now=NOW + HALF_YEAR)
    assert (done.contacts, done.held) == (2, ("R-law",))
    assert [bool(journal.contact(name)) for name in ("R-law", "R-dispute", "R-free")] == [
        True,
        False,
        False,
    ]

    hold(journal, "R-law", "legal", row=HOLD_LIFTED)
    done = apply_retention(journal, Retention(), now=NOW + HALF_YEAR)
    assert (done.contacts, done.held, journal.contact("R-law")) == (1, (), "")


def test_what_is_undecided_keeps_card_and_contact(journal: Journal) -> None:
    journal.commit([know("S-1")])
    journal.commit([opening("R-1", "000001", contact=PHONE)])
    journal.commit(move("R-1/1", Event.SEND))

    done = apply_retention(journal, Retention(0), now=NOW + 10 * HALF_YEAR)
    assert done == Retained(cards=0, contacts=0, held=())
    assert journal.contact("R-1") == PHONE
    assert journal.card("R-1/1") is not None


def test_a_card_of_the_open_batch_stays_for_its_upload(journal: Journal) -> None:
    refunded(journal, "R-1", "000001", batch="000001")
    refunded(journal, "R-2", "000002", batch="000002")

    assert apply_retention(journal, Retention(), now=NOW).cards == 1
    assert journal.card("R-1/1") is None
    assert journal.card("R-2/1") is not None
    journal.remember(NOW, "batch", batch="000003")
    assert apply_retention(journal, Retention(), now=NOW).cards == 1
    assert journal.card("R-2/1") is None


@pytest.mark.parametrize("days", [-1, 36_501, True, 3.5, "180", None])
def test_days_are_a_whole_number(days: Any) -> None:
    with pytest.raises(ConfigError, match="contacts_days"):
        Retention(days)


def test_records_are_kept_to_the_end_of_the_year_so_many_years_later() -> None:
    assert records_until(date(2024, 2, 29), Rules(retention_years=5)) == date(2029, 12, 31)
    assert records_until(date(2026, 12, 31), Rules(retention_years=30)) == date(2056, 12, 31)
    assert records_until(date(2026, 1, 1), Rules()) is None
