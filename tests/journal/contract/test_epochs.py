"""The contract of a journal that lost rows: a new name, a new key for what follows, and one word that ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.builders import NOW
from journal.builders import KEY, ROWS, fill, know
from posrefund.engine import Note
from posrefund.errors import JournalCorruptError
from posrefund.journal.rows import FIRST_LINK, link_of

if TYPE_CHECKING:
    from journal.backends import Backend

TOLD = {"why": "rows_missing", "from_day": "2026-03-08", "to_day": "2026-03-10"}


def test_head_is_the_last_row_and_a_place_before_the_first(backend: Backend) -> None:
    with backend.open() as journal:
        assert journal.head() == (0, FIRST_LINK)
        assert journal.row(0) is None
        fill(journal)
        last = journal.rows()[-1]
        assert journal.head() == (ROWS, last.link)
        assert journal.row(ROWS) == last
        assert journal.row(ROWS + 1) is None


def test_name_stays_with_the_journal_and_no_other_has_it(backend: Backend) -> None:
    with backend.open() as journal:
        name = journal.journal_id
        assert len(bytes.fromhex(name)) == 16
    with backend.open() as journal:
        assert journal.journal_id == name


def test_epoch_is_chained_under_another_key_and_stays_so(backend: Backend) -> None:
    with backend.open() as journal:
        fill(journal)
        name = journal.journal_id
        journal.begin_epoch(NOW, TOLD, stan="000400")
        journal.commit([Note("echo", NOW, {})])
        rows = journal.rows()
        new = journal.journal_id
        assert new != name
        assert journal.notes("epoch") == [
            {**TOLD, "epoch": "2", "journal_id": new, "stan": "000400", "signed_in_at": ""}
        ]
        assert journal.next_stan("000001") == "000401"
    row = rows[ROWS]
    said = (row.seq, row.at, row.kind, row.subject, row.body)
    assert link_of(journal._keys.chain(1), rows[ROWS - 1].link, *said) != row.link
    assert link_of(journal._keys.chain(row.seq), rows[ROWS - 1].link, *said) == row.link
    with backend.open() as journal:
        assert journal.terminal_facts()["behind"] == str(ROWS + 1)
        journal.commit([Note("echo", NOW, {})])
        assert journal.verify() == ROWS + 3


def test_each_epoch_has_its_number_and_its_name(backend: Backend) -> None:
    with backend.open() as journal:
        names = {journal.journal_id}
        for _ in range(3):
            journal.begin_epoch(NOW, TOLD, stan="000400")
            names.add(journal.journal_id)
        assert [note["epoch"] for note in journal.notes("epoch")] == ["2", "3", "4"]
        assert len(names) == 4
        assert journal.verify() == 3
    with backend.open() as journal:
        assert journal.verify() == 3


def test_epoch_and_a_new_key_go_together(backend: Backend) -> None:
    new = bytes(range(32, 64))
    with backend.open() as journal:
        fill(journal)
        journal.begin_epoch(NOW, TOLD, stan="000400")
        journal.rotate_key(new, NOW)
        journal.begin_epoch(NOW, TOLD, stan="000500")
        assert journal.verify() == ROWS + 3
    with backend.open(key=new) as journal:
        assert journal.verify() == ROWS + 3
        assert new != KEY


def test_word_ends_it(backend: Backend) -> None:
    with backend.open() as journal:
        journal.begin_epoch(NOW, TOLD, stan="000400")
        journal.remember(NOW, "journal_accepted", {"accepted_by": "ann, bo"}, behind="")
    with backend.open() as journal:
        assert journal.terminal_facts()["behind"] == ""


@pytest.mark.parametrize("said", ["", "1"])
def test_fact_that_the_chain_does_not_bear_out_opens_nothing(backend: Backend, said: str) -> None:
    with backend.open() as journal:
        fill(journal)
        if not said:
            journal.begin_epoch(NOW, TOLD, stan="000400")
        with journal._transaction():
            journal._set_meta(behind=said)
    with pytest.raises(JournalCorruptError, match="not what the chain says"):
        backend.open()


def test_row_of_a_file_that_nobody_here_knows_of_blocks_its_sale_and_no_other(
    backend: Backend,
) -> None:
    with backend.open() as journal:
        journal.commit([know("S-1", stan="000003"), know("S-2", stan="000004")])
        facts = {"stan": "000007", "rrn": "606810000123", "original_transmitted": "0000000000"}
        journal.commit([Note("host_only", NOW, facts, "000003")])
        assert [sale.has_case for sale in journal.all_originals()] == [True, False]
        journal.commit([know("S-3", stan="000003", batch="000002")])
        (third,) = journal.originals("S-3")
        assert third.has_case, "it fits that one, too"
        journal.verify()
