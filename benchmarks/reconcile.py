"""A million rows of a settlement file, read, checked and held against the journal of one store, in constant memory.

The peers read the same file and take the same columns out of it, and check nothing: a loop that slices, and the
standard library's ``csv`` on the same rows with commas. One row in a hundred is the store's.
"""

from __future__ import annotations

import csv
import multiprocessing
import resource
import sqlite3
import tempfile
import time
from contextlib import closing
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from posrefund.engine import Attempt, Event, Move, Open, State
from posrefund.journal import SQLiteFleet, SQLiteJournal
from posrefund.office import reconcile as apply
from posrefund.office.files import Expected, FileReader, layout
from posrefund.office.fleet_day import compare_day
from posrefund.values import PAN, Amount, KeptCard, TerminalID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posrefund.office.fleet_day import Engine

ROWS = 1_000_000
ONE_IN = 100
TERMINALS = 1_000
ROUNDS = 3
_NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
_DAY = date(2026, 3, 9)
_LINE = (
    b"48020000    48020000    %06d 0309100000 6200000000000005    000000001000 000000000000 000000000000 0200 000000"
    b" 5411 %s 123456789012345 6068%08d 00 654321 01020000    000000 00 051 000000000000 000000000000"
    b" C00000000000           0000000000 01020000                                       \n"
)
_COLUMNS = (
    (24, 30),
    (31, 41),
    (62, 74),
    (101, 105),
    (106, 112),
    (118, 126),
    (127, 142),
    (143, 155),
    (185, 187),
)


def _number(row: int) -> bytes:
    mine = row % ONE_IN == 0
    number = row // ONE_IN + 1 if mine else row % 999_999 + 1
    return _LINE % (number, b"12345678" if mine else b"87654321", row)


def _write(path: Path, rows: int) -> None:
    with path.open("wb") as file:
        for start in range(0, rows, 10_000):
            file.write(b"".join(map(_number, range(start, min(start + 10_000, rows)))))


def _slices(path: Path) -> int:
    total = 0
    with path.open("rb") as file:
        for line in file:
            values = [line[start:end].decode() for start, end in _COLUMNS]
            total += int(values[2])
    return total


def _with_commas(path: Path) -> int:
    total = 0
    with path.open("r", encoding="ascii", newline="") as file:
        for values in csv.reader(file):
            total += int(values[2])
    return total


def _as_csv(path: Path, to: Path) -> None:
    with path.open("rb") as file, to.open("wb") as out:
        for line in file:
            out.write(b",".join(line[start:end] for start, end in _COLUMNS) + b"\n")


def _ours(path: Path) -> int:
    reader = FileReader(layout("unionpay-acom"), terminal="12345678")
    with path.open("rb") as file:
        for _ in reader.rows(iter(lambda: file.read(1 << 18), b"")):
            pass
    return reader.sum_minor


def _sale(number: int, terminal: str) -> Attempt:
    return Attempt(
        request_id=f"S-{number}",
        number=1,
        kind="sale",
        state=State.INTENT,
        hold="none",
        terminal=terminal,
        merchant="123456789012345",
        batch="000001",
        stan=f"{number:06d}",
        amount=Amount(1_000),
        fields={},
        key_set_id="8D0A74-AB7153",
        created_at=_NOW,
        host_day=_DAY,
        card_masked="620000******0005",
        card_fingerprint="00" * 16,
        original_id=None,
        copies=0,
        facts={},
    )


def _actions(count: int, terminal: str = "12345678") -> Iterator[Open | Move]:
    card = KeptCard(PAN("6200000000000005"))
    for number in range(1, count + 1):
        attempt = _sale(number, terminal)
        yield Open(attempt, f"content {number}", b"", card)
        yield Move(attempt.attempt_id, Event.SEND, _NOW)
        yield Move(attempt.attempt_id, Event.ACCEPT, _NOW)


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def reconcile(rows: int = ROWS) -> None:
    """Measure reading beside its peers, then one whole reconciliation and the same file once more."""
    with tempfile.TemporaryDirectory() as folder:
        file, commas = Path(folder) / "file", Path(folder) / "file.csv"
        _write(file, rows)
        _as_csv(file, commas)
        print(
            f"a settlement file of {rows} rows, {file.stat().st_size >> 20} MiB; best of {ROUNDS}"
        )
        cases: dict[str, Callable[[], int]] = {
            "slices and decodes, checks nothing": lambda: _slices(file),
            "csv of the standard library": lambda: _with_commas(commas),
            "FileReader, every row checked": lambda: _ours(file),
        }
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
        for _ in range(ROUNDS):
            for name, case in cases.items():
                found[name].append(_timed(case))
        best = {name: min(cpu for _, cpu in times) for name, times in found.items()}
        peer = best["slices and decodes, checks nothing"]
        for name, times in found.items():
            wall = min(wall for wall, _ in times)
            print(
                f"  {name:<36} {wall:6.2f} s  {best[name]:6.2f} s CPU  {best[name] / peer:5.2f} x the slices"
            )
        _whole(Path(folder), file, rows)
    fleet_day(rows)


