"""What an acquirer's profile leaves to people: whose ceiling counts, what needs a second person, who closes a case. Floor 3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Ceiling", "PINPolicy", "Policy"]

Ceiling = Literal["journal", "host_only"]
"""Who knows how much of a sale is left: this journal, or the host alone."""

PINPolicy = Literal["staff", "always"]
"""When a yes needs a PIN: as soon as the terminal knows its staff, or in any case."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Switches; the defaults are the strict side of each.

    Attributes:
        ceiling: ``"journal"``: a sale that the journal does not know is not refunded. ``"host_only"``: it may be,
            by a description of it; only the host knows its amount then, and a second person has to say yes.
        approval_from_minor: From which amount on a refund of a known sale needs a second person; 0: none does.
        approval_hours: How long an approval waits, and how long it may be used.
        case_people: How many people close a case by a document. Against a settlement file it is always two.
        approval_pin: ``"staff"``: whoever approves proves it by a PIN once the terminal knows its staff. ``"always"``:
            before that nobody approves.
        maker_pin: Whether whoever asks for a second person's yes proves it, too, once the terminal knows its staff:
            else one person could ask under another one's number.
        pin_tries: How many wrong PINs lock an operator.
        pin_lock_minutes: How long the first lock lasts; each one after it twice as long as the one before.
        pin_lock_minutes_max: The longest lock.

    Units:
        Minor units; hours; minutes.
    """

    ceiling: Ceiling = "journal"
    approval_from_minor: int = 0
    approval_hours: int = 24
    case_people: int = 2
    approval_pin: PINPolicy = "staff"
    maker_pin: bool = True
    pin_tries: int = 3
    pin_lock_minutes: int = 30
    pin_lock_minutes_max: int = 24 * 60
