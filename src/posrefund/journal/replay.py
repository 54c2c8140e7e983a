"""Trust, but replay: the chain's links, and the tables against what the chain alone tells. Floor 5."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from posrefund.engine import Event
from posrefund.errors import JournalCorruptError
from posrefund.journal.approvals import approval_from_data
from posrefund.journal.rows import (
    FIRST_LINK,
    PAID_COLUMNS,
    attempt_from_data,
    link_of,
    original_as_data,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from posrefund.engine import Approval, Attempt, Original
    from posrefund.journal.rows import Row

__all__ = ["check_approvals", "check_links", "check_paid", "check_projection", "replay"]


def check_links(rows: Sequence[Row], key_of: Callable[[int], bytes], *, head: str | None) -> None:
    """Check that every row is bound to the one before it, and the last one to *head*.

    Raises:
        JournalCorruptError: Names the first row that does not fit.
    """
    before = FIRST_LINK
    for seq, row in enumerate(rows, start=1):
        link = link_of(key_of(seq), before, seq, row.at, row.kind, row.subject, row.body)
        if row.seq != seq or not hmac.compare_digest(link, row.link):
            reason = "the chain does not fit"
            raise JournalCorruptError(reason, row=seq)
        before = link
    if head != (before.hex() if rows else None):
        reason = "rows are missing at the end"
        raise JournalCorruptError(reason, row=len(rows) + 1)


def replay(rows: Sequence[Row]) -> dict[str, Attempt]:
    """Return every attempt as the chain alone tells it."""
    attempts: dict[str, Attempt] = {}
    for row in rows:
        if row.kind == "open":
            attempts[row.subject] = attempt_from_data(row.facts["attempt"])
        elif row.kind == "move":
            step = row.facts
            attempts[row.subject] = attempts[row.subject].after(Event(step["event"]), step["facts"])
    return attempts


def check_approvals(rows: Sequence[Row], stored: Sequence[Approval]) -> None:
    """Check that the table of approvals holds exactly what *rows* say, and that each attempt used its own.

    Raises:
        JournalCorruptError: Names the approval that differs.
    """
    replayed: dict[str, Approval] = {}
    for row in rows:
        facts = row.facts
        if row.kind == "ask":
            replayed[row.subject] = approval_from_data(facts)
        elif row.kind == "approval":
            event = Event(facts["event"])
            lent = facts.get("in_role_of", "")
            replayed[row.subject] = replayed[row.subject].after(event, facts["by"], lent)
        elif row.kind == "open" and "approval" in facts:
            name = facts["approval"]
            replayed[name] = replayed[name].used_by(facts["attempt"]["number"])
    kept = {approval.approval_id: approval for approval in stored}
    for name in sorted({*kept, *replayed}):
        if kept.get(name) != replayed.get(name):
            reason = f"approval {name} is not what its rows say"
            raise JournalCorruptError(reason)


def check_projection(
    rows: Sequence[Row],
    stored: Sequence[Attempt],
    originals: Sequence[Original],
    elsewhere: Sequence[Attempt] = (),
) -> None:
    """Check that the tables hold exactly what *rows* say.

    Args:
        rows: The chain of one terminal.
        stored: Its attempts.
        originals: The sales that it took in.
        elsewhere: What other terminals attempted; it counts towards the sums of these sales.

    Raises:
        JournalCorruptError: Names the attempt or original that differs.
    """
    replayed = replay(rows)
    kept = {attempt.attempt_id: attempt for attempt in stored}
    for attempt_id in sorted({*kept, *replayed}):
        if kept.get(attempt_id) != replayed.get(attempt_id):
            reason = f"attempt {attempt_id} is not what its rows say"
            raise JournalCorruptError(reason)
    known = {row.subject: _unpaid(row.facts) for row in rows if row.kind == "know"}
    found = {original.original_id: original_as_data(original) for original in originals}
    for original_id in sorted({*known, *found}):
        if known.get(original_id) != found.get(original_id):
            reason = f"original {original_id} is not what its row says"
            raise JournalCorruptError(reason)
    for original in originals:
        _check_sums(original, [*replayed.values(), *elsewhere])


def check_paid(rows: Sequence[Row], stored: Mapping[str, Mapping[str, str]]) -> None:
    """Check that the table of sales says of codes exactly what *rows* say.

    Args:
        rows: The chain of one terminal.
        stored: Wallet and voucher of the sales that it took in, as far as the table has one, by their ids.

    Raises:
        JournalCorruptError: Names the sale that differs.
    """
    said = {
        row.subject: {name: row.facts[name] for name in PAID_COLUMNS if name in row.facts}
        for row in rows
        if row.kind == "know"
    }
    for original_id in sorted({*said, *stored}):
        if said.get(original_id, {}) != stored.get(original_id, {}):
            reason = f"how original {original_id} was paid is not what its row says"
            raise JournalCorruptError(reason)


def _unpaid(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name not in PAID_COLUMNS}


def _check_sums(original: Original, attempts: Iterable[Attempt]) -> None:
    held = [a for a in attempts if a.original_id == original.original_id]
    reserved = sum(a.amount.minor for a in held if a.hold == "reserved")
    accepted = sum(a.amount.minor for a in held if a.hold == "accepted")
    if (reserved, accepted) != (original.reserved_minor, original.accepted_minor):
        reason = f"the sums of original {original.original_id} are not what its rows say"
        raise JournalCorruptError(reason)
