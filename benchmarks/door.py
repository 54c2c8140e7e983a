"""Refunds a second through the door, beside a bare starlette handler under the same uvicorn in the same run.

Fifty clients in a process of their own ask over connections that stay open. Each answer of the door is a durable
refund: rules, two commits and an anchor on the disk, a message under a MAC to a host that is a third process and its
answer under one. Either server keeps to one core, where the system lets it; clients and host have the others. They ask
as fast as they are answered, and in a last round at a steady pace, as the tills of many shops would.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.aio import FarEnd

ROUNDS, CLIENTS, TERMINALS = 3, 50, 50
REFUNDS, WORDS = 20, 200
"""So many requests of each client in a round: of the door, of the bare handler."""
STEADY_MS = 500
"""How often each client asks in the steady round: 50 clients are 100 a second."""


class End:
    """A server in a process."""

    def __init__(self, *words: object) -> None:
        command = [sys.executable, "-m", "benchmarks.door_end", *map(str, words)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)  # noqa: S603
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def cpu_s(self) -> float:
        """Return how long its threads have computed so far; 0 where the system does not say it so."""
        try:
            words = (
                Path(f"/proc/{self._process.pid}/stat")
                .read_text("ascii")
                .rpartition(")")[2]
                .split()
            )
        except OSError:
            return 0.0
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End it."""
        self._process.communicate("\n", timeout=60)


def _ask(end: End, first: int, count: int, pace_ms: int = 0) -> tuple[float, list[float]]:
    words = ("clients", "-", "asyncio", end.port, CLIENTS, TERMINALS, first, count, pace_ms)
    command = [sys.executable, "-m", "benchmarks.door_end", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    found: dict[str, Any] = json.loads(done.stdout)
    return len(found["took"]) / found["seconds"], found["took"]


def _line(title: str, rates: list[float], took: list[float], more: str = "") -> None:
    cuts = statistics.quantiles(took, n=100)
    p50, p99 = cuts[49] * 1e3, cuts[98] * 1e3
    rate = statistics.median(rates)
    print(f"  {title:<26}{rate:9.0f} a second   p50 {p50:7.1f} ms   p99 {p99:7.1f} ms   {more}")


def door() -> None:
    """Measure both, with h11 on asyncio and with httptools on uvloop."""
    kinds = [("h11", "asyncio")]
    if find_spec("httptools") and find_spec("uvloop"):
        kinds.append(("httptools", "uvloop"))
    far_end = FarEnd("canned")
    try:
        for http, loop in kinds:
            _beside(http, loop, far_end.address[1])
    finally:
        far_end.close()


def _beside(http: str, loop: str, far_end: int) -> None:
    bare = End("bare", http, loop)
    ours = End(
        "door", http, loop, TERMINALS, (ROUNDS + 2) * REFUNDS * CLIENTS // TERMINALS, far_end
    )
    rates: dict[str, list[float]] = {"bare": [], "ours": []}
    took: dict[str, list[float]] = {"bare": [], "ours": []}
    cpu_s = {"bare": 0.0, "ours": 0.0}
    try:
        for turn in range(ROUNDS + 1):
            for name, end, count in (("bare", bare, WORDS), ("ours", ours, REFUNDS)):
                before_s = end.cpu_s()
                rate, each = _ask(end, turn, count)
                if turn:  # the first round warms both up
                    rates[name].append(rate)
                    took[name] += each
                    cpu_s[name] += end.cpu_s() - before_s
        steady = _ask(ours, ROUNDS + 1, REFUNDS, STEADY_MS)
    finally:
        bare.close()
        ours.close()
    each_ms = {name: cpu_s[name] * 1e3 / len(took[name]) for name in took}
    share = statistics.median(a / b for a, b in zip(rates["ours"], rates["bare"], strict=True))
    print(f"{http} on {loop}, {CLIENTS} clients, {TERMINALS} terminals")
    _line(
        "bare starlette handler", rates["bare"], took["bare"], f"{each_ms['bare']:5.2f} ms of CPU"
    )
    more = f"{each_ms['ours']:5.2f} ms of CPU   {share:.3f} x bare"
    _line("durable refund", rates["ours"], took["ours"], more)
    _line("the same, at a steady pace", [steady[0]], steady[1])


if __name__ == "__main__":
    door()
