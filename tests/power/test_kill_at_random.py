"""SIGKILL at any moment, again and again: one host lives through it all, and the books agree at the end.

A terminal process is killed wherever it happens to be: starting, recovering, signing in, in the middle of a commit,
waiting for an answer. The next one finds what it left. ``POSREFUND_KILLS`` says how often.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from posrefund.cli.books import compare, difference
from posrefund.cli.config import load, open_terminal, write
from posrefund.cli.demo_host import HostProcess
from posrefund.cli.init import make_keystore
from posrefund.engine import OPEN_STATES, State
from posrefund.office import reconcile
from power.nursery import SIZE_BYTES, sign_in

if TYPE_CHECKING:
    from posrefund.engine import Attempt
    from posrefund.terminal import Terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is for POSIX systems")

KILLS = int(os.environ.get("POSREFUND_KILLS", "100"))
SEED = 20260309
ZONE = timezone(timedelta(hours=8))
TERMINAL = "12345678"
DAY_KILLS = 12
"""So many kills are a day."""
LIVES = (10, 40, 150)
"""Up to so many steps each of them lives: into its start, into its first words, into its work."""
STEP_S = 0.004
"""A step takes about so long."""
WATCH_S = 3
PLACES = {
    "n": "nothing yet",
    "o": "opening",
    "j": "journal opening",
    "s": "sign-in",
    "w": "wiping",
    "c": "committing",
    "l": "line waited at",
    "a": "answer judged",
    "t": "till",
}


class Nursery:
    """Terminal processes, one after another."""

    def __init__(self, folder: Path, config: Path) -> None:
        self._where = folder / "where"
        self._where.write_bytes(bytes(SIZE_BYTES))
        asked = folder / "asked.jsonl"
        asked.touch()
        self._errors = (folder / "errors").open("w+b")
        self._process = subprocess.Popen(
            [
                sys.executable,
                str(Path(__file__).with_name("nursery.py")),
                config,
                self._where,
                asked,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def start(self, seed: str) -> int:
        """Start one; return its process number."""
        return int(self._ask(seed))

    def end(self) -> int:
        """Wait for its end; return its exit status, -9 for SIGKILL."""
        return int(self._ask("end"))

    def watch(self, steps: int) -> None:
        """Wait until it has done so many steps: a busy machine must not kill them all in their cradles."""
        deadline = time.monotonic() + WATCH_S
        while int.from_bytes(self._where.read_bytes()[1:], "big") < steps:
            if time.monotonic() > deadline:  # it waits for answers that never come
                return
            time.sleep(0.0005)

    def where(self) -> str:
        """What it was doing last."""
        return PLACES[chr(self._where.read_bytes()[0])]

    def errors(self) -> str:
        """What they complained about."""
        self._errors.seek(0)
        return self._errors.read().decode()

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline() or pytest.fail(self.errors())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            pipe.close()


def config_for(folder: Path, port: int) -> Path:
    return write(
        folder,
        terminal=TERMINAL,
        merchant="123456789012345",
        address="127.0.0.1",
        port=port,
        answer_s=1,
    )


@pytest.mark.slow
def test_a_terminal_killed_a_hundred_times_at_any_moment_agrees_with_its_host(
    tmp_path: Path,
) -> None:
    make_keystore(tmp_path, bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923"), test_keys=True)
    print(f"seed {SEED}, {KILLS} kills")
    rng = random.Random(SEED)
    places: Counter[str] = Counter()
    noon = datetime.now(ZONE).replace(hour=12, minute=0, second=0, microsecond=0)
    with HostProcess(config_for(tmp_path, 1), tmp_path / "ledger.json") as host:
        config = config_for(tmp_path, host.port)
        host.set_clock(noon)
        with Nursery(tmp_path, config) as nursery:
            for kill in range(KILLS):
                if kill and kill % DAY_KILLS == 0:
                    next_day(host, config, tmp_path, noon + timedelta(days=kill // DAY_KILLS))
                if rng.random() < 0.15:
                    host.lose_next_answer(rng.choice(("0200", "0220", "0400")))
                child = nursery.start(f"{SEED} {kill}")
                nursery.watch(rng.randrange(rng.choice(LIVES)))
                time.sleep(rng.uniform(0, STEP_S))
                os.kill(child, signal.SIGKILL)
                assert nursery.end() == -9, nursery.errors()
                places[nursery.where()] += 1
            print(dict(places))
            nursery.start("finish")
            assert nursery.end() == 0, nursery.errors()
        last = noon + timedelta(days=KILLS // DAY_KILLS + 1)
        for more in range(3):
            next_day(host, config, tmp_path, last + timedelta(days=more))
        with open_terminal(load(config)) as terminal:
            check(terminal, host.ledger(), places)


def next_day(host: HostProcess, config: Path, folder: Path, noon: datetime) -> None:
    """Let a day pass, its batch closed or not, and read the file of the day before."""
    day = noon.date() - timedelta(days=1)
    if day.toordinal() % 2:
        host.close_batch(TERMINAL)
    host.set_clock(noon)
    host.write_settlement_file(day, folder / "file")
    text = (folder / "file").read_text(encoding="latin-1")
    count = len(text.splitlines())
    with open_terminal(load(config)) as terminal:
        sign_in(terminal)
        terminal.resolve_doubts()  # what is being undone while a file is read is pending to it
        reconcile(terminal.journal, text, file_day=day, now=datetime.now(UTC), line_count=count)


def check(terminal: Terminal, ledger: list[dict[str, Any]], places: Counter[str]) -> None:
    """The books agree, nothing happened twice, nothing is open but what people hold."""
    attempts = terminal.journal.attempts()
    lines = compare(attempts, ledger)
    assert difference(lines) == 0, [line for line in lines if not line.agrees]
    booked = [entry for entry in ledger if entry["state"] != "reversed"]
    check_originals(booked)
    check_requests(booked, attempts)
    for attempt in attempts:
        assert attempt.state not in OPEN_STATES - {State.MANUAL}, attempt
    terminal.journal.verify()
    kinds = Counter(entry["kind"] for entry in ledger)
    print(f"{len(attempts)} attempts, {dict(Counter(a.state for a in attempts))}, {dict(kinds)}")
    assert min(kinds[kind] for kind in ("sale", "refund", "void", "reversal")) > 0
    assert places["committing"] > 0
    assert places["line waited at"] > 0
    assert len(places) >= 6, places


def check_originals(booked: list[dict[str, Any]]) -> None:
    sales = {entry["rrn"]: entry["amount_minor"] for entry in booked if entry["kind"] == "sale"}
    given: Counter[str] = Counter()
    for entry in booked:
        if entry["kind"] in ("refund", "void"):
            given[entry["original_rrn"]] += entry["amount_minor"]
    assert given
    assert [rrn for rrn in given if given[rrn] > sales[rrn]] == []


def check_requests(booked: list[dict[str, Any]], attempts: list[Attempt]) -> None:
    requests = {(a.batch, a.stan, a.kind): a.request_id for a in attempts}
    effects = Counter(
        requests[entry["batch"], entry["stan"], entry["kind"]]
        for entry in booked
        if entry["kind"] != "reversal"
    )
    assert [request for request in effects if effects[request] > 1] == []
