"""Reconciliation: a file proves bookings, three whole ones an absence, and reading twice is once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import combinations, permutations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builders import (
    FINGERPRINT,
    NOW,
    PROPERTY,
    TODAY,
    check_original,
    refund_request,
)
from journal.builders import dump, know, move, open_journal, opening, sums
from office.lines import REFUND_LINE, line
from posrefund.engine import Event
from posrefund.engine.people import release
from posrefund.errors import DecodeError, LocalProtocolError, RefusedError
from posrefund.office import Reconciliation, reconcile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.journal import SQLiteJournal

YESTERDAY = date(2026, 3, 8)
TOMORROW = date(2026, 3, 10)
THREE = (YESTERDAY, TODAY, TOMORROW)
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
    "REVERSING": "send doubt reverse",
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


def read(
    journal: SQLiteJournal, *lines: str, day: date = TODAY, whole: bool = True
) -> Reconciliation:
    """Read a file whose line count the acquirer confirmed, or did not."""
    here = OTHERS.replace("0309100000", f"{day:%m%d}100000")  # each day's file has rows of its day
    text = "".join(f"{here if one is OTHERS else one}\n" for one in lines)
    count = len(lines) if whole else None
    return reconcile(journal, text, file_day=day, now=NOW, line_count=count)


def prove_absent(journal: SQLiteJournal, request: str = "R-1") -> None:
    """Read three whole files without a row of ours."""
    for day in THREE:
        read(journal, OTHERS, day=day)
    assert journal.attempt(f"{request}/1").facts["absent"] == "three files"


def release_it(journal: SQLiteJournal, request: str = "R-1") -> None:
    """Let two people release it."""
    attempt = journal.attempt(f"{request}/1")
    journal.commit(release(attempt, people=("li", "wang"), evidence="case 7", now=NOW))


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
        ("REVERSING", "PENDING", "REVERSING", (1_000, 0)),
        ("DECLINED", "DECLINED_BUT_BOOKED", "MISMATCHED", (0, 0)),
        ("NOT_SENT", "DECLINED_BUT_BOOKED", "MISMATCHED", (0, 0)),
        ("RELEASED", "DECLINED_BUT_BOOKED", "MISMATCHED", (0, 0)),
        ("MISMATCHED", "OPEN_CASE", "MISMATCHED", (0, 0)),
    ],
)
@pytest.mark.parametrize("day", THREE)
@pytest.mark.parametrize("whole", [True, False])
def test_row_in_the_file_of_the_day_or_of_one_on_either_side_settles_the_attempt(
    journal: SQLiteJournal,
    before: str,
    category: str,
    after: str,
    held: tuple[int, int],
    day: date,
    whole: bool,
) -> None:
    refund_in(journal, before)
    found = read(journal, REFUND_LINE, day=day, whole=whole)

    on_time = "LATE_MATCH" if (category, day) == ("MATCH", TOMORROW) else category
    assert report(found) == [(on_time, "R-1/1", 1)]
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

    assert standing(journal) == once


@pytest.mark.parametrize(
    ("before", "first", "after", "held"),
    [
        ("ACCEPTED", "MATCH", "MISMATCHED", (0, 1_000)),
        ("CONFIRMED", "MATCH", "MISMATCHED", (0, 1_000)),
        ("IN_DOUBT", "RESOLVED_YES", "MISMATCHED", (0, 1_000)),
        ("MANUAL", "RESOLVED_YES", "MISMATCHED", (0, 1_000)),
        ("SENT", "PENDING", "SENT", (1_000, 0)),
        ("REVERSING", "PENDING", "REVERSING", (1_000, 0)),
        ("DECLINED", "DECLINED_BUT_BOOKED", "MISMATCHED", (0, 0)),
        ("NOT_SENT", "DECLINED_BUT_BOOKED", "MISMATCHED", (0, 0)),
        ("RELEASED", "DECLINED_BUT_BOOKED", "MISMATCHED", (0, 0)),
        ("MISMATCHED", "OPEN_CASE", "MISMATCHED", (0, 0)),
    ],
)
def test_row_that_stands_twice_in_a_file_is_a_case(
    journal: SQLiteJournal, before: str, first: str, after: str, held: tuple[int, int]
) -> None:
    """The second row once met the attempt as it was before the first one, and the reading broke off."""
    refund_in(journal, before)
    found = read(journal, REFUND_LINE, REFUND_LINE)

    assert report(found) == [(first, "R-1/1", 1), ("DUPLICATE_HOST", "R-1/1", 2)]
    assert (state_of(journal), sums(journal)) == (after, held)
    once = standing(journal)
    assert found.count("DUPLICATE_HOST") == 1
    assert read(journal, REFUND_LINE, REFUND_LINE).count("DUPLICATE_HOST") == 1
    assert standing(journal) == once
    journal.verify()


def test_transaction_that_the_host_booked_twice_blocks_its_sale(journal: SQLiteJournal) -> None:
    refund_in(journal, "ACCEPTED")
    read(journal, REFUND_LINE, REFUND_LINE)
    (sale,) = journal.originals("S-1")

    assert sale.has_case
    with pytest.raises(RefusedError, match="original_has_case"):
        check_original(refund_request(), sale, FINGERPRINT)


def test_number_that_two_transactions_share_is_no_duplicate(journal: SQLiteJournal) -> None:
    refund_in(journal, "ACCEPTED")
    void = line(mti="0200")

    assert report(read(journal, REFUND_LINE, void)) == [
        ("MATCH", "R-1/1", 1),
        ("HOST_ONLY", None, 2),
    ]


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


@pytest.mark.parametrize("day", [date(2026, 3, 7), date(2026, 3, 11), date(2025, 3, 9)])
def test_same_number_in_the_file_of_another_day_is_another_transaction(
    journal: SQLiteJournal, day: date
) -> None:
    refund_in(journal, "IN_DOUBT")

    row = line(transmitted=f"{day:%m%d}100000")
    assert report(read(journal, row, day=day)) == [("HOST_ONLY", None, 1)]
    assert state_of(journal) == "IN_DOUBT"


def test_row_in_the_file_of_the_day_before_resolves_a_doubt_and_never_proves_an_absence(
    journal: SQLiteJournal,
) -> None:
    """Ours said 23:00 of the 8th was past, the host's that it was not: the row stands in its 8th."""
    refund_in(journal, "IN_DOUBT")
    assert journal.attempt("R-1/1").host_day == date(2026, 3, 9)
    assert report(read(journal, OTHERS, day=TODAY)) == []
    assert report(read(journal, OTHERS, day=TOMORROW)) == []
    assert state_of(journal) == "IN_DOUBT"

    assert report(read(journal, REFUND_LINE, day=YESTERDAY)) == [("RESOLVED_YES", "R-1/1", 1)]
    assert (state_of(journal), sums(journal)) == ("CONFIRMED", (0, 1_000))
    for day in THREE:
        assert read(journal, OTHERS, day=day).count("RESOLVED_NO") == 0


