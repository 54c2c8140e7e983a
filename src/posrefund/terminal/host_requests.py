"""Hears what the host asks for in its headers, remembers it, and obeys when the terminal has nothing else to do. Floor 7.

Nothing here stops money: what cannot be written down is heard again, and a sign-in that fails is tried again later.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.dialects.host_requests import SIGN_IN
from posrefund.engine.faults import TerminalFault
from posrefund.engine.host_requests import heard, in_order, is_due, read_requests, written
from posrefund.errors import (
    JournalError,
    LinkOpenError,
    LocalProtocolError,
    PosRefundError,
    RefusedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.dialects import Dialect
    from posrefund.engine import TerminalView
    from posrefund.engine.host_requests import HostRequest
    from posrefund.journal import Journal
    from posrefund.terminal.line import Line, Steps

__all__ = ["HostRequests"]

_TRIES = 2


@closed_class
class HostRequests:
    """What one terminal's host asks for.

    Args:
        line: Hears it.
        journal: Remembers it.
        dialect: What the host speaks.
        clock: Returns the time, aware.
        view: Returns what the engine may know of the terminal now.
    """

    def __init__(
        self,
        line: Line,
        journal: Journal,
        dialect: Dialect,
        clock: Callable[[], datetime],
        view: Callable[[], TerminalView],
    ) -> None:
        self._line, self._journal, self._dialect = line, journal, dialect
        self._clock, self._view = clock, view
        facts = journal.terminal_facts()
        self._waiting = read_requests(facts.get("host_asks", ""))
        obeyed = facts.get("host_obeyed_at")
        self._obeyed_at = datetime.fromisoformat(obeyed) if obeyed else None

    def waiting(self) -> tuple[HostRequest, ...]:
        """Return what the host asked for and nobody has done, the weightiest first."""
        return in_order(self._heard())

    def write_down(self) -> None:
        """Remember what was heard since; where the journal does not take it, next time."""
        waiting = self._heard()
        if waiting != self._waiting:
            with suppress(JournalError):  # money was said already: this must not unsay it
                self._remember("host_asked", waiting)
        else:
            self._line.asked.clear()

    def obey(self, sign_in: Callable[[], Steps[object]]) -> Steps[bool]:
        """Sign in, if the host asked for it and now is the time; say whether it was tried.

        Raises:
            JournalError: It could not be written down.
        """
        waiting, now = self._heard(), self._clock()
        if SIGN_IN not in waiting or not is_due(waiting, self._view(), self._obeyed_at, now):
            return False  # the first of the two spares every refund a look into the journal
        self._journal.remember(now, "host_obeyed", host_obeyed_at=now.isoformat())
        self._obeyed_at = now
        for _ in range(_TRIES):
            try:
                yield from sign_in()
            except JournalError:
                raise
            except (LinkOpenError, RefusedError):
                break  # it waits on, and the next try is some minutes away
            except PosRefundError:
                continue  # the host may have new keys that the terminal lacks
            break
        return True

    def signed_in(self) -> None:
        """Know that a sign-in is done, however it came to it; its own row has said so."""
        digits = {int(digit, 16) for digit, word in self._words.items() if word == SIGN_IN}
        self._line.asked = [each for each in self._line.asked if each not in digits]
        self._waiting.pop(SIGN_IN, None)

    def done(self, name: str, by: str) -> None:
        """Write down that somebody did what was asked for.

        Raises:
            InvalidRequestError: Nobody is named.
            LocalProtocolError: The host asked for no such thing.
            JournalWriteError: It was not written down.
        """
        now = self._clock()
        person = TerminalFault("", "host", "", now).closed(now, by=by, done="done").closed_by
        waiting = self._heard()
        if name not in waiting:
            raise LocalProtocolError("the host asks for no such thing")
        del waiting[name]
        self._remember("host_request_done", waiting, asks=name, by=person)

    # --- inside ------------------------------------------------------------------------------

    @property
    def _words(self) -> dict[str, str]:
        return dict(self._dialect.host_requests)

    def _heard(self) -> dict[str, str]:
        return heard(self._waiting, self._line.asked, self._words, self._clock())

    def _remember(self, kind: str, waiting: dict[str, str], **told: str) -> None:
        self._journal.remember(self._clock(), kind, told, host_asks=written(waiting))
        self._waiting = waiting
        self._line.asked.clear()
