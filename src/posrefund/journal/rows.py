"""Rows of the chain: actions to text and back, and the links between them. Floor 5.

The text is canonical JSON, so that a digest of it means the same everywhere. Nothing here may hold card
data: an ``Open`` is written without its message and its number.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from posrefund.engine import Attempt, Original, State
from posrefund.values import Amount

__all__ = [
    "ATTEMPT_COLUMNS",
    "FIRST_LINK",
    "LOOK_UP_COLUMNS",
    "Row",
    "attempt_as_data",
    "attempt_from_data",
    "canonical",
    "link_of",
    "original_as_data",
    "original_from_data",
]

FIRST_LINK = bytes(32)

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the chain.

    Attributes:
        seq: 1, 2, 3… without a gap.
        at: When, UTC, ISO 8601.
        kind: ``open``, ``move``, ``know`` or a note's kind.
        subject: Attempt or original it is about, the STAN of an original that is only named; empty for none.
        body: Canonical JSON.
        link: HMAC-SHA256 over the link before it and this row.
    """

    seq: int
    at: str
    kind: str
    subject: str
    body: str
    link: bytes

    @property
    def facts(self) -> dict[str, Any]:
        """The body as data."""
        data: dict[str, Any] = json.loads(self.body)
        return data


def canonical(data: object) -> str:
    """Return the one text of *data*: keys sorted, no spaces, ASCII."""
    return _CANONICAL.encode(data)


def link_of(
    key: bytes, before: bytes, seq: int, at: str, kind: str, subject: str, body: str
) -> bytes:
    """Return the link of a row, bound to everything before it."""
    text = canonical([seq, at, kind, subject, body])
    return hmac.digest(key, before + text.encode("ascii"), "sha256")


def attempt_as_data(attempt: Attempt) -> dict[str, Any]:
    """Return an attempt as JSON-able data, in the columns of the ``attempts`` table."""
    return {
        "request_id": attempt.request_id,
        "number": attempt.number,
        "kind": attempt.kind,
        "state": str(attempt.state),
        "hold": attempt.hold,
        "terminal": attempt.terminal,
        "merchant": attempt.merchant,
        "batch": attempt.batch,
        "stan": attempt.stan,
        "amount_minor": attempt.amount.minor,
        "currency": attempt.amount.currency,
        "fields": canonical(dict(attempt.fields)),
        "key_set_id": attempt.key_set_id,
        "created_at": attempt.created_at.isoformat(),
        "host_day": attempt.host_day.isoformat(),
        "card_masked": attempt.card_masked,
        "card_fingerprint": attempt.card_fingerprint,
        "original_id": attempt.original_id,
        "copies": attempt.copies,
        "facts": canonical(dict(attempt.facts)),
    }


ATTEMPT_COLUMNS = (
    "request_id, number, kind, state, hold, terminal, merchant, batch, stan, amount_minor, currency,"
    " fields, key_set_id, created_at, host_day, card_masked, card_fingerprint, original_id, copies,"
    " facts"
)
"""The columns of the ``attempts`` table that make an attempt."""


def attempt_from_data(data: dict[str, Any]) -> Attempt:
    """Return the attempt of a row."""
    rest = {
        name: value
        for name, value in data.items()
        if name not in ("amount_minor", "currency", "state", "fields", "facts")
    }
    return Attempt(
        **rest
        | {
            "state": State(data["state"]),
            "amount": Amount(data["amount_minor"], data["currency"]),
            "fields": json.loads(data["fields"]),
            "facts": json.loads(data["facts"]),
            "created_at": datetime.fromisoformat(data["created_at"]),
            "host_day": date.fromisoformat(data["host_day"]),
        }
    )


_ORIGINAL_COLUMNS = (
    "original_id",
    "terminal",
    "merchant",
    "batch",
    "stan",
    "rrn",
    "auth_code",
    "card_fingerprint",
    "organisation",
)


LOOK_UP_COLUMNS = ("card_last4", "order_ref", "made_at")
"""Empty where they are not known, and then, as in earlier versions, not in the chained row."""


def original_as_data(original: Original) -> dict[str, Any]:
    """Return a sale as JSON-able data, in the columns of the ``originals`` table."""
    unbounded = {"ceiling": original.ceiling} if original.ceiling != "journal" else {}
    made_at = original.made_at.astimezone(UTC).isoformat() if original.made_at else ""
    found_by = dict(
        zip(LOOK_UP_COLUMNS, (original.card_last4, original.order_ref, made_at), strict=True)
    )
    return (
        {name: getattr(original, name) for name in _ORIGINAL_COLUMNS}
        | unbounded
        | {name: value for name, value in found_by.items() if value}
        | {
            "transaction_date": original.transaction_date.isoformat(),
            "settlement_date": original.settlement_date.isoformat(),
            "amount_minor": original.amount.minor,
            "currency": original.amount.currency,
        }
    )


def original_from_data(data: dict[str, Any], **now: Any) -> Original:
    """Return the sale of a row; *now* are the facts that follow from its attempts."""
    return Original(
        **{name: data[name] for name in (*_ORIGINAL_COLUMNS, "card_last4", "order_ref")},
        made_at=datetime.fromisoformat(data["made_at"]) if data["made_at"] else None,
        transaction_date=date.fromisoformat(data["transaction_date"]),
        settlement_date=date.fromisoformat(data["settlement_date"]),
        amount=Amount(data["amount_minor"], data["currency"]),
        reserved_minor=data["reserved_minor"],
        accepted_minor=data["accepted_minor"],
        ceiling=data["ceiling"],
        **now,
    )
