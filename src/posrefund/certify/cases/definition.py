"""What a case is: a name, what the acquirer wants to see, and a small function that plays it. Floor 10."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.certify.bench import Bench

__all__ = ["Case"]


@dataclass(frozen=True, slots=True)
class Case:
    """One scripted case.

    Attributes:
        name: For ``--only``.
        title_zh: Its title, Chinese.
        title_en: Its title, English.
        wants_zh: What the acquirer wants to see, Chinese.
        wants_en: The same, English.
        play: Plays it; a ``BlockedError`` ends it early.
    """

    name: str
    title_zh: str
    title_en: str
    wants_zh: str
    wants_en: str
    play: Callable[[Bench], None]
