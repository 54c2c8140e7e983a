"""Looks for the planted bugs: each has to be caught, or the proof is worth nothing. Floor 10."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posrefund.testing.simulator.planted import PLANTED, Planted
from posrefund.testing.simulator.run import run_seed

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Hunted", "hunt"]


@dataclass(slots=True)
class Hunted:
    """What became of one planted bug.

    Attributes:
        bug: Which.
        seeds: In how many seeds it was planted.
        caught: In how many of them an invariant broke.
        by: Which invariants, and how often.
    """

    bug: Planted
    seeds: int = 0
    caught: int = 0
    by: Counter[str] = field(default_factory=Counter)


def hunt(
    name: str, seeds: Iterable[int], *, enough: int = 0, rates: dict[str, float] | None = None
) -> Hunted:
    """Plant one bug in each of *seeds* until it was caught *enough* times; 0: in all of them.

    Args:
        name: A key of ``PLANTED``.
        seeds: Where it is planted.
        enough: When to stop.
        rates: Fault → probability, in place of each seed's own faults.

    Example:
        >>> from posrefund.testing.simulator.hunt import hunt
        >>> hunt("clear_number", range(1, 9), enough=1).caught
        1
    """
    found = Hunted(PLANTED[name])
    for seed in seeds:
        with found.bug.plant():
            report = run_seed(seed, rates=rates)
        found.seeds += 1
        if report.violation is not None:
            found.caught += 1
            found.by[report.violation.invariant] += 1
        if enough and found.caught >= enough:
            break
    return found