def fleet_day(rows: int = ROWS) -> None:
    """Compare a file with the journals of a fleet that made every row of it; each join in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file, journal = Path(folder) / "file", Path(folder) / "fleet.db"
        _write_fleet(file, journal, rows)
        print(f"a day of {rows} rows, all of them made by a fleet of {TERMINALS} terminals")
        for engine in ("plain", "duckdb"):
            _in_a_process(_compare, (journal, file, rows, engine))


def _in_a_process(call: Callable[..., None], values: tuple[object, ...]) -> None:
    """Memory is a process's: the second join must not be told the peak of the first."""
    process = multiprocessing.get_context("spawn").Process(target=call, args=values)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)


def _compare(journal: Path, file: Path, rows: int, engine: Engine) -> None:
    if engine == "duckdb" and find_spec("duckdb") is None:
        print("  compare_day, duckdb: not installed")
        return

    def run() -> None:
        with file.open("rb") as source:
            found = compare_day(journal, source, file_day=_DAY, engine=engine)
        assert found.count("MATCH") == rows
        assert not found.differences

    wall, cpu = _timed(run)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    name = f"compare_day, {engine}"
    print(f"  {name:<36} {wall:6.2f} s  {cpu:6.2f} s CPU  peak memory {peak} MiB", flush=True)


def _write_fleet(file: Path, journal: Path, rows: int) -> None:
    """Its chains are left empty, for nobody asks them here; its tables are filled in SQL, in seconds."""
    with SQLiteFleet(journal) as fleet:
        journals = [
            fleet.journal(TerminalID(f"{10_000_000 + number}"), key=bytes(32))
            for number in range(TERMINALS)
        ]
        journals[0].commit(_actions(1, "10000000"))
    numbers = [(row % TERMINALS, row // TERMINALS + 1) for row in range(1, rows)]
    with closing(sqlite3.connect(journal)) as db, db:
        db.execute("PRAGMA cache_size = -500000")
        db.execute("PRAGMA synchronous = OFF")
        names = [row[1] for row in db.execute("PRAGMA table_info(attempts)")]
        new = {"request_id": "?1", "terminal": "?2", "stan": "?3"}
        db.executemany(
            "INSERT INTO requests VALUES (?, 'content')",
            ((f"S-{terminal}-{number}",) for terminal, number in numbers),
        )
        db.executemany(
            f"INSERT INTO attempts ({', '.join(names)})"
            f" SELECT {', '.join(new.get(name, name) for name in names)} FROM attempts WHERE request_id = 'S-1'",
            (
                (f"S-{terminal}-{number}", f"{10_000_000 + terminal}", f"{number:06d}")
                for terminal, number in numbers
            ),
        )
    with file.open("wb") as out:
        for row, (terminal, number) in enumerate([(0, 1), *numbers]):
            out.write(_LINE % (number, b"%d" % (10_000_000 + terminal), row))


def _whole(folder: Path, file: Path, rows: int) -> None:
    path = folder / "journal.db"
    with SQLiteJournal(path, key=bytes(32), terminal=TerminalID("12345678")) as journal:
        journal.commit(_actions(rows // ONE_IN))
        expected = Expected(rows=rows, sum_minor=rows * 1_000)

        def run() -> None:
            with file.open("rb") as source:
                result = apply(journal, source, file_day=_DAY, now=_NOW, expected=expected)
            assert result.count("MATCH") == rows // ONE_IN

        for name in ("reconcile: read, match, commit", "the same file again"):
            wall, cpu = _timed(run)
            print(f"  {name:<36} {wall:6.2f} s  {cpu:6.2f} s CPU")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"  {rows // ONE_IN} attempts became CONFIRMED in one commit; peak memory {peak} MiB")
