"""What is done for a terminal while nobody asks it for anything. Floor 10.

Nothing here begins anything new: the lease is prolonged, a terminal without keys signs in, or one whose host asks for
it, doubts are worked on as ``resolve_doubts`` does: asked about, reversed, repeated; and it is told that a complaint is late.
A chore that fails says so and is tried again later, each time after a longer pause.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from posrefund.engine import State
from posrefund.errors import PosRefundError
from posrefund.office.complaints import tell_late

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from posrefund.aio import AsyncTerminal
    from posrefund.terminal.desk import Desk

__all__ = ["Chores", "Routine", "words_of"]

_PAUSE_MOST_S = 600.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Chores:
    """Which chores there are.

    Attributes:
        every_s: How often a terminal is looked at.
        prolong_s: How often its lease is prolonged while it is idle; well below half of the lease.
        resolve_s: How often doubts are worked on, 0 for never.
        sign_in_s: How often it is looked whether a terminal lacks working keys; it signs in then. 0 for never.
        obey_s: How often it is looked whether the host asks for a new sign-in in its headers; 0 for never.
        quiet_s: It is obeyed once nobody has asked for the terminal for so long, as an open counter does all the time: a
            PIN block is made under the keys of the last sign-in.
        remind_s: How often it is looked whether a clock of a complaint has run out, which is told then; 0 for never.
        operator: Who signs in.
        clock: Returns the time, aware.
    """

    every_s: float = 5.0
    prolong_s: float = 45.0
    resolve_s: float = 15.0
    sign_in_s: float = 30.0
    obey_s: float = 30.0
    quiet_s: float = 120.0
    remind_s: float = 60.0
    operator: str = "01"
    clock: Callable[[], datetime] = _utc_now

    def routine(
        self, terminal: AsyncTerminal, quiet_s: Callable[[], float] = lambda: math.inf
    ) -> Routine:
        """Return the chores of *terminal*, none of them done yet; *quiet_s* says for how long nobody has asked for it."""
        return Routine(self, terminal, quiet_s)


class Routine:
    """The chores of one terminal, and when each is due."""

    def __init__(
        self, chores: Chores, terminal: AsyncTerminal, quiet_s: Callable[[], float]
    ) -> None:
        self._terminal, self._chores, self._quiet_s = terminal, chores, quiet_s
        prolong_s = chores.prolong_s
        self._due: list[_Chore] = [_Chore(prolong_s, self._prolong, most_s=prolong_s)]
        if chores.sign_in_s:
            self._due.append(_Chore(chores.sign_in_s, self._sign_in))
        if chores.obey_s:
            self._due.append(_Chore(chores.obey_s, self._obey))
        if chores.resolve_s:
            self._due.append(_Chore(chores.resolve_s, self._resolve))
        if chores.remind_s:
            self._due.append(_Chore(chores.remind_s, self._remind))

    async def go(self) -> str:
        """Do what is due, unless somebody asks the terminal meanwhile; return what went wrong, or nothing."""
        for chore in self._due:
            if self._terminal.is_busy or self._terminal.journal.is_gone:
                break
            await chore.go()
        return next((chore.trouble for chore in self._due if chore.trouble), "")

    async def _prolong(self) -> None:
        await self._terminal.at_desk(_prolong)

    async def _sign_in(self) -> None:
        if await self._terminal.at_desk(_lacks_keys):
            await self._terminal.sign_in(self._chores.operator)

    async def _obey(self) -> None:
        if self._quiet_s() >= self._chores.quiet_s:
            await self._terminal.when_idle()

    async def _remind(self) -> None:
        now = self._chores.clock()
        await self._terminal.at_desk(lambda desk: tell_late(desk.journal, now))

    async def _resolve(self) -> None:
        if await self._terminal.at_desk(_has_doubts):
            await self._terminal.resolve_doubts()


class _Chore:
    """One of them."""

    def __init__(
        self,
        every_s: float,
        work: Callable[[], Awaitable[None]],
        *,
        most_s: float = _PAUSE_MOST_S,
    ) -> None:
        self._every_s = self._pause_s = every_s
        self._work, self._most_s = work, most_s
        self._at = time.monotonic()
        self.trouble = ""

    async def go(self) -> None:
        """Do it if it is due."""
        if time.monotonic() < self._at:
            return
        try:
            await self._work()
        except Exception as error:  # noqa: BLE001 — a chore that fails ends no other
            self.trouble = words_of(error)
            self._pause_s = min(2 * self._pause_s, self._most_s)
        else:
            self.trouble, self._pause_s = "", self._every_s
        self._at = time.monotonic() + self._pause_s


def words_of(error: Exception) -> str:
    """Return what may be shown of *error*: its sentence where it is ours, else only its kind."""
    kind = type(error).__name__
    return f"{kind}: {error}" if isinstance(error, PosRefundError) else kind


def _prolong(desk: Desk) -> None:
    desk.journal.commit(
        []
    )  # nothing to write: what is left is to hold the lease, where there is one


def _lacks_keys(desk: Desk) -> bool:
    """Whether it never signed in, or its journal has signed in under other keys than the key file has."""
    view = desk.view()
    last = desk.journal.terminal_facts().get("key_set_id", "")
    return not view.is_signed_off and (not view.key_set_id or view.key_set_id != last)


def _has_doubts(desk: Desk) -> bool:
    return bool(desk.journal.attempts(states=[State.IN_DOUBT, State.REVERSING]))
