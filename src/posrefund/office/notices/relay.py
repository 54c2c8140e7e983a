"""Delivers what the outbox holds: at least once, in the order of each refund, and never silently not at all. Floor 8.

A crash between sending and writing down that it went through sends it again, under the same name. So what is promised
is one *logical* notice; whoever receives twice knows it by its name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from secrets import SystemRandom
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine import Note
from posrefund.errors import ConfigError, JournalError, PosRefundError
from posrefund.journal.outbox import DeliveryState, NoticeDelivery

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from posrefund.engine import Notice
    from posrefund.journal import Journal
    from posrefund.office.notices.channel import Channel
    from posrefund.office.notices.message import Writer

__all__ = ["CLAIM", "RETRIES", "Relay", "Relayed", "Retries"]

CLAIM = timedelta(minutes=10)
"""How long what one relay has taken is nobody else's: longer than the slowest channels take for one refund."""
_LOOK_AGAIN = timedelta(seconds=10)
"""After so long, if the notice before it is another terminal's to deliver, and nobody does."""
_ERROR_CHARACTERS_MAX = 200
_LOT = SystemRandom().random


@dataclass(frozen=True, slots=True)
class Retries:
    """When a failed delivery is tried again, and when it is given up.

    Attributes:
        pauses: One after each failure; after one more, people are asked.
        jitter: The share of a pause, 0 to 1, that the lot may take away: what failed together does not come back together.

    Raises:
        ConfigError: A pause below a second, or a share that is none.

    Example:
        >>> from datetime import timedelta
        >>> from posrefund.office.notices import Retries
        >>> retries = Retries((timedelta(seconds=10), timedelta(minutes=1)), jitter=0.5)
        >>> [str(retries.pause(tries, 1.0)) for tries in (1, 2, 3)]
        ['0:00:05', '0:00:30', 'None']
    """

    pauses: tuple[timedelta, ...]
    jitter: float = 0.5

    def __post_init__(self) -> None:
        if any(pause < timedelta(seconds=1) for pause in self.pauses) or not 0 <= self.jitter <= 1:
            raise ConfigError("retries: expected pauses of a second or more, a jitter from 0 to 1")

    def pause(self, tries: int, chance: float) -> timedelta | None:
        """Return how long to wait after *tries* failures, or None to give up."""
        if tries > len(self.pauses):
            return None
        return self.pauses[tries - 1] * (1.0 - self.jitter * chance)


RETRIES = Retries(
    (
        timedelta(seconds=10),
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=15),
        timedelta(hours=1),
        timedelta(hours=3),
        timedelta(hours=6),
        timedelta(hours=12),
        timedelta(hours=24),
    )
)
"""Ten tries in two days: a receiver may be down over a weekend's night and a day."""


@dataclass(frozen=True, slots=True)
class Relayed:
    """What one run did.

    Attributes:
        delivered: So many messages went through.
        failed: So many did not, and are tried again.
        stuck: Those that were given up: for people.
        errors: What went wrong, by notice and channel; no text that came from outside.
    """

    delivered: int = 0
    failed: int = 0
    stuck: tuple[NoticeDelivery, ...] = ()
    errors: tuple[tuple[str, str, str], ...] = ()

    def and_(self, delivery: NoticeDelivery) -> Relayed:
        """Return it with *delivery* counted."""
        said = (delivery.notice_id, delivery.channel, delivery.error)
        errors = (*self.errors, said) if delivery.error else self.errors
        return Relayed(
            self.delivered + (delivery.state is DeliveryState.DELIVERED),
            self.failed + (delivery.state is DeliveryState.WAITING),
            (*self.stuck, delivery) if delivery.state is DeliveryState.STUCK else self.stuck,
            errors,
        )


