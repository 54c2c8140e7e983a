"""The last look before a byte leaves: does the attempt still stand as it was read, and is it ours to send?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from journal.builders import know, move, opening
from posrefund.engine import Event
from posrefund.errors import JournalError, JournalWriteError

if TYPE_CHECKING:
    from posrefund.journal import Journal


def test_attempt_that_stands_as_it_was_read_may_be_sent_and_nothing_is_written(
    journal: Journal,
) -> None:
    journal.commit([know(), opening("R-1", "000001"), *move("R-1/1", Event.SEND)])
    rows = journal.rows()

    journal.hold(journal.attempt("R-1/1"))

    assert journal.rows() == rows


@pytest.mark.parametrize("event", [Event.DOUBT, Event.ACCEPT, Event.DECLINE, Event.FAIL])
def test_attempt_that_somebody_moved_meanwhile_is_not_sent(journal: Journal, event: Event) -> None:
    journal.commit([know(), opening("R-1", "000001"), *move("R-1/1", Event.SEND)])
    as_read = journal.attempt("R-1/1")
    journal.commit(move("R-1/1", event))

    with pytest.raises(JournalWriteError, match=r"^the attempt was moved by somebody else$"):
        journal.hold(as_read)


def test_attempt_that_is_not_there_is_not_sent(journal: Journal) -> None:
    journal.commit([know(), opening("R-1", "000001")])
    read = journal.attempt("R-1/1")
    journal.close()

    with pytest.raises(JournalError, match=r"^the journal is closed$"):
        journal.hold(read)
