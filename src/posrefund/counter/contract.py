"""What the screens want done, for whoever has a terminal: the dialogue itself does no I/O. Floor 9.

A dialogue is told what was pressed or typed and answers with the effect that is wanted now, or with None. Its
``screen`` is busy until the driver has performed that effect and handed back what came of it::

    effect = dialogue.press("enter")
    if effect is not None:
        dialogue.resume(perform(effect, terminal))     # in a thread, or awaited

A second press while it is busy is nothing at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from posrefund.errors import PosRefundError

__all__ = ["Effect", "Failed"]


class Effect:
    """Something to be done with a terminal, a card reader or a drawer of signatures; each kind is a frozen dataclass."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """An effect that came to nothing, handed back in place of its result.

    Attributes:
        error: Ours: whatever else is raised is the driver's own fault.
    """

    error: PosRefundError
