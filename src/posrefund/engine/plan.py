"""What a started request is before it is written down: the occasion it was started on, and the plan. Floor 4."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from posrefund.engine.actions import Move, Open
from posrefund.engine.attempt import Attempt
from posrefund.engine.table import Event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.dialects import MessageTable
    from posrefund.engine.actions import Action
    from posrefund.values import KeptCard

__all__ = ["Occasion", "Plan"]


@dataclass(frozen=True, slots=True)
class Occasion:
    """What the driver adds to a request when it starts it.

    Attributes:
        number: Which attempt of the request this is, from 1.
        card_fingerprint: Keyed digest of the card number, made by the journal.
        now: The time.
    """

    number: int
    card_fingerprint: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """A message that may be sent once its intent is written down.

    Attributes:
        attempt: In state INTENT; after ``Event.SEND`` for the wire.
        table: The message's table.
        fields: All fields, the sensitive ones included; they go to ``seal`` and nowhere else.
        content: Digest of the request.
        card: For the sealed side table.
    """

    attempt: Attempt
    table: MessageTable
    fields: Mapping[str, str] = field(repr=False)
    content: str
    card: KeptCard

    def opening(self, message: bytes, now: datetime) -> list[Action]:
        """What to commit, all at once, before the first byte leaves."""
        return [
            Open(self.attempt, self.content, message, self.card),
            Move(self.attempt.attempt_id, Event.SEND, now),
        ]
