"""A figure is what its printed query gives, and what somebody counts who has never seen the query."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builders import PROPERTY
from journal.builders import fill, open_journal
from posrefund.errors import InvalidRequestError, JournalError
from posrefund.journal import Moment, SQLiteFleet
from posrefund.office.report import (
    FIGURES,
    Period,
    RefundFilter,
    Report,
    Scope,
    make_report,
    refund_list,
)
from posrefund.values import TerminalID
from report.conftest import DAY, KEY, MONTH
from report.recount import RECOUNTS, Books
from report.recount_care import customers_speak
from report.trade import Trade

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.journal import Journal

AN_INSTANT = 0.11
"""Seconds are given to a tenth; what is behind it, the database rounds in its own way."""


def as_counted(name: str, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows in an order that hangs on no query."""
    if name == "curve":
        last = {milestone: up_to for milestone, _, _, up_to in rows}
        rows = list(last.items())
    return as_counted_rows(rows)


def as_counted_rows(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=lambda row: tuple(map(str, row[:3])))


def assert_same(name: str, found: list[tuple[Any, ...]], counted: list[tuple[Any, ...]]) -> None:
    assert len(found) == len(counted), name
    for one, other in zip(found, counted, strict=True):
        if name in ("times", "daily", "outcomes", "hours", "terminals", "operators"):
            assert one == pytest.approx(other, abs=AN_INSTANT), name
        elif name == "watched":
            assert one[:-2] == other[:-2]
            assert one[-2:] == pytest.approx(other[-2:], abs=1)
        else:
            assert one == other, name


def opened(path: Path, terminals: int, stack: ExitStack) -> Mapping[str, Journal]:
    """The journals in a file of many, or one in a file of its own."""
    names = [f"4802000{n + 1}" for n in range(max(terminals, 1))]
    if not terminals:
        return {name: stack.enter_context(open_journal(path, terminal=name)) for name in names}
    fleet = stack.enter_context(SQLiteFleet(path))
    return {name: fleet.journal(TerminalID(name), key=KEY) for name in names}


def test_every_figure_has_somebody_who_counts_it_again() -> None:
    assert RECOUNTS.keys() == FIGURES.keys()


@settings(PROPERTY, max_examples=10)
@given(
    seed=st.integers(0, 10**6),
    days=st.integers(1, 4),
    terminals=st.integers(0, 3),
    of=st.tuples(st.integers(0, 5), st.integers(0, 5)),
    hours_later=st.integers(0, 200),
)
def test_figures_are_what_the_journals_say(
    seed: int, days: int, terminals: int, of: tuple[int, int], hours_later: int
) -> None:
    first = date(2026, 3, 8) + timedelta(days=min(of))
    last = date(2026, 3, 8) + timedelta(days=max(of))
    now = datetime(2026, 3, 8, tzinfo=UTC) + timedelta(hours=hours_later)
    period = Period(first, last, now)
    with ExitStack() as stack:
        path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "journal.db"
        journals = opened(path, terminals, stack)
        Trade(journals, seed=seed, first=date(2026, 3, 8), cards=20).trade(days, sales=7, refunds=5)
        customers_speak(journals, seed=seed, first=date(2026, 3, 8), days=days + 3)
        with Moment(path) as moment:
            report = make_report(moment, period)
        books = Books(journals.values(), period)
        for name, table in report.tables.items():
            found = as_counted(name, list(table.rows))
            assert_same(name, found, as_counted_rows(RECOUNTS[name](books)))
        assert all(check.is_balanced for check in report.checks())


@pytest.mark.parametrize("period", [MONTH, DAY], ids=["month", "day"])
def test_fortnight_is_what_its_journals_say(period: Period, fortnight: Path) -> None:
    """Long enough for what is rare: a case of people, a row that is nobody's, a file that did not come."""
    with Moment(fortnight) as moment:
        report = make_report(moment, period)
    with SQLiteFleet(fortnight) as fleet:
        names = [f"4802000{n}" for n in (1, 2, 3)]
        books = Books([fleet.journal(TerminalID(n), key=KEY) for n in names], period)
        for name, table in report.tables.items():
            counted = as_counted_rows(RECOUNTS[name](books))
            assert_same(name, as_counted(name, list(table.rows)), counted)


@pytest.mark.parametrize("name", FIGURES)
def test_printed_query_alone_gives_the_figure(name: str, month: Report, fortnight: Path) -> None:
    table = month.tables[name]
    with closing(sqlite3.connect(fortnight)) as db:
        cursor = db.execute(table.sql)

        assert tuple(column[0] for column in cursor.description) == table.columns
        assert tuple(cursor.fetchall()) == table.rows
    assert table.rows, "a figure that nothing tests"


def test_of_one_terminal_figures_are_those_of_its_own_journal(fortnight: Path) -> None:
    with Moment(fortnight) as moment:
        parts = [make_report(moment, MONTH, terminal=name) for name in moment.terminals]
        whole = make_report(moment, MONTH)
    for name in ("totals", "doubts", "reasons", "approvals"):
        assert sum(row["count"] for part in parts for row in part.tables[name].dicts()) == sum(
            row["count"] for row in whole.tables[name].dicts()
        )
    assert [part.terminals for part in parts] == [("48020001",), ("48020002",), ("48020003",)]


