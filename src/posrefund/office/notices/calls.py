"""What somebody has to telephone about: a task that ends with what came of it, and with nothing else. Floor 8.

A task is a row of the journal, and so is its end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from posrefund.engine import Note, NoticeKind
from posrefund.engine.notes import is_note
from posrefund.errors import InvalidRequestError, LocalProtocolError
from posrefund.office.notices.channel import reaches

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from posrefund.journal import Journal
    from posrefund.office.notices.message import Message

__all__ = ["Call", "CallChannel", "CallOutcome", "calls", "close_call"]

_ASKED, _CLOSED = "call", "call_closed"
WORTH_A_CALL = (NoticeKind.BOUNCED, NoticeKind.NOT_REFUNDED)
"""What a text message alone does not settle: the money has to go another way, or again."""


class CallOutcome(StrEnum):
    """What came of a call."""

    SETTLED = "settled"
    """The customer knows, and agrees."""
    DISAGREES = "disagrees"
    """The customer says otherwise: for the back office."""
    NOT_REACHED = "not_reached"
    """Tried as often as the shop does; the notice stands."""
    WRONG_NUMBER = "wrong_number"


@dataclass(frozen=True, slots=True)
class Call:
    """One task.

    Attributes:
        notice_id: What it is about; there is one task for each.
        attempt_id: The attempt of that refund.
        kind: What the customer is to be told.
        outcome: What came of it; None while it is open.
        by: Who called.
        note: What was said.
    """

    notice_id: str
    attempt_id: str
    kind: NoticeKind
    outcome: CallOutcome | None = None
    by: str = ""
    note: str = ""


class CallChannel:
    """Makes a task of each message that somebody has to telephone about.

    Args:
        journal: Keeps them.
        clock: Says the time.
        kinds: Which notices are worth a call.
        name: Of the channel.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        clock: Callable[[], datetime],
        kinds: Collection[NoticeKind] = WORTH_A_CALL,
        name: str = "phone",
    ) -> None:
        self._journal, self._clock = journal, clock
        self.name, self.stays_here = name, True
        self._kinds = frozenset(kinds)

    def takes(self, message: Message) -> bool:
        """Say whether it is worth a call, nothing later has come, and there is a number."""
        is_due = message.notice.kind in self._kinds and not message.is_old_news
        return is_due and reaches(message.contact, "phone")

    def send(self, message: Message) -> None:
        """Write the task down, once.

        Raises:
            JournalWriteError: It could not be.
        """
        notice = message.notice
        if any(call.notice_id == notice.notice_id for call in calls(self._journal)):
            return
        facts = {
            "notice": notice.notice_id,
            "kind": str(notice.kind),
            "attempt": notice.attempt_id,
        }
        self._journal.commit([Note(_ASKED, self._clock(), facts, notice.attempt_id)])


def calls(journal: Journal) -> list[Call]:
    """Return every task, oldest first; the open ones have no outcome."""
    ends = {each["notice"]: each for each in journal.notes(_CLOSED)}
    found = []
    for asked in journal.notes(_ASKED):
        end = ends.get(asked["notice"])
        outcome = CallOutcome(end["outcome"]) if end else None
        by, note = (end["by"], end["note"]) if end else ("", "")
        kind = NoticeKind(asked["kind"])
        found.append(Call(asked["notice"], asked["attempt"], kind, outcome, by, note))
    return found


def close_call(
    journal: Journal,
    notice_id: str,
    *,
    outcome: CallOutcome,
    by: str,
    now: datetime,
    note: str = "",
) -> None:
    """End a task with what came of it.

    Raises:
        InvalidRequestError: No outcome, no operator, or a note that may not be kept; every fault at once.
        LocalProtocolError: There is no such task, or it has ended.
        JournalWriteError: Nothing was written.
    """
    said: object = outcome
    checks = (
        ("outcome", isinstance(said, CallOutcome), f"one of {', '.join(CallOutcome)}"),
        ("by", bool(re.fullmatch("[0-9A-Za-z]{1,3}", by)), "1 to 3 letters or digits"),
        ("note", is_note(note), "at most 200 characters, no card number"),
    )
    if faults := [(path, expected) for path, is_right, expected in checks if not is_right]:
        raise InvalidRequestError(faults)
    known = {call.notice_id: call for call in calls(journal)}
    if notice_id not in known or known[notice_id].outcome is not None:
        raise LocalProtocolError("no open task of that notice")
    facts = {"notice": notice_id, "outcome": str(outcome), "by": by, "note": note}
    journal.commit([Note(_CLOSED, now, facts, known[notice_id].attempt_id)])
