"""Real processes, SIGKILL at every step: the till dies, the shop switches it on and presses the same keys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is for POSIX systems")

CHILD = Path(__file__).with_name("desk_kill_child.py")
STEPS = 6
"""Row, device, answer: before and after each."""


def run(*wanted: tuple[Path, int]) -> list[list[Any]]:
    """Run them one after the other, each in a process of its own; return exit status and output of each."""
    words = [f"{word}" for folder, step in wanted for word in (folder, step)]
    done = subprocess.run(
        [sys.executable, str(CHILD), *words],
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    ends: list[list[Any]] = json.loads(done.stdout)
    assert len(ends) == len(wanted)
    return ends


def test_till_killed_at_any_step_never_refunds_twice_and_loses_nothing(tmp_path: Path) -> None:
    ends: list[tuple[str, list[str]]] = []
    steps = range(1, STEPS + 1)
    for step in steps:
        (tmp_path / f"{step}").mkdir()
    runs = [(tmp_path / f"{step}", at) for step in steps for at in (step, 0)]
    *said, untouched = run(*runs, (tmp_path / f"{STEPS}", 0))
    for step, killed, again in zip(steps, said[::2], said[1::2], strict=True):
        assert killed[0] == -9
        assert again[0] == 0
        ledger = tmp_path / f"{step}" / "ledger"
        booked = ledger.read_text().split() if ledger.exists() else []
        ends.append((again[1].split()[0], booked))

    done: tuple[str, list[str]] = ("DeviceApproved", ["R-1"])
    unreached: tuple[str, list[str]] = (
        "DeviceInDoubt",
        [],
    )  # written down, and the device never heard of it: people settle
    assert ends == [done, unreached, unreached, done, done, done]
    assert untouched[1].split() == ["DeviceApproved", "0"]