def test_day_of_one_terminal_is_literally_this(tmp_path: Path) -> None:
    with open_journal(tmp_path / "journal.db") as journal:
        fill(journal)
    period = Period.day(date(2026, 3, 9), now=datetime(2026, 3, 9, 3, 0, tzinfo=UTC))
    with Moment(tmp_path / "journal.db") as moment:
        report = make_report(moment, period)

    assert report.tables["totals"].rows == (
        ("refund", "ACCEPTED", "156", 1, 1000),
        ("refund", "IN_DOUBT", "156", 1, 500),
        ("refund", "NOT_SENT", "156", 1, 500),
    )
    assert report.tables["doubts"].rows == (
        ("opening", "156", 0, 0),
        ("new", "156", 1, 500),
        ("resolved", "156", 0, 0),
        ("closing", "156", 1, 500),
    )
    assert report.tables["bridge"].rows == (
        ("journal", "156", 1, 1000),
        ("not_in_a_file", "156", -1, -1000),
        ("file_disagrees", "156", 0, 0),
        ("host_only", "156", 0, 0),
        ("host", "156", 0, 0),
        ("difference", "156", 1, 1000),
    )
    assert report.tables["files"].rows == (("2026-03-09", "12345678", "not_due", 0, 0),)
    assert report.tables["outcomes"].rows == (("refund", 3, 1, 0, 1, 1, 33.3),)


def test_days_follow_each_other_without_a_gap(fortnight: Path) -> None:
    """What is open in the evening is what is open the next morning."""
    closing_before = (0, 0)
    with Moment(fortnight) as moment:
        for number in range(1, 15):
            period = Period.day(date(2026, 3, number), now=DAY.now)
            table = FIGURES["doubts"].ask(moment, Scope.of(moment, period))
            lines = {row["line"]: (row["count"], row["sum_minor"]) for row in table.dicts()}
            assert lines["opening"] == closing_before
            closing_before = lines["closing"]
    assert closing_before != (0, 0)


def test_state_that_was_changed_behind_the_chain_does_not_balance(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_journal(path) as journal:
        fill(journal)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE attempts SET state = 'DECLINED' WHERE state = 'IN_DOUBT'")
    period = Period.day(date(2026, 3, 9), now=datetime(2026, 3, 9, 3, 0, tzinfo=UTC))
    with Moment(path) as moment:
        check, *others = make_report(moment, period).checks()

    assert (check.name, check.left_minor, check.right_minor) == ("doubts", 500, 0)
    assert not check.is_balanced
    assert [other.is_balanced for other in others] == [True, True]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (
            "UPDATE originals SET accepted_minor = 900 WHERE original_id = 'S-1'",
            {"ceilings_accepted": (1000, 900)},
        ),
        (
            "UPDATE attempts SET hold = 'reserved' WHERE state = 'ACCEPTED'",
            {"ceilings_accepted": (0, 1000), "ceilings_reserved": (1500, 500)},
        ),
        (
            "UPDATE attempts SET amount_minor = 1 WHERE state = 'IN_DOUBT'",
            {"ceilings_reserved": (1, 500)},
        ),
    ],
)
def test_ceiling_that_was_changed_does_not_balance(
    change: str, wrong: dict[str, tuple[int, int]], tmp_path: Path
) -> None:
    path = tmp_path / "journal.db"
    with open_journal(path) as journal:
        fill(journal)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(change)
    period = Period.day(date(2026, 3, 9), now=datetime(2026, 3, 9, 3, 0, tzinfo=UTC))
    with Moment(path) as moment:
        checks = make_report(moment, period).checks()

    assert wrong == {c.name: (c.left_minor, c.right_minor) for c in checks if not c.is_balanced}


# --- the list of refunds ---------------------------------------------------------------------------


def test_list_of_refunds_adds_up_to_the_totals(month: Report) -> None:
    by_state: dict[tuple[str, str], int] = {}
    for row in month.tables["refunds"].dicts():
        key = row["kind"], row["state"]
        by_state[key] = by_state.get(key, 0) + row["amount_minor"]

    assert by_state == {
        (row["kind"], row["state"]): row["sum_minor"]
        for row in month.tables["totals"].dicts()
        if row["kind"] != "sale"
    }


@pytest.mark.parametrize(
    ("wanted", "column", "value"),
    [
        (RefundFilter(state="CONFIRMED"), "state", "CONFIRMED"),
        (RefundFilter(operator="03"), "operator", "03"),
        (RefundFilter(terminal="48020002"), "terminal", "48020002"),
    ],
)
def test_list_shows_what_is_asked_for(
    wanted: RefundFilter, column: str, value: str, fortnight: Path
) -> None:
    with Moment(fortnight) as moment:
        everything, some = refund_list(moment, MONTH), refund_list(moment, MONTH, wanted)
    expected = [row for row in everything.dicts() if row[column] == value]

    assert list(some.dicts()) == expected
    assert 0 < len(expected) < len(everything.rows)


def test_state_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="state"):
        RefundFilter(state="PAID")


# --- the period ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2026, 2, 28), date(2026, 2, 1), date(2026, 2, 28)),
        (date(2028, 2, 3), date(2028, 2, 1), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_month_is_the_calendars(day: date, first: date, last: date) -> None:
    period = Period.month(day, now=DAY.now)

    assert (period.first, period.last) == (first, last)


def test_period_that_is_not_over_ends_now() -> None:
    now = datetime(2026, 3, 12, 4, 0, tzinfo=UTC)

    assert replace(DAY, now=now).as_of == now
    assert DAY.as_of == datetime(2026, 3, 12, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [{"last": date(2026, 3, 1)}, {"now": datetime(2026, 3, 12)}],  # noqa: DTZ001
)
def test_period_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        replace(DAY, **wrong)


def test_terminal_of_a_question_is_quoted(fortnight: Path) -> None:
    """It comes from a command line."""
    with Moment(fortnight) as moment:
        report = make_report(moment, DAY, terminal="'; DROP TABLE attempts; --")

        assert report.is_empty
        with pytest.raises(JournalError):
            moment.ask("DELETE FROM attempts")
