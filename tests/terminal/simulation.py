"""Seeded working days with everything going wrong, and what must hold at the end of each.

``python -m terminal.simulation --seeds 1-200`` (with ``tests`` on the path) prints what it did; any
failure is reproduced by its seed alone. One thread, no waiting, a host with books of its own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from posrefund.cli.books import compare, difference
from posrefund.engine import OPEN_STATES, State
from posrefund.errors import LinkError, PosRefundError, RefusedError, RequestConflictError
from shop import OTHER_CHIP, Shop, refund, sale
from terminal.power import Fuse, PowerCut, wire

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FAULTS = (
    "drop_request",
    "drop_reply",
    "close_before_reply",
    "duplicate_reply",
    "truncate",
    "garbage",
    "bad_mac",
    "no_mac",
    "flip_mac_byte",
    "wrong_stan",
    "wrong_amount",
    "wrong_terminal",
    "unknown_field",
    "code",
    "booked_code",
)
CODES = ("96", "68", "94", "98", "06", "ZZ")
"""Codes that prove nothing; an outright lie of a host (a no for what it booked) is another test."""


@dataclass
class Report:
    """What a run of seeds did."""

    seeds: int = 0
    days: int = 0
    steps: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    cuts: int = 0
    states: Counter[str] = field(default_factory=Counter)


class Simulation:
    """One seed: five days of one shop."""

    def __init__(self, seed: int, folder: Path, report: Report) -> None:
        self.random = Random(seed)
        self.report = report
        self.shop = Shop(folder)
        self.sales: list[str] = []
        self.requests: list[tuple[str, str, int | None]] = []

    def run(self) -> None:
        """Play the days, then two quiet ones, then judge."""
        for day in range(5):
            self.report.days += 1
            self.to(day)
            for _ in range(self.random.randint(4, 12)):
                self.step()
            self.settle(day - 1)
        self.shop.host.faults.clear()
        for day in range(5, 7):
            self.to(day)
            with suppress(LinkError):
                self.shop.terminal.undo_doubts()
        for day in range(-1, 8):
            self.settle(day)
        self.judge()
        self.shop.terminal.close()

    def to(self, day: int) -> None:
        """Begin a day; what still waits to go wrong at the sign-in goes wrong another time."""
        self.shop.host.faults.clear()
        self.shop.to(day, self.random.choice((9, 14, 22)), self.random.randrange(60))

    def step(self) -> None:
        """One thing a clerk, a line or a power plant may do."""
        self.report.steps += 1
        if self.random.random() < 0.35:
            self.break_something()
        action = self.random.choice(
            (self.sell, self.refund, self.refund, self.ask_again, self.restart)
        )
        cut = self.random.random() < 0.2
        if cut:
            wire(self.shop, Fuse(self.random.randint(1, 9)))
        try:
            action()
        except PowerCut:
            self.report.cuts += 1
        except (RefusedError, RequestConflictError, LinkError):
            pass
        if cut:
            self.restart()

    def break_something(self) -> None:
        """Queue a fault for the next money message."""
        kind = self.random.choice(FAULTS)
        mti = self.random.choice(("0200", "0220", "0400"))
        code = self.random.choice(CODES)
        self.shop.fault(kind, mti, code=code, index=self.random.randrange(8))
        self.report.faults[kind] += 1

    def sell(self) -> None:
        """A sale of 1 to 50 yuan."""
        name = f"S-{len(self.sales)}"
        self.sales.append(name)
        self.shop.terminal.sale(sale(name, self.random.randint(100, 5_000)))

    def refund(self) -> None:
        """All or a part of some sale, sometimes with the wrong card."""
        if not self.sales:
            return
        original = self.random.choice(self.sales)
        minor = self.random.choice((None, 1, self.random.randint(1, 6_000)))
        card = OTHER_CHIP if self.random.random() < 0.05 else None
        name = f"R-{len(self.requests)}"
        self.requests.append((name, original, minor))
        request = refund(name, original, minor, card) if card else refund(name, original, minor)
        self.shop.terminal.refund(request)

    def ask_again(self) -> None:
        """The impatient clerk."""
        if self.requests:
            self.shop.terminal.refund(refund(*self.random.choice(self.requests)))

    def restart(self) -> None:
        """Off and on."""
        self.shop.restart()

    def settle(self, day: int) -> None:
        """The file of a day that is over."""
        self.shop.settle(day)

    def judge(self) -> None:
        """The invariants; each names itself when it fails."""
        journal = self.shop.terminal.journal
        journal.verify()
        attempts = journal.attempts()
        for attempt in attempts:
            self.report.states[attempt.state] += 1
            assert attempt.state not in OPEN_STATES - {State.MANUAL}, f"not final: {attempt}"
        ledger = self.shop.host.ledger.as_data()
        lines = compare(attempts, ledger)
        assert difference(lines) == 0, [line for line in lines if not line.agrees]
        self.judge_ceilings(ledger)
        self.judge_requests()

    def judge_ceilings(self, ledger: Sequence[Mapping[str, object]]) -> None:
        """No sale was given back more than it took, by the host's books."""
        taken = {e["rrn"]: int(str(e["amount_minor"])) for e in ledger if e["kind"] == "sale"}
        given: Counter[object] = Counter()
        for entry in ledger:
            if entry["kind"] in ("refund", "void") and entry["state"] != "reversed":
                given[entry["original_rrn"]] += int(str(entry["amount_minor"]))
        for rrn, minor in given.items():
            assert minor <= taken[rrn], f"{rrn} was given back {minor} of {taken[rrn]}"

    def judge_requests(self) -> None:
        """No request id had two effects."""
        booked = {State.ACCEPTED, State.CONFIRMED}
        effects = Counter(
            attempt.request_id
            for attempt in self.shop.terminal.journal.attempts()
            if attempt.state in booked
        )
        assert all(count == 1 for count in effects.values()), effects


def run_seeds(first: int, last: int) -> Report:
    """Run the seeds *first* to *last*; an AssertionError names the seed."""
    report = Report()
    for seed in range(first, last + 1):
        with tempfile.TemporaryDirectory() as folder:
            try:
                Simulation(seed, Path(folder), report).run()
            except (AssertionError, PosRefundError) as error:
                raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
        report.seeds += 1
    return report


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1-50", help="A-B")
    first, _, last = parser.parse_args().seeds.partition("-")
    began = time.perf_counter()
    from posrefund.keystore import locks

    locks._NEW_N = 2  # a passphrase worth guessing is not in here
    try:
        report = run_seeds(int(first), int(last or first))
    except AssertionError as failure:
        sys.exit(f"VIOLATION {failure}")
    took = time.perf_counter() - began
    print(f"{report.seeds} seeds, {report.days} days, {report.steps} steps in {took:.1f} s")
    print(f"{report.cuts} power cuts; faults: {dict(report.faults.most_common())}")
    print(f"final states: {dict(report.states.most_common())}")
    print("0 violations")


if __name__ == "__main__":
    main()
