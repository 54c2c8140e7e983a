"""Steps a second of the simulator on one core: whole shops over days, with every fault and every check."""

from __future__ import annotations

import time

from posrefund.testing.simulator.run import run_seed

SEEDS = range(1, 6)


def simulator(seeds: range = SEEDS) -> None:
    """Play *seeds* and print what that took.

    Raises:
        ValueError: A seed broke an invariant: then its time says nothing.
    """
    began, cpu_began = time.perf_counter(), time.process_time()
    reports = [run_seed(seed) for seed in seeds]
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
    if any(report.violation for report in reports):
        raise ValueError("a seed broke an invariant: make simulate")
    steps = sum(report.steps for report in reports)
    print(f"simulator steps/s, seeds {seeds.start} to {seeds.stop - 1}, one core")
    print(f"  by the clock              {steps / took_s:10.0f}")
    print(f"  per second of a processor {steps / cpu_s:10.0f}   ({steps} steps)")
