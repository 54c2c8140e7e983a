"""What a check found, and what one case came to. No behaviour stands here. Floor 10."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["AbsentError", "BlockedError", "CaseResult", "Finding", "Verdict"]

Verdict = Literal["passed", "failed", "skipped", "absent"]


class BlockedError(Exception):
    """A case cannot go on, and says why; it never leaves this room.

    Attributes:
        zh: Why, Chinese.
        en: The same, English.
    """

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


class AbsentError(BlockedError):
    """A case is about something that the profile has not; it never leaves this room."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One expectation and whether it was met.

    Attributes:
        check: Its id: ``"echo.DE11"``, ``"reversal.undone"``. Stable; programs and papers may name it.
        is_met: Whether it was.
        zh: What was expected and, where it was not met, what came instead; Chinese. Never a hidden value.
        en: The same, English.
        step: The message it is about, counted from 1; 0 for none.
    """

    check: str
    is_met: bool
    zh: str
    en: str
    step: int = 0

    def as_data(self) -> dict[str, object]:
        """Return it as plain data."""
        return {
            "check": self.check,
            "met": self.is_met,
            "zh": self.zh,
            "en": self.en,
            "step": self.step,
        }


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What one case came to.

    Attributes:
        name: Of the case.
        title_zh: Its title, Chinese.
        title_en: Its title, English.
        wants_zh: What the acquirer wants to see, Chinese.
        wants_en: The same, English.
        findings: Every expectation that was looked at, in its order.
        why_zh: Why it was skipped or ended early, Chinese; empty if it did not.
        why_en: The same, English.
        is_absent: Whether it ended because the profile has nothing of the kind.
    """

    name: str
    title_zh: str
    title_en: str
    wants_zh: str
    wants_en: str
    findings: tuple[Finding, ...] = field(default=())
    why_zh: str = ""
    why_en: str = ""
    is_absent: bool = False

    @property
    def verdict(self) -> Verdict:
        """Failed if any expectation was not met; absent or skipped if it could not be carried to its end."""
        if any(not found.is_met for found in self.findings):
            return "failed"
        if self.is_absent:
            return "absent"
        return "skipped" if self.why_en else "passed"

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The expectations that were not met."""
        return tuple(found for found in self.findings if not found.is_met)

    def as_data(self) -> dict[str, object]:
        """Return it as plain data."""
        return {
            "case": self.name,
            "verdict": self.verdict,
            "title": {"zh": self.title_zh, "en": self.title_en},
            "wants": {"zh": self.wants_zh, "en": self.wants_en},
            "why": {"zh": self.why_zh, "en": self.why_en},
            "findings": [found.as_data() for found in self.findings],
        }
