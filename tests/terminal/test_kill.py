"""Real processes, a real socket, SIGKILL at every step: the terminal dies, the shop asks again.

The host runs on in its own process all the while, with its own books, and those are what counts.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from posrefund.cli.books import compare, difference
from posrefund.cli.config import load, open_terminal, write
from posrefund.cli.demo_host import HostProcess
from posrefund.cli.init import make_keystore
from posrefund.engine import OPEN_STATES, SaleRequest, State
from posrefund.office import reconcile
from posrefund.values import PAN, Amount, CardRead, RequestID

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is for POSIX systems")

CHILD = Path(__file__).with_name("kill_child.py")
CARD = CardRead("051", PAN("6200000000000005"), expiry="3012", sequence_number="001")
HOST_ZONE = timezone(timedelta(hours=8))


@pytest.fixture(autouse=True)
def _quick_passphrase() -> None:
    """The processes of this file share a key file with the real brake in it."""


def config_for(folder: Path, port: int) -> Path:
    return write(
        folder,
        terminal="12345678",
        merchant="123456789012345",
        address="127.0.0.1",
        port=port,
        answer_s=5,
    )


def run_child(config: Path, step: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(CHILD), str(config), str(step)],
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


def play(folder: Path, step: int) -> tuple[int, int]:
    """Play one day with the terminal killed at *step*; return its exit status and step count."""
    folder.mkdir()
    make_keystore(folder, bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923"), test_keys=True)
    with HostProcess(config_for(folder, 1), folder / "ledger.json") as host:
        config = config_for(folder, host.port)
        noon = datetime.now(HOST_ZONE).replace(hour=12, minute=0, second=0, microsecond=0)
        host.set_clock(noon)
        with open_terminal(load(config)) as terminal:
            terminal.sign_in(accept_clock=True)
            terminal.sale(SaleRequest(RequestID("SALE-1"), Amount(1_000), CARD))
        host.set_clock(noon + timedelta(days=1))
        with open_terminal(load(config)) as terminal:
            terminal.sign_in(accept_clock=True)
        killed = run_child(config, step)
        again = run_child(config, 0)  # the shop switches it on again and presses the same keys
        assert again.returncode == 0, again.stderr
        check(folder, config, host, noon)
        return killed.returncode, int(again.stdout)


def check(folder: Path, config: Path, host: HostProcess, noon: datetime) -> None:
    with open_terminal(load(config)) as terminal:
        for days in range(-1, 3):
            day = (noon + timedelta(days=days)).date()
            host.write_settlement_file(day, folder / "file")
            text = (folder / "file").read_text(encoding="latin-1")
            count = len(text.splitlines())
            now = datetime.now(UTC)
            reconcile(terminal.journal, text, file_day=day, now=now, line_count=count)
        ledger = host.ledger()
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
    status, steps = play(tmp_path / "0", 0)
    assert status == 0
    assert steps == 0  # the second child only reads the stored answer
    step = 1
    while True:
        status, _ = play(tmp_path / str(step), step)
        if status == 0:
            break
        assert status == -9, status
        step += 1
    assert step == 1 + 8  # intent, send, receive, answer: before and after each
