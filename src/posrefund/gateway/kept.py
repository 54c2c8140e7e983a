"""Terminals that this process opens, keeps open while they are its own, and opens again. Floor 10.

Each has a task of its own, so that one that cannot be opened keeps no other from working. A terminal that another
process speaks for is asked for again until it is free: whoever dies is taken over once its lease has run out.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from posrefund.errors import JournalError, LocalProtocolError, PosRefundError
from posrefund.gateway.chores import Chores, words_of
from posrefund.gateway.figures import Figures, Tally
from posrefund.gateway.terminals import TerminalElsewhereError, TerminalNotOpenError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor
    from typing import Self

    from posrefund.aio import AsyncTerminal

__all__ = ["KeptTerminals", "Pace", "Standing", "TerminalState"]

_TAKEN = "another process took it over"


class TerminalState(StrEnum):
    """How a terminal stands here."""

    OPENING = "opening"
    OPEN = "open"
    ELSEWHERE = "elsewhere"
    FAILED = "failed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Pace:
    """How often what is done, in seconds.

    Attributes:
        elsewhere_s: A terminal that another process speaks for is asked for again so often at least.
        failed_s: One that could not be opened is tried again after so long, then after twice that, …
        failed_most_s: … but so often at least.
        standby_s: How long a terminal that is another process's by plan is left to it.
        at_once: So many are opened at the same time; opening a key file takes 128 MiB.
    """

    elsewhere_s: float = 10.0
    failed_s: float = 1.0
    failed_most_s: float = 60.0
    standby_s: float = 30.0
    at_once: int = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """How a terminal stands, for people.

    Attributes:
        name: Its number (DE41).
        state: Whether it is open here.
        reason: Why it is not; empty where it is.
        since: Since when, as ``time.time()`` has it.
        figures: What the last look found; None before the first, and where it is not open.
        trouble: What the last chore failed of; empty if it did not.
    """

    name: str
    state: TerminalState
    reason: str
    since: float
    figures: Figures | None
    trouble: str


class KeptTerminals:
    """Lends terminals that it opens itself; a ``Terminals``, and an asynchronous context.

    Args:
        openings: By number: what opens the terminal, recovers it and returns it. Called in a thread; raises
            ``TerminalElsewhereError`` where another process speaks for it.
        executor: Where they are called.
        chores: What is done for each while it is idle.
        standby: Numbers of those that are another process's by plan: taken only when it has left them.
        pace: How often what is done.
        told: Told how a terminal stands whenever that changes.

    Attributes:
        taken_over: How many terminals were opened that had been elsewhere before.
        lost: How many were taken over by others while they were open here.
        has_tried: Set whenever a first try to open one of them is over.

    Example:
        ``async with KeptTerminals(openings, executor=threads) as terminals: await terminals.lend("12345678")``
    """

    def __init__(
        self,
        openings: Mapping[str, Callable[[], AsyncTerminal]],
        *,
        executor: Executor,
        chores: Chores | None = None,
        standby: Sequence[str] = (),
        pace: Pace | None = None,
        told: Callable[[Standing], object] = lambda _: None,
    ) -> None:
        self._pace, self._chores = pace or Pace(), chores or Chores()
        self.told = told
        self._executor, self._gate = executor, asyncio.Semaphore(self._pace.at_once)
        self._keepers = {
            name: _Keeper(self, name, opening, is_standby=name in standby)
            for name, opening in openings.items()
        }
        self._tasks: list[asyncio.Task[None]] = []
        self.has_tried = asyncio.Event()
        self.taken_over = self.lost = 0

    def names(self) -> Sequence[str]:
        """Return their numbers."""
        return list(self._keepers)

    async def lend(self, name: str, *, is_watching: bool = False) -> AsyncTerminal:
        """Return the terminal *name*; one that is only looked at counts as idle all the same.

        Raises:
            LocalProtocolError: None of that name is known.
            TerminalElsewhereError: Another process speaks for it.
            TerminalNotOpenError: It is being opened, or could not be.
        """
        return self._keeper(name).lend(is_watching=is_watching)

    def standings(self) -> list[Standing]:
        """Return how each of them stands."""
        return [keeper.standing() for keeper in self._keepers.values()]

    def tally(self, name: str) -> Tally:
        """Return what became of the attempts of *name* since this process opened it."""
        return self._keeper(name).tally

    async def look(self) -> None:
        """Look at every open terminal that is idle; what the last look at a busy one found stays."""
        await asyncio.gather(*(keeper.look() for keeper in self._keepers.values()))

    async def settled(self, patience_s: float | None = None) -> None:
        """Return once the first try to open each of them is over, whatever came of it.

        Args:
            patience_s: After so many seconds in which no such try has ended it returns all the same; None waits for ever.
        """
        with suppress(TimeoutError):
            while not all(keeper.is_tried for keeper in self._keepers.values()):
                self.has_tried.clear()
                await asyncio.wait_for(self.has_tried.wait(), patience_s)

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(each.keep()) for each in self._keepers.values()]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Wait for what is under way and close all of them; none is lent any more."""
        for keeper in self._keepers.values():
            keeper.stop()
        tasks, self._tasks = self._tasks, []
        await asyncio.gather(*tasks)

    # --- for its keepers -----------------------------------------------------------------------

    async def opened(self, opening: Callable[[], AsyncTerminal]) -> AsyncTerminal:
        """Return what *opening* opens, in a thread and not too many at once."""
        async with self._gate:
            return await asyncio.get_running_loop().run_in_executor(self._executor, opening)

    @property
    def pace(self) -> Pace:
        """How often what is done."""
        return self._pace

    @property
    def chores(self) -> Chores:
        """What is done while a terminal is idle."""
        return self._chores

    def _keeper(self, name: str) -> _Keeper:
        found = self._keepers.get(name)
        if found is None:
            raise LocalProtocolError("a terminal of that number is none of ours")
        return found


