"""What was not tried because the profile has nothing of the kind: said on the page, never left out. Floor 10."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from posrefund.certify.run import Certification

__all__ = ["Absence", "absences"]


@dataclass(frozen=True, slots=True)
class Absence:
    """One thing that is not in the profile.

    Attributes:
        zh: What it is, Chinese.
        en: The same, English.
        why_zh: What is lacking, Chinese.
        why_en: The same, English.
    """

    zh: str
    en: str
    why_zh: str
    why_en: str

    def as_data(self) -> dict[str, object]:
        """Return it as plain data."""
        return {
            "what": {"zh": self.zh, "en": self.en},
            "why": {"zh": self.why_zh, "en": self.why_en},
        }


_PREAUTH = Absence(
    "预授权、预授权撤销、预授权完成及其撤销",
    "pre-authorisation, its void, its completion and the void of that",
    "本参数中没有：posrefund 的参数均无预授权报文，预授权完成的退货也就无从试验",
    "not in this profile: none of posrefund's has them, so a refund of a completion cannot be tried either",
)


def absences(run: Certification) -> tuple[Absence, ...]:
    """Return what *run* did not try because its profile has no message for it."""
    cases = [
        Absence(result.title_zh, result.title_en, result.why_zh, result.why_en)
        for result in run.results
        if result.verdict == "absent"
    ]
    return (*cases, _PREAUTH)
