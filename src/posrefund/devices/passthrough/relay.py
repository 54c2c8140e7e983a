"""The loop of a relay: terminal to host and back, each step in the journal before the next one. Floor 6.

The only place of this package that reads, writes or looks at the clock. A message is in the journal before its first
byte leaves; the host is called afresh for each, so that no answer is taken for the next one's; one that comes late
is written down and handed to nobody.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.devices.passthrough.core import Ended, PassOn, RelayCore
from posrefund.devices.passthrough.messages import read_reply
from posrefund.devices.passthrough.results import Relayed, RelayInDoubt, RelayNotSent
from posrefund.devices.passthrough.settings import RelaySettings
from posrefund.engine import Note
from posrefund.errors import (
    JournalError,
    LinkClosedError,
    LinkOpenError,
    LinkTimeoutError,
    PosRefundError,
)
from posrefund.exchanges import Write

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from posrefund.devices.passthrough.core import Fate, RelayStep
    from posrefund.devices.passthrough.messages import Question
    from posrefund.devices.passthrough.results import RelayResult
    from posrefund.dialects import Dialect
    from posrefund.journal import Journal
    from posrefund.link import Link, Stream

__all__ = ["PassThrough"]

_WRITE_S = 5.0
_LOOK_S = 0.25
"""So often a host that owes an answer is listened to while nobody asks anything."""
_STRAYS_MAX = 16
"""A host that sends others' answers without end is hung up on."""

_ASKED, _ENDED = "relay_asked", "relay_ended"


