"""A journal with notices to deliver, and channels that do what a test says."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from engine.builders import NOW
from journal.builders import know, move, opening
from posrefund.engine import Event
from posrefund.errors import LinkTimeoutError
from posrefund.office.notices import Relay, Writer
from posrefund.testing import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.journal import Journal
    from posrefund.office.notices import Message

__all__ = ["PHONE", "WRITER", "FakeChannel", "later", "refund", "relay"]

PHONE = "+8613800138000"
WRITER = Writer("面馆", phone="4008")


class FakeChannel:
    """Keeps what it is given; fails where *fails* says so of a message."""

    def __init__(
        self, name: str = "sms", fails: Callable[[Message], bool] = lambda _: False
    ) -> None:
        self.name, self.fails = name, fails
        self.sent: list[Message] = []
        self.is_idle = False
        self.stays_here = False

    @property
    def ids(self) -> list[str]:
        return [message.notice.notice_id for message in self.sent]

    def takes(self, message: Message) -> bool:
        return not self.is_idle

    def send(self, message: Message) -> None:
        if self.fails(message):
            raise LinkTimeoutError("the receiver did not answer in time")
        self.sent.append(message)


def refund(journal: Journal, name: str = "R-1", stan: str = "000001", *events: Event) -> None:
    """A refund that is accepted, or goes through *events*."""
    journal.commit([know(f"S-{name}"), opening(name, stan, original_id=f"S-{name}", contact=PHONE)])
    journal.commit(move(f"{name}/1", Event.SEND))
    for event in events or (Event.ACCEPT,):
        journal.commit(move(f"{name}/1", event, rrn="606810000123"))


def relay(
    journal: Journal, *channels: Any, clock: Callable[[], Any] | None = None, **options: Any
) -> Relay:
    """A relay whose lot is always the longest pause."""
    options = {"chance": lambda: 0.0, **options}
    return Relay(journal, channels, WRITER, clock=clock or ManualClock(NOW), **options)


def later(**span: float) -> ManualClock:
    """A clock that is so much after the refunds."""
    return ManualClock(NOW + timedelta(**span))
