"""Interleaved timing: every case once per round, many rounds, the median of the per-round ratios.

Machines are noisy; a ratio inside one round is not. Each round has an order of its own, or a neighbour
with a rhythm would always meet the same case. Absolute figures are for orientation only.
"""

from __future__ import annotations

import statistics
import time
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROUNDS = 101
ROUND_S = 0.004


def measure(
    cases: Mapping[str, Callable[[], object]], *, rounds: int = ROUNDS
) -> dict[str, list[float]]:
    """Return seconds per call of each case, one figure a round."""
    repeats = {name: _repeats(call) for name, call in cases.items()}
    found: dict[str, list[float]] = {name: [] for name in cases}
    order, random = list(cases), Random(8583)  # noqa: S311
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            call = cases[name]
            began = time.perf_counter()
            for _ in range(repeats[name]):
                call()
            found[name].append((time.perf_counter() - began) / repeats[name])
    return found


def report(title: str, found: Mapping[str, list[float]], *, peer: str) -> None:
    """Print each case beside its peer."""
    print(title)
    for name, times in found.items():
        quiet = statistics.quantiles(times, n=20)[0]
        print(
            f"  {name:<34} {quiet * 1e6:10.1f} µs   {ratio(found, name, peer=peer):6.2f} x {peer}"
        )


def ratio(found: Mapping[str, list[float]], name: str, *, peer: str) -> float:
    """Return how many times as fast as its peer a case is: the median of the rounds."""
    return statistics.median(
        theirs / ours for theirs, ours in zip(found[peer], found[name], strict=True)
    )


def _repeats(call: Callable[[], object]) -> int:
    began = time.perf_counter()
    call()
    once = max(time.perf_counter() - began, 1e-7)
    return max(1, int(ROUND_S / once))