@pytest.mark.parametrize("days", [(8, 9, 10), (10, 9, 8), (9, 10, 8), (9, 8, 10)])
@pytest.mark.parametrize("shown_on", [8, 9, 10])
@pytest.mark.parametrize("before", ["IN_DOUBT", "MANUAL", "REVERSING", "SENT"])
def test_attempt_whose_row_stands_in_any_of_the_three_files_is_never_absent(
    journal: SQLiteJournal, before: str, shown_on: int, days: tuple[int, ...]
) -> None:
    refund_in(journal, before)
    for day in days:
        found = read(journal, REFUND_LINE if day == shown_on else OTHERS, day=date(2026, 3, day))
        assert found.count("RESOLVED_NO") == 0
    assert state_of(journal) == {"REVERSING": "REVERSING", "SENT": "SENT"}.get(before, "CONFIRMED")


def test_row_of_a_number_used_again_goes_to_the_attempt_of_the_nearest_day(
    journal: SQLiteJournal,
) -> None:
    for request, host_day, batch in (("R-1", YESTERDAY, "000001"), ("R-2", TODAY, "000002")):
        one = opening(request, "000007", original_id=request.replace("R", "S"), batch=batch)
        attempt = replace(one.attempt, host_day=host_day)
        journal.commit([replace(one, attempt=attempt)])
        journal.commit(move(f"{request}/1", Event.SEND, Event.DOUBT))

    assert report(read(journal, REFUND_LINE, day=YESTERDAY)) == [("RESOLVED_YES", "R-1/1", 1)]
    found = read(journal, line(original_stan="000181"), OTHERS, day=TODAY)
    assert report(found) == [("RESOLVED_YES", "R-2/1", 1)]


