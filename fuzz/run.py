"""Every target for its share of the time: under Atheris where there is one, else under ``fuzz.plain``.

``python -m fuzz.run --seconds 60``; ``--target tlv`` for one of them. Inputs that reached something new stay
in ``fuzz/found`` for the next run; what broke an invariant goes to ``fuzz/crashes``, and is a test from then on.
"""

from __future__ import annotations

import argparse
import importlib
import platform
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from fuzz import corpus
from fuzz.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Outcome", "run_target", "why_no_atheris"]

_INPUT_S = 10
"""No input may take so long; they take less than a millisecond."""
_MEMORY_MB = 1024
_STUCK_S = 120
_COUNT = re.compile(r"stat::number_of_executed_units: +([0-9]+)")
_COVERAGE = re.compile(r"cov: ([0-9]+) ft: ([0-9]+) corp: ([0-9]+)")
_LOG_LINES = 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one target did.

    Attributes:
        executions: Inputs fed to it.
        took_s: How long that was.
        coverage: What Atheris says of it, or empty.
        log: The end of what was printed, when something was found; else empty.
    """

    executions: int
    took_s: float
    coverage: str
    log: str


def why_no_atheris() -> str | None:
    """Return why Atheris cannot run here, or None when it can."""
    try:
        importlib.import_module("atheris")
    except ImportError as missing:
        here = f"{platform.python_implementation()} {platform.python_version()} on {sys.platform} {platform.machine()}"
        return (
            f"{missing} ({here}). The extra 'fuzz' brings it where it is published as a wheel: "
            "CPython 3.11 to 3.14 on Linux x86_64 with glibc"
        )
    return None


def run_target(name: str, *, seconds: float, atheris: bool, folders: Sequence[Path]) -> Outcome:
    """Run one target in a process of its own; new inputs go to the first of *folders*."""
    command = [sys.executable, "-m"]
    if atheris:
        command += ["fuzz.atheris_run", name, *_limits(name, seconds), *map(str, folders)]
    else:
        command += ["fuzz.plain", name, "--seconds", str(seconds), "--corpus", *map(str, folders)]
    began = time.perf_counter()
    try:
        done = subprocess.run(  # noqa: S603 — our own modules, by our own interpreter
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds + _STUCK_S,
            check=False,
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        return Outcome(0, time.perf_counter() - began, "", "it never came back")
    took_s = time.perf_counter() - began
    count = _COUNT.search(done.stdout)
    coverage = _COVERAGE.findall(done.stdout)
    lines = done.stdout.splitlines()[-_LOG_LINES:]
    return Outcome(
        executions=int(count[1]) if count else 0,
        took_s=took_s,
        coverage="{} edges, {} features, {} inputs kept".format(*coverage[-1]) if coverage else "",
        log="\n".join(lines) if done.returncode or not count else "",
    )


def _limits(name: str, seconds: float) -> list[str]:
    crashes = corpus.CRASHES / name
    crashes.mkdir(parents=True, exist_ok=True)
    return [
        f"-max_total_time={max(1, round(seconds))}",
        f"-max_len={TARGETS[name].length_max}",
        f"-timeout={_INPUT_S}",
        f"-rss_limit_mb={_MEMORY_MB}",
        f"-dict={corpus.DICTIONARY}",
        f"-artifact_prefix={crashes}/",
        "-print_final_stats=1",
    ]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="for all targets together")
    parser.add_argument("--target", choices=TARGETS, action="append", help="only this one")
    parser.add_argument("--found", type=Path, default=corpus.FOUND, help="where new inputs stay")
    parser.add_argument("--plain", action="store_true", help="without Atheris, though it is there")
    asked = parser.parse_args()
    absent = "you asked for it" if asked.plain else why_no_atheris()
    if absent:
        print(f"WITHOUT ATHERIS, so no coverage guides this run: {absent}", flush=True)
    chosen = asked.target or list(TARGETS)
    escapes = 0
    with TemporaryDirectory() as fresh:
        corpus.write(Path(fresh))  # of dialects that are newer than the seeds checked in
        for name in chosen:
            kind = TARGETS[name].corpus
            found = asked.found / name
            found.mkdir(parents=True, exist_ok=True)
            folders = [found, corpus.CORPUS / kind, Path(fresh) / kind]
            outcome = run_target(
                name, seconds=asked.seconds / len(chosen), atheris=not absent, folders=folders
            )
            escapes += _say(name, outcome)
    if escapes:
        sys.exit(
            f"{escapes} of {len(chosen)} targets found something; the inputs are in fuzz/crashes"
        )


def _say(name: str, outcome: Outcome) -> bool:
    rate = outcome.executions / outcome.took_s
    end = "FOUND SOMETHING" if outcome.log else "0 escapes"
    print(
        f"{name:9} {outcome.executions:9,} inputs in {outcome.took_s:5.1f} s, {rate:7,.0f}/s; {end}"
        + (f"; {outcome.coverage}" if outcome.coverage else ""),
        flush=True,
    )
    if outcome.log:
        print(outcome.log, flush=True)
    return bool(outcome.log)


if __name__ == "__main__":
    main()