@closed_class
class Relay:
    """Takes what is due out of a journal and hands it to channels.

    Args:
        journal: Used by nobody else while ``deliver`` runs; several relays may serve the tables that several
            journals share.
        channels: Each under a name of its own. A channel that is new gets what is not through on the others.
        writer: Writes the messages.
        clock: Says the time.
        retries: When a failed delivery is tried again.
        chance: Draws a number from 0 to 1.
        everyone: Also notices of other terminals in the same tables; they need the same journal key.

    Raises:
        ConfigError: No channel, or two of one name; people practise in this journal, and a channel leaves this machine.
    """

    def __init__(
        self,
        journal: Journal,
        channels: Sequence[Channel],
        writer: Writer,
        *,
        clock: Callable[[], datetime],
        retries: Retries = RETRIES,
        chance: Callable[[], float] = _LOT,
        everyone: bool = False,
    ) -> None:
        if not channels or len({channel.name for channel in channels}) < len(channels):
            raise ConfigError("notices: expected channels, each under a name of its own")
        if journal.is_training and not all(channel.stays_here for channel in channels):
            raise ConfigError(
                "training: notices stay on this machine: to a file, the screen, calls"
            )
        self._journal, self._channels, self._writer = journal, tuple(channels), writer
        self._clock, self._retries, self._chance = clock, retries, chance
        self._everyone = everyone

    def deliver(self, *, requests_max: int = 100) -> Relayed:
        """Send what is due, at most of so many refunds; what fails is put off, and stops nothing but itself.

        Raises:
            JournalError: How it went could not be written down: what was sent last will be sent again.
        """
        done = Relayed()
        for _ in range(requests_max):
            now = self._clock()
            claimed = self._journal.claim_notices(now, now + CLAIM, everyone=self._everyone)
            if not claimed:
                break
            for notice in claimed:
                done = self._serve(notice, now + CLAIM, done)
        return done

    # --- inside ------------------------------------------------------------------------------

    def _serve(self, notice: Notice, until: datetime, done: Relayed) -> Relayed:
        """Send one notice on every channel that it is due on."""
        journal, request_id = self._journal, notice.request_id
        kept = {(each.sequence, each.channel): each for each in journal.deliveries(request_id)}
        waiting = journal.due_times(request_id)
        dues: list[datetime] = []  # of what is not through
        last = len(self._channels) - 1
        is_kept = False
        for number, channel in enumerate(self._channels):
            known = kept.get((notice.sequence, channel.name))
            if known is not None and known.is_over:
                continue
            due = self._not_before(notice, channel.name, kept, waiting)
            if due is not None:
                dues.append(due)
                continue
            went = self._sent(notice, channel, known)
            if went.next_try is not None:
                dues.append(went.next_try)
            is_kept = number == last
            journal.keep_delivery(went, next_try=min(dues, default=None) if is_kept else until)
            done = done.and_(went)
            if went.state is DeliveryState.STUCK:
                self._tell_people(notice, went)
        if not is_kept:
            journal.put_off(notice, min(dues, default=None))
        return done

    def _not_before(
        self,
        notice: Notice,
        channel: str,
        kept: dict[tuple[int, str], NoticeDelivery],
        waiting: dict[int, datetime],
    ) -> datetime | None:
        """When *notice* may be sent on *channel*, if not now: its own pause is not over, or an earlier one is not through."""
        now, known = self._clock(), kept.get((notice.sequence, channel))
        if known is not None and known.next_try is not None and known.next_try > now:
            return known.next_try
        for sequence, due in waiting.items():
            before = kept.get((sequence, channel))
            if sequence < notice.sequence and not (before and before.is_over):
                again = before.next_try if before and before.next_try else due
                return again if again > now else now + _LOOK_AGAIN
        return None

    def _sent(
        self, notice: Notice, channel: Channel, known: NoticeDelivery | None
    ) -> NoticeDelivery:
        """Send it, and say how that went."""
        now, tries = self._clock(), (known.tries if known else 0) + 1
        went = NoticeDelivery(
            notice.request_id,
            notice.sequence,
            channel.name,
            DeliveryState.DELIVERED,
            tries,
            now,
        )
        try:
            attempt = self._journal.attempt(notice.attempt_id)
            contact = self._journal.contact(notice.request_id)
            message = self._writer.write(notice, attempt, contact)
            newest = self._journal.notices(notice.request_id)[-1]
            message = replace(message, is_old_news=newest.sequence > notice.sequence)
            if self._journal.is_training:
                message = message.for_training()
            if not channel.takes(message):
                return replace(went, state=DeliveryState.SKIPPED, tries=0)
            channel.send(message)
        except JournalError:
            raise
        except Exception as error:  # noqa: BLE001 — a channel is somebody else's code
            pause = self._retries.pause(tries, self._chance())
            return replace(
                went,
                state=DeliveryState.STUCK if pause is None else DeliveryState.WAITING,
                error=_said(error),
                next_try=None if pause is None else self._clock() + pause,
            )
        return went

    def _tell_people(self, notice: Notice, went: NoticeDelivery) -> None:
        facts = {
            "notice": notice.notice_id,
            "channel": went.channel,
            "tries": str(went.tries),
            "error": went.error,
        }
        self._journal.commit([Note("notice_stuck", went.last_try, facts, notice.attempt_id)])


def _said(error: Exception) -> str:
    """What may be kept of an error: our own words, of others only the kind, for theirs may name the customer."""
    said = str(error) if isinstance(error, PosRefundError) else type(error).__name__
    return said[:_ERROR_CHARACTERS_MAX]
