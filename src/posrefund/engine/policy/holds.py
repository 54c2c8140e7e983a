"""Holds: a sale that is disputed, or frozen by law, gives nothing back until somebody lifts it. Floor 4.

Each is a row of the journal's chain, and the last one about a sale and a kind counts. The journal itself takes no
refund of a sale that is held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from posrefund.engine.actions import Note
from posrefund.engine.notes import is_note
from posrefund.errors import InvalidRequestError

if TYPE_CHECKING:
    from datetime import datetime

    from posrefund.errors import Fault

__all__ = ["HOLD_LIFTED", "HOLD_SET", "Hold", "HoldKind"]

HoldKind = Literal["dispute", "legal"]
"""A dispute (chargeback, retrieval request) that is open; an order of a court or an authority."""

HOLD_SET, HOLD_LIFTED = "hold_set", "hold_lifted"
"""Kinds of the journal's rows."""

_BY_CHARACTERS_MAX = 40


@dataclass(frozen=True, slots=True)
class Hold:
    """What somebody says about holding a sale, or about holding it no longer.

    Attributes:
        original_id: The sale.
        kind: Which hold.
        by: Who says so, by name or number.
        why: The case or the order: its number, its date; no card number.

    Raises:
        InvalidRequestError: Every fault at once.

    Example:
        >>> from posrefund.engine.policy import Hold
        >>> Hold("S-1", "dispute", by="07", why="chargeback 4711").kind
        'dispute'
    """

    original_id: str
    kind: HoldKind
    by: str
    why: str

    def __post_init__(self) -> None:
        faults: list[Fault] = []
        if self.kind not in get_args(HoldKind):
            faults.append(("kind", f"one of {', '.join(get_args(HoldKind))}"))
        if not _says(self.by) or len(self.by) > _BY_CHARACTERS_MAX:
            faults.append(("by", "who says so, by name or number"))
        if not _says(self.why):
            faults.append(("why", "the case or the order, no card number"))
        if faults:
            raise InvalidRequestError(faults)

    def note(self, kind: str, at: datetime) -> Note:
        """Return the row of the chain, of kind ``HOLD_SET`` or ``HOLD_LIFTED``."""
        facts = {"hold": self.kind, "by": self.by, "why": self.why}
        return Note(kind, at, facts, self.original_id)


def _says(text: object) -> bool:
    return is_note(text) and bool(str(text).strip())
