"""Group commit: one sync for many units, each of which fails alone; nobody is told of a commit that did not last."""

from __future__ import annotations

import sqlite3
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from posrefund.journal.group import UNITS_MAX, GroupCommit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Watched:
    """A connection that may be slow or fail at COMMIT, and counts."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.may_commit = threading.Event()
        self.may_commit.set()
        self.is_committing = threading.Event()
        self.error: sqlite3.Error | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def execute(self, sql: str, *values: Any) -> Any:
        if sql == "COMMIT":
            self.is_committing.set()
            assert self.may_commit.wait(10)
            if self.error is not None:
                raise self.error
        return self._db.execute(sql, *values)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Watched]:
    made = sqlite3.connect(tmp_path / "t.db", isolation_level=None, check_same_thread=False)
    made.execute("PRAGMA journal_mode = WAL")
    made.execute("CREATE TABLE t (a INTEGER UNIQUE)")
    yield Watched(made)
    made.close()


@pytest.fixture
def group(db: Watched) -> GroupCommit:
    return GroupCommit(db)  # type: ignore[arg-type]


def put(group: GroupCommit, db: Watched, *numbers: int) -> None:
    with group.unit():
        for number in numbers:
            db.execute("INSERT INTO t VALUES (?)", (number,))


def there(tmp_path: Path) -> list[int]:
    """What a second reader sees: only what was committed."""
    reader = sqlite3.connect(tmp_path / "t.db")
    try:
        return [number for (number,) in reader.execute("SELECT a FROM t ORDER BY a")]
    finally:
        reader.close()


def gather(group: GroupCommit, db: Watched, tasks: list[tuple[int, ...]]) -> list[Any]:
    """Let one unit be in its commit while all *tasks* come, so that they share the next one."""
    db.may_commit.clear()
    with ThreadPoolExecutor(len(tasks) + 1) as threads:
        first = threads.submit(put, group, db, 0)
        assert db.is_committing.wait(10)
        others = [threads.submit(put, group, db, *task) for task in tasks]
        while len(group._waiting) < len(tasks):
            pass
        db.may_commit.set()
        first.result(10)
        return [other.exception(10) for other in others]


def test_thread_that_is_alone_commits_at_once(
    group: GroupCommit, db: Watched, tmp_path: Path
) -> None:
    put(group, db, 1)
    put(group, db, 2)

    assert there(tmp_path) == [1, 2]
    assert group.commits == 2


def test_units_that_wait_at_the_same_time_share_one_commit(
    group: GroupCommit, db: Watched, tmp_path: Path
) -> None:
    assert gather(group, db, [(n,) for n in range(1, 21)]) == [None] * 20

    assert there(tmp_path) == list(range(21))
    assert group.commits == 2


def test_unit_that_fails_takes_nothing_of_the_others_with_it(
    group: GroupCommit, db: Watched, tmp_path: Path
) -> None:
    errors = gather(
        group, db, [(1,), (2, 0), (3,), (4, 4)]
    )  # 0 is there; 4 twice is once too often

    assert [type(error) for error in errors] == [
        type(None),
        sqlite3.IntegrityError,
        type(None),
        sqlite3.IntegrityError,
    ]
    assert there(tmp_path) == [0, 1, 3]


def test_commit_that_fails_fails_for_every_unit_of_its_group_and_for_no_other(
    group: GroupCommit, db: Watched, tmp_path: Path
) -> None:
    put(group, db, 100)
    db.error = sqlite3.OperationalError("disk I/O error")
    with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
        put(group, db, 1)
    errors = gather_failing(group, db)

    assert [str(error) for error in errors] == ["disk I/O error"] * 3
    assert there(tmp_path) == [100]
    db.error = None
    put(group, db, 4)
    assert there(tmp_path) == [4, 100]


def gather_failing(group: GroupCommit, db: Watched) -> list[Any]:
    db.may_commit.clear()
    db.is_committing.clear()
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(put, group, db, 1)
        assert db.is_committing.wait(10)
        others = [threads.submit(put, group, db, n) for n in (2, 3)]
        while len(group._waiting) < 2:
            pass
        db.may_commit.set()
        return [each.exception(10) for each in (first, *others)]


def test_unit_is_not_back_before_its_commit_has_lasted(
    group: GroupCommit, db: Watched, tmp_path: Path
) -> None:
    db.may_commit.clear()
    with ThreadPoolExecutor(1) as threads:
        unit = threads.submit(put, group, db, 1)
        assert db.is_committing.wait(10)
        assert not unit.done()
        assert there(tmp_path) == []
        db.may_commit.set()
        unit.result(10)
    assert there(tmp_path) == [1]


def test_unit_that_writes_nothing_waits_for_nobody(group: GroupCommit, db: Watched) -> None:
    with group.unit():
        assert db.execute("SELECT count(*) FROM t").fetchone() == (0,)

    assert group.commits == 0
    assert not db.in_transaction


def test_group_has_an_end_however_many_come(group: GroupCommit, db: Watched) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: put(group, db, n), range(4 * UNITS_MAX)))

    assert 4 <= group.commits <= 4 * UNITS_MAX
    assert db.execute("SELECT count(*) FROM t").fetchone() == (4 * UNITS_MAX,)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_interrupt_within_a_unit_takes_that_unit_back(
    group: GroupCommit, db: Watched, tmp_path: Path, error: type[BaseException]
) -> None:
    def interrupted() -> None:
        with group.unit():
            db.execute("INSERT INTO t VALUES (1)")
            raise error

    with pytest.raises(error):
        interrupted()

    put(group, db, 2)
    assert there(tmp_path) == [2]


def test_interrupt_between_begin_and_its_group_leaves_no_transaction_behind(
    group: GroupCommit, db: Watched, tmp_path: Path
) -> None:
    db.execute("BEGIN IMMEDIATE")  # and then Ctrl-C

    put(group, db, 1)

    assert there(tmp_path) == [1]


def test_group_whose_last_comer_was_interrupted_is_committed_by_who_waits(
    group: GroupCommit, db: Watched, tmp_path: Path
) -> None:
    """The thread that everybody took for the last one never came, and is still counted."""
    group._waiting.add("somebody")
    with ThreadPoolExecutor(1) as threads:
        unit = threads.submit(put, group, db, 1)
        while group._group is None or not group._group.units:
            pass
        assert there(tmp_path) == []
        unit.result(10)
    assert there(tmp_path) == [1]


def test_alone_ends_what_is_under_way(group: GroupCommit, db: Watched, tmp_path: Path) -> None:
    group._waiting.add("somebody seems to be coming")
    with ThreadPoolExecutor(1) as threads:
        unit = threads.submit(put, group, db, 1)
        while group._group is None or not group._group.units:
            pass
        with group.alone():
            assert not db.in_transaction
            assert there(tmp_path) == [1]
        unit.result(10)


@pytest.mark.parametrize("point", range(5, 28))
def test_interrupt_before_the_commit_leaves_nobody_waiting_for_ever(
    group: GroupCommit, db: Watched, point: int
) -> None:
    """Signals are looked at where a function begins and where a call returns."""
    seen = 0

    def interrupt(frame: Any, event: str, _: object) -> Any:
        nonlocal seen
        if not frame.f_code.co_filename.endswith("group.py"):
            return None
        frame.f_trace_lines = False
        seen += event in ("call", "return")
        if seen == point:
            seen += 1
            raise KeyboardInterrupt
        return interrupt

    before = sys.gettrace()
    sys.settrace(interrupt)
    try:
        with suppress(KeyboardInterrupt):
            put(group, db, 1)
    finally:
        sys.settrace(before)

    after = threading.Thread(target=put, args=(group, db, 2), daemon=True)
    after.start()
    after.join(10)
    assert not after.is_alive()
    assert (2,) in db.execute("SELECT a FROM t").fetchall()
