"""An interrupt at any place of a group commit: nobody is told a lie, nobody waits for ever, no unit is halved."""

from __future__ import annotations

import dis
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

import posrefund.journal.group as module
from posrefund.journal.group import GroupCommit

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

OTHERS, MINE, LATER = 1, (2, 3), 100


class Interrupt:
    """Raises KeyboardInterrupt in this thread where the interpreter looks for one: as a call has come back.

    CPython looks in CALL, RESUME and JUMP_BACKWARD (``CHECK_EVAL_BREAKER`` in Python/bytecodes.c, 3.12).

    Args:
        at: In the how-manieth such place of the group's code.
    """

    def __init__(self, at: int) -> None:
        self._at = at
        self._last: dict[FrameType, str] = {}
        self.places = 0

    def __enter__(self) -> Interrupt:
        self._before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _trace(self, frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != module.__file__:
            return None
        frame.f_trace_opcodes = True
        if event == "exception":  # on the way to a handler nobody looks
            self._last.pop(frame, None)
        if event == "opcode":
            before = self._last.get(frame, "")
            self._last[frame] = dis.opname[frame.f_code.co_code[frame.f_lasti]]
            if before.startswith(("CALL", "RESUME", "JUMP_BACKWARD")):
                self.places += 1
                if self.places - 1 == self._at:
                    sys.settrace(None)
                    raise KeyboardInterrupt
        return self._trace


class Disk:
    """A connection whose COMMIT may fail, with its transaction left open or rolled back by SQLite itself."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.commit = "lasts"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def execute(self, sql: str, *values: Any) -> Any:
        if sql == "COMMIT" and self.commit != "lasts":
            if self.commit == "rolls back":
                self._db.execute("ROLLBACK")
            raise sqlite3.OperationalError("disk I/O error")
        return self._db.execute(sql, *values)


def put(group: GroupCommit, db: Disk, *numbers: int) -> None:
    with group.unit():
        for number in numbers:
            db.execute("INSERT INTO t VALUES (?)", (number,))


def interrupted_at(place: int, path: Path, commit: str, mine: tuple[int, ...]) -> bool:
    """Write *mine* where another's unit waits for the same commit; check who is told what.

    Returns:
        Whether there is such a place.
    """
    db = Disk(sqlite3.connect(path, isolation_level=None, check_same_thread=False))
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE t (a INTEGER UNIQUE)")
    group = GroupCommit(db)  # type: ignore[arg-type]
    group._waiting.add("this thread")
    told: BaseException | None = None
    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(put, group, db, OTHERS)
        while group._group is None or not group._group.units:
            pass
        group._waiting.clear()
        db.commit = commit
        interrupt = Interrupt(place)
        try:
            with interrupt:
                put(group, db, *mine)
        except (KeyboardInterrupt, sqlite3.Error) as error:
            told = error.with_traceback(None)
        told_other = other.exception(10)
    db.commit = "lasts"
    put(group, db, LATER)
    db.close()
    with closing(sqlite3.connect(path)) as reader:
        found = {number for (number,) in reader.execute("SELECT a FROM t")}

    assert LATER in found
    assert (OTHERS in found) == (told_other is None)
    assert found & {*MINE} in (set(), {*mine})
    if not isinstance(told, KeyboardInterrupt):
        assert ({*mine} <= found) == (told is None)
    return interrupt.places > place


@pytest.mark.parametrize("commit", ["lasts", "fails", "rolls back"])
@pytest.mark.parametrize("mine", [MINE, (*MINE, MINE[0])], ids=["right", "refused in its middle"])
def test_interrupt_at_any_place_leaves_no_lie_and_nobody_waiting(
    tmp_path: Path, commit: str, mine: tuple[int, ...]
) -> None:
    place = 0
    while interrupted_at(place, tmp_path / f"{place}.db", commit, mine):
        place += 1

    assert place > 10
