"""The N-th call of the file system fails, for every N: what was told stays true, and nothing is made up.

Below SQLite, where ``posrefund.testing.simulator.disk`` fails whole statements: one write (half of it done), cut,
sync, opening or removal fails within a commit, within copying the log, within opening and closing. A sync that fails
also loses for good what it should have synced, as Linux does.
"""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from engine.builders import NOW
from journal.builders import know, move, open_journal, opening
from posrefund.engine import Event
from posrefund.errors import JournalError, LocalProtocolError

pytest.importorskip("apsw", reason="no APSW here: the disk that fails is an APSW VFS")

from power.connection import State, Witness, look
from power.disk import Committed, Committing, Disk
from power.images import images

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posrefund.journal import SQLiteJournal

LOG = 8
"""Pages after which the log is copied: within the commits of this story."""

STORY: tuple[Callable[[SQLiteJournal], object], ...] = (
    lambda journal: journal.remember(NOW, "signed_in", batch="000001", key_set_id="8D0A74-AB7153"),
    lambda journal: journal.commit([know("S-1"), know("S-2", 500)]),
    lambda journal: journal.commit([opening("R-1", "000001"), *move("R-1/1", Event.SEND)]),
    lambda journal: journal.commit(move("R-1/1", Event.ACCEPT, code="00", rrn="606810000123")),
    lambda journal: journal.wipe_cards(),
    lambda journal: journal.commit(
        [opening("R-2", "000002", 500, original_id="S-2"), *move("R-2/1", Event.SEND)]
    ),
    lambda journal: journal.commit(move("R-2/1", Event.DOUBT, reason="no_reply")),
    lambda journal: journal.remember(NOW, "signed_out"),
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory where the system has one."""
    memory = "/dev/shm"
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as made:
        yield Path(made)


def work(disk: Disk, witness: Witness, path: Path) -> list[str]:
    """Do the shop's work, going on after what fails; return the names of the errors."""
    failed: list[str] = []
    with witness.watching():
        try:
            journal = open_journal(path)
        except JournalError as error:
            failed.append(type(error).__name__)
            journal = open_journal(path)  # switched off and on
        for step in STORY:
            try:
                step(journal)
            except (JournalError, LocalProtocolError) as error:
                failed.append(type(error).__name__)
            else:
                witness.acknowledged()
        journal.close()
    return failed


def come_up(where: Path) -> State:
    """Open the journal on a disk that works, verify it and return everything in it."""
    with open_journal(where / "journal.db") as journal:
        journal.verify()
    with closing(sqlite3.connect(where / "journal.db")) as reader:
        return look(lambda sql: reader.execute(sql).fetchall())


def chain(state: State) -> list[tuple[object, ...]]:
    return [row for table, row in state if table == "chain"]


@pytest.mark.slow
def test_any_call_of_the_file_system_may_fail(folder: Path) -> None:
    seen: list[list[str]] = []
    for number in count(1):
        where = folder / str(number)
        where.mkdir()
        with Disk("power-fails") as disk:
            disk.fails_at, disk.is_full = number, number % 3 == 0
            witness = Witness(disk, LOG)
            seen.append(work(disk, witness, where / "journal.db"))
        found = come_up(where)
        # A commit that failed in its sync may have lasted all the same, if none came after it.
        commits = [entry for entry in disk.log if isinstance(entry, Committing | Committed)]
        if isinstance(commits[-1], Committed):
            assert found == witness.states[-1], number
        assert chain(found)[: len(chain(witness.states[-1]))] == chain(witness.states[-1]), number
        check_after_power_failure(disk, witness, where, number)
        if not disk.has_failed:
            break

    hits = [failed for failed in seen if failed]
    print(f"{len(seen) - 1} calls, of which {len(hits)} made something fail")
    assert len(seen) > 150
    assert seen[-1] == []
    assert len(hits) > 100
    # It is the disk that failed: nothing says that the file is damaged.
    kinds = {"JournalError", "JournalWriteError", "LocalProtocolError"}
    assert {name for failed in hits for name in failed} <= kinds


def check_after_power_failure(disk: Disk, witness: Witness, where: Path, number: int) -> None:
    """Fail the power, too, after the failure: what is there goes on from the last that was told."""
    rng = random.Random(number)
    at = {rng.randrange(1, len(disk.log) + 1): [""] for _ in range(3)} | {
        len(disk.log): ["nothing"]
    }
    for image in images(disk.log, at, lambda moment, _: random.Random(moment), {}):
        image.write(where)
        found = chain(come_up(where))
        told = chain(witness.states[image.acknowledged])
        assert found[: len(told)] == told, f"call {number}, {image}"
