"""Seeded days, a few of them in every test run; ``make simulate SEEDS=A-B`` runs any range."""

from __future__ import annotations

import os

from terminal.simulation import run_seeds

SEEDS = 150 if os.environ.get("CI") else 15


def test_seeded_days_keep_every_invariant() -> None:
    report = run_seeds(1, SEEDS)

    assert report.seeds == SEEDS
    assert report.cuts > SEEDS / 2
    assert len(report.faults) > 10
