"""What an acquirer's profile leaves to people: whose ceiling counts, what needs a second person, who closes a case. Floor 3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Ceiling", "Policy"]

Ceiling = Literal["journal", "host_only"]
"""Who knows how much of a sale is left: this journal, or the host alone."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Switches; the defaults are the strict side of each.

    Attributes:
        ceiling: ``"journal"``: a sale that the journal does not know is not refunded. ``"host_only"``: it may be,
            by a description of it; only the host knows its amount then, and a second person has to say yes.
        approval_from_minor: From which amount on a refund of a known sale needs a second person; 0: none does.
        approval_hours: How long an approval waits, and how long it may be used.
        case_people: How many people close a case by a document. Against a settlement file it is always two.

    Units:
        Minor units; hours.
    """

    ceiling: Ceiling = "journal"
    approval_from_minor: int = 0
    approval_hours: int = 24
    case_people: int = 2
