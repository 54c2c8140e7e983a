"""What reconciliation asks a journal for: sales as a file names them, and the notes of some kinds."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from engine.builders import NOW
from journal.builders import know, move, opening
from posrefund.engine import Event, Note
from posrefund.engine.evidence import Sold

if TYPE_CHECKING:
    from journal.backends import Backend
    from posrefund.journal import Journal


def test_sales_that_this_terminal_gave_back_of_and_sales_of_a_number(journal: Journal) -> None:
    journal.commit([know("S-1"), know("S-2"), opening("R-1", "000001")])
    journal.commit(move("R-1/1", Event.SEND))
    doubtful = Sold("S-1", "000003", date(2026, 3, 8), 10_000, 0)

    assert journal.sold_here() == [doubtful]
    assert journal.sold_as("000003") == [doubtful]
    assert [sale.original_id for sale in journal.sold_as("000181")] == ["S-2"]
    assert journal.sold_as("999999") == []
    journal.commit(move("R-1/1", Event.ACCEPT))
    assert journal.sold_as("000003") == [Sold("S-1", "000003", date(2026, 3, 8), 10_000, 1_000)]


def test_sale_whose_ceiling_is_the_host_s_is_not_one_to_be_exceeded(journal: Journal) -> None:
    journal.commit([know("S-1", ceiling="host_only")])

    assert journal.sold_as("000003") == []


def test_rows_of_some_kinds_are_this_terminal_s_oldest_first(backend: Backend) -> None:
    with backend.open() as journal:
        journal.commit([Note("a", NOW, {"n": "1"}), Note("b", NOW, {"n": "2"}, "R-1/1")])
        journal.commit([Note("c", NOW, {"n": "3"}), Note("a", NOW, {"n": "4"})])

        assert [(row.kind, row.subject, row.facts["n"]) for row in journal.rows_of("a", "b")] == [
            ("a", "", "1"),
            ("b", "R-1/1", "2"),
            ("a", "", "4"),
        ]
        assert journal.rows_of("nothing") == []
