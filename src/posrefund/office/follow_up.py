"""What somebody has to look after: refunds past their expected day, doubts by their age, and open complaints. Floor 8.

A refund is called overdue once, by a row of the journal, on the first look after its last expected day; and so is told
once that a clock of a complaint has run out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.engine import Note, State
from posrefund.engine.polling import LookSchedule
from posrefund.office.ages import AGES, age_of
from posrefund.office.complaints import complaints, tell_late
from posrefund.office.status import RefundStatus, of_attempt

if TYPE_CHECKING:
    from datetime import date, datetime

    from posrefund.engine import Attempt
    from posrefund.engine.calendar import Arrival
    from posrefund.engine.complaints import Clock, Complaint
    from posrefund.journal import Journal

__all__ = ["FollowUp", "Undecided", "follow_up"]

_WAITING = (
    State.SENT,
    State.IN_DOUBT,
    State.REVERSING,
    State.MANUAL,
    State.MISMATCHED,
    State.BOUNCED,
)


@dataclass(frozen=True, slots=True)
class Undecided:
    """An attempt that is not decided, or that people have to look at.

    Attributes:
        attempt: It.
        age_days: Whole days since it was sent.
        next_look: When the terminal should be asked about it again.
    """

    attempt: Attempt
    age_days: int
    next_look: datetime

    @property
    def age(self) -> str:
        """Its group of ``AGES``."""
        return age_of(self.age_days)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What there is to do.

    Attributes:
        overdue: Accepted, past the expected day, and no settlement file has shown it; oldest first.
        newly_overdue: Those of them that are so for the first time.
        undecided: In doubt, or a case in people's hands; oldest first.
        complaints: Those that are not over; oldest first.
        newly_late: The clocks of them that are told to have run out for the first time, each with its complaint.
    """

    overdue: tuple[RefundStatus, ...]
    newly_overdue: tuple[RefundStatus, ...]
    undecided: tuple[Undecided, ...]
    complaints: tuple[Complaint, ...] = ()
    newly_late: tuple[tuple[Complaint, Clock], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.overdue or self.undecided or self.complaints)

    def ageing(self) -> dict[str, int]:
        """Return how many undecided ones there are of each age, the empty ages too."""
        groups = dict.fromkeys(AGES, 0)
        for each in self.undecided:
            groups[each.age] += 1
        return groups


def follow_up(
    journal: Journal,
    *,
    now: datetime,
    today: date,
    arrival: Arrival,
    schedule: LookSchedule | None = None,
) -> FollowUp:
    """Say what somebody has to look after, and write down what is overdue, or late, for the first time.

    Args:
        journal: The terminal's.
        now: The time.
        today: The host's day.
        arrival: How long a refund takes to the customer's account.
        schedule: When an undecided one is looked at again.

    Raises:
        JournalError: The journal cannot be read, or it could not be written down.
    """
    schedule = schedule or LookSchedule()
    accepted = [
        attempt for attempt in journal.attempts(states=[State.ACCEPTED]) if attempt.kind != "sale"
    ]
    overdue = [
        status for each in accepted if (status := of_attempt(each, today, arrival)).is_overdue
    ]
    new = [each for each in overdue if not _was_told(journal, each)]
    if new:
        journal.commit([_note(each, now) for each in new])
    undecided = journal.attempts(states=_WAITING)
    late = tell_late(journal, now)
    return FollowUp(
        tuple(overdue),
        tuple(new),
        tuple(_open(each, now, schedule) for each in undecided),
        tuple(complaints(journal)),
        tuple(late),
    )


def _open(attempt: Attempt, now: datetime, schedule: LookSchedule) -> Undecided:
    age = now - attempt.created_at
    look = schedule.next_look(attempt.created_at, now=now, who=attempt.attempt_id)
    return Undecided(attempt, max(0, age.days), look)


def _was_told(journal: Journal, status: RefundStatus) -> bool:
    attempt = status.attempt
    return attempt is not None and bool(journal.notes("overdue", attempt.attempt_id))


def _note(status: RefundStatus, now: datetime) -> Note:
    assert status.attempt is not None
    assert status.expected is not None
    facts = {"expected_by": status.expected.latest.isoformat()}
    return Note("overdue", now, facts, status.attempt.attempt_id)