@pytest.mark.parametrize("before", sorted(STATES))
@pytest.mark.parametrize("days", [*combinations(THREE, 1), *combinations(THREE, 2)])
def test_less_than_three_files_prove_no_absence(
    journal: SQLiteJournal, before: str, days: tuple[date, ...]
) -> None:
    refund_in(journal, before)
    once = standing(journal)

    for day in (*days, *days):
        assert report(read(journal, OTHERS, day=day)) == []
    assert standing(journal) == once


@pytest.mark.parametrize("before", sorted(STATES))
@pytest.mark.parametrize("unconfirmed", THREE)
def test_file_whose_line_count_nobody_confirmed_proves_no_absence(
    journal: SQLiteJournal, before: str, unconfirmed: date
) -> None:
    refund_in(journal, before)
    once = standing(journal)
    for day in (*THREE, *THREE):
        assert report(read(journal, OTHERS, day=day, whole=day != unconfirmed)) == []

    assert standing(journal) == once


@pytest.mark.parametrize("before", ["IN_DOUBT", "MANUAL"])
def test_empty_file_proves_an_absence_only_if_the_acquirer_says_that_it_is_empty(
    journal: SQLiteJournal, before: str
) -> None:
    refund_in(journal, before)
    for day in THREE:
        assert report(read(journal, day=day, whole=False)) == []
    assert state_of(journal) == before

    assert report(read(journal, day=YESTERDAY)) == []
    assert report(read(journal, day=TODAY)) == []
    assert report(read(journal, day=TOMORROW)) == [("RESOLVED_NO", "R-1/1", None)]
    assert [note["complete"] for note in journal.notes("file")] == ["no"] * 3 + ["yes"] * 3


def test_whole_file_stays_whole_when_a_piece_of_it_is_read_again(journal: SQLiteJournal) -> None:
    refund_in(journal, "IN_DOUBT")
    read(journal, OTHERS, day=YESTERDAY)
    read(journal, OTHERS, day=YESTERDAY, whole=False)
    read(journal, OTHERS, day=TODAY)

    assert report(read(journal, OTHERS, day=TOMORROW)) == [("RESOLVED_NO", "R-1/1", None)]


@pytest.mark.parametrize(
    ("text", "count", "found"),
    [
        (f"{REFUND_LINE}\n", 0, 1),
        (f"{REFUND_LINE}\n", 2, 1),
        (f"{REFUND_LINE}\n{OTHERS}\n", 1, 2),
        (f"{REFUND_LINE}\n{OTHERS}\n", 3, 2),
        ("", 1, 0),
        ("", -1, 0),
    ],
)
def test_file_of_another_line_count_is_refused_and_applies_nothing(
    journal: SQLiteJournal, path: Path, text: str, count: int, found: int
) -> None:
    refund_in(journal, "IN_DOUBT")
    before = dump(path)
    with pytest.raises(DecodeError) as caught:
        reconcile(journal, text, file_day=TODAY, now=NOW, line_count=count)

    assert (caught.value.path, caught.value.offset_bytes) == ("file", len(text))
    assert caught.value.expected == f"{count} lines, found {found}"
    assert dump(path) == before


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_lines_are_counted_however_they_end(journal: SQLiteJournal, end: str) -> None:
    refund_in(journal, "IN_DOUBT")
    text = f"{REFUND_LINE}{end or chr(10)}{OTHERS}{end}"
    found = reconcile(journal, text, file_day=TODAY, now=NOW, line_count=2)

    assert report(found) == [("RESOLVED_YES", "R-1/1", 1)]


