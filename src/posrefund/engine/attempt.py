"""One try to move money: its identity on the wire, its state, and all that is known about it. Floor 4.

Frozen: the journal makes a new one from its rows. It holds nothing that may not be kept — no track, no
PIN block, no clear card number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from posrefund.engine.table import Event, State, hold_after, next_state
from posrefund.errors import LocalProtocolError
from posrefund.values.method import BY_CODE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from posrefund.engine.table import Hold
    from posrefund.values import Amount

__all__ = ["Attempt", "Kind"]

Kind = Literal["sale", "void", "refund"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt.

    Attributes:
        request_id: Whose.
        number: 1 for the first attempt of a request, then up.
        kind: Which message it is; a refund request may be carried out as a void.
        state: Where it stands.
        hold: What it takes of the original.
        terminal: DE41.
        merchant: DE42.
        batch: DE60.2.
        stan: DE11.
        amount: DE4 and DE49.
        fields: What may be kept of the request's fields.
        key_set_id: KCVs of the keys that protected it.
        created_at: When the intent was written.
        host_day: The host's settlement day at that time.
        card_masked: For slips and lists.
        card_fingerprint: Keyed digest of the card number.
        original_id: The sale it is about; None for a sale.
        copies: How many copies of its identity may have left.
        facts: What answers and evidence said, by name.
    """

    request_id: str
    number: int
    kind: Kind
    state: State
    hold: Hold
    terminal: str
    merchant: str
    batch: str
    stan: str
    amount: Amount
    fields: Mapping[str, str]
    key_set_id: str
    created_at: datetime
    host_day: date
    card_masked: str
    card_fingerprint: str
    original_id: str | None
    copies: int
    facts: Mapping[str, str]

    @property
    def attempt_id(self) -> str:
        """Name of the attempt in the journal."""
        return f"{self.request_id}/{self.number}"

    @property
    def card_last4(self) -> str:
        """The last four digits of the card number; empty where its mask does not show them."""
        last = self.card_masked[-4:]
        return last if last.isascii() and last.isdigit() else ""

    @property
    def last_sent_at(self) -> datetime:
        """When its last copy was written down to be sent."""
        last = self.facts.get("sent_at")
        return datetime.fromisoformat(last) if last else self.created_at

    @property
    def is_by_code(self) -> bool:
        """Whether a code paid, or what a code paid is given back: no card was read."""
        return self.facts.get("entry", "").startswith(BY_CODE)

    def after(self, event: Event, facts: Mapping[str, str]) -> Attempt:
        """Return the attempt after *event*.

        Raises:
            LocalProtocolError: The table has no such step; or *not sent* is said of a message of which an
                earlier copy may have left.
        """
        state = next_state(self.state, event)
        if event is Event.FAIL and self.copies > 1:
            message = f"no step {event} from {self.state} after {self.copies} copies"
            raise LocalProtocolError(message)
        return replace(
            self,
            state=state,
            hold=hold_after(self.hold, state),
            copies=self.copies + (state is State.SENT),
            facts={**self.facts, **facts},
        )
