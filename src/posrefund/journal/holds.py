"""Which sales are held: read off the chain, where each hold and its end stand. Floor 5."""

from __future__ import annotations

import json

from posrefund.closed import closed_class
from posrefund.engine.policy.holds import HOLD_LIFTED, HOLD_SET
from posrefund.journal.backend import Backend

__all__ = ["Holds"]

_OF_SALE = (
    f"SELECT kind, body FROM chain WHERE kind IN ('{HOLD_SET}', '{HOLD_LIFTED}') AND subject = ?"
    " ORDER BY at, seq"
)


@closed_class
class Holds(Backend):
    """The holds of a sale, set at whichever terminal of these tables."""

    def held(self, original_id: str) -> frozenset[str]:
        """Return the kinds of hold that stand on a sale: ``"dispute"``, ``"legal"``, both or none."""
        found = set()
        for kind, body in self._rows(_OF_SALE, original_id):
            hold = json.loads(body)["hold"]
            if kind == HOLD_SET:
                found.add(hold)
            else:
                found.discard(hold)
        return frozenset(found)
