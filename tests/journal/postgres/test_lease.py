"""One writer per terminal: whoever was taken over cannot commit any more, however late it wakes up."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from engine.builders import NOW
from journal.builders import know, move, opening
from posrefund.engine import Event, Note
from posrefund.errors import JournalCorruptError, JournalError, JournalWriteError
from posrefund.journal import Lease, claim_terminals, lease_left_s

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journal.backends import PostgresBackend
    from posrefund.engine import Action

TAKEN_OVER = r"^another process took this terminal over$"
IN_USE = (
    r"^another process has this journal open:"
    r" lease \d+ runs out in \d+ s, unless it is prolonged$"
)


def test_paused_writer_cannot_commit_after_another_took_over(database: PostgresBackend) -> None:
    old = database.open()
    old.commit([know(), opening("R-1", "000001")])
    database.let_leases_run_out()
    new = database.open()
    new.commit(move("R-1/1", Event.DOUBT))
    before = database.dump()

    for wake_up in (
        lambda: old.commit(move("R-1/1", Event.SEND)),
        lambda: old.commit([]),
        lambda: old.remember(NOW, "signed_in", batch="000002"),
        old.wipe_cards,
        lambda: old.hold(old.attempt("R-1/1")),
    ):
        with pytest.raises(JournalWriteError, match=TAKEN_OVER):
            wake_up()
    old.close()
    assert database.dump() == before
    new.commit([Note("inbound", NOW, {})])
    assert [row.kind for row in new.rows()] == ["know", "open", "move", "inbound"]
    new.verify()
    new.close()


def test_writer_that_is_in_the_middle_of_a_commit_cannot_be_taken_over(
    database: PostgresBackend,
) -> None:
    """Its lease has run out meanwhile: the taker waits for the commit, and finds the lease prolonged."""
    with database.open() as journal, ThreadPoolExecutor(1) as other:
        is_within, go_on = threading.Event(), threading.Event()

        def slowly() -> Iterator[Action]:
            yield know()
            is_within.set()
            assert go_on.wait(10)
            yield Note("inbound", NOW, {})

        database.let_leases_run_out()
        taker = None
        with ThreadPoolExecutor(1) as writer:
            commit = writer.submit(journal.commit, slowly())
            assert is_within.wait(10)
            taker = other.submit(database.open)
            time.sleep(0.2)
            assert not taker.done()
            go_on.set()
            commit.result(10)
        with pytest.raises(JournalError, match=IN_USE):
            taker.result(10)
        assert journal.verify() == 2


def test_lease_runs_out_by_the_clock_of_the_database_unless_it_is_prolonged(
    database: PostgresBackend,
) -> None:
    old = database.open(lease_s=1.0)
    for _ in range(4):
        time.sleep(0.4)
        old.commit([])
        with pytest.raises(JournalError, match=IN_USE):
            database.open()
    time.sleep(1.1)
    database.open().close()
    with pytest.raises(JournalWriteError, match=TAKEN_OVER):
        old.commit([])
    old.close()


def test_lease_that_ran_out_and_that_nobody_took_is_still_its_holder_s(
    database: PostgresBackend,
) -> None:
    with database.open() as journal:
        database.let_leases_run_out()
        journal.commit([know()])
        with pytest.raises(JournalError, match=IN_USE):
            database.open()


def test_number_of_the_lease_only_grows(database: PostgresBackend) -> None:
    for epoch in (1, 2, 3):
        database.open().close()
        assert database.ask("SELECT epoch FROM leases") == [(epoch,)]


def test_closing_late_leaves_the_lease_of_the_next_one_alone(database: PostgresBackend) -> None:
    old = database.open()
    database.let_leases_run_out()
    with database.open():
        old.close()
        with pytest.raises(JournalError, match=IN_USE):
            database.open()


def test_wrong_key_takes_no_lease(database: PostgresBackend) -> None:
    with database.open() as journal:
        with pytest.raises(JournalCorruptError, match="another key"):
            database.open(key=bytes(32))
        journal.commit([know()])
    with pytest.raises(JournalCorruptError, match="another key"):
        database.open(key=bytes(32))
    assert database.ask("SELECT epoch FROM leases") == [(1,)]


def test_two_that_open_at_once_are_one(database: PostgresBackend) -> None:
    """The first of all times too, when there is no table yet."""
    barrier, kept = threading.Barrier(6), []

    def attempt() -> str:
        barrier.wait()
        try:
            kept.append(database.open())
        except JournalError as error:
            return str(error)
        return "open"

    with ThreadPoolExecutor(6) as crowd:
        said = [future.result() for future in [crowd.submit(attempt) for _ in range(6)]]
    kept[0].close()
    assert said.count("open") == 1
    assert [each for each in said if each != "open" and not re.match(IN_USE, each)] == []


# --- due work ----------------------------------------------------------------------------------


def doubtful(database: PostgresBackend, terminals: list[str]) -> None:
    """Leave a doubt at each of *terminals*, and nothing at terminal 00000000."""
    database.open(terminal="00000000").close()
    for number, terminal in enumerate(terminals):
        with database.open(terminal=terminal) as journal:
            name = f"S-{number}"
            action = opening(f"R-{number}", "000001", 1, original_id=name, terminal=terminal)
            sale = know(name, stan=f"{number + 1:06d}")
            journal.commit([sale, action, *move(f"R-{number}/1", Event.DOUBT)])


def test_each_terminal_with_a_doubt_goes_to_one_worker(database: PostgresBackend) -> None:
    terminals = [f"{number:08d}" for number in range(1, 13)]
    doubtful(database, terminals)
    barrier = threading.Barrier(4)

    def worker() -> list[Lease]:
        barrier.wait()
        mine: list[Lease] = []
        while found := claim_terminals(database.dsn, most=2, schema=database.schema):
            mine += found
        return mine

    with ThreadPoolExecutor(4) as workers:
        claimed = [future.result() for future in [workers.submit(worker) for _ in range(4)]]
    assert sorted(lease.terminal for mine in claimed for lease in mine) == terminals
    assert {lease.epoch for mine in claimed for lease in mine} == {2}


def test_claim_waits_for_nobody(database: PostgresBackend) -> None:
    import psycopg

    doubtful(database, ["00000001", "00000002"])
    with psycopg.connect(database.dsn) as other:
        table = f"{database.schema}.leases"
        sql = f"SELECT 1 FROM {table} WHERE terminal = '00000001' FOR UPDATE"
        other.execute(sql.encode())
        began = time.monotonic()
        found = claim_terminals(database.dsn, most=9, schema=database.schema)
        assert time.monotonic() - began < 5
    assert [lease.terminal for lease in found] == ["00000002"]
    found = claim_terminals(database.dsn, most=9, schema=database.schema)
    assert [lease.terminal for lease in found] == ["00000001"]


def test_claimed_terminal_is_opened_with_its_lease_and_is_free_again_once_its_work_is_done(
    database: PostgresBackend,
) -> None:
    doubtful(database, ["00000001"])
    (lease,) = claim_terminals(database.dsn, schema=database.schema)
    with pytest.raises(JournalError, match=IN_USE):
        database.open(terminal="00000001")
    with pytest.raises(JournalError, match=r"^a lease of terminal 00000001$"):
        database.open(terminal="00000002", lease=lease)
    with database.open(terminal="00000001", lease=lease) as journal:
        assert [attempt.attempt_id for attempt in journal.open_attempts()] == ["R-0/1"]
        journal.commit(move("R-0/1", Event.DECLINE))
    assert claim_terminals(database.dsn, schema=database.schema) == []


def test_claim_that_was_lost_is_worth_nothing(database: PostgresBackend) -> None:
    doubtful(database, ["00000001"])
    (lease,) = claim_terminals(database.dsn, schema=database.schema)
    database.let_leases_run_out()
    (later,) = claim_terminals(database.dsn, schema=database.schema)
    assert later.epoch == lease.epoch + 1
    with (
        database.open(terminal="00000001", lease=lease) as journal,
        pytest.raises(JournalWriteError, match=TAKEN_OVER),
    ):
        journal.commit(move("R-0/1", Event.DECLINE))


def test_lease_says_how_long_it_lasts_and_nobodys_lasts_no_time(database: PostgresBackend) -> None:
    def left_s() -> float:
        return lease_left_s(database.dsn, "12345678", schema=database.schema)

    assert left_s() == 0
    with database.open(lease_s=30):
        assert 0 < left_s() <= 30
    assert left_s() == 0


def test_journal_that_was_taken_over_is_gone_and_says_so_only_then(
    database: PostgresBackend,
) -> None:
    old = database.open()
    old.commit([])
    assert not old.is_gone
    database.let_leases_run_out()
    old.commit([])  # nobody took it: it is still ours
    assert not old.is_gone
    database.let_leases_run_out()
    with database.open() as new:
        with pytest.raises(JournalWriteError, match=TAKEN_OVER):
            old.commit([])
        assert [old.is_gone, new.is_gone] == [True, False]
    old.close()
    assert new.is_gone  # closed by now


@pytest.mark.parametrize(("lease_s", "within_s"), [(180, 60), (9, 3), (600, 60)])
def test_first_byte_leaves_long_before_a_lease_can_run_out(
    database: PostgresBackend, lease_s: float, within_s: float
) -> None:
    """Whoever takes over believes that nothing is on its way any more; also where the lease is a short one."""
    with database.open(lease_s=lease_s) as journal:
        assert journal.send_within_s == within_s
