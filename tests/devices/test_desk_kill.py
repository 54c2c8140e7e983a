"""Real processes, SIGKILL at every step: the till dies, the shop switches it on and presses the same keys."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is for POSIX systems")

CHILD = Path(__file__).with_name("desk_kill_child.py")
STEPS = 6
"""Row, device, answer: before and after each."""


def run(folder: Path, step: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(CHILD), str(folder), str(step)],
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_till_killed_at_any_step_never_refunds_twice_and_loses_nothing(tmp_path: Path) -> None:
    ends: list[tuple[str, list[str]]] = []
    for step in range(1, STEPS + 1):
        folder = tmp_path / str(step)
        folder.mkdir()
        killed, again = run(folder, step), run(folder, 0)

        assert killed.returncode == -9, killed.stderr
        assert again.returncode == 0, again.stderr
        ledger = folder / "ledger"
        booked = ledger.read_text().split() if ledger.exists() else []
        ends.append((again.stdout.split()[0], booked))

    done: tuple[str, list[str]] = ("DeviceApproved", ["R-1"])
    unreached: tuple[str, list[str]] = (
        "DeviceInDoubt",
        [],
    )  # written down, and the device never heard of it: people settle
    assert ends == [done, unreached, unreached, done, done, done]
    untouched = run(tmp_path / "6", 0)
    assert untouched.stdout.split() == ["DeviceApproved", "0"]