@pytest.mark.parametrize("code", ["05", "25", "51", "96", "ZZ", "  "])
def test_row_that_proves_no_booking_forbids_to_call_the_attempt_absent(
    journal: SQLiteJournal, code: str
) -> None:
    refund_in(journal, "IN_DOUBT")

    assert report(read(journal, line(code=code), day=TODAY)) == []
    assert report(read(journal, OTHERS, day=YESTERDAY)) == []
    assert report(read(journal, OTHERS, day=TOMORROW)) == []
    assert state_of(journal) == "IN_DOUBT"


@pytest.mark.parametrize("change", [{"mti": "0100"}, {"merchant": "999999999999999"}])
def test_row_of_another_kind_or_merchant_forbids_it_too(
    journal: SQLiteJournal, change: dict[str, str]
) -> None:
    refund_in(journal, "IN_DOUBT")

    read(journal, line(**change), day=TODAY)
    read(journal, OTHERS, day=YESTERDAY)

    assert read(journal, OTHERS, day=TOMORROW).count("RESOLVED_NO") == 0


def test_the_file_of_another_day_is_refused_and_proves_nothing(journal: SQLiteJournal) -> None:
    refund_in(journal, "IN_DOUBT")
    old = line(stan="000055", transmitted="0301100000")
    with pytest.raises(DecodeError, match="a row of 2026-03-09"):
        read(journal, old, day=TODAY)
    read(journal, line(stan="000056"), day=TODAY)
    with pytest.raises(DecodeError, match="another file than that of 2026-03-09"):
        read(journal, line(stan="000056"), day=TOMORROW)

    read(journal, OTHERS, day=YESTERDAY)
    assert state_of(journal) == "IN_DOUBT"


def test_a_file_read_for_the_wrong_day_is_taken_for_its_own_once_the_right_one_came(
    journal: SQLiteJournal,
) -> None:
    refund_in(journal, "ACCEPTED")
    read(journal, REFUND_LINE, day=TOMORROW)
    assert state_of(journal) == "CONFIRMED"
    read(journal, line(stan="000056", transmitted="0310100000"), day=TOMORROW)

    # Found on two days, it is for people; before, the file of its own day was refused for ever.
    assert report(read(journal, REFUND_LINE, day=TODAY)) == [("DUPLICATE_HOST", "R-1/1", 1)]
    assert state_of(journal) == "MISMATCHED"