@closed_class
class PassThrough:
    """Relays one terminal's messages to one host.

    Args:
        stream: To the terminal.
        link: To the host; opened for each message.
        journal: Takes what passed, without card data; this relay's own meanwhile.
        dialect: What the messages are written in.
        clock: Says what time it is, with a zone.
        settings: How the terminal's line is spoken.
    """

    def __init__(
        self,
        stream: Stream,
        link: Link,
        journal: Journal,
        *,
        dialect: Dialect,
        clock: Callable[[], datetime],
        settings: RelaySettings | None = None,
    ) -> None:
        self._stream, self._link, self._journal = stream, link, journal
        self._dialect, self._clock = dialect, clock
        self._settings = settings or RelaySettings()
        self._fates: dict[str, Fate] = {}
        self._know_fates()
        self._core = RelayCore(self._settings, dialect, journal.digest, self._fates)
        self._todo: deque[RelayStep] = deque()
        self._owed: tuple[Question, float] | None = None
        self._heard_at = 0.0

    def open(self, timeout_s: float) -> None:
        """Open the line to the terminal afresh; what was answered before is remembered.

        Raises:
            LinkOpenError: It did not work.
        """
        self._stream.open(timeout_s)
        self.attach()

    def attach(self) -> None:
        """Begin on a line that is open already."""
        self._core.connect()
        self._todo.clear()

    def serve(self, timeout_s: float) -> RelayResult | None:
        """Relay the terminal's next message; None if it had none in time.

        Once a message came, it takes as long as the host does.

        Raises:
            LinkClosedError: The line to the terminal failed. What it asked stays written down, and its answer is
                remembered: open the line afresh.
            JournalError: It could not be written down. Nothing leaves that was not; what the host answered has been
                handed over.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            if not self._todo:
                self._listen(deadline)
            result = self._perform()
            if result is not None:
                return result
            if time.monotonic() >= deadline and not self._core.is_inside:
                return None

    def cancel(self) -> None:
        """End the line to the terminal from any thread."""
        self._stream.cancel()

    def close(self) -> None:
        """Hang up on both sides; harmless when they are closed already."""
        self._link.close()
        self._stream.close()

    # --- the terminal ------------------------------------------------------------------------

    def _listen(self, deadline: float) -> None:
        self._look_for_late()
        until = min(deadline, time.monotonic() + _LOOK_S) if self._owed else deadline
        pause_ends = self._heard_at + self._settings.inter_byte_s
        is_inside = self._core.is_inside
        chunk = self._stream.read_some(pause_ends if is_inside else until)
        now = time.monotonic()
        if chunk:
            self._heard_at = now
            self._todo.extend(self._core.take(chunk, now))
        elif is_inside and now >= pause_ends:
            self._todo.extend(self._core.silence(now))

    def _perform(self) -> RelayResult | None:
        """Perform steps up to the end of a question."""
        while self._todo:
            match self._todo.popleft():
                case Write(data):
                    self._stream.write(data, time.monotonic() + _WRITE_S)
                case Ended(result, digest):
                    self._note("relay_refused", digest, {"why": result.why})
                    return result
                case PassOn(question):
                    return self._pass_on(question)
        return None

    def _pass_on(self, question: Question) -> RelayResult:
        self._look_for_late()
        try:
            self._note(_ASKED, question.digest, question.facts)
        except JournalError:
            self._hand_over(RelayNotSent(*_of(question), why="it could not be written down"))
            raise
        result, message = self._ask(question)
        try:
            self._note(_ENDED, question.digest, _facts_of(result))
        finally:
            self._hand_over(result, message)
        return result

    def _hand_over(self, result: RelayResult, message: bytes = b"") -> None:
        """Answer the terminal; what it has said meanwhile comes before the answer."""
        with suppress(LinkClosedError):  # writing will say so
            self._core.take(self._stream.read_some(0.0), time.monotonic())
        steps = self._core.ended(result, time.monotonic(), message=message)
        at = next((n for n, step in enumerate(steps) if not isinstance(step, Write)), len(steps))
        self._todo.extend(steps[at:])
        for step in steps[:at]:
            assert isinstance(step, Write)
            self._stream.write(step.data, time.monotonic() + _WRITE_S)

    # --- the host ----------------------------------------------------------------------------

    def _ask(self, question: Question) -> tuple[RelayResult, bytes]:
        self._hang_up()
        who = _of(question)
        try:
            self._link.open(self._settings.connect_s)
            self._link.send(question.message)
        except PosRefundError as error:
            self._link.close()
            if isinstance(error, LinkOpenError) or error.effect == "nothing_sent":
                return RelayNotSent(*who, why="the host cannot be reached"), b""
            return RelayInDoubt(*who, why="the line failed while it was sent"), b""
        deadline = time.monotonic() + self._settings.answer_s
        try:
            return self._answer(question, deadline)
        except LinkTimeoutError:
            self._owed = question, time.monotonic() + self._settings.late_s
            return RelayInDoubt(*who, why="the host did not answer in time"), b""
        except PosRefundError:
            self._link.close()
            return RelayInDoubt(*who, why="the line failed before an answer"), b""

    def _answer(self, question: Question, deadline: float) -> tuple[RelayResult, bytes]:
        for _ in range(_STRAYS_MAX):
            message = self._link.receive(max(0.0, deadline - time.monotonic()))
            reply = read_reply(message, question, self._dialect)
            if reply.is_answer:
                self._link.close()
                return Relayed(*_of(question), code=reply.code), message
            self._note("relay_stray", question.digest, reply.facts)
        raise LinkClosedError("the host sends others' answers", effect="in_doubt")

    def _look_for_late(self) -> None:
        """Write down what a host says that was given up on; nobody is handed it."""
        while self._owed is not None:
            question, until = self._owed
            try:
                message = self._link.receive(0.0)
            except LinkTimeoutError:
                if time.monotonic() >= until:
                    self._hang_up()
                return
            except PosRefundError:
                self._hang_up()
                return
            reply = read_reply(message, question, self._dialect)
            kind = "relay_late" if reply.is_answer else "relay_stray"
            self._note(kind, question.digest, reply.facts)
            if reply.is_answer:
                self._hang_up()

    def _hang_up(self) -> None:
        self._owed = None
        self._link.close()

    # --- the journal -------------------------------------------------------------------------

    def _know_fates(self) -> None:
        """Take from the journal what went before; what has no end there was under way when the relay died."""
        left_open: dict[str, bool] = {}
        for row in self._journal.rows():
            if row.kind == _ASKED:
                left_open[row.subject] = True
                self._fates[row.subject] = "left"
            elif row.kind == _ENDED and row.subject in left_open:
                left_open[row.subject] = False
                if row.facts.get("how") == "not_sent":
                    self._fates[row.subject] = "not_sent"
        for digest in (name for name, is_open in left_open.items() if is_open):
            self._note(_ENDED, digest, {"how": "in_doubt", "why": "the relay stopped"})

    def _note(self, kind: str, digest: str, facts: dict[str, str]) -> None:
        self._journal.commit([Note(kind, self._clock(), facts, digest or None)])


def _of(question: Question) -> tuple[str, str, str, str]:
    return question.mti, question.stan, question.terminal, question.amount


def _facts_of(result: RelayResult) -> dict[str, str]:
    match result:
        case Relayed(code=code):
            return {"how": "answered", "code": code}
        case RelayNotSent(why=why):
            return {"how": "not_sent", "why": why}
        case _:
            return {"how": "in_doubt", "why": result.why}
