"""What the engine wants done, in order; the driver does it and decides nothing. Floor 4."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from posrefund.engine.approval import Approval
    from posrefund.engine.attempt import Attempt
    from posrefund.engine.requests import Original
    from posrefund.engine.table import Event
    from posrefund.values import KeptCard

__all__ = ["Action", "Ask", "Decide", "Know", "Move", "Note", "Open"]


@dataclass(frozen=True, slots=True)
class Open:
    """Write down a new attempt, take its number and reserve its amount.

    Attributes:
        attempt: In state INTENT.
        content: Digest of the request's content.
        message: Bytes that will leave; the journal keeps only a keyed digest of them.
        card: Kept sealed until the batch is closed; never in the chained row. None of what was paid by a code.
        approval: The second person's yes that it uses up; None where it needs none.
        contact: Where the customer can be reached; kept sealed, never in the chained row.
    """

    attempt: Attempt
    content: str
    message: bytes = field(repr=False)
    card: KeptCard | None
    approval: Approval | None = None
    contact: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Ask:
    """Write down that a request waits for a second person."""

    approval: Approval


@dataclass(frozen=True, slots=True)
class Decide:
    """One step of an approval.

    Attributes:
        approval: As it stood when somebody decided; if it has moved since, nothing is written.
        event: CLEAR, CANCEL or EXPIRE.
        at: When.
        by: Operator; empty for time itself.
        in_role_of: Operator in whose role it is said, where not in the own one.
    """

    approval: Approval
    event: Event
    at: datetime
    by: str
    in_role_of: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """One step of one attempt.

    Attributes:
        attempt_id: Which.
        event: What happened.
        at: When.
        facts: What is known now besides.
    """

    attempt_id: str
    event: Event
    at: datetime
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """Something to keep that changes no state: what arrived, who signed in, which file was read.

    Attributes:
        kind: ``"inbound"``, ``"reversal_sent"``, ``"signed_in"``, ``"file"``…
        at: When.
        facts: Never card data.
        attempt_id: The attempt it is about, if any; of a ``host_only`` row, the STAN of the sale that it names.
    """

    kind: str
    at: datetime
    facts: Mapping[str, str]
    attempt_id: str | None = None


@dataclass(frozen=True, slots=True)
class Know:
    """Take a sale into the list of originals, from our own answer or another terminal's feed."""

    original: Original
    at: datetime


Action = Open | Move | Note | Know | Ask | Decide
