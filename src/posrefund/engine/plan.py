"""What a started request is before it is written down: the occasion it was started on, and the plan. Floor 4."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from posrefund.engine.actions import Move, Open
from posrefund.engine.attempt import Attempt
from posrefund.engine.policy import History, Rules
from posrefund.engine.table import Event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.dialects import MessageTable
    from posrefund.engine.actions import Action
    from posrefund.engine.approval import Approval
    from posrefund.engine.requests import Original
    from posrefund.errors import RefusedError
    from posrefund.values import KeptCard

__all__ = ["Occasion", "Plan"]


@dataclass(frozen=True, slots=True)
class Occasion:
    """What the driver adds to a request when it starts it.

    Attributes:
        number: Which attempt of the request this is, from 1.
        card_fingerprint: Keyed digest of the card number, made by the journal.
        now: The time.
        rules: The shop's.
        history: What they ask the journal about; of a refund.
    """

    number: int
    card_fingerprint: str
    now: datetime
    rules: Rules = field(default_factory=Rules)
    history: History = field(default_factory=History)


@dataclass(frozen=True, slots=True)
class Plan:
    """A message that may be sent once its intent is written down.

    Attributes:
        attempt: In state INTENT; after ``Event.SEND`` for the wire.
        table: The message's table.
        fields: All fields, the sensitive ones included; they go to ``seal`` and nowhere else.
        content: Digest of the request.
        card: For the sealed side table; None where nothing was read that may be kept.
        needs_approval: Whether a second person has to say yes first.
        reviews: Why, where the shop's rules say so.
        approval: That yes, once it is there.
        learns: A sale that has to be known before it can be given back.
        contact: Where the customer can be reached; for the other sealed table.
    """

    attempt: Attempt
    table: MessageTable
    fields: Mapping[str, str] = field(repr=False)
    content: str
    card: KeptCard | None
    needs_approval: bool = False
    reviews: tuple[RefusedError, ...] = ()
    approval: Approval | None = None
    learns: Original | None = None
    contact: str = field(default="", repr=False)

    def approved(self, approval: Approval) -> Plan:
        """Return the plan with the yes that it is going to use up."""
        facts = {
            **self.attempt.facts,
            "approved_by": approval.checker or "",
            "approval": approval.digest,
        }
        if approval.in_role_of:
            facts["approved_for"] = approval.in_role_of
        return replace(self, attempt=replace(self.attempt, facts=facts), approval=approval)

    def opening(self, message: bytes, now: datetime) -> list[Action]:
        """What to commit, all at once, before the first byte leaves."""
        return [
            Open(self.attempt, self.content, message, self.card, self.approval, self.contact),
            Move(self.attempt.attempt_id, Event.SEND, now),
        ]
