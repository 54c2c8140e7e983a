"""A self-check: what was looked at, what was found, and what follows from it. Floor 4.

How bad a finding is stands in ``selfcheck_table`` and may be changed by a policy, as data. A policy given to a
terminal also refuses refunds while the last self-check blocks, or is too old to say anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from posrefund.engine.refusals import refuse
from posrefund.engine.selfcheck_table import CHECKS, REASONS
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from posrefund.engine.versions import VersionRange

__all__ = ["Check", "SelfCheck", "SelfCheckPolicy", "Verdict", "check_last", "heals"]

Verdict: TypeAlias = Literal["ok", "warn", "block", "skipped"]
_ORDER: tuple[Verdict, ...] = ("block", "warn", "ok", "skipped")
_EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; no card data.

    Attributes:
        name: ``storage``, ``host``…: a key of ``CHECKS``.
        verdict: Good, or what follows; ``skipped`` where there was nothing to look at.
        reason: Why it is not good: with the name, a key of ``REASONS``; empty where it is.
        detail: What was seen, in a few words.
        measured: What was measured: milliseconds (``_ms``), seconds (``_s``), bytes (``_bytes``), counts, names.

    Example:
        >>> from posrefund.engine.selfcheck import Check
        >>> check = Check("space", "warn", "low", "", {"free_bytes": 90_000_000})
        >>> check.code, check.text_en, check.remedy_en
        ('space.low', 'little space is left', 'make room; never delete the journal')
    """

    name: str
    verdict: Verdict
    reason: str = ""
    detail: str = ""
    measured: Mapping[str, int | str] = field(default_factory=lambda: _EMPTY)

    @property
    def code(self) -> str:
        """Name and reason, or the name where all is well."""
        return f"{self.name}.{self.reason}" if self.reason else self.name

    @property
    def title_zh(self) -> str:
        """What was looked at."""
        return CHECKS[self.name][0]

    @property
    def title_en(self) -> str:
        """The same."""
        return CHECKS[self.name][1]

    @property
    def text_zh(self) -> str:
        """What is the matter; empty where nothing is."""
        return REASONS[self.code].zh if self.reason else ""

    @property
    def text_en(self) -> str:
        """The same."""
        return REASONS[self.code].en if self.reason else ""

    @property
    def remedy_zh(self) -> str:
        """What helps; empty where nothing is the matter."""
        return REASONS[self.code].remedy_zh if self.reason else ""

    @property
    def remedy_en(self) -> str:
        """The same."""
        return REASONS[self.code].remedy_en if self.reason else ""


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """All of one self-check.

    Attributes:
        at: When it was made.
        checks: In the order of ``CHECKS``.
    """

    at: datetime
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of all."""
        return min((check.verdict for check in self.checks), key=_ORDER.index, default="skipped")

    @property
    def failing(self) -> tuple[str, ...]:
        """Codes of what warns or blocks."""
        return tuple(check.code for check in self.checks if check.verdict in ("warn", "block"))

    @property
    def blocking(self) -> tuple[str, ...]:
        """Codes of what blocks."""
        return tuple(check.code for check in self.checks if check.verdict == "block")

    def check(self, name: str) -> Check:
        """Return the check called *name*.

        Raises:
            KeyError: There is none.
        """
        return next((each for each in self.checks if each.name == name), None) or _missing(name)

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON-able data, with every text in both languages."""
        names = ("name", "verdict", "reason", "detail", "title_zh", "title_en")
        texts = ("text_zh", "text_en", "remedy_zh", "remedy_en")
        checks = [
            {name: getattr(check, name) for name in (*names, *texts)}
            | {"measured": dict(check.measured)}
            for check in self.checks
        ]
        return {"at": self.at.isoformat(), "verdict": self.verdict, "checks": checks}

    def as_fact(self) -> str:
        """Return what a terminal remembers of it, for ``check_last``."""
        warning = [code for code in self.failing if code not in self.blocking]
        known = {"at": self.at.isoformat(), "block": list(self.blocking), "warn": warning}
        return json.dumps(known, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class SelfCheckPolicy:
    """Limits, and what follows from a finding; the defaults are those of a shop's counter.

    Attributes:
        blocks: Names of checks, or codes (``host.slow``), that block whatever the table says.
        warns: The same for those that only warn; a code counts before a name, then blocking before warning.
        valid_s: How long a self-check speaks for the terminal.
        connect_s: How long the host is dialled.
        answer_s: How long its echo is waited for.
        answer_slow_ms: From here on an answer, connection included, is slow.
        storage_slow_ms: From here on a synced write is slow.
        space_low_bytes: Below, a warning.
        space_full_bytes: Below, the end.
        clock_back_s: So far before the journal's last row the clock may be.
        years: The first and the last that a clock may show.
        sign_in_s: From here on a sign-in is old.
        required: Versions by name: ``posrefund``, ``journal``, ``python``, or what the caller reports.
        profiles: Digests of the dialects that may be used (``posrefund.dialects.file.profile_digest``); any, if empty.
        min_version: The least version of this program that is asked for; empty for none.

    Raises:
        ConfigError: A name or code that no check has, or a limit that cannot be.

    Example:
        >>> from posrefund.engine.selfcheck import SelfCheckPolicy
        >>> policy = SelfCheckPolicy(blocks=frozenset({"version"}), warns=frozenset({"host.refused"}))
        >>> policy.verdict("version.out_of_range"), policy.verdict("host.refused"), policy.verdict("space.full")
        ('block', 'warn', 'block')
    """

    blocks: frozenset[str] = frozenset()
    warns: frozenset[str] = frozenset()
    valid_s: int = 43_200
    connect_s: float = 5.0
    answer_s: float = 15.0
    answer_slow_ms: int = 3_000
    storage_slow_ms: int = 1_000
    space_low_bytes: int = 200_000_000
    space_full_bytes: int = 20_000_000
    clock_back_s: int = 120
    years: tuple[int, int] = (2024, 2099)
    sign_in_s: int = 86_400
    required: Mapping[str, VersionRange] = field(default_factory=dict)
    profiles: frozenset[str] = frozenset()
    min_version: str = ""

    def __post_init__(self) -> None:
        for name in sorted(self.blocks | self.warns):
            if name not in CHECKS and name not in REASONS:
                raise ConfigError("self-check policy: a name or code that no check has")
        if min(self.valid_s, self.connect_s, self.answer_s, self.sign_in_s) <= 0:
            raise ConfigError("self-check policy: expected seconds above 0")

    def verdict(self, code: str) -> Literal["warn", "block"]:
        """Return what follows from *code*."""
        for said in (code, code.partition(".")[0]):
            if said in self.blocks:
                return "block"
            if said in self.warns:
                return "warn"
        return REASONS[code].verdict


def heals(kind: str) -> bool:
    """Say whether a fault of *kind* may be closed by a later self-check; one that a person wrote down never is.

    Example:
        >>> from posrefund.engine.selfcheck import heals
        >>> heals("host.refused"), heals("storage.failed"), heals("printer")
        (True, False, False)
    """
    return kind in REASONS and REASONS[kind].heals


def check_last(fact: str, policy: SelfCheckPolicy, now: datetime) -> None:
    """Refuse while the last self-check does not speak for the terminal.

    Args:
        fact: Of ``SelfCheck.as_fact``; empty where there was none.
        policy: What blocks, and how long it counts; as it is now, not as it was then.
        now: When.

    Raises:
        RefusedError: code ``selfcheck_failed``: the codes that block are named, or ``too_old``.
    """
    last: dict[str, Any] = json.loads(fact) if fact else {"block": [], "warn": []}
    at = datetime.fromisoformat(last["at"]) if "at" in last else None
    age_s = (now - at).total_seconds() if at else -1.0
    codes = [code for code in (*last["block"], *last["warn"]) if code in REASONS]
    blocking = [code for code in codes if policy.verdict(code) == "block"]
    if not 0 <= age_s <= policy.valid_s:
        blocking.append("too_old")
    if blocking:
        raise refuse(
            "selfcheck_failed",
            zh="、".join(_words(code)[0] for code in blocking),
            en="; ".join(f"{code} ({_words(code)[1]})" for code in blocking),
        )


def _words(code: str) -> tuple[str, str]:
    if code == "too_old":
        return "没有近期的自检结果", "there is no recent one"
    return REASONS[code].zh, REASONS[code].en


def _missing(name: str) -> Check:
    raise KeyError(name)
