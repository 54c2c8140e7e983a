"""The server is killed under load: nothing acknowledged is lost, nothing is done twice.

Each till commits refunds as fast as it can, over its own connection. Meanwhile the server loses one of
its processes, its first process, or is stopped as a power cut stops it, and comes back. What a commit
said is held against what the database says in the end.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from journal.backends import PostgresBackend
from journal.builders import know, move, opening, sums
from journal.server import Server, own_server
from posrefund.engine import Event, State
from posrefund.errors import JournalError, JournalWriteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from posrefund.engine import Action
    from posrefund.journal import PostgresJournal

TILLS = 4
SALE = 1_000_000


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that no other test talks to."""
    made = Server(own_server().programs)
    yield made
    made.remove()


class Till:
    """Refunds 1 unit at a time; asks the database before it tries anything again, as a driver does."""

    def __init__(self, journal: PostgresJournal, number: int) -> None:
        self.journal = journal
        self.number = number
        self.name = f"{number:08d}"
        self.sale = f"S-{number}"
        self.acknowledged: dict[str, State] = {}
        self.refusals = 0
        self.unknown = 0

    def work(self, stop: threading.Event) -> None:
        sale = know(self.sale, SALE, stan=f"{self.number + 1:06d}")
        self._insist(lambda: self.journal.commit([sale]), lambda: bool(self._sale()))
        turn = 0
        while not stop.is_set():
            turn += 1
            self._refund(f"R-{self.number}-{turn}", f"{turn:06d}")

    def _refund(self, request: str, stan: str) -> None:
        name = f"{request}/1"
        action = opening(request, stan, 1, original_id=self.sale, terminal=self.name)
        self._step(name, State.SENT, [action, *move(name, Event.SEND)])
        self._step(name, State.ACCEPTED, move(name, Event.ACCEPT))

    def _step(self, name: str, state: State, actions: list[Action]) -> None:
        self._insist(lambda: self.journal.commit(actions), lambda: self._state(name) is state)
        self.acknowledged[name] = state

    def _insist(self, commit: Callable[[], None], is_done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                commit()
            except JournalWriteError:
                self.refusals += 1  # it says: nothing was written. Then it is safe to do it again.
            except JournalError:
                self.unknown += 1
                if self._ask(is_done):
                    return
            else:
                return
            time.sleep(0.01)
        raise AssertionError("a step can neither be made nor be found")

    def _ask(self, is_done: Callable[[], bool]) -> bool:
        for _ in range(600):
            try:
                return is_done()
            except JournalError:
                time.sleep(0.05)
        raise AssertionError("the database does not come back")

    def _state(self, name: str) -> State | None:
        found = self.journal.last_attempt(name.rpartition("/")[0])
        return found.state if found else None

    def _sale(self) -> list[Any]:
        return self.journal.originals(self.sale)


def kill_one_backend(server: Server, journal: PostgresJournal) -> None:
    """SIGKILL one server process: the postmaster ends all others and recovers."""
    os.kill(journal._db.info.backend_pid, signal.SIGKILL)


def kill_the_postmaster(server: Server, _: PostgresJournal) -> None:
    server.kill()
    server.restart()


def stop_at_once(server: Server, _: PostgresJournal) -> None:
    server.stop("immediate")
    server.restart()


def restart_in_order(server: Server, _: PostgresJournal) -> None:
    server.stop("fast")
    server.restart()


@pytest.mark.slow
@pytest.mark.parametrize(
    "blow",
    [kill_one_backend, kill_the_postmaster, stop_at_once, restart_in_order],
    ids=lambda blow: blow.__name__,
)
def test_server_killed_under_load_loses_nothing_acknowledged_and_does_nothing_twice(
    server: Server, tmp_path: Path, blow: Callable[[Server, PostgresJournal], None]
) -> None:
    database = PostgresBackend(tmp_path)
    database.dsn = server.dsn
    tills = [Till(database.open(terminal=f"{n:08d}"), n) for n in range(TILLS)]
    stop = threading.Event()
    with ThreadPoolExecutor(TILLS) as threads:
        running = [threads.submit(till.work, stop) for till in tills]
        try:
            for turn in range(3):
                before = [len(till.acknowledged) for till in tills]
                _until(lambda at=before: _moved_on(tills, at))  # type: ignore[misc]
                blow(server, tills[turn].journal)
            before = [len(till.acknowledged) for till in tills]
            _until(lambda: _moved_on(tills, before))
        finally:
            stop.set()
        for each in running:
            each.result(60)
    assert sum(till.refusals + till.unknown for till in tills) > 0, "no commit was ever hit"
    for till in tills:
        _check(till)


def _check(till: Till) -> None:
    """Every acknowledged step is there, and nothing that nobody asked for."""
    found = {attempt.attempt_id: attempt.state for attempt in till.journal.attempts()}
    assert found == till.acknowledged
    assert set(found.values()) == {State.ACCEPTED}
    assert sums(till.journal, till.sale) == (0, len(found))
    kinds = [row.kind for row in till.journal.rows()]
    assert kinds == ["know", *["open", "move", "move"] * len(found)]
    assert till.journal.verify() == len(kinds)
    till.journal.close()


def _moved_on(tills: list[Till], before: list[int]) -> bool:
    return all(len(t.acknowledged) > n + 3 for t, n in zip(tills, before, strict=True))


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "the tills stand still"
        time.sleep(0.01)
