"""A certification run: the cases one after the other, and what they came to. Floor 10."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from posrefund.certify.bench import Bench
from posrefund.certify.cases import CASES
from posrefund.certify.finding import AbsentError, BlockedError, CaseResult, Finding
from posrefund.errors import ConfigError, PosRefundError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from posrefund.certify.cases import Case
    from posrefund.certify.subject import Subject
    from posrefund.certify.switches import Switch
    from posrefund.certify.trace import Step
    from posrefund.dialects import Dialect
    from posrefund.engine import Original

__all__ = ["Certification", "certify"]


_ALWAYS = ("profile", "sign_in")
"""What every run begins with."""


@dataclass(frozen=True, slots=True)
class Certification:
    """What a run came to.

    Attributes:
        dialect: The profile.
        terminal: DE41.
        merchant: DE42.
        host: What the host is called.
        began: When.
        ended: When.
        results: Of every case that was asked for.
        steps: The trace, masked.
        switches: What was found out about the profile's switches; empty if nobody asked.
        originals: Sales of this run that can be given back tomorrow.
    """

    dialect: Dialect
    terminal: str
    merchant: str
    host: str
    began: datetime
    ended: datetime
    results: tuple[CaseResult, ...]
    steps: tuple[Step, ...]
    switches: tuple[Switch, ...] = ()
    originals: tuple[Original, ...] = ()

    @property
    def verdict(self) -> Literal["passed", "failed", "incomplete"]:
        """Passed if every case did; incomplete if none failed and one was skipped or is not in the profile."""
        found = {result.verdict for result in self.results}
        if "failed" in found:
            return "failed"
        return "passed" if found == {"passed"} else "incomplete"

    @property
    def failed_checks(self) -> frozenset[str]:
        """The ids of what was not met, each with its case: ``"sale/echo.DE11"``."""
        return frozenset(
            f"{result.name}/{found.check}" for result in self.results for found in result.failures
        )

    def count(self, verdict: str) -> int:
        """Return how many cases have *verdict*."""
        return sum(result.verdict == verdict for result in self.results)


def certify(
    subject: Subject,
    *,
    only: Collection[str] = (),
    with_switches: bool = False,
    tell: Callable[[CaseResult], None] | None = None,
) -> Certification:
    """Play the cases against a host; whatever it does is a finding, never an error.

    Money moves on that host: amounts of some yuan on its test cards, and the terminal's batch is closed.

    Args:
        subject: What is certified.
        only: Names of cases; all of them if empty. The profile and a sign-in come first in any case.
        with_switches: Find out the profile's switches, too, after the cases.
        tell: Called with each result as it is there.

    Raises:
        ConfigError: There is no case of such a name, or fewer than two cards were given.
    """
    chosen = _chosen(only)
    if len(subject.cards) < 2:
        raise ConfigError("a certification needs two test cards")
    bench, results = Bench(subject), []
    began = bench.now
    for case in chosen:
        results.append(_play(bench, case))
        bench.has_failed = bench.has_failed or results[-1].verdict == "failed"
        if tell is not None:
            tell(results[-1])
    switches: tuple[Switch, ...] = ()
    if with_switches:
        from posrefund.certify.switches import find_switches

        switches = find_switches(bench)
    if bench.keys is not None:
        bench.keys.close()
    return Certification(
        dialect=subject.dialect,
        terminal=subject.terminal,
        merchant=subject.merchant,
        host=subject.host,
        began=began,
        ended=bench.now,
        results=tuple(results),
        steps=tuple(bench.steps),
        switches=switches,
        originals=tuple(bench.tomorrow),
    )


def _chosen(only: Collection[str]) -> list[Case]:
    known = {case.name: case for case in CASES}
    strangers = sorted(set(only) - known.keys())
    if strangers:
        expected = ", ".join(known)
        raise ConfigError(f"no case is called {strangers[0]!r}; there are {expected}")
    return [case for case in CASES if not only or case.name in only or case.name in _ALWAYS]


def _play(bench: Bench, case: Case) -> CaseResult:
    bench.case, bench.findings = case.name, []
    why_zh = why_en = ""
    is_absent = False
    try:
        case.play(bench)
    except BlockedError as blocked:
        why_zh, why_en = blocked.zh, blocked.en
        is_absent = isinstance(blocked, AbsentError)
    except (
        PosRefundError
    ) as error:  # what we would send fits no message: the profile's fault, or a fact's
        zh = f"按参数组不出报文：{type(error).__name__}"
        why_zh, why_en = zh, f"no message can be made of it: {type(error).__name__}: {error}"
        bench.findings.append(Finding("compose", is_met=False, zh=why_zh, en=why_en))
    return CaseResult(
        case.name,
        case.title_zh,
        case.title_en,
        case.wants_zh,
        case.wants_en,
        tuple(bench.findings),
        why_zh,
        why_en,
        is_absent,
    )
