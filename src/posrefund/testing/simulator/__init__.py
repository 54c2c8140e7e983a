"""The proof of the money safety: a seeded world in virtual time, and invariants that hold after every step.

The real engine, terminal, journal, codec and seal run in it, against the emulated host with its own
books, over a line that does what lines do. One seed is one story, the same every time. Run it with
``python -m posrefund.testing.simulator --seeds 1-50``; nothing else of the library imports it. Floor 10.
"""

from posrefund.testing.simulator.checker import INVARIANTS, Invariant, ViolationError
from posrefund.testing.simulator.run import Report, SeedReport, run_seed, run_seeds

__all__ = [
    "INVARIANTS",
    "Invariant",
    "Report",
    "SeedReport",
    "ViolationError",
    "run_seed",
    "run_seeds",
]
