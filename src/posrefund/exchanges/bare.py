"""Frames that nobody acknowledges: ZVT and Caisse-AP over TCP. Floor 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.exchanges.contract import Accepted, Answer, Failed, Stale, Write
from posrefund.framing import Damaged

if TYPE_CHECKING:
    from posrefund.exchanges.contract import Step
    from posrefund.framing import Event, Framer

__all__ = ["BareExchange"]


class BareExchange:
    """The end that asks; what comes after a question is an answer, and nothing is ever sent again.

    Args:
        framer: Of this line; only its frames are used, never what it holds.

    Example:
        >>> from posrefund.exchanges import BareExchange
        >>> from posrefund.framing import ZVTTCPFramer
        >>> talk = BareExchange(ZVTTCPFramer())
        >>> talk.ask(bytes.fromhex("050100"), 0.0, answer_s=5, moves_money=False)
        [Write(is_question=True), Accepted()]
    """

    def __init__(self, framer: Framer) -> None:
        self._framer = framer
        self._deadline: float | None = None

    @property
    def deadline(self) -> float | None:
        """The moment at which ``deadline_passed`` has to be called."""
        return self._deadline

    @closed
    def ask(self, body: bytes, now: float, *, answer_s: float, moves_money: bool) -> list[Step]:
        """Begin with a question.

        Raises:
            FramingError: No frame carries it; nothing was sent.
        """
        frame = self._framer.frame(body)
        self._deadline = now + answer_s
        return [Write(frame, is_question=True), Accepted()]

    @closed
    def take(self, event: Event, now: float) -> list[Step]:
        """Take what the framer found; it never raises."""
        if isinstance(event, Damaged):
            return self._fail()
        if not isinstance(event, bytes):
            return []
        return [Stale(event) if self._deadline is None else Answer(event)]

    def _fail(self) -> list[Step]:
        was_asked = self._deadline is not None
        self.finish()
        return [Failed("damaged", "in_doubt")] if was_asked else []

    @closed
    def deadline_passed(self, now: float) -> list[Step]:
        """Say what follows from silence."""
        if self._deadline is None or now < self._deadline:
            return []
        self.finish()
        return [Failed("no_answer", "in_doubt")]

    def wait_until(self, moment: float) -> None:
        """Wait for the next answer until then."""
        if self._deadline is not None:
            self._deadline = moment

    def finish(self) -> None:
        """The owner has what it wanted."""
        self._deadline = None