class _Keeper:
    """Of one terminal."""

    def __init__(
        self,
        site: KeptTerminals,
        name: str,
        opening: Callable[[], AsyncTerminal],
        *,
        is_standby: bool,
    ) -> None:
        self._site, self._name, self._opening = site, name, opening
        self._is_standby = is_standby
        self._terminal: AsyncTerminal | None = None
        self._state, self._reason, self._since = TerminalState.OPENING, "", time.time()
        self._figures: Figures | None = None
        self._trouble = ""
        self._failures = 0
        self._next_try = self._asked_at = time.monotonic()
        self._is_stopped = False
        self._wake = asyncio.Event()
        self.is_tried = False
        self.tally = Tally()

    def standing(self) -> Standing:
        return Standing(
            self._name, self._state, self._reason, self._since, self._figures, self._trouble
        )

    def lend(self, *, is_watching: bool) -> AsyncTerminal:
        terminal = self._terminal
        if not is_watching:
            self._asked_at = time.monotonic()
        if terminal is not None and terminal.journal.is_gone:
            self._wake.set()  # it is let go at once, not at the next look
            self._now(TerminalState.ELSEWHERE, _TAKEN)
            terminal = None
        if terminal is not None and not self._is_stopped:
            return terminal
        again_s = max(1.0, self._next_try - time.monotonic())
        if self._is_stopped:
            raise TerminalNotOpenError(self._name, again_s, "this process is being stopped")
        if self._terminal is not None or self._state is TerminalState.ELSEWHERE:
            raise TerminalElsewhereError(self._name, again_s)
        raise TerminalNotOpenError(self._name, again_s, self._reason or "it is being opened")

    async def look(self) -> None:
        terminal = self._terminal
        if terminal is None or terminal.is_busy or terminal.journal.is_gone:
            return
        with suppress(PosRefundError):
            self._figures = await terminal.at_desk(self.tally.look)

    def stop(self) -> None:
        self._is_stopped = True
        self._wake.set()

    async def keep(self) -> None:
        """Open it, keep it, and open it again, until it is stopped."""
        if self._is_standby:
            self._now(TerminalState.ELSEWHERE, "it is another process's by plan")
            self._tell_tried()
            await self._pause(self._site.pace.standby_s)
        while not self._is_stopped:
            pause_s = await self._open()
            self._tell_tried()
            if self._terminal is not None:
                await self._keep_open(self._terminal)
                pause_s = self._site.pace.elsewhere_s
            await self._pause(pause_s)

    def _tell_tried(self) -> None:
        self.is_tried = True
        self._site.has_tried.set()

    async def _open(self) -> float:
        """Try once; return after how many seconds to try again, where it did not work."""
        was_elsewhere = self._state is TerminalState.ELSEWHERE
        pace = self._site.pace
        try:
            terminal = await self._site.opened(self._opening)
        except TerminalElsewhereError as error:
            self._now(TerminalState.ELSEWHERE, "another process speaks for it")
            self._failures = 0
            return min(max(error.retry_after_s, 0.1), pace.elsewhere_s)
        except Exception as error:  # noqa: BLE001 — whatever it is, the others go on
            self._failures += 1
            self._now(TerminalState.FAILED, words_of(error))
            return min(pace.failed_s * 2.0 ** min(self._failures - 1, 16), pace.failed_most_s)
        self._site.taken_over += was_elsewhere
        self._failures, self._terminal = 0, terminal
        self._now(TerminalState.OPEN, "")
        return 0.0

    async def _keep_open(self, terminal: AsyncTerminal) -> None:
        """Do its chores until it is stopped or another process has taken it; then close it."""
        routine = self._site.chores.routine(terminal, self._quiet_s)
        with suppress(PosRefundError):
            await terminal.at_desk(self.tally.begin)
        while not (self._is_stopped or terminal.journal.is_gone):
            self._trouble = await routine.go()
            if not terminal.journal.is_gone:
                await self._pause(self._site.chores.every_s)
        is_lost = terminal.journal.is_gone
        self._site.lost += is_lost
        self._next_try = time.monotonic() + self._site.pace.elsewhere_s
        with suppress(JournalError):
            await terminal.close()  # waits for what is under way
        self._terminal, self._figures, self._trouble = None, None, ""
        if is_lost:
            self._now(TerminalState.ELSEWHERE, _TAKEN)
        else:
            self._now(TerminalState.CLOSED, "")

    def _quiet_s(self) -> float:
        """For how long nobody has asked for it."""
        return time.monotonic() - self._asked_at

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or until somebody wakes it."""
        self._next_try = time.monotonic() + seconds
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)
        if not self._is_stopped:
            self._wake.clear()

    def _now(self, state: TerminalState, reason: str) -> None:
        if (state, reason) != (self._state, self._reason):
            self._state, self._reason, self._since = state, reason, time.time()
            self._site.told(self.standing())
