"""What has to come with a card, by the way it was read; the same in every dialect. Floor 9."""

from __future__ import annotations

import calendar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["entry_faults", "is_day"]

_MAGNETIC = ("35",), ("2", "23", "55")
_CHIP = ("2",), ()
_BY_ENTRY: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "01": (("2",), ("23", "35", "36", "55")),
    "02": _MAGNETIC,
    "80": _MAGNETIC,
    "90": _MAGNETIC,
    "95": _MAGNETIC,
    "03": ((), ("2", "23", "35", "36", "52", "55")),
    "05": _CHIP,
    "07": _CHIP,
    "91": _CHIP,
    "98": _CHIP,
}
"""First two digits of DE22 → (fields it needs, fields it excludes)."""


def entry_faults(mode: str, fields: Mapping[str, str]) -> list[str]:
    """Return the fields that are missing or too much for *mode*, two digits."""
    needed, forbidden = _BY_ENTRY[mode]
    return [n for n in needed if n not in fields] + [n for n in forbidden if n in fields]


def is_day(mmdd: str) -> bool:
    """Say whether the calendar has this day, in some year."""
    month, day = int(mmdd[:2]), int(mmdd[2:])
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(2000, month)[1]  # 2000: has 29/02
