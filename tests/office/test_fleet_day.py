"""A file against a whole fleet: one example, and the two joins and the strict reading beside each other."""

from __future__ import annotations

import sqlite3
import sys
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builders import PROPERTY, TODAY
from journal.builders import KEY, dump, know, move, open_journal, opening
from office.books import STATES, THREE, put, read, rows_of
from office.lines import line
from posrefund.engine import Event
from posrefund.errors import ConfigError, DecodeError, InvalidRequestError
from posrefund.journal import SQLiteFleet
from posrefund.office.day_result import DayComparison, Difference
from posrefund.office.files import Expected, layout, load_layout
from posrefund.office.findings import CategorySum, Side
from posrefund.office.fleet_day import compare_day
from posrefund.values import TerminalID

if TYPE_CHECKING:
    from posrefund.office.fleet_day import Engine

FEW = settings(PROPERTY, max_examples=40)
ONE, TWO = "12345678", "22345678"


@pytest.fixture(params=["plain", "duckdb"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "duckdb":
        pytest.importorskip("duckdb", reason="pip install 'posrefund[report]'")
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """Two terminals; each has an accepted refund of 10.00 under 000007 and under 000008."""
    path = tmp_path / "fleet.db"
    with SQLiteFleet(path) as many:
        for name in (ONE, TWO):
            journal = many.journal(TerminalID(name), key=KEY)
            for stan in ("000007", "000008"):
                request = f"R-{name}-{stan}"
                sale = f"S-{name}-{stan}"
                journal.commit([know(sale, terminal=name, stan=f"1{stan[1:]}")])
                journal.commit([opening(request, stan, original_id=sale, terminal=name)])
                journal.commit(move(f"{request}/1", Event.SEND, Event.ACCEPT))
    return path


def test_a_fleet_day_in_one_look(fleet: Path, engine: Engine) -> None:
    file = rows_of(
        line(),
        line(terminal=TWO, amount="000000000999"),
        line(terminal=TWO, stan="000008"),
        line(terminal=TWO, stan="000008"),
        line(terminal=TWO, stan="000009"),
        line(terminal="87654321"),
        line(code="51"),
    )

    found = compare_day(
        fleet, file, file_day=TODAY, expected=Expected(rows=7, sum_minor=6_999), engine=engine
    )

    assert found.sums == (
        CategorySum("MATCH", Side(2, 2_000), Side(2, 2_000)),
        CategorySum("JOURNAL_ONLY", Side(1, 1_000), Side()),
        CategorySum("HOST_ONLY", Side(), Side(1, 1_000)),
        CategorySum("AMOUNT", Side(1, 1_000), Side(1, 999)),
        CategorySum("DUPLICATE_HOST", Side(), Side(1, 1_000)),
    )
    shop = "123456789012345"
    assert found.differences == (
        Difference("AMOUNT", TWO, shop, "000007", "refund", f"R-{TWO}-000007/1", 2, 1_000, 999),
        Difference(
            "DUPLICATE_HOST", TWO, shop, "000008", "refund", f"R-{TWO}-000008/1", 4, None, 1_000
        ),
        Difference("HOST_ONLY", TWO, shop, "000009", "refund", None, 5, None, 1_000),
        Difference(
            "JOURNAL_ONLY", ONE, shop, "000008", "refund", f"R-{ONE}-000008/1", None, 1_000, None
        ),
    )
    assert found.left_out == {"elsewhere": Side(1, 1_000), "not_booked": Side(1, 1_000)}
    assert found.unaccounted == Side()
    assert found.is_whole
    assert found.terminals == (ONE, TWO)


def test_one_terminal_of_many(fleet: Path, engine: Engine) -> None:
    file = rows_of(line(), line(terminal=TWO))

    found = compare_day(fleet, file, file_day=TODAY, terminal=TWO, engine=engine)

    assert [(each.category, each.file.count) for each in found.sums] == [
        ("MATCH", 1),
        ("JOURNAL_ONLY", 0),
    ]
    assert found.left_out == {"elsewhere": Side(1, 1_000)}
    assert not found.is_whole


def test_a_row_that_a_reversal_undoes_is_left_out_and_its_attempt_is_missing(
    fleet: Path, engine: Engine
) -> None:
    undo = line(mti="0420", stan="000050", original_stan="000007")

    found = compare_day(fleet, rows_of(line(), undo), file_day=TODAY, terminal=ONE, engine=engine)

    assert found.left_out == {"reversal": Side(1, 1_000), "undone": Side(1, 1_000)}
    assert [each.attempt_id for each in found.differences] == [
        f"R-{ONE}-000007/1",
        f"R-{ONE}-000008/1",
    ]
    assert found.unaccounted == Side()


def test_it_writes_nothing(tmp_path: Path, engine: Engine) -> None:
    path = tmp_path / "journal.db"
    with open_journal(path) as journal:
        journal.commit([know("S-1")])
        put(journal, "IN_DOUBT")
        before = dump(path)

        found = compare_day(path, rows_of(line()), file_day=TODAY, engine=engine)

        assert found.sums == (CategorySum("RESOLVED_YES", Side(1, 1_000), Side(1, 1_000)),)
        assert dump(path) == before


@pytest.mark.parametrize(
    ("state", "known", "with_row", "without"),
    [
        ("ACCEPTED", "", "MATCH", "JOURNAL_ONLY"),
        ("CONFIRMED", "2026-03-09", "MATCH", "JOURNAL_ONLY"),
        ("CONFIRMED", "2026-03-10", "DUPLICATE_HOST", ""),
        ("MANUAL", "", "RESOLVED_YES", ""),
        ("SENT", "", "PENDING", ""),
        ("BOUNCED", "2026-03-09", "OPEN_CASE", ""),
        ("DECLINED", "", "DECLINED_BUT_BOOKED", ""),
    ],
)
def test_what_a_row_and_its_absence_mean_depends_on_where_the_attempt_stands(
    state: str, known: str, with_row: str, without: str, tmp_path: Path
) -> None:
    path = tmp_path / "journal.db"
    with open_journal(path) as journal:
        journal.commit([know("S-1")])
        put(journal, state, facts={"file_day": known} if known else {})

    there = compare_day(path, rows_of(line()), file_day=TODAY)
    not_there = compare_day(path, b"", file_day=TODAY)

    assert [each.category for each in there.sums] == [with_row]
    assert [each.category for each in not_there.sums] == ([without] if without else [])


def test_a_number_that_was_used_twice_goes_to_the_attempt_whose_money_agrees(
    tmp_path: Path, engine: Engine
) -> None:
    path = tmp_path / "journal.db"
    with open_journal(path) as journal:
        for number, minor, batch in ((1, 1_000, "000001"), (2, 2_000, "000002")):
            journal.commit([know(f"S-{number}")])
            put(journal, "ACCEPTED", f"R-{number}", minor=minor, batch=batch)

    found = compare_day(path, rows_of(line(amount="000000002000")), file_day=TODAY, engine=engine)

    assert [(each.category, each.attempt_id) for each in found.differences] == [
        ("JOURNAL_ONLY", "R-1/1")
    ]
    assert found.sums[0] == CategorySum("MATCH", Side(1, 2_000), Side(1, 2_000))


def test_text_of_any_kind_is_only_text(fleet: Path, engine: Engine) -> None:
    """Quotes, blanks and what another program takes for nothing, in columns that are compared."""
    known = load_layout(
        """
        name = "odd"
        form = "csv"
        encoding = "utf-8"
        columns = [
          { name = "t", role = "terminal" },
          { name = "m", role = "merchant" },
          { name = "s", type = "digits", role = "stan" },
          { name = "cents", type = "minor", role = "amount" },
          { name = "at", type = "time", role = "time", form = "YYYY-MM-DD hh:mm:ss" },
        ]
        kind = [ { is = "refund", when = { t = "12345678" } } ]
        """
    )
    odd = ["-", "NULL", "", "a'b", 'a"b', "\\N", "商户", "a\\", " x "]
    cells = [text.replace('a"b', '"a""b"') for text in odd]
    lines = [f"{ONE},{text},000007,1,2026-03-09 10:00:00" for text in cells]
    file = "\n".join(["t,m,s,cents,at", *lines]).encode()

    found = compare_day(fleet, file, file_day=TODAY, terminal=ONE, layout=known, engine=engine)

    assert [each.merchant for each in found.differences if each.line] == odd


# --- refusals ----------------------------------------------------------------------------------


def test_a_file_of_another_day_is_refused(fleet: Path, engine: Engine) -> None:
    with pytest.raises(DecodeError, match="a row of 2026-03-20"):
        compare_day(fleet, rows_of(line()), file_day=date(2026, 3, 20), engine=engine)


def test_a_file_that_is_not_what_its_totals_say_is_refused(fleet: Path, engine: Engine) -> None:
    with pytest.raises(DecodeError, match="2 lines, found 1"):
        compare_day(
            fleet, rows_of(line()), file_day=TODAY, expected=Expected(rows=2), engine=engine
        )


def test_what_names_no_stan_cannot_be_compared(fleet: Path) -> None:
    known = layout("unionpay-acom")
    blind = replace(
        known,
        columns=tuple(
            replace(each, role="") if each.role == "stan" else each for each in known.columns
        ),
    )
    with pytest.raises(InvalidRequestError, match="layout"):
        compare_day(fleet, b"", file_day=TODAY, layout=blind)


def test_an_engine_that_is_none_is_refused(fleet: Path) -> None:
    with pytest.raises(InvalidRequestError, match="engine"):
        compare_day(fleet, b"", file_day=TODAY, engine="abacus")  # type: ignore[arg-type]


def test_a_journal_for_practice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    open_journal(path).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT OR REPLACE INTO meta VALUES ('kind', 'training')")

    with pytest.raises(InvalidRequestError, match="practice"):
        compare_day(path, b"", file_day=TODAY)


def test_a_terminal_without_a_journal_is_refused(fleet: Path) -> None:
    with pytest.raises(InvalidRequestError, match="terminal"):
        compare_day(fleet, b"", file_day=TODAY, terminal="x' OR '1'='1")


def test_without_the_extra_its_name_is_said(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)

    with pytest.raises(ConfigError, match=r"posrefund\[report\]"):
        compare_day(fleet, rows_of(line()), file_day=TODAY, engine="duckdb")


# --- beside the strict reading, and beside each other --------------------------------------------

attempts = st.lists(
    st.tuples(
        st.sampled_from(sorted(STATES)),
        st.sampled_from(["000007", "000007", "000008", "000009"]),
        st.sampled_from([date(2026, 3, 6), *THREE, date(2026, 3, 11)]),
        st.sampled_from([{}, {"file_day": "2026-03-08"}, {"file_day": "2026-03-09"}]),
    ),
    min_size=1,
    max_size=5,
)
"""State, number, settlement day, and what its last step told: a number is used again in another batch."""
rows = st.lists(
    st.builds(
        lambda stan, amount, mti, original, code, terminal: line(
            stan=stan,
            amount=amount,
            mti=mti,
            original_stan=original if mti == "0420" else "000000",
            code=code,
            terminal=terminal,
        ),
        st.sampled_from(["000007", "000008", "000009", "000010", "000011"]),
        st.sampled_from(["000000001000", "000000001000", "000000000999"]),
        st.sampled_from(["0220", "0220", "0220", "0420"]),
        st.sampled_from(["000000", "000008"]),
        st.sampled_from(["00", "00", "00", "51"]),
        st.sampled_from(["12345678", "12345678", "87654321"]),
    ),
    max_size=9,
)


Chosen = list[tuple[str, str, date, dict[str, str]]]


def _fill(path: Path, chosen: Chosen) -> None:
    with open_journal(path) as journal:
        for number, (state, stan, day, facts) in enumerate(chosen, start=1):
            journal.commit([know(f"S-{number}")])
            batch = f"{number:06d}"
            put(journal, state, f"R-{number}", stan, facts=facts, host_day=day, batch=batch)


@FEW
@given(attempts, rows, st.sampled_from(THREE))
def test_it_says_of_each_row_what_the_strict_reading_says(
    chosen: Chosen, lines: list[str], day: date
) -> None:
    """Where rows name no other sale and no reference number: those only the strict reading looks at."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        _fill(path, chosen)
        found = compare_day(path, rows_of(*lines, day=day), file_day=day)
        with open_journal(path) as journal:
            strict = read(journal, *lines, day=day)

    told = Counter(each.category for each in strict.findings if each.row)
    assert {each.category: each.file.count for each in found.sums if each.file.count} == told
    assert found.file == strict.file
    assert found.unaccounted == Side()


@FEW
@given(attempts, rows, st.sampled_from(THREE), st.sampled_from(["", ONE]))
def test_both_joins_say_the_same(
    chosen: Chosen, lines: list[str], day: date, terminal: str
) -> None:
    pytest.importorskip("duckdb", reason="pip install 'posrefund[report]'")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        _fill(path, chosen)
        found: list[DayComparison] = [
            compare_day(
                path, rows_of(*lines, day=day), file_day=day, terminal=terminal, engine=engine
            )
            for engine in ("plain", "duckdb")
        ]

    assert found[1].engine == "duckdb"
    assert replace(found[1], engine="plain") == found[0]
