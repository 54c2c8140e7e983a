"""What every exchange offers: who may speak now, what is said again, and when to give up. Floor 3.

No I/O and no clock: the owner feeds what the framer found and says what time it is, and gets steps to perform in
order. A question leaves again only as the same bytes, only before it was accepted, and one that moves money
only where the other side said that it threw the first away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from posrefund.errors import Effect
    from posrefund.framing import Control, Event

__all__ = [
    "Accepted",
    "Answer",
    "ControlFramer",
    "Exchange",
    "Failed",
    "Stale",
    "Step",
    "Why",
    "Write",
]

Why = Literal["no_ack", "refused", "busy", "ended", "damaged", "no_answer", "out_of_turn"]
"""``no_ack``: nobody said that the question arrived. ``refused``: they said it arrived damaged, each time, or is
none. ``busy``: they cannot now. ``ended``: they ended the conversation. ``damaged``: no answer could be read.
``no_answer``: it was accepted, and no answer came in time. ``out_of_turn``: they broke the order."""


@dataclass(frozen=True, slots=True)
class Write:
    """Put these bytes on the line now.

    Attributes:
        data: A whole frame or control.
        is_question: Whether they are the question (or it again) rather than a control.
    """

    data: bytes = field(repr=False)
    is_question: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """The other side says that it has the question; it is never sent again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The other side said this after it had the question; more may follow.

    Attributes:
        body: What the frame carried.
    """

    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stale:
    """A body that came before the question was accepted: the answer to something older. It is never an answer.

    Attributes:
        body: What the frame carried.
    """

    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """The exchange is over.

    Attributes:
        why: The reason.
        effect: ``nothing_sent`` only where the other side proved that it threw every copy away.
    """

    why: Why
    effect: Effect


Step: TypeAlias = Write | Accepted | Answer | Stale | Failed


class ControlFramer(Protocol):
    """What an exchange needs of a serial line's framer; what that holds is the owner's matter."""

    def frame(self, body: bytes) -> bytes:
        """Return the bytes that carry *body*; ``FramingError`` if none can."""

    def control(self, said: Control) -> bytes:
        """Return the bytes that say it; ``FramingError`` if this line does not know it."""


class Exchange(Protocol):
    """One end of one conversation; one question at a time."""

    @property
    def deadline(self) -> float | None:
        """The moment at which ``deadline_passed`` has to be called; None while nothing is waited for."""

    def ask(self, body: bytes, now: float, *, answer_s: float, moves_money: bool) -> list[Step]:
        """Begin with a question.

        Args:
            body: What to ask.
            now: The time, in seconds of any steady clock; the same for all calls.
            answer_s: How long an answer may take after the question was accepted.
            moves_money: Whether asking twice could move money twice.

        Raises:
            FramingError: No frame carries it; nothing was sent.
        """

    def take(self, event: Event, now: float) -> list[Step]:
        """Take what the framer found; it never raises."""

    def deadline_passed(self, now: float) -> list[Step]:
        """Say what follows from silence; nothing, if the deadline has not come."""

    def wait_until(self, moment: float) -> None:
        """Wait for the next answer until then: the other side said that it is still working."""

    def finish(self) -> None:
        """The owner has what it wanted; what still comes is nobody's."""
