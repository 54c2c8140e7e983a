"""``python -m posrefund.testing.simulator``: seeds, one seed's story, planted bugs. Floor 10."""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from typing import TYPE_CHECKING

from posrefund.testing.simulator.hunt import hunt
from posrefund.testing.simulator.planted import PLANTED
from posrefund.testing.simulator.report import hunted_lines, report_lines, seed_lines
from posrefund.testing.simulator.run import Report, run_seed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PLANTED_SEEDS = "1-400"
_ENOUGH = 2
_MORE_DIGITS = 12


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; return the exit status: 1 for a violation or a bug not caught."""
    asked = _parser().parse_args(arguments)
    if asked.seed is not None:
        return _tell(asked)
    if asked.planted:
        return _hunt_all(asked.seeds, 0)
    is_clean = _play(asked)
    return 0 if _hunt_all(_range(_PLANTED_SEEDS), _ENOUGH) == 0 and is_clean else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m posrefund.testing.simulator")
    parser.add_argument("--seeds", type=_range, default=range(1, 51), help="A-B (default 1-50)")
    parser.add_argument(
        "--minutes", type=float, default=0.0, help="go on with other seeds until then"
    )
    parser.add_argument("--more-from", default="", help="a commit: where those other seeds begin")
    parser.add_argument("--seed", type=int, help="one seed only")
    parser.add_argument("--trace", action="store_true", help="with --seed: tell its story")
    parser.add_argument("--fault", action="append", default=[], type=_rate, metavar="NAME=RATE",
                        help="with --seed: these faults, in place of the seed's own")  # fmt: skip
    parser.add_argument("--plant", choices=sorted(PLANTED), help="with --seed: a bug to plant")
    parser.add_argument("--planted", action="store_true",
                        help="plant every bug in every one of --seeds")  # fmt: skip
    return parser


def _range(text: str) -> range:
    """``7``, ``1-50`` or ``-5--1``: any two integers."""
    at = text.find("-", 1)
    first, last = (text[:at], text[at + 1 :]) if at > 0 else (text, text)
    return range(int(first), int(last) + 1)


def _rate(text: str) -> tuple[str, float]:
    name, _, rate = text.partition("=")
    return name, float(rate)


def _tell(asked: argparse.Namespace) -> int:
    rates = dict(asked.fault) or None
    if asked.plant:
        with PLANTED[asked.plant].plant():
            report = run_seed(asked.seed, rates=rates, is_told=asked.trace)
    else:
        report = run_seed(asked.seed, rates=rates, is_told=asked.trace)
    _say(seed_lines(report))
    return 1 if report.violation else 0


def _play(asked: argparse.Namespace) -> bool:
    began, cpu_began = time.perf_counter(), time.process_time()
    report = Report()
    for seed in asked.seeds:
        report.add(run_seed(seed))
    begin = int(asked.more_from[:_MORE_DIGITS] or "0", 16)
    for seed in itertools.count(begin):
        if time.perf_counter() - began >= asked.minutes * 60:
            break
        report.add(run_seed(seed))
    fixed, more = len(asked.seeds), report.seeds - len(asked.seeds)
    _say([f"{fixed} seeds from {asked.seeds.start}, {more} more from {begin}"])
    _say(report_lines(report, time.perf_counter() - began, time.process_time() - cpu_began))
    return report.seeds > 0 and not report.violations


def _hunt_all(seeds: range, enough: int) -> int:
    _say([f"planted bugs, seeds {seeds.start} to {seeds.stop - 1}:"])
    missed = 0
    for name in PLANTED:
        found = hunt(name, seeds, enough=enough)
        missed += not found.caught
        _say(hunted_lines(found))
    _say([f"{len(PLANTED) - missed} of {len(PLANTED)} planted bugs caught"])
    return 1 if missed else 0


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
