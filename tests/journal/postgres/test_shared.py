"""Many terminals in one database: one ceiling per sale, one content per request, a chain for each."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from engine.builders import original
from journal.builders import approval, know, move, opening, sums
from posrefund.engine import Ask, Decide, Event, Know
from posrefund.errors import (
    JournalCorruptError,
    JournalError,
    JournalWriteError,
    RequestConflictError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journal.backends import PostgresBackend
    from posrefund.journal import Journal

HERE, THERE = "12345678", "87654321"


@pytest.fixture
def here(database: PostgresBackend) -> Iterator[Journal]:
    with database.open(terminal=HERE) as journal:
        journal.commit([know("S-1", 10_000)])
        yield journal


@pytest.fixture
def there(database: PostgresBackend, here: Journal) -> Iterator[Journal]:
    with database.open(terminal=THERE) as journal:
        yield journal


def refund(journal: Journal, terminal: str, request: str, stan: str, minor: int) -> None:
    journal.commit([opening(request, stan, minor, terminal=terminal)])
    journal.commit(move(f"{request}/1", Event.SEND, Event.ACCEPT))


def test_ceiling_is_one_for_all_terminals(here: Journal, there: Journal) -> None:
    refund(there, THERE, "R-1", "000001", 6_000)
    with pytest.raises(JournalWriteError, match="its ceiling would be passed"):
        refund(here, HERE, "R-2", "000001", 4_001)
    refund(here, HERE, "R-3", "000001", 4_000)

    assert sums(here) == sums(there) == (0, 10_000)
    assert (here.verify(), there.verify()) == (5 - 1, 3)


def test_sale_in_doubt_at_one_terminal_is_blocked_at_the_other(
    here: Journal, there: Journal
) -> None:
    there.commit([opening("R-1", "000001", 1, terminal=THERE), *move("R-1/1", Event.DOUBT)])
    with pytest.raises(JournalWriteError, match="one_open_attempt_per_original"):
        refund(here, HERE, "R-2", "000001", 1)

    assert here.originals("S-1")[0].has_open_attempt


def test_request_is_known_to_all_terminals(here: Journal, there: Journal) -> None:
    refund(there, THERE, "R-1", "000001", 1)
    assert here.content("R-1") == "content of R-1"
    last = here.last_attempt("R-1")
    assert last is not None
    assert (last.terminal, str(last.state)) == (THERE, "ACCEPTED")

    with pytest.raises(RequestConflictError):
        here.commit([replace(opening("R-1", "000001", 1, number=2), content="something else")])


def test_terminal_has_only_its_own_attempts_and_moves_no_other_s(
    here: Journal, there: Journal
) -> None:
    there.commit([opening("R-1", "000001", 1, terminal=THERE), *move("R-1/1", Event.SEND)])

    assert here.attempts() == here.open_attempts() == []
    assert [attempt.attempt_id for attempt in there.open_attempts()] == ["R-1/1"]
    for theirs in (move("R-1/1", Event.DOUBT), [opening("R-2", "000002", 1, terminal=THERE)]):
        with pytest.raises(JournalWriteError, match=r"^an attempt of another terminal$"):
            here.commit(theirs)
    assert here.wipe_cards() == 0
    there.commit(move("R-1/1", Event.ACCEPT))
    assert here.wipe_cards() == 0
    assert there.card("R-1/1") is not None
    assert there.wipe_cards() == 1


def test_numbers_facts_and_chains_are_each_terminal_s_own(here: Journal, there: Journal) -> None:
    refund(here, HERE, "R-1", "000041", 1)

    assert (here.next_stan("000001"), there.next_stan("000001")) == ("000042", "000001")
    assert here.terminal_facts()["stan"] == "000041"
    assert "stan" not in there.terminal_facts()
    assert (here.terminal_facts()["terminal"], there.terminal_facts()["terminal"]) == (HERE, THERE)
    assert (len(here.rows()), there.rows()) == (4, [])


def test_sale_that_two_terminals_take_in_is_one(here: Journal, there: Journal) -> None:
    there.commit([know("S-1", 10_000)])
    assert [row.kind for row in here.rows()] == ["know"]
    assert there.rows() == []
    with pytest.raises(RequestConflictError):
        there.commit([know("S-1", 9_999)])
    with pytest.raises(RequestConflictError):
        there.commit([Know(original(original_id="S-2", stan="000003"), know().at)])
    assert (here.verify(), there.verify()) == (1, 0)


def test_what_one_terminal_did_to_the_other_s_sale_is_verified_too(
    database: PostgresBackend, here: Journal, there: Journal
) -> None:
    refund(there, THERE, "R-1", "000001", 600)
    database.execute("UPDATE originals SET accepted_minor = 0")
    with pytest.raises(JournalCorruptError, match="the sums of original S-1"):
        here.verify()
    database.execute("UPDATE originals SET accepted_minor = 600")
    assert here.verify() == 1
    database.execute("UPDATE attempts SET state = 'DECLINED', hold = 'none'")
    with pytest.raises(JournalCorruptError, match="attempt R-1/1 is not what its rows say"):
        there.verify()


def test_many_terminals_at_once_never_give_back_more_than_the_sale(
    database: PostgresBackend, here: Journal
) -> None:
    """Sixteen refunds of 700 want 11,200 of 10,000: fourteen go through, whoever comes when."""
    barrier = threading.Barrier(8)

    def terminal(number: int) -> int:
        name = f"{number:08d}"
        done = 0
        with database.open(terminal=name) as journal:
            barrier.wait()
            for turn in range(2):
                done += insistently(journal, name, f"R-{number}-{turn}", f"{turn + 1:06d}")
            journal.verify()
        return done

    with ThreadPoolExecutor(8) as crowd:
        done = sum(crowd.map(terminal, range(8)))
    assert done == 14
    assert sums(here) == (0, 9_800)
    assert here.verify() == 1


def insistently(journal: Journal, terminal: str, request: str, stan: str) -> bool:
    """Refund 700, again as long as another terminal is at it; say whether it went through.

    Two that lock a sale and its attempt in two orders would wait for each other, and one of them would be sent home.
    """
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            refund(journal, terminal, request, stan, 700)
        except JournalWriteError as error:
            if "ceiling" in str(error):
                return False
            if "one_open_attempt_per_original" not in str(error):
                raise
        else:
            return True
    raise AssertionError("another terminal is at it for ever")


def test_same_request_at_two_terminals_at_once_is_one_attempt(
    database: PostgresBackend, here: Journal
) -> None:
    here.commit([know(f"S-{n}", stan=f"{n:06d}", batch="000009") for n in range(2, 10)])
    barrier = threading.Barrier(8)

    def terminal(number: int) -> bool:
        name = f"{number:08d}"
        with database.open(terminal=name) as journal:
            barrier.wait()
            action = opening("R-1", "000001", 1, original_id=f"S-{number + 2}", terminal=name)
            try:
                journal.commit([action])
            except JournalError:
                return False
            return True

    with ThreadPoolExecutor(8) as crowd:
        assert sum(crowd.map(terminal, range(8))) == 1
    assert database.ask("SELECT count(*), sum(number) FROM attempts") == [(1, 1)]


def test_same_request_asked_about_at_two_terminals_at_once_waits_once(
    database: PostgresBackend, here: Journal
) -> None:
    barrier = threading.Barrier(8)

    def terminal(number: int) -> bool:
        name = f"{number:08d}"
        with database.open(terminal=name) as journal:
            barrier.wait()
            try:
                journal.commit([Ask(approval(terminal=name, number=number + 1))])
            except JournalError:
                return False
            return journal.verify() == 1

    with ThreadPoolExecutor(8) as crowd:
        assert sum(crowd.map(terminal, range(8))) == 1
    assert database.ask("SELECT count(*) FROM approvals") == [(1,)]


def test_approval_is_the_business_of_the_terminal_that_asked(here: Journal, there: Journal) -> None:
    asked = approval(terminal=HERE)
    here.commit([Ask(asked)])

    assert there.last_approval("R-1") == asked
    assert there.approvals() == []
    with pytest.raises(JournalWriteError, match="another terminal"):
        there.commit([Decide(asked, Event.CLEAR, asked.asked_at, "02")])
    here.commit([Decide(asked, Event.CLEAR, asked.asked_at, "02")])
    assert (here.verify(), there.verify()) == (3, 0)