def test_a_file_that_could_not_be_applied_to_its_end_was_not_read(
    journal: SQLiteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    refund_in(journal, "IN_DOUBT")
    read(journal, OTHERS, day=YESTERDAY)
    with monkeypatch.context() as broken:
        broken.setattr(journal, "_apply_move", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            read(journal, REFUND_LINE, day=TODAY)

    assert read(journal, OTHERS, day=TOMORROW).count("RESOLVED_NO") == 0
    assert state_of(journal) == "IN_DOUBT"


@pytest.mark.parametrize("days", list(permutations(THREE)))
@pytest.mark.parametrize(
    ("before", "findings", "after"),
    [
        ("IN_DOUBT", [("RESOLVED_NO", "R-1/1", None)], "MANUAL"),
        ("MANUAL", [("RESOLVED_NO", "R-1/1", None)], "MANUAL"),
        ("ACCEPTED", [("JOURNAL_ONLY", "R-1/1", None)], "MISMATCHED"),
        ("SENT", [], "SENT"),
        ("REVERSING", [], "REVERSING"),
        ("DECLINED", [], "DECLINED"),
        ("NOT_SENT", [], "NOT_SENT"),
        ("CONFIRMED", [], "CONFIRMED"),
        ("RELEASED", [], "RELEASED"),
    ],
)
def test_three_files_prove_an_absence_in_any_order_and_once(
    journal: SQLiteJournal,
    before: str,
    findings: list[tuple[str, str | None, int | None]],
    after: str,
    days: tuple[date, date, date],
) -> None:
    refund_in(journal, before)
    held = sums(journal)
    read(journal, OTHERS, day=days[0])
    read(journal, OTHERS, day=days[1])

    assert report(read(journal, OTHERS, day=days[2])) == findings
    assert (state_of(journal), sums(journal)) == (after, held)
    once = standing(journal)
    for day in days:
        assert report(read(journal, OTHERS, day=day)) == []
    assert standing(journal) == once
    journal.verify()


def test_files_of_other_days_prove_nothing(journal: SQLiteJournal) -> None:
    refund_in(journal, "IN_DOUBT")
    for day in (date(2026, 3, 7), YESTERDAY, TODAY, date(2026, 3, 11), date(2026, 3, 12)):
        assert report(read(journal, OTHERS, day=day)) == []

    assert state_of(journal) == "IN_DOUBT"


def test_proven_absence_keeps_the_amount_reserved_until_two_people_release_it(
    journal: SQLiteJournal,
) -> None:
    refund_in(journal, "IN_DOUBT")
    prove_absent(journal)
    assert (state_of(journal), sums(journal)) == ("MANUAL", (1_000, 0))

    release_it(journal)
    assert (state_of(journal), sums(journal)) == ("RELEASED", (0, 0))


def test_attempt_that_was_in_people_s_hands_before_can_be_released_too(
    journal: SQLiteJournal,
) -> None:
    """After three tries to reverse a void nothing once let anybody give its amount back."""
    refund_in(journal, "MANUAL")
    with pytest.raises(LocalProtocolError, match="have not proven the absence yet"):
        release_it(journal)
    prove_absent(journal)

    release_it(journal)
    assert (state_of(journal), sums(journal)) == ("RELEASED", (0, 0))


WRONG_ROWS = [
    [line(amount="000000001001")],
    [line(amount="000000001001"), line(amount="000000001001")],
]


@pytest.mark.parametrize("rows", WRONG_ROWS)
@pytest.mark.parametrize("day", THREE)
def test_wrong_row_takes_back_a_proven_absence_for_good(
    journal: SQLiteJournal, rows: list[str], day: date
) -> None:
    """The next file without a row once proved the same absence over again."""
    refund_in(journal, "IN_DOUBT")
    prove_absent(journal)
    found = read(journal, *rows, day=day)

    assert found.findings[0].category == "AMOUNT"
    assert (state_of(journal), sums(journal)) == ("MANUAL", (1_000, 0))
    assert journal.attempt("R-1/1").facts["absent"] == ""
    for file_day in THREE:
        assert report(read(journal, OTHERS, day=file_day)) == []
        with pytest.raises(LocalProtocolError, match="have not proven the absence yet"):
            release_it(journal)
    journal.verify()


def test_row_with_another_reference_number_takes_back_a_proven_absence(
    journal: SQLiteJournal,
) -> None:
    journal.commit([opening("R-1", "000007"), *move("R-1/1", Event.SEND, rrn="606810000123")])
    journal.commit(move("R-1/1", Event.DOUBT))
    prove_absent(journal)

    assert report(read(journal, line(rrn="606810000999"))) == [("AMOUNT", "R-1/1", 1)]
    facts = journal.attempt("R-1/1").facts
    assert (facts["absent"], facts["rrn"]) == ("", "606810000123")
    with pytest.raises(LocalProtocolError, match="have not proven the absence yet"):
        release_it(journal)


@pytest.mark.parametrize("before", ["IN_DOUBT", "MANUAL"])
@pytest.mark.parametrize("days", list(permutations(THREE)))
def test_attempt_that_a_wrong_row_was_seen_of_is_never_proven_absent(
    journal: SQLiteJournal, before: str, days: tuple[date, date, date]
) -> None:
    refund_in(journal, before)
    assert report(read(journal, line(amount="000000001001"), day=days[0])) == [
        ("AMOUNT", "R-1/1", 1)
    ]
    for day in days[1:]:
        assert report(read(journal, OTHERS, day=day)) == []
    with pytest.raises(LocalProtocolError, match="have not proven the absence yet"):
        release_it(journal)


@pytest.mark.parametrize(
    ("before", "events"),
    [("REVERSING", "give_up"), ("SENT", "doubt"), ("SENT", "accept"), ("SENT", "doubt give_up")],
)
@pytest.mark.parametrize("row", [REFUND_LINE, line(amount="000000001001")])
def test_row_that_was_seen_before_the_attempt_was_decided_still_speaks_against_its_absence(
    journal: SQLiteJournal, before: str, events: str, row: str
) -> None:
    """A file read while a void was being reversed once counted as one that did not show it."""
    refund_in(journal, before)
    read(journal, OTHERS, day=YESTERDAY)
    read(journal, row, day=TODAY)
    journal.commit(move("R-1/1", *(Event(event) for event in events.split())))
    once = standing(journal)

    assert report(read(journal, OTHERS, day=TOMORROW)) == []
    assert standing(journal) == once
    assert journal.notes("open_row", "R-1/1") == [{"day": "2026-03-09"}]


def test_row_that_shows_up_after_its_absence_was_proven_still_counts(
    journal: SQLiteJournal,
) -> None:
    refund_in(journal, "IN_DOUBT")
    prove_absent(journal)

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
    assert report(read(journal, OTHERS, day=YESTERDAY)) == []
    assert report(read(journal, OTHERS, day=TOMORROW)) == [("JOURNAL_ONLY", "R-1/1", None)]


def test_reversal_that_the_host_did_not_book_undoes_nothing(journal: SQLiteJournal) -> None:
    refund_in(journal, "IN_DOUBT")
    refused = line(stan="000008", mti="0420", original_stan="000007", code="25")

    assert report(read(journal, REFUND_LINE, refused)) == [("RESOLVED_YES", "R-1/1", 1)]


def test_the_same_transaction_in_the_files_of_two_days_was_booked_twice(
    journal: SQLiteJournal,
) -> None:
    refund_in(journal, "ACCEPTED")
    assert read(journal, REFUND_LINE).count("MATCH") == 1

    found = read(journal, REFUND_LINE, OTHERS, day=TOMORROW)

    assert [(f.category, f.attempt_id) for f in found.findings] == [("DUPLICATE_HOST", "R-1/1")]
    assert journal.attempt("R-1/1").state == "MISMATCHED"
    assert read(journal, REFUND_LINE).count("OPEN_CASE") == 1


def test_every_transaction_of_both_sides_is_found_once(journal: SQLiteJournal) -> None:
    refund_in(journal, "ACCEPTED")
    refund_in(journal, "IN_DOUBT", "R-2", "000008")
    refund_in(journal, "DECLINED", "R-3", "000009")
    read(journal, line(stan="000056"), day=TOMORROW)
    read(journal, line(stan="000057"), day=YESTERDAY)
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
            "complete": "yes",
            "sha256": "07a64de45025a43dfa893feaf88b6ea755eb6b21a85ba204143dc77dae9d7833",
        }
    ]
    read(journal, day=TOMORROW, whole=False)
    assert journal.notes("file")[1:] == [
        {
            "day": "2026-03-10",
            "rows": "0",
            "complete": "no",
            "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
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
    st.sampled_from(THREE),
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
        for other in THREE:
            if other != day:
                read(journal, OTHERS, day=other)
        read(journal, *text, day=day)
        read(journal, *text, day=day)
        once = standing(journal)
        read(journal, *text, day=day)

        assert standing(journal) == once
        after = [sum(sums(journal, f"S-{number}")) for number in (1, 2, 3)]
        assert all(now >= was for was, now in zip(held, after, strict=True))
        journal.verify()
