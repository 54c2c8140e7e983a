"""How long something has been open, in the groups that every list and drawing uses. Floor 8."""

from __future__ import annotations

__all__ = ["AGES", "age_of"]

AGES = ("0-1", "1-2", "3-7", "8-30", ">30")
"""In days, the youngest first."""
_UP_TO = ((1, AGES[0]), (3, AGES[1]), (8, AGES[2]), (31, AGES[3]))


def age_of(days: int) -> str:
    """Return the group of ``AGES`` that so many whole *days* belong to.

    Example:
        >>> from posrefund.office.ages import age_of
        >>> age_of(0), age_of(7), age_of(31)
        ('0-1', '3-7', '>30')
    """
    return next((name for limit, name in _UP_TO if days < limit), AGES[-1])
