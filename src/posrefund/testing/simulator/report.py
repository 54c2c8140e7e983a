"""What a run did, in words; nothing that was not checked is called right. Floor 10."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from posrefund.engine.table import TABLE
from posrefund.testing.simulator.checker import INVARIANTS
from posrefund.testing.simulator.probe import ILLEGAL, UNUSED
from posrefund.testing.simulator.swarm import FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.testing.simulator.hunt import Hunted
    from posrefund.testing.simulator.run import Report, SeedReport

__all__ = ["hunted_lines", "report_lines", "seed_lines"]


def report_lines(report: Report, took_s: float, cpu_s: float) -> Iterator[str]:
    """Yield what many seeds did, in seconds of the clock on the wall and of the processor."""
    rate, cpu_rate = (report.steps / seconds for seconds in (took_s, cpu_s))
    yield (
        f"{report.seeds} seeds, {report.days} virtual days, {report.steps} steps"
        f" in {took_s:.1f} s:"
        f" {rate:.0f} steps/s, {cpu_rate:.0f} per second of one processor"
    )
    yield from _fault_lines(report.faults)
    yield f"power cuts: {report.cuts.total()} ({_counts(report.cuts)})"
    yield f"states at the end: {_counts(report.states)}"
    yield from _transition_lines(report)
    yield from _invariant_lines()
    for seed, violation in report.violations:
        yield f"VIOLATION in seed {seed}: {violation}"
        yield f"  again: python -m posrefund.testing.simulator --seed {seed} --trace"
    yield f"{len(report.violations)} violations"


def seed_lines(report: SeedReport) -> Iterator[str]:
    """Yield the story of one seed: the same bytes every time."""
    yield from report.lines
    yield f"seed {report.seed}: {report.days} virtual days, {report.steps} steps"
    yield f"faults: {_counts(report.faults) or 'none'}"
    yield f"states at the end: {_counts(report.states) or 'none'}"
    yield f"verdict: {report.violation or 'no violation'}"


def hunted_lines(found: Hunted) -> Iterator[str]:
    """Yield in how many seeds a planted bug was caught, and by what."""
    by = f" by {_counts(found.by)}" if found.by else ""
    mark = "caught" if found.caught else "NOT CAUGHT"
    yield f"  {found.bug.name:20} {mark} in {found.caught} of {found.seeds} seeds{by} — {found.bug.text}"


def _fault_lines(faults: Counter[str]) -> Iterator[str]:
    for place in dict.fromkeys(FAULTS.values()):
        struck = Counter({name: faults[name] for name in FAULTS if FAULTS[name] == place})
        never = [name for name, count in struck.items() if not count]
        yield f"faults, {place}: {struck.total()} ({_counts(+struck)})"
        if never:
            yield f"  never struck: {', '.join(never)}"


def _transition_lines(report: Report) -> Iterator[str]:
    legal = {(str(state), str(event)) for state, event in TABLE.keys() - UNUSED}
    left = ", ".join(f"{state} {event}" for state, event in sorted(legal - report.legal))
    yield (
        f"steps of the state table: {len(report.legal & legal)} of {len(legal)} taken,"
        f" {len(UNUSED)} more that the product never takes;"
        f" {len(report.illegal)} of {len(ILLEGAL)} that it does not have tried, all refused"
    )
    if left:
        yield f"  never taken: {left}"


def _invariant_lines() -> Iterator[str]:
    checked = [each.name for each in INVARIANTS if each.when != "never"]
    yield f"invariants checked: {' '.join(checked)}"
    for each in INVARIANTS:
        if each.when == "never":
            yield f"  {each.name} not applicable yet: {each.text}"


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
