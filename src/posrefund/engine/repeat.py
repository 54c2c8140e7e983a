"""A message in doubt is sent once more: when, with which fields, and when never. Floor 4.

Only where the dialect says that the host stores its answer and repeats it. It is the same message under the
same keys, made again from what may be kept; what carried a PIN or a track cannot be made again, and never is.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.dialects.definition import MAC_FIELDS, MAC_PLACE, NEVER_KEPT
from posrefund.engine.actions import Move
from posrefund.engine.table import Event, State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from posrefund.dialects import MessageTable
    from posrefund.engine.attempt import Attempt
    from posrefund.engine.view import TerminalView
    from posrefund.values import KeptCard

__all__ = ["announce_repeat", "compose_again", "is_repeatable", "repeat_due"]

_SAID_ONCE = NEVER_KEPT | {"55"}
"""Tracks, PIN block and the chip's data, which are good for one transaction."""


@closed
def compose_again(
    kept: Mapping[str, str], table: MessageTable, card: KeptCard | None, *, with_expiry: bool
) -> dict[str, str]:
    """Return the fields of a request from what was kept of it, its MAC a place.

    Args:
        kept: The attempt's fields.
        table: Its message.
        card: From the journal's sealed side table; None of what was paid by a code.
        with_expiry: Whether the request said the card's expiry.
    """
    fields = {name: value for name, value in kept.items() if name == "t" or name.isdigit()}
    sealed = {"{pan}": card.pan.reveal()} if card and kept.get("card") == "2" else {}
    if with_expiry and card and card.expiry is not None:
        sealed["{expiry}"] = card.expiry
    for number, template in table.templates.items():
        if template in sealed:
            fields[number] = sealed[template]
        elif number in MAC_FIELDS and template == "{mac}":
            fields[number] = MAC_PLACE
    return fields


@closed
def is_repeatable(
    fields: Mapping[str, str], kept: Mapping[str, str], table: MessageTable, card: KeptCard | None
) -> bool:
    """Say whether a request can be made again from what is kept of it, and may be.

    Never with a PIN, a track or chip data in it, whatever the dialect says.
    """
    if table.repeat == "none" or _SAID_ONCE & fields.keys():
        return False
    return compose_again(kept, table, card, with_expiry=True) == dict(fields)


def repeat_due(attempt: Attempt, view: TerminalView, now: datetime) -> bool:
    """Say whether *attempt* is to be sent once more now.

    Under other keys it would be another message, on another settlement day another booking: not then. Nor while
    its batch is being closed, whose totals are told already. Nor where rows were lost: they may have counted
    copies that nobody remembers. When the tries are over the doubt stays,
    for the settlement files.
    """
    table, timers = view.dialect.messages[attempt.kind], view.dialect.timers
    return (
        attempt.state is State.IN_DOUBT
        and not (view.is_behind or view.is_closing)
        and table.repeat != "none"
        and attempt.facts.get("repeatable") == "yes"
        and 1 <= attempt.copies <= timers.repeat_tries
        and attempt.key_set_id == view.key_set_id
        and (attempt.batch, attempt.host_day) == (view.batch, view.host_day(now))
        and now - attempt.last_sent_at >= timedelta(seconds=timers.repeat_after_s)
    )


def announce_repeat(attempt: Attempt, now: datetime) -> Move:
    """Return the step to write down before a copy leaves."""
    return Move(attempt.attempt_id, Event.SEND, now, {"sent_at": now.isoformat()})
