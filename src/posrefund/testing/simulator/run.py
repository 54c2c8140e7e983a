"""One seed from its first day to its verdict, and many seeds one after the other. Floor 10."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from posrefund.testing.simulator.checker import ViolationError
from posrefund.testing.simulator.files import Mailbox
from posrefund.testing.simulator.probe import try_an_illegal_step
from posrefund.testing.simulator.restore import Backups
from posrefund.testing.simulator.seams import quick_passphrase, virtual_seconds
from posrefund.testing.simulator.story import Shop
from posrefund.testing.simulator.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Report", "SeedReport", "run_seed", "run_seeds"]

_QUIET_DAYS = 30
_CLOSES = 0.5
"""How likely a shop closes its batch in the evening."""


@dataclass(slots=True)
class SeedReport:
    """What one seed did.

    Attributes:
        seed: Which.
        violation: What broke, or None.
        days: Virtual days.
        steps: Things that happened.
        faults: How often each fault struck.
        cuts: How often the power failed at each hook.
        legal: Steps of the state table that were taken.
        illegal: Steps outside it that were tried and refused.
        states: States at the end.
        lines: The tale, if it was told.
    """

    seed: int
    violation: ViolationError | None = None
    days: int = 0
    steps: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    cuts: Counter[str] = field(default_factory=Counter)
    legal: set[tuple[str, str]] = field(default_factory=set)
    illegal: set[tuple[str, str]] = field(default_factory=set)
    states: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)


def run_seed(
    seed: int, *, rates: dict[str, float] | None = None, is_told: bool = False
) -> SeedReport:
    """Play one seed to its end or to its first violation.

    Args:
        seed: All that is random hangs on it: the same seed is the same story, byte for byte.
        rates: Fault → probability at each chance, in place of the seed's own.
        is_told: Keep the story.

    Example:
        >>> from posrefund.testing.simulator import run_seed
        >>> run_seed(1).violation is None
        True
    """
    report = SeedReport(seed)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=_memory_folder()))
        stack.enter_context(quick_passphrase())
        world = World(seed, Path(folder), rates=rates, is_told=is_told)
        stack.callback(world.close)
        stack.enter_context(virtual_seconds(world.time))
        try:
            _play(world, report)
        except ViolationError as violation:
            report.violation = violation
            world.tale.tell(f"VIOLATION {violation}")
        _close_report(world, report)
    return report


def _memory_folder() -> str | None:
    """A folder in memory where the system has one: every sync is still asked for, and costs nothing."""
    shared = "/dev/shm"  # noqa: S108 — a fresh folder of its own is made in it
    return shared if os.access(shared, os.W_OK) else None


def _play(world: World, report: SeedReport) -> None:
    shop = Shop(world)
    mailbox = Mailbox(world, world.host.day - timedelta(days=1))
    backups = Backups(world, shop, mailbox)
    _trade_before(world, shop)
    for _ in range(world.random.randint(3, 7)):
        _open_day(world, report, world.random.choice((6, 9, 14, 22)))
        shop.open_for_the_day()
        for _ in range(world.random.randint(6, 16)):
            world.time.wait(world.random.choice((5, 60, 900)))
            shop.step()
            _probe(world, report)
            backups.step()
        if world.swarm.strikes("roll_back"):
            world.host.roll_back()
        if world.random.random() < _CLOSES:
            shop.close_for_the_day()
        mailbox.read()
        backups.accept()
        shop.mend()
        world.checker.day(world.files())
    _calm_down(world, report, shop, mailbox, backups)


def _trade_before(world: World, shop: Shop) -> None:
    """The day before the first fault: a shop has sold something by then."""
    world.swarm.is_calm = True
    shop.trade()
    world.swarm.is_calm = False
    world.time.wait(86_400)


def _calm_down(
    world: World, report: SeedReport, shop: Shop, mailbox: Mailbox, backups: Backups
) -> None:
    """The faults stop; the shop signs in, undoes, and reads its files for a month."""
    world.swarm.is_calm = True
    world.tale.tell("the faults have stopped")
    shop.sign_in()
    shop.close_batch()
    for day in range(_QUIET_DAYS):
        _open_day(world, report, 10)
        if day % 10 == 0:
            shop.sign_in()
        shop.undo()
        mailbox.read()
        backups.accept()
    world.restart()
    world.checker.day(world.files())
    world.checker.end()


def _open_day(world: World, report: SeedReport, hour: int) -> None:
    report.days += 1
    here = world.time.now + timedelta(days=report.days > 1)
    world.time.until(here.replace(hour=hour, minute=world.random.randrange(60)))
    world.tale.tell("a new day")


def _probe(world: World, report: SeedReport) -> None:
    if world.random.random() < 0.3 and (pair := try_an_illegal_step(world)):
        report.illegal.add((str(pair[0]), str(pair[1])))


def _close_report(world: World, report: SeedReport) -> None:
    report.steps = world.tale.steps
    report.faults = world.swarm.struck
    report.cuts = world.fuse.cuts
    report.legal = world.checker.evidence.witness.taken
    attempts = world.checker.evidence.witness.attempts.values()
    report.states = Counter(seen.state for seen in attempts)
    report.lines = world.tale.lines


@dataclass(slots=True)
class Report:
    """What many seeds did.

    Attributes:
        seeds: How many were played.
        violations: Seed and what broke in it.
        days: Virtual days.
        steps: Things that happened.
        faults: How often each fault struck.
        cuts: How often the power failed at each hook.
        legal: Steps of the state table that were taken.
        illegal: Steps outside it that were tried and refused.
        states: States at the end.
    """

    seeds: int = 0
    violations: list[tuple[int, ViolationError]] = field(default_factory=list)
    days: int = 0
    steps: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    cuts: Counter[str] = field(default_factory=Counter)
    legal: set[tuple[str, str]] = field(default_factory=set)
    illegal: set[tuple[str, str]] = field(default_factory=set)
    states: Counter[str] = field(default_factory=Counter)

    def add(self, seed: SeedReport) -> None:
        """Take in one seed."""
        self.seeds += 1
        self.days += seed.days
        self.steps += seed.steps
        self.faults += seed.faults
        self.cuts += seed.cuts
        self.states += seed.states
        self.legal |= seed.legal
        self.illegal |= seed.illegal
        if seed.violation is not None:
            self.violations.append((seed.seed, seed.violation))


def run_seeds(seeds: Iterable[int]) -> Report:
    """Play *seeds*, every one to its end whatever the others did."""
    report = Report()
    for seed in seeds:
        report.add(run_seed(seed))
    return report
