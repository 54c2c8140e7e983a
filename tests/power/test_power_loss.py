"""Power fails and takes with it what was not synced: no acknowledged commit is ever missing.

SQLite runs on a disk that logs every write and sync. From the log come the files that a power failure could
have left at each moment. The journal is opened on them with Python's own ``sqlite3``, and has to hold one of
the states that a commit made, and none older than the last commit that was acknowledged.

``POSREFUND_POWER_IMAGES`` says how many images each shop has to stand.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from posrefund.errors import JournalError
from posrefund.journal import SQLiteJournal, store
from posrefund.keystore import FileKeyStore
from shop import TERMINAL

pytest.importorskip("apsw", reason="no APSW here: the disk that remembers is an APSW VFS")

from power.connection import State, Witness, look
from power.disk import Committed, Disk, Entry, Sync
from power.images import Image, images, moments
from power.story import play

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

IMAGES = int(os.environ.get("POSREFUND_POWER_IMAGES", "700"))
LOG = 30
"""Pages after which a small machine copies its log: often enough to be cut in the middle of it."""
AT = datetime(2026, 3, 13, 9, 0, tzinfo=UTC)


@dataclass
class Played:
    """A shop's days: what was written, and every state that a commit made."""

    log: Sequence[Entry]
    states: Sequence[State]
    key: bytes
    holds: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def born(self) -> int:
        """The state of a new journal: opening an older file, or none, makes it."""
        is_new = [
            "key_check" in dict(row for table, row in state if table == "meta")
            for state in self.states
        ]
        return is_new.index(True)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder in memory where the system has one: what is lost is lost in the log, not in it."""
    memory = "/dev/shm"
    where = memory if os.access(memory, os.W_OK) else None
    with TemporaryDirectory(dir=where) as made:
        yield Path(made)


def played(folder: Path, seed: int, log_pages: int = 1_000) -> Played:
    shop = folder / f"shop-{seed}-{len(list(folder.iterdir()))}"
    shop.mkdir()
    with Disk(f"power-{seed}") as disk:
        witness = Witness(disk, log_pages)
        with witness.watching():
            play(shop, witness, random.Random(seed), days=3, steps=9)
    key = FileKeyStore(shop / "keys.json", b"only for tests").journal_key
    return Played(disk.log, witness.states, key)


@contextmanager
def brought_up(image: Image, folder: Path, key: bytes) -> Iterator[SQLiteJournal]:
    """Switch on: the journal as the next start finds it."""
    where = folder / "image"
    where.mkdir(exist_ok=True)
    image.write(where)
    with SQLiteJournal(where / "journal.db", key=key, terminal=TERMINAL) as journal:
        yield journal


def fault(image: Image, story: Played, folder: Path, *, goes_on: bool = False) -> str:
    """Return what is wrong with an image: ``lost``, ``corrupt``, ``strange``, or nothing."""
    try:
        with brought_up(image, folder, story.key) as journal:
            rows = journal.verify()
            with closing(sqlite3.connect(folder / "image" / "journal.db")) as reader:
                found = look(lambda sql: reader.execute(sql).fetchall())
            if goes_on:
                journal.remember(AT, "went_on", batch="000099")
                assert journal.verify() == rows + 1
    except (JournalError, sqlite3.DatabaseError):
        return "corrupt"
    oldest, newest = max(story.born, image.acknowledged), max(story.born, image.begun)
    if found in story.states[oldest : newest + 1]:
        return ""
    if image.acknowledged <= story.born and nameless(found) == nameless(story.states[story.born]):
        return ""  # nothing was told of it yet: it is made anew, and has a name of its own
    return "lost" if found in story.states[:oldest] else "strange"


def nameless(state: State) -> list[object]:
    """A journal as it is before anything happened, whichever it is."""
    return [row for row in state if row[1][0] != "journal_id"]


def faults(story: Played, seed: int, at: Mapping[int, Sequence[str]], folder: Path) -> Counter[str]:
    """Try images; return how many had which fault, and show the first."""
    count: Counter[str] = Counter()

    def rng(moment: int, number: int) -> random.Random:
        return random.Random(f"{seed} {moment} {number}")

    for number, image in enumerate(images(story.log, at, rng, story.holds)):
        found = fault(image, story, folder, goes_on=number % 10 == 0)
        if found and not count[found]:
            print(f"{found}: seed {seed}, {image}")
        count[found] += 1
    return count


# --- what must hold ----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 4, 5])
def test_no_acknowledged_commit_is_missing_after_a_power_failure(seed: int, folder: Path) -> None:
    story = played(folder, seed, LOG if seed % 2 else 1_000)
    assert len(story.states) > 40
    assert len([entry for entry in story.log if isinstance(entry, Sync)]) > 60
    seen = {str(row[3]) for state in story.states for table, row in state if table == "attempts"}
    assert seen >= {"SENT", "IN_DOUBT", "REVERSING", "REVERSED", "ACCEPTED", "CONFIRMED"}
    at = moments(story.log, IMAGES, random.Random(seed))

    assert faults(story, seed, at, folder) == {"": max(IMAGES, len(story.states) - 1)}


def test_power_may_fail_again_while_the_journal_comes_up(folder: Path) -> None:
    """What SQLite writes to mend a torn file is lost and torn itself."""
    story = played(folder, 7, LOG)
    old = next(m for m, entry in enumerate(story.log, 1) if entry == Committed(story.born))
    at = {m: [""] for m in random.Random(7).sample(range(old, len(story.log) + 1), IMAGES // 20)}
    for image in images(story.log, at, lambda moment, _: random.Random(moment), {}):
        where = folder / "again"
        where.mkdir(exist_ok=True)
        image.write(where)
        with Disk("power-again", image.files) as disk:
            witness = Witness(disk)
            with witness.watching():
                journal = SQLiteJournal(where / "journal.db", key=story.key, terminal=TERMINAL)
                witness.begin()
                journal.remember(AT, "came_up", batch="000098")
                journal.close()
        second = Played(disk.log, witness.states, story.key, image.files)
        assert len(second.states) == 3  # as found, with the row, and with its mark taken away
        drawn = moments(disk.log, 12, random.Random(image.moment))
        assert faults(second, image.moment, drawn, folder) == {"": 12}, image


# --- the test can fail -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ("synchronous = FULL", "synchronous = NORMAL", "lost"),
        ("synchronous = FULL", "synchronous = OFF", "lost"),
        ("journal_mode = WAL", "journal_mode = MEMORY", "corrupt"),
        ("journal_mode = WAL", "journal_mode = OFF", "corrupt"),
    ],
)
def test_a_journal_that_syncs_less_loses_commits_and_is_found_out(
    right: str, wrong: str, fault: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert right in store._PRAGMAS
    planted = tuple(wrong if pragma == right else pragma for pragma in store._PRAGMAS)
    with monkeypatch.context() as patch:
        patch.setattr(store, "_PRAGMAS", planted)
        story = played(folder, 1, LOG)
    at = moments(story.log, 300, random.Random(1))

    found = faults(story, 1, at, folder)

    assert found.total() == 300
    print(f"{wrong}: {dict(found)}")
    assert found[fault] >= 20


def test_what_is_told_before_it_is_committed_is_found_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def lazy(self: store.Store) -> Iterator[None]:
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")
        yield

    monkeypatch.setattr(store.Store, "_unit", lazy)
    monkeypatch.setattr(store.Store, "_destroy_cards", lambda *_: 0)  # its checkpoint would wait

    with pytest.raises(AssertionError):
        played(folder, 1)
