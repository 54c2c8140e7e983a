"""A journal that lost rows: what becomes of what it has open, and what has to be known before it refunds. Floor 4.

What was lost is only in the acquirer's files. Until all of them are read and two people have said so, nothing
is given back.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from posrefund.engine.actions import Decide, Move
from posrefund.engine.evidence import check_word
from posrefund.engine.table import Event
from posrefund.engine.undo import reversal_due
from posrefund.errors import LocalProtocolError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from posrefund.engine.actions import Action
    from posrefund.engine.approval import Approval
    from posrefund.engine.attempt import Attempt
    from posrefund.engine.view import TerminalView

__all__ = ["accept", "days_to_read", "hand_over"]

_ONE_DAY = timedelta(days=1)


def hand_over(
    attempts: Iterable[Attempt], waiting: Iterable[Approval], view: TerminalView, now: datetime
) -> list[Action]:
    """Give every sale and void in doubt to people, and end every open approval: the lost rows may have decided it.

    A reversal now could undo what the customer took home, and a yes could be used a second time. The files
    tell, as for every doubt; a second person is asked anew.
    """
    facts = {"reason": "journal_behind", "at": now.isoformat()}
    return [
        *(Decide(approval, Event.EXPIRE, now, "") for approval in waiting),
        *(
            Move(attempt.attempt_id, Event.GIVE_UP, now, facts)
            for attempt in attempts
            if reversal_due(attempt, view)
        ),
    ]


def days_to_read(last: date, lost: date) -> dict[str, str]:
    """Return the first and the last settlement day whose files may show what was lost, with a day on either side.

    Args:
        last: Day of the last row that is there.
        lost: The latest day of which something may be missing.
    """
    first, end = min(last, lost) - _ONE_DAY, lost + _ONE_DAY
    return {"from_day": first.isoformat(), "to_day": end.isoformat()}


def accept(
    lost: Mapping[str, str],
    days_read: Collection[date],
    *,
    people: tuple[str, str],
    evidence: str,
    now: datetime,
) -> dict[str, str]:
    """Return what to write down when two people say that the journal is reconciled.

    Args:
        lost: The row that told of the loss.
        days_read: Days whose complete files were read.
        people: Who says so.
        evidence: By what.
        now: The time.

    Raises:
        InvalidRequestError: The two are one, or no evidence is named.
        LocalProtocolError: The complete file of some day was not read; the days are named.
    """
    check_word(people, evidence, "what was reconciled")
    day, missing = date.fromisoformat(lost["from_day"]), []
    while day <= date.fromisoformat(lost["to_day"]):
        if day not in days_read:
            missing.append(day.isoformat())
        day += _ONE_DAY
    if missing:
        raise LocalProtocolError(
            f"the complete files of these days are missing: {' '.join(missing)}"
        )
    return {"accepted_by": ", ".join(people), "evidence": evidence, "accepted_at": now.isoformat()}
