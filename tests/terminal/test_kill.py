"""Real processes, a real socket, SIGKILL at every step: the terminal dies, the shop asks again.

Each terminal is a process of its own. The host runs on in this one all the while, with its own books, and those are
what counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Self

import pytest

from posrefund.cli.books import compare, difference
from posrefund.cli.config import load, open_terminal, write
from posrefund.cli.init import make_keystore
from posrefund.crypto import Key, Purpose
from posrefund.emulators.host import (
    EmulatedHost,
    HostProfile,
    HostServer,
    HostTime,
    TerminalRecord,
    settlement_file,
)
from posrefund.engine import OPEN_STATES, SaleRequest, State
from posrefund.office import reconcile
from posrefund.values import PAN, Amount, CardRead, RequestID

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is for POSIX systems")

CHILD = Path(__file__).with_name("kill_child.py")
CARD = CardRead("051", PAN("6200000000000005"), expiry="3012", sequence_number="001")
HOST_ZONE = timezone(timedelta(hours=8))
TMK = bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923")


def config_for(folder: Path, port: int) -> Path:
    return write(
        folder,
        terminal="12345678",
        merchant="123456789012345",
        address="127.0.0.1",
        port=port,
        answer_s=5,
    )


class Terminals:
    """Terminal processes, one after another."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def run(self, config: Path, step: int) -> tuple[int, str]:
        """Run one; return its exit status and what it said."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(config), step]) + "\n")
        self._process.stdin.flush()
        status, said = json.loads(self._process.stdout.readline())
        return int(status), str(said)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        assert self._process.wait(60) == 0
        self._process.stdout.close()


def play(folder: Path, step: int, terminals: Terminals) -> tuple[int, int]:
    """Play one day with the terminal killed at *step*; return its exit status and step count."""
    folder.mkdir()
    make_keystore(folder, TMK, test_keys=True)
    noon = datetime.now(HOST_ZONE).replace(hour=12, minute=0, second=0, microsecond=0)
    time = HostTime(noon, runs=True)
    record = TerminalRecord("12345678", "123456789012345", Key(TMK, Purpose.KEK), batch="000007")
    host = EmulatedHost(HostProfile(), [record], clock=time)
    with HostServer(host) as server:
        config = config_for(folder, server.port)
        with open_terminal(load(config)) as terminal:
            terminal.sign_in(accept_clock=True)
            terminal.sale(SaleRequest(RequestID("SALE-1"), Amount(1_000), CARD))
        time.set(noon + timedelta(days=1))
        with open_terminal(load(config)) as terminal:
            terminal.sign_in(accept_clock=True)
        killed, _ = terminals.run(config, step)
        # The shop switches it on again and presses the same keys.
        again, said = terminals.run(config, 0)
        assert again == 0
        check(config, host, noon)
        return killed, int(said)


def check(config: Path, host: EmulatedHost, noon: datetime) -> None:
    with open_terminal(load(config)) as terminal:
        for days in range(-1, 3):
            day = (noon + timedelta(days=days)).date()
            text = settlement_file.text(host.ledger, day, host.profile)
            count = len(text.splitlines())
            now = datetime.now(UTC)
            reconcile(terminal.journal, text, file_day=day, now=now, line_count=count)
        ledger = host.ledger.as_data()
        refunds = [entry["amount_minor"] for entry in ledger if entry["kind"] == "refund"]
        assert refunds in ([], [300])
        lines = compare(terminal.journal.attempts(), ledger)
        assert difference(lines) == 0, lines
        for attempt in terminal.journal.attempts():
            assert attempt.state not in OPEN_STATES - {State.MANUAL}
        terminal.journal.verify()


def test_a_terminal_killed_at_any_step_never_refunds_twice_and_loses_nothing(
    tmp_path: Path,
) -> None:
    with Terminals() as terminals:
        status, steps = play(tmp_path / "0", 0, terminals)
        assert status == 0
        assert steps == 0  # the second child only reads the stored answer
        step = 1
        while True:
            status, _ = play(tmp_path / str(step), step, terminals)
            if status == 0:
                break
            assert status == -9, status
            step += 1
    assert step == 1 + 8  # intent, send, receive, answer: before and after each
