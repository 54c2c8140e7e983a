"""Reconciliation: a file proves bookings, two files prove absences, and reading twice is once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builders import NOW, PROPERTY, TODAY
from journal.builders import dump, know, move, open_journal, opening, sums
from office.lines import REFUND_LINE, line
from posrefund.engine import Event
from posrefund.errors import DecodeError
from posrefund.office import Reconciliation, reconcile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.journal import SQLiteJournal

TOMORROW = date(2026, 3, 10)
OTHERS = line(terminal="87654321", stan="000099")
"""A row of another terminal: a file that says nothing of ours."""

STATES = {
    "ACCEPTED": "send accept",
    "CONFIRMED": "send accept confirm",
    "DECLINED": "send decline",
    "NOT_SENT": "fail",
    "IN_DOUBT": "send doubt",
    "MANUAL": "send doubt give_up",
    "SENT": "send",
    "RELEASED": "send doubt give_up release",
    "MISMATCHED": "send decline contradict",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[SQLiteJournal]:
    with open_journal(path) as opened:
        opened.commit([know("S-1"), know("S-2"), know("S-3")])
        yield opened


def refund_in(
    journal: SQLiteJournal, state: str, request: str = "R-1", stan: str = "000007"
) -> None:
    """Put a refund of 10.00 into *state*."""
    sale = request.replace("R", "S")
    events = (Event(event) for event in STATES[state].split())
    journal.commit([opening(request, stan, original_id=sale), *move(f"{request}/1", *events)])


def read(journal: SQLiteJournal, *lines: str, day: date = TODAY) -> Reconciliation:
    return reconcile(journal, "".join(f"{one}\n" for one in lines), file_day=day, now=NOW)


def report(found: Reconciliation) -> list[tuple[str, str | None, int | None]]:
    """Return category, attempt and line of each finding."""
    return [
        (finding.category, finding.attempt_id, finding.row.row if finding.row else None)
        for finding in found.findings
    ]


def state_of(journal: SQLiteJournal, request: str = "R-1") -> str:
    return str(journal.attempt(f"{request}/1").state)


def standing(journal: SQLiteJournal) -> object:
    return journal.attempts(), journal.all_originals()


@pytest.mark.parametrize(
    ("before", "category", "after", "held"),
    [
        ("ACCEPTED", "MATCH", "CONFIRMED", (0, 1_000)),
        ("CONFIRMED", "MATCH", "CONFIRMED", (0, 1_000)),
        ("IN_DOUBT", "RESOLVED_YES", "CONFIRMED", (0, 1_000)),
        ("MANUAL", "RESOLVED_YES", "CONFIRMED", (0, 1_000)),
        ("SENT", "PENDING", "SENT", (1_000, 0)),
        ("DECLINED", "DECLINED_BUT_BOOKED", "MISMATCHED", (0, 0)),
        ("NOT_SENT", "DECLINED_BUT_BOOKED", "MISMATCHED", (0, 0)),
        ("RELEASED", "DECLINED_BUT_BOOKED", "MISMATCHED", (0, 0)),
        ("MISMATCHED", "DECLINED_BUT_BOOKED", "MISMATCHED", (0, 0)),
    ],
)
@pytest.mark.parametrize("day", [TODAY, TOMORROW])
def test_row_in_the_file_of_the_day_or_of_the_next_settles_the_attempt(
    journal: SQLiteJournal,
    before: str,
    category: str,
    after: str,
    held: tuple[int, int],
    day: date,
) -> None:
    refund_in(journal, before)
    found = read(journal, REFUND_LINE, day=day)

    assert report(found) == [(category, "R-1/1", 1)]
    assert (state_of(journal), sums(journal)) == (after, held)
    journal.verify()


@pytest.mark.parametrize("before", sorted(STATES))
def test_file_read_twice_changes_nothing_the_second_time(
    journal: SQLiteJournal, before: str
) -> None:
    refund_in(journal, before)
    read(journal, REFUND_LINE)
    once = standing(journal)
    read(journal, REFUND_LINE)
    read(journal, REFUND_LINE, REFUND_LINE)

    assert standing(journal) == once


@pytest.mark.parametrize("before", sorted(STATES))
def test_row_that_stands_twice_in_a_file_is_applied_once(
    journal: SQLiteJournal, before: str
) -> None:
    """The second row once met the attempt as it was before the first one, and the reading broke off."""
    refund_in(journal, before)
    found = read(journal, REFUND_LINE, REFUND_LINE)

    assert [finding.attempt_id for finding in found.findings] == ["R-1/1", "R-1/1"]
    assert state_of(journal) in ("CONFIRMED", "MISMATCHED", "SENT")
    journal.verify()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ACCEPTED", "MISMATCHED"),
        ("CONFIRMED", "MISMATCHED"),
        ("IN_DOUBT", "MANUAL"),
        ("MANUAL", "MANUAL"),
        ("SENT", "SENT"),
        ("DECLINED", "MISMATCHED"),
    ],
)
def test_row_with_another_amount_is_a_case_and_confirms_nothing(
    journal: SQLiteJournal, before: str, after: str
) -> None:
    refund_in(journal, before)
    held = sums(journal)
    found = read(journal, line(amount="000000001001"))

    assert report(found) == [("AMOUNT", "R-1/1", 1)]
    assert (state_of(journal), sums(journal)) == (after, held)


def test_row_that_nobody_here_made_is_reported(journal: SQLiteJournal) -> None:
    refund_in(journal, "ACCEPTED")
    stranger = line(stan="000008")

    assert report(read(journal, stranger, REFUND_LINE)) == [
        ("HOST_ONLY", None, 1),
        ("MATCH", "R-1/1", 2),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"mti": "0200"},
        {"mti": "0200", "processing": "000000"},
        {"merchant": "999999999999999"},
        {"stan": "000070"},
    ],
)
def test_row_of_another_identity_is_nobody_s(
    journal: SQLiteJournal, changes: dict[str, str]
) -> None:
    refund_in(journal, "IN_DOUBT")
    found = read(journal, line(**changes))

    assert report(found) == [("HOST_ONLY", None, 1)]
    assert state_of(journal) == "IN_DOUBT"


def test_rows_of_other_terminals_are_not_ours_to_judge(journal: SQLiteJournal) -> None:
    refund_in(journal, "IN_DOUBT")

    assert report(read(journal, OTHERS, line(terminal="87654321"))) == []
    assert state_of(journal) == "IN_DOUBT"


@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 3, 11), date(2025, 3, 9)])
def test_same_number_in_the_file_of_another_day_is_another_transaction(
    journal: SQLiteJournal, day: date
) -> None:
    refund_in(journal, "IN_DOUBT")

    assert report(read(journal, REFUND_LINE, day=day)) == [("HOST_ONLY", None, 1)]
    assert state_of(journal) == "IN_DOUBT"


@pytest.mark.parametrize("before", sorted(STATES))
@pytest.mark.parametrize("day", [TODAY, TOMORROW])
def test_one_file_proves_no_absence(journal: SQLiteJournal, before: str, day: date) -> None:
    refund_in(journal, before)
    once = standing(journal)

    assert report(read(journal, OTHERS, day=day)) == []
    assert report(read(journal, OTHERS, day=day)) == []
    assert standing(journal) == once


@pytest.mark.parametrize("days", [(TODAY, TOMORROW), (TOMORROW, TODAY)])
@pytest.mark.parametrize(
    ("before", "findings", "after"),
    [
        ("IN_DOUBT", [("RESOLVED_NO", "R-1/1", None)], "MANUAL"),
        ("ACCEPTED", [("JOURNAL_ONLY", "R-1/1", None)], "MISMATCHED"),
        ("DECLINED", [], "DECLINED"),
        ("NOT_SENT", [], "NOT_SENT"),
        ("CONFIRMED", [], "CONFIRMED"),
        ("RELEASED", [], "RELEASED"),
    ],
)
def test_two_files_prove_an_absence_in_either_order(
    journal: SQLiteJournal,
    before: str,
    findings: list[tuple[str, str | None, int | None]],
    after: str,
    days: tuple[date, date],
) -> None:
    refund_in(journal, before)
    held = sums(journal)
    read(journal, OTHERS, day=days[0])

    assert report(read(journal, OTHERS, day=days[1])) == findings
    assert (state_of(journal), sums(journal)) == (after, held)
    assert report(read(journal, OTHERS, day=days[1])) == []


def test_files_of_other_days_prove_nothing(journal: SQLiteJournal) -> None:
    refund_in(journal, "IN_DOUBT")
    for day in (date(2026, 3, 8), TODAY, date(2026, 3, 11), date(2026, 3, 12)):
        assert report(read(journal, OTHERS, day=day)) == []

    assert state_of(journal) == "IN_DOUBT"


def test_proven_absence_keeps_the_amount_reserved_until_two_people_release_it(
    journal: SQLiteJournal,
) -> None:
    refund_in(journal, "IN_DOUBT")
    read(journal, OTHERS)
    read(journal, OTHERS, day=TOMORROW)
    attempt = journal.attempt("R-1/1")

    assert attempt.facts["absent"] == "two files"
    assert sums(journal) == (1_000, 0)


def test_row_that_shows_up_after_its_absence_was_proven_still_counts(
    journal: SQLiteJournal,
) -> None:
    refund_in(journal, "IN_DOUBT")
    read(journal, OTHERS)
    read(journal, OTHERS, day=TOMORROW)

    assert report(read(journal, REFUND_LINE, day=TOMORROW)) == [("RESOLVED_YES", "R-1/1", 1)]
    assert (state_of(journal), sums(journal)) == ("CONFIRMED", (0, 1_000))


def test_sale_that_its_own_reversal_undid_in_the_file_counts_as_absent(
    journal: SQLiteJournal,
) -> None:
    refund_in(journal, "ACCEPTED")
    undone = line(stan="000008", mti="0420", original_stan="000007")
    found = read(journal, REFUND_LINE, undone)

    assert report(found) == []
    assert state_of(journal) == "ACCEPTED"
    assert report(read(journal, OTHERS, day=TOMORROW)) == [("JOURNAL_ONLY", "R-1/1", None)]


def test_every_transaction_of_both_sides_is_found_once(journal: SQLiteJournal) -> None:
    refund_in(journal, "ACCEPTED")
    refund_in(journal, "IN_DOUBT", "R-2", "000008")
    refund_in(journal, "DECLINED", "R-3", "000009")
    read(journal, OTHERS, day=TOMORROW)
    found = read(journal, line(stan="000009"), line(stan="000055"), REFUND_LINE)

    assert report(found) == [
        ("DECLINED_BUT_BOOKED", "R-3/1", 1),
        ("HOST_ONLY", None, 2),
        ("MATCH", "R-1/1", 3),
        ("RESOLVED_NO", "R-2/1", None),
    ]
    assert found.file_day == TODAY
    assert [found.count("MATCH"), found.count("HOST_ONLY"), found.count("AMOUNT")] == [1, 1, 0]


@pytest.mark.parametrize(
    "broken",
    [REFUND_LINE[:-1], line(amount="00000000I000"), "0" * 299, ""],
)
def test_file_with_one_broken_line_applies_nothing(
    journal: SQLiteJournal, path: Path, broken: str
) -> None:
    refund_in(journal, "ACCEPTED")
    before = dump(path)
    with pytest.raises(DecodeError, match="line 2"):
        read(journal, REFUND_LINE, broken, REFUND_LINE)

    assert dump(path) == before
    assert journal.notes("file") == []


def test_reading_a_file_is_written_down(journal: SQLiteJournal) -> None:
    read(journal, REFUND_LINE, OTHERS)

    assert journal.notes("file") == [
        {
            "day": "2026-03-09",
            "rows": "1",
            "sha256": "07a64de45025a43dfa893feaf88b6ea755eb6b21a85ba204143dc77dae9d7833",
        }
    ]


def test_no_card_number_of_a_file_reaches_the_journal(journal: SQLiteJournal, path: Path) -> None:
    refund_in(journal, "IN_DOUBT")
    read(journal, REFUND_LINE, line(stan="000055"))

    for file in path.parent.iterdir():
        assert b"6200000000000005" not in file.read_bytes()


@settings(PROPERTY, max_examples=40)
@given(
    st.lists(st.sampled_from(sorted(STATES)), min_size=1, max_size=3),
    st.lists(
        st.tuples(
            st.sampled_from(["000007", "000008", "000009", "000010"]),
            st.sampled_from(["000000001000", "000000000999"]),
            st.sampled_from(["0220", "0200", "0420"]),
        ),
        max_size=5,
    ),
    st.sampled_from([TODAY, TOMORROW]),
)
def test_any_file_read_again_changes_nothing_and_never_gives_money_back(
    states: list[str], rows: list[tuple[str, str, str]], day: date
) -> None:
    text = [line(stan=stan, amount=amount, mti=mti) for stan, amount, mti in rows]
    with TemporaryDirectory() as folder, open_journal(Path(folder) / "journal.db") as journal:
        journal.commit([know("S-1"), know("S-2"), know("S-3")])
        for number, state in enumerate(states, start=1):
            refund_in(journal, state, f"R-{number}", f"{6 + number:06d}")
        held = [sum(sums(journal, f"S-{number}")) for number in (1, 2, 3)]
        read(journal, OTHERS, day=TODAY)
        read(journal, *text, day=day)
        read(journal, *text, day=day)
        once = standing(journal)
        read(journal, *text, day=day)

        assert standing(journal) == once
        after = [sum(sums(journal, f"S-{number}")) for number in (1, 2, 3)]
        assert all(now >= was for was, now in zip(held, after, strict=True))
        journal.verify()
