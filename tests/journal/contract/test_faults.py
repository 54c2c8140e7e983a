"""The fault log and the mark of a run, in every backend."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from posrefund.errors import InvalidRequestError, JournalCorruptError, LocalProtocolError

if TYPE_CHECKING:
    from journal.backends import Backend
    from posrefund.journal import Journal

AT = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


def test_a_fault_is_opened_once_and_closed_once_over_restarts(backend: Backend) -> None:
    with backend.open() as journal:
        fault = journal.open_fault("printer", "no paper comes", AT)
        assert journal.open_fault("printer", "still none", LATER) == fault
        other = journal.open_fault("battery", "", LATER)
    with backend.open() as journal:
        assert journal.faults() == [fault, other]
        closed = journal.close_fault(fault.fault_id, LATER, by="07", done="new roll")
        with pytest.raises(LocalProtocolError, match="no open fault"):
            journal.close_fault(fault.fault_id, LATER, by="07", done="again")
    with backend.open() as journal:
        assert journal.faults() == [other]
        assert journal.faults(open_only=False) == [closed, other]
        assert journal.verify() == 3


def test_a_fault_of_a_kind_that_was_closed_is_another_one(journal: Journal) -> None:
    first = journal.open_fault("printer", "", AT)
    journal.close_fault(first.fault_id, AT, by="07", done="new roll")

    second = journal.open_fault("printer", "", LATER)

    assert second.fault_id != first.fault_id
    assert journal.faults() == [second]


def test_what_may_not_be_kept_leaves_no_row(journal: Journal) -> None:
    fault = journal.open_fault("printer", "", AT)
    rows = journal.rows()
    for kind, detail in (("no word", ""), ("printer2", "6200000000000005")):
        with pytest.raises(InvalidRequestError):
            journal.open_fault(kind, detail, AT)
    with pytest.raises(InvalidRequestError):
        journal.close_fault(fault.fault_id, AT, by="", done="")

    assert journal.rows() == rows
    assert journal.faults() == [fault]


def test_open_faults_that_are_not_what_the_rows_say_are_found_out(journal: Journal) -> None:
    journal.open_fault("printer", "no paper", AT)
    assert journal.verify() == 1
    for changed in ("[]", '[["F-1","printer","paper","2026-03-09T02:00:00+00:00"]]'):
        with journal._transaction():
            journal._set_meta(open_faults=changed)
        with pytest.raises(JournalCorruptError, match="the open faults"):
            journal.verify()
    for broken in ("{", "[[1]]", '[["F-1","a b","",""]]', "7"):
        with journal._transaction():
            journal._set_meta(open_faults=broken)
        with pytest.raises(JournalCorruptError, match="cannot be read"):
            journal.faults()


# --- the mark --------------------------------------------------------------------------------------


def test_a_run_that_is_closed_leaves_nothing(backend: Backend) -> None:
    with backend.open() as journal:
        assert journal.unclean_since == ""
        journal.remember(AT, "test", batch="000001")
        assert journal.unclean_since == ""  # its own mark says nothing about itself
    with backend.open() as journal:
        assert journal.unclean_since == ""


def test_a_run_that_is_not_closed_is_known_until_a_person_has_looked(backend: Backend) -> None:
    with backend.open() as journal:
        journal.remember(AT, "test", batch="000001")
        journal._has_mark = False  # what a kill does: nobody takes it away
        journal.close()
    with backend.open() as journal:  # it only reads
        assert journal.unclean_since == AT.isoformat()
    with backend.open() as journal:  # it writes, and ends in order
        fault = journal.open_fault("shutdown.unclean", "", LATER)
        assert journal.unclean_since == AT.isoformat()
    with backend.open() as journal:
        assert journal.unclean_since == AT.isoformat()
        journal.close_fault(fault.fault_id, LATER, by="07", done="power strip replaced")
        assert journal.unclean_since == ""
    with backend.open() as journal:
        assert journal.unclean_since == ""
        journal.verify()


def test_a_failed_commit_marks_nothing_for_good(journal: Journal) -> None:
    def fails() -> None:
        with journal._transaction():
            journal._append("test", "", AT, {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert journal._facts().get("running", "") == ""

    journal.remember(AT, "test", batch="000001")

    assert journal._facts()["running"] == AT.isoformat()


def test_the_mark_is_no_fact_of_the_terminal(journal: Journal) -> None:
    journal.remember(AT, "test", batch="000001")

    assert "running" not in journal.terminal_facts()


def test_rows_behind_a_number(filled: Journal) -> None:
    assert [row.seq for row in filled.rows(after=9)] == [10, 11, 12]
    assert filled.rows(after=12) == []
