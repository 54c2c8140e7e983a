"""Cases: opened once, aged in buckets, closed by people or by the books, and never for an open attempt."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from engine.builders import NOW, TODAY
from journal.builders import dump, know, open_journal
from office.books import OTHERS, THREE, TOMORROW, YESTERDAY, put, read, state_of
from office.lines import REFUND_LINE, line
from posrefund.engine import Note
from posrefund.engine.people import release
from posrefund.errors import DecodeError, InvalidRequestError, JournalCorruptError, JournalError
from posrefund.office import Case, ageing, cases, close_case, find_case, keep_file_fault, watch
from posrefund.office.ages import AGES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.journal import SQLiteJournal

RRN = {"rrn": "606810000123"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[SQLiteJournal]:
    with open_journal(path) as opened:
        opened.commit([know("S-1"), know("S-2")])
        yield opened


def only_case(journal: SQLiteJournal) -> Case:
    (case,) = cases(journal)
    return case


def test_case_says_whose_it_is_how_old_and_what_is_next(journal: SQLiteJournal) -> None:
    read(journal, REFUND_LINE)
    case = only_case(journal)

    assert (case.category, case.attempt_id, case.day) == ("HOST_ONLY", "", "2026-03-09")
    assert case.subject.startswith("row:")
    assert case.facts == {
        "stands": "",
        "kind": "refund",
        "line": "1",
        "file_minor": "1000",
        "stan": "000007",
        "rrn": "606810000123",
        "transmitted": "0309100000",
    }
    assert (case.rule.owner, case.rule.severity, case.rule.loser) == ("security", "top", "merchant")
    assert case.next_step("en").startswith("find out who made it")
    assert case.next_step("zh").startswith("查明由谁发起")
    assert json.loads(json.dumps(case.as_data(NOW)))["case"] == case.case_id


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (0, "0-1"),
        (1, "1-2"),
        (2, "1-2"),
        (3, "3-7"),
        (7, "3-7"),
        (8, "8-30"),
        (30, "8-30"),
        (31, ">30"),
    ],
)
def test_ages_are_the_five_of_the_report(journal: SQLiteJournal, days: int, bucket: str) -> None:
    read(journal, REFUND_LINE)
    later = NOW + timedelta(days=days)

    assert only_case(journal).age(later) == bucket
    assert ageing(cases(journal), later) == dict.fromkeys(AGES, 0) | {bucket: 1}


def test_clock_that_went_back_makes_no_negative_age(journal: SQLiteJournal) -> None:
    read(journal, REFUND_LINE)

    assert only_case(journal).age_days(NOW - timedelta(days=3)) == 0


def test_same_exception_in_another_file_is_the_same_case(journal: SQLiteJournal) -> None:
    put(journal, "ACCEPTED", facts=RRN)
    wrong = line(amount="000000001001")
    read(journal, wrong)
    case = only_case(journal)
    read(journal, wrong, OTHERS, day=TOMORROW)

    assert only_case(journal) == case


def test_person_closes_a_case_and_it_stays_closed(journal: SQLiteJournal, path: Path) -> None:
    read(journal, REFUND_LINE)
    case = only_case(journal)
    closed = close_case(
        journal, case.case_id, by="Wang", how="made by the web shop, letter 4711", now=NOW
    )

    assert (closed.is_open, closed.closed_by) == (False, "Wang")
    assert cases(journal) == []
    assert find_case(journal, case.case_id) == closed
    before = dump(path)
    assert close_case(journal, case.case_id, by="Li", how="again", now=NOW) == closed
    read(journal, REFUND_LINE)
    assert dump(path) == before
    journal.verify()


@pytest.mark.parametrize(
    ("by", "how", "path_"),
    [
        ("", "fine", "by"),
        ("Wang", "", "how"),
        ("Wang", "card 6200000000000005", "how"),
        ("6200000000000005", "fine", "by"),
        ("Wang", "x" * 201, "how"),
    ],
)
def test_closing_wants_a_name_and_a_reason_without_a_card(
    journal: SQLiteJournal, by: str, how: str, path_: str
) -> None:
    read(journal, REFUND_LINE)
    with pytest.raises(InvalidRequestError) as caught:
        close_case(journal, only_case(journal).case_id, by=by, how=how, now=NOW)

    assert [path for path, _ in caught.value.faults] == [path_]
    assert "6200000000000005" not in str(caught.value)


def test_case_of_an_attempt_that_is_not_settled_stays_open(journal: SQLiteJournal) -> None:
    put(journal, "ACCEPTED", facts=RRN)
    read(journal, line(amount="000000001001"))
    with pytest.raises(InvalidRequestError, match="case"):
        close_case(journal, only_case(journal).case_id, by="Wang", how="forget it", now=NOW)

    assert state_of(journal) == "MISMATCHED"
    assert len(cases(journal)) == 1


def test_unknown_case_is_an_error(journal: SQLiteJournal) -> None:
    with pytest.raises(JournalError, match="no case"):
        find_case(journal, "C-0")


def test_case_that_somebody_else_s_program_wrote_is_named_corrupt(journal: SQLiteJournal) -> None:
    journal.commit([Note("case_opened", NOW, {"case": "C-1", "category": "UNHEARD_OF"})])
    with pytest.raises(JournalCorruptError, match="a stored case"):
        cases(journal)


def test_books_close_the_case_of_an_attempt_that_people_released(journal: SQLiteJournal) -> None:
    put(journal, "IN_DOUBT")
    for day in THREE:
        read(journal, OTHERS, day=day)
    assert only_case(journal).category == "RESOLVED_NO"
    attempt = journal.attempt("R-1/1")
    journal.commit(release(attempt, people=("li", "wang"), evidence="case 7", now=NOW))
    read(journal, OTHERS, day=date(2026, 3, 11))

    (case,) = cases(journal, open_only=False)
    assert (case.is_open, case.closed_by, case.how) == (False, "", "settled: RELEASED")


def test_row_that_came_after_all_closes_the_case_of_a_doubt(journal: SQLiteJournal) -> None:
    put(journal, "IN_DOUBT")
    for day in THREE:
        read(journal, OTHERS, day=day)
    read(journal, REFUND_LINE, OTHERS, day=TOMORROW)

    assert state_of(journal) == "CONFIRMED"
    assert cases(journal) == []


def test_fee_case_does_not_close_itself(journal: SQLiteJournal) -> None:
    put(journal, "CONFIRMED")
    note = {"case": "C-1", "category": "FEE", "subject": "R-1/1", "day": "2026-03-09"}
    journal.commit([Note("case_opened", NOW, {**note, "stands": "CONFIRMED"}, "R-1/1")])
    read(journal, REFUND_LINE)

    assert [case.case_id for case in cases(journal)] == ["C-1"]


# --- what time alone calls for ---------------------------------------------------------------


@pytest.mark.parametrize("state", ["ACCEPTED", "IN_DOUBT", "MANUAL"])
def test_files_that_never_came_are_cases_after_two_days(journal: SQLiteJournal, state: str) -> None:
    put(journal, state)
    read(journal, OTHERS, day=YESTERDAY)

    assert watch(journal, today=date(2026, 3, 11), now=NOW) == []
    found = watch(journal, today=date(2026, 3, 12), now=NOW)
    assert [(case.category, case.subject) for case in found] == [
        ("FILE_FAULT", "file:2026-03-09"),
        ("FILE_FAULT", "file:2026-03-10"),
    ]
    assert watch(journal, today=date(2026, 3, 13), now=NOW) == found
    read(journal, OTHERS, day=TODAY)
    assert [case.subject for case in cases(journal)] == ["file:2026-03-10"]


def test_what_waits_though_its_files_have_come_is_a_case(journal: SQLiteJournal) -> None:
    put(journal, "MISMATCHED")
    for day in THREE:
        read(journal, OTHERS, day=day)
    (case,) = watch(journal, today=date(2026, 3, 12), now=NOW)

    assert (case.category, case.attempt_id) == ("OPEN_CASE", "R-1/1")
    assert watch(journal, today=date(2026, 3, 20), now=NOW) == [case]


def test_thirty_days_end_with_every_item_confirmed_or_in_a_case(journal: SQLiteJournal) -> None:
    """Row 4.4: accepted ones whose file came, whose file did not, a doubt, and one that bounced."""
    put(journal, "ACCEPTED", facts=RRN)
    put(journal, "IN_DOUBT", "R-2", "000008", host_day=date(2026, 3, 15))
    for day in range(7, 31):
        lines = [REFUND_LINE, OTHERS] if day == 9 else [OTHERS]
        if day != 16:  # one never comes
            read(journal, *lines, day=date(2026, 3, day))
        watch(journal, today=date(2026, 3, day), now=NOW + timedelta(days=day - 9))

    assert state_of(journal) == "CONFIRMED"
    assert [case.subject for case in cases(journal)] == ["file:2026-03-16"]
    read(journal, OTHERS, day=date(2026, 3, 16))
    assert [(case.category, case.attempt_id) for case in cases(journal)] == [
        ("RESOLVED_NO", "R-2/1")
    ]


def test_bad_file_after_a_good_one_is_a_case_of_its_own(journal: SQLiteJournal) -> None:
    fault = DecodeError("file", "3 lines, found 2", offset_bytes=9)
    first = keep_file_fault(journal, fault, file_day=TODAY, now=NOW)
    read(journal, OTHERS)
    assert find_case(journal, first.case_id).how == "a whole file was read"
    second = keep_file_fault(journal, fault, file_day=TODAY, now=NOW)

    assert second.case_id == f"{first.case_id}-2"
    assert cases(journal) == [second]
    assert second.facts["expected"] == "3 lines, found 2"
