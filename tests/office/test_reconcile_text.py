"""The report of one file: both sides by category, what was left out, and the line that proves completeness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from engine.builders import TODAY
from journal.builders import know, open_journal
from office.books import OTHERS, put, read
from office.lines import REFUND_LINE, line
from posrefund.office import Finding, Reconciliation, Side, reconcile_text

if TYPE_CHECKING:
    from pathlib import Path

ENGLISH = """\
settlement file of 2026-03-09
whole: what it lacks counts

category             journal           sum    file           sum    difference
MATCH                      1         10.00       1         10.00          0.00
HOST_ONLY                  0          0.00       1          9.99          9.99
other terminals                                  1         10.00
not booked                                       1         10.00
the file has                                     4         39.99

rows and sums in no line above: 0 rows, difference 0.00
1 for people to look at
MATCH                R-1/1 (line 1)
HOST_ONLY            - (line 2): find out who made it: another channel, a lost journal, or fraud
"""


def test_report_is_this_page(tmp_path: Path) -> None:
    with open_journal(tmp_path / "journal.db") as journal:
        journal.commit([know("S-1")])
        put(journal, "ACCEPTED")
        found = read(
            journal,
            REFUND_LINE,
            line(stan="000008", amount="000000000999"),
            OTHERS,
            line(stan="000009", code="51"),
        )

        assert reconcile_text(found) == ENGLISH
        assert "文件合计" in reconcile_text(found, "zh")
        assert "未归类：0 笔，差额 0.00" in reconcile_text(found, "zh")


def test_row_that_was_lost_on_the_way_shows() -> None:
    found = Reconciliation(TODAY, (), Side(2, 1_500), {"elsewhere": Side(1, 1_000)})

    assert found.unaccounted == Side(1, 500)
    assert "rows and sums in no line above: 1 rows, difference 5.00" in reconcile_text(found)


@pytest.mark.parametrize(("count", "shown"), [(20, 20), (21, 0)])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_long_report_shows_only_what_people_look_at(
    count: int, shown: int, lang: Literal["zh", "en"]
) -> None:
    fine = tuple(Finding("MATCH", f"R-{n}/1", None, 100) for n in range(count - 1))
    found = Reconciliation(TODAY, (*fine, Finding("JOURNAL_ONLY", "R-99/1", None, 100)))
    text = reconcile_text(found, lang)

    assert text.count("MATCH  ") == max(1, shown)  # the line of sums, and one for each
    assert "R-99/1: " in text


def test_report_of_a_correction_names_what_it_corrects() -> None:
    found = Reconciliation(TODAY, (), supersedes="0123456789abcdef" * 4)

    assert "corrects the file 0123456789ab\n" in reconcile_text(found)
    assert "更正文件 0123456789ab\n" in reconcile_text(found, "zh")
