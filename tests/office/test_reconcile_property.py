"""Random journals and random files: every item in one category, once; order and repetition change nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builders import NOW, PROPERTY, TODAY
from journal.builders import dump, know, open_journal
from office.books import OTHERS, STATES, THREE, put, read
from office.lines import line
from posrefund.engine import State
from posrefund.engine.exceptions import needs_somebody
from posrefund.office import Reconciliation, cases, watch

if TYPE_CHECKING:
    from datetime import date

    from posrefund.journal import SQLiteJournal

FEW = settings(PROPERTY, max_examples=40)
states = st.lists(st.sampled_from(sorted(STATES)), min_size=1, max_size=4)
rows = st.lists(
    st.builds(
        lambda stan, rrn, amount, mti, original, code, terminal: line(
            stan=stan,
            rrn=rrn,
            amount=amount,
            mti=mti,
            original_stan=original,
            code=code,
            terminal=terminal,
        ),
        st.sampled_from(["000007", "000008", "000009", "000010", "000011"]),
        st.sampled_from(["606810000123", "606810000124", "606810000125"]),
        st.sampled_from(["000000001000", "000000000999", "000000009999"]),
        st.sampled_from(["0220", "0220", "0200", "0420"]),
        st.sampled_from(["000003", "000181", "000000"]),
        st.sampled_from(["00", "00", "00", "51"]),
        st.sampled_from(["12345678", "12345678", "87654321"]),
    ),
    max_size=7,
)
RRNS = ({"rrn": "606810000123"}, {"rrn": "606810000124"}, None, {"rrn": "606810000123"})


def fill(journal: SQLiteJournal, chosen: list[str]) -> None:
    for number, state in enumerate(chosen, start=1):
        journal.commit([know(f"S-{number}")])
        put(journal, state, f"R-{number}", f"{6 + number:06d}", facts=RRNS[number - 1])


def content(found: Reconciliation) -> Counter[object]:
    """What was found, but for the lines that it stood in."""
    return Counter(
        (
            each.category,
            each.attempt_id,
            each.row and (each.row.stan, each.row.rrn, each.row.amount_minor, each.row.kind),
        )
        for each in found.findings
    )


@FEW
@given(states, rows, st.sampled_from(THREE), st.booleans())
def test_every_row_and_every_attempt_is_in_one_place(
    chosen: list[str], lines: list[str], day: date, whole: bool
) -> None:
    with TemporaryDirectory() as folder, open_journal(Path(folder) / "journal.db") as journal:
        fill(journal, chosen)
        found = read(journal, *lines, day=day, whole=whole)

        in_rows = [each.row.row for each in found.findings if each.row]
        left_out = sum(side.count for side in found.left_out.values())
        assert len(in_rows) == len(set(in_rows))
        assert len(in_rows) + left_out == len(lines) == found.file.count
        assert (found.unaccounted.count, found.unaccounted.sum_minor) == (0, 0)
        alone = [each.attempt_id for each in found.findings if each.row is None]
        with_row = {each.attempt_id for each in found.findings if each.row}
        assert len(alone) == len(set(alone))
        assert not with_row & set(alone)
        firsts = Counter(
            each.attempt_id
            for each in found.findings
            if each.attempt_id and each.row and each.category != "DUPLICATE_HOST"
        )
        assert all(count == 1 for count in firsts.values())
        journal.verify()


@FEW
@given(states, rows, st.sampled_from(THREE))
def test_reading_twice_is_reading_once(chosen: list[str], lines: list[str], day: date) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        with open_journal(path) as journal:
            fill(journal, chosen)
            read(journal, *lines, day=day)
            read(journal, *lines, day=day)
            twice = dump(path)
            read(journal, *lines, day=day)

            assert dump(path) == twice


@FEW
@given(states, rows, st.randoms(use_true_random=False))
def test_order_of_the_rows_does_not_matter(
    chosen: list[str], lines: list[str], random: st.DataObject
) -> None:
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    found = []
    for order in (lines, shuffled):
        with TemporaryDirectory() as folder, open_journal(Path(folder) / "journal.db") as journal:
            fill(journal, chosen)
            said = content(read(journal, *order))
            stands = [(each.attempt_id, each.state, each.hold) for each in journal.attempts()]
            about = sorted((case.category, case.subject) for case in cases(journal))
            found.append((said, stands, about))

    assert found[0] == found[1]


@FEW
@given(states, rows)
def test_every_exception_has_a_case_and_after_all_files_everything_is_settled_or_in_one(
    chosen: list[str], lines: list[str]
) -> None:
    """I8: three whole files and time; what was sent is CONFIRMED, decided, or somebody's case."""
    with TemporaryDirectory() as folder, open_journal(Path(folder) / "journal.db") as journal:
        fill(journal, chosen)
        found = [
            each
            for day in THREE
            for each in read(journal, *(lines if day == TODAY else [OTHERS]), day=day).findings
        ]
        watch(journal, today=TODAY.replace(day=20), now=NOW)
        ever = cases(journal, open_only=False)

        opened = {(case.category, case.attempt_id or "row") for case in ever}
        for each in found:
            if needs_somebody(each.category) and each.category != "OPEN_CASE":
                assert (each.category, each.attempt_id or "row") in opened
        about = {case.attempt_id for case in ever if case.is_open}
        loose = {State.ACCEPTED, State.IN_DOUBT, State.MANUAL, State.MISMATCHED, State.BOUNCED}
        for attempt in journal.attempts(states=sorted(loose)):
            assert attempt.attempt_id in about
