"""Complaints and feedback of customers: what was said about a request, and until when it has to be answered. Floor 4.

Two clocks run from the moment that a complaint is opened, one to the first answer and one to the solution. They run on
business days only, and when they end is decided then: other settings change no promise that was made. A solution is an
answer, too. What is withdrawn stops both.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from posrefund.engine.calendar import BusinessCalendar
from posrefund.engine.notes import is_note
from posrefund.errors import ConfigError, InvalidRequestError, LocalProtocolError

if TYPE_CHECKING:
    from datetime import timezone

    from posrefund.errors import Fault

__all__ = [
    "SCORES",
    "Channel",
    "Clock",
    "Complaint",
    "ComplaintKind",
    "Ending",
    "Feedback",
    "ServiceLevel",
]

ComplaintKind = Literal["not_arrived", "amount", "refused", "twice", "service", "other"]
"""The money did not come; it was another amount; nothing was given back; paid twice; how somebody was treated."""
Channel = Literal["counter", "phone", "message", "letter"]
Clock = Literal["answer", "solution"]
Ending = Literal["solved", "withdrawn"]

SCORES = range(1, 6)
"""From bad to good."""

_HOURS_MAX = 2_000
_WORDS = "1 to 200 characters, no card number"


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """How soon a complaint is answered, and how soon it is over.

    Attributes:
        answer_hours: To the first answer.
        solve_hours: To the solution.
        calendar: On which days the clocks run.

    Units:
        Hours of business days, of which each has 24.

    Raises:
        ConfigError: Not ``1 <= answer <= solve <= 2000``.

    Example:
        >>> from datetime import UTC, datetime, timedelta, timezone
        >>> from posrefund.engine.complaints import ServiceLevel
        >>> friday = datetime(2026, 3, 6, 7, tzinfo=UTC)  # 15:00 in Shanghai
        >>> answer, solution = ServiceLevel(12, 24).due(friday, timezone(timedelta(hours=8)))
        >>> answer.isoformat(), solution.isoformat()
        ('2026-03-08T19:00:00+00:00', '2026-03-09T07:00:00+00:00')
    """

    answer_hours: int = 24
    solve_hours: int = 72
    calendar: BusinessCalendar = field(default_factory=BusinessCalendar)

    def __post_init__(self) -> None:
        hours = (self.answer_hours, self.solve_hours)
        if any(type(each) is not int for each in hours) or not (
            1 <= self.answer_hours <= self.solve_hours <= _HOURS_MAX
        ):
            raise ConfigError(f"complaints: hours, 1 to {_HOURS_MAX}, the answer no later")

    def due(self, at: datetime, zone: timezone) -> tuple[datetime, datetime]:
        """Return until when a complaint that is opened *at* has to be answered, and solved; of *zone* are the days.

        Raises:
            InvalidRequestError: No business day comes any more.
        """
        return self._due(at, self.answer_hours, zone), self._due(at, self.solve_hours, zone)

    def _due(self, at: datetime, hours: int, zone: timezone) -> datetime:
        here = at.astimezone(zone)
        first = self.calendar.add(here.date(), 0)
        if first != here.date():
            here = datetime.combine(first, time(), zone)
        whole, rest = divmod(hours, 24)
        moment = datetime.combine(self.calendar.add(first, whole), here.time(), zone)
        end = moment + timedelta(hours=rest)
        if end.date() != moment.date():  # past midnight: the rest is of the next business day
            end = datetime.combine(self.calendar.add(moment.date(), 1), end.time(), zone)
        return end.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a customer complains of; no card data.

    Attributes:
        complaint_id: ``K-17``: after the last row of the journal when it was opened.
        request_id: The refund, or the sale, that it is about.
        kind: Of what.
        channel: How it came.
        words: The customer's, at most 200 characters.
        by: Operator number of whoever took it.
        opened_at: When.
        answer_due: Until when it has to be answered.
        solve_due: Until when it has to be over.
        answered_at: When somebody answered first; None while nobody has.
        answered_by: Who.
        answer: What was said.
        closed_at: When it was over; None while it is open.
        closed_by: Who says so.
        ending: How it ended.
        how: In words.
        told: The clocks of which it was told that they ran out.

    Raises:
        InvalidRequestError: Every fault at once.
    """

    complaint_id: str
    request_id: str
    kind: ComplaintKind
    channel: Channel
    words: str
    by: str
    opened_at: datetime
    answer_due: datetime
    solve_due: datetime
    answered_at: datetime | None = None
    answered_by: str = ""
    answer: str = ""
    closed_at: datetime | None = None
    closed_by: str = ""
    ending: Ending | None = None
    how: str = ""
    told: tuple[Clock, ...] = ()

    def __post_init__(self) -> None:
        faults: list[Fault] = []
        for path, value, among in (
            ("kind", self.kind, ComplaintKind),
            ("channel", self.channel, Channel),
        ):
            if value not in get_args(among):
                faults.append((path, f"one of {', '.join(get_args(among))}"))
        _refuse([*faults, *_words_faults("words", self.words), *_by_faults(self.by)])

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.closed_at is None

    @property
    def state(self) -> Literal["open", "answered", "solved", "withdrawn"]:
        """How far it is."""
        return self.ending or ("open" if self.answered_at is None else "answered")

    def late(self, now: datetime) -> tuple[Clock, ...]:
        """Return the clocks that have run out at *now*, or had when they were stopped."""
        answered = self.answered_at or self.closed_at or now
        stopped: tuple[tuple[Clock, datetime, datetime], ...] = (
            ("answer", answered, self.answer_due),
            ("solution", self.closed_at or now, self.solve_due),
        )
        return tuple(clock for clock, at, due in stopped if at > due)

    def untold(self, now: datetime) -> tuple[Clock, ...]:
        """Return those of them of which nobody was told."""
        return tuple(clock for clock in self.late(now) if clock not in self.told)

    def due(self, clock: Clock) -> datetime:
        """Return when *clock* runs out."""
        return self.answer_due if clock == "answer" else self.solve_due

    def as_told(self, clock: Clock) -> Complaint:
        """Return it once it was told that *clock* ran out.

        Raises:
            LocalProtocolError: It was told before.
        """
        if clock in self.told:
            raise LocalProtocolError("it was told before")
        return replace(self, told=(*self.told, clock))

    def answered(self, at: datetime, *, by: str, words: str) -> Complaint:
        """Return it as it is after the first answer; each further one is no step.

        Raises:
            InvalidRequestError: Nobody is named, or what was said may not be kept.
            LocalProtocolError: It is answered, or over.
        """
        _refuse([*_by_faults(by), *_words_faults("words", words)])
        if self.state != "open":
            raise LocalProtocolError("the complaint is answered already, or over")
        return replace(self, answered_at=at, answered_by=by, answer=words)

    def ended(self, at: datetime, *, by: str, how: str, ending: Ending) -> Complaint:
        """Return it as it is once it is over.

        Raises:
            InvalidRequestError: Nobody is named, no such ending, or what was said may not be kept.
            LocalProtocolError: It is over already.
        """
        faults = [*_by_faults(by), *_words_faults("how", how)]
        if ending not in get_args(Ending):
            faults.append(("ending", f"one of {', '.join(get_args(Ending))}"))
        _refuse(faults)
        if not self.is_open:
            raise LocalProtocolError("the complaint is over already")
        return replace(self, closed_at=at, closed_by=by, ending=ending, how=how)

    def as_data(self, now: datetime) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "complaint": self.complaint_id,
            "request_id": self.request_id,
            "kind": self.kind,
            "channel": self.channel,
            "state": self.state,
            "words": self.words,
            "by": self.by,
            "opened_at": self.opened_at.isoformat(),
            "answer_due": self.answer_due.isoformat(),
            "solve_due": self.solve_due.isoformat(),
            "late": list(self.late(now)),
            "answered_at": self.answered_at.isoformat() if self.answered_at else None,
            "answered_by": self.answered_by,
            "answer": self.answer,
            "closed_at": self.closed_at.isoformat() if self.closed_at else None,
            "closed_by": self.closed_by,
            "how": self.how,
        }


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a customer thinks of a refund; a later word replaces it.

    Attributes:
        request_id: The refund.
        attempt_id: Its last attempt then.
        score: 1 to 5, from bad to good.
        words: At most 200 characters; may be empty.
        by: Operator number of whoever took it.
        at: When.

    Raises:
        InvalidRequestError: Every fault at once.
    """

    request_id: str
    attempt_id: str
    score: int
    words: str
    by: str
    at: datetime

    def __post_init__(self) -> None:
        faults: list[Fault] = []
        if type(self.score) is not int or self.score not in SCORES:
            faults.append(("score", "1 to 5"))
        if self.words:
            faults += _words_faults("words", self.words)
        _refuse([*faults, *_by_faults(self.by)])

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "request_id": self.request_id,
            "attempt_id": self.attempt_id,
            "score": self.score,
            "words": self.words,
            "by": self.by,
            "at": self.at.isoformat(),
        }


def _words_faults(path: str, words: object) -> list[Fault]:
    is_said = (
        isinstance(words, str) and bool(words.strip()) and is_note(words) and words.isprintable()
    )
    return [] if is_said else [(path, _WORDS)]


def _by_faults(by: object) -> list[Fault]:
    is_number = isinstance(by, str) and by.isascii() and by.isalnum() and len(by) <= 3
    return [] if is_number else [("by", "1 to 3 letters or digits")]


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidRequestError(faults)
