"""Opens the terminals of a door: keys, journal, link, in an order that two processes survive. Floor 11.

A terminal in a database is opened only when nobody has it, and its key file is read only once it is ours: what its
last holder signed in with stands there by then.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from posrefund.aio import AsyncTCPLink, AsyncTerminal, SharedConnection, acquirer_matcher
from posrefund.cli.config import open_journal, open_keystore
from posrefund.errors import JournalError
from posrefund.gateway import TerminalElsewhereError
from posrefund.journal import SQLiteFleet, lease_left_s

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor
    from pathlib import Path

    from posrefund.aio import AsyncLink
    from posrefund.cli.config import Settings
    from posrefund.cli.serve_settings import TerminalPlan
    from posrefund.gateway.metrics import Metrics
    from posrefund.journal import Journal
    from posrefund.keystore import FileKeyStore

__all__ = ["Openings"]


class Openings:
    """What opens the terminals of one process, and what they have in common.

    Args:
        plans: The terminals.
        executor: Where their journals and keys are worked with.
        metrics: What measures their links and journals.
        shared: Whether all terminals of one host share a connection.
        on_late: Given the number of a terminal and an answer that came to it by a shared connection, and late.
    """

    def __init__(
        self,
        plans: tuple[TerminalPlan, ...],
        *,
        executor: Executor,
        metrics: Metrics,
        shared: bool,
        on_late: Callable[[str, bytes], object],
    ) -> None:
        self._plans = {str(plan.settings.terminal): plan for plan in plans}
        self._executor, self._metrics = executor, metrics
        self._on_late = on_late
        self._shared: dict[object, SharedConnection] | None = {} if shared else None
        self._fleets: dict[Path, SQLiteFleet] = {}
        self._holders: dict[str, FileKeyStore] = {}
        self._opened: dict[str, FileKeyStore] = {}
        self._changing = threading.Lock()

    def all(self) -> Mapping[str, Callable[[], AsyncTerminal]]:
        """Return what opens each terminal, by its number."""
        return {name: partial(self._open, plan) for name, plan in self._plans.items()}

    def close(self) -> None:
        """Close what the terminals have in common, once they are closed."""
        for connection in (self._shared or {}).values():
            connection.close()
        for fleet in self._fleets.values():
            fleet.close()

    def wrapped_pik(self, name: str) -> bytes | None:
        """Return the PIK of the last sign-in of *name* as it came; None before the first, and before it was opened."""
        keystore = self._opened.get(name)
        return None if keystore is None else keystore.wrapped_pik()

    # --- inside ------------------------------------------------------------------------------

    def _open(self, plan: TerminalPlan) -> AsyncTerminal:
        """Open one; called in a thread.

        Raises:
            TerminalElsewhereError: Another process speaks for it.
            PosRefundError: As ``open_terminal``.
        """
        settings = plan.settings
        self._ask_whose(settings)
        keystore = open_keystore(settings)
        with ExitStack() as on_failure:
            try:
                journal = self._journal(plan, keystore)
            except JournalError:
                self._ask_whose(settings)  # somebody was quicker
                raise
            on_failure.callback(journal.close)
            if settings.journal_dsn is not None:
                keystore = open_keystore(settings)
            terminal = AsyncTerminal(
                settings.terminal,
                settings.merchant,
                dialect=settings.dialect,
                keystore=keystore,
                journal=journal,
                link=self._metrics.link(self._link(settings)),
                envelope=settings.envelope,
                rules=settings.rules,
                executor=self._executor,
                checks=settings.checks,
            )
            self._metrics.watch_journal(journal)
            self._opened[str(settings.terminal)] = keystore
            on_failure.pop_all()
        return terminal

    @staticmethod
    def _ask_whose(settings: Settings) -> None:
        if settings.journal_dsn is not None:
            left_s = lease_left_s(settings.journal_dsn, settings.terminal)
            if left_s > 0:
                raise TerminalElsewhereError(settings.terminal, left_s)

    def _journal(self, plan: TerminalPlan, keystore: FileKeyStore) -> Journal:
        key = (self._holder_of(plan.key_of) if plan.key_of else keystore).journal_key
        if not plan.is_fleet or plan.settings.journal_file is None:
            return open_journal(plan.settings, key)
        return self._fleet(plan.settings.journal_file).journal(plan.settings.terminal, key=key)

    def _holder_of(self, name: str) -> FileKeyStore:
        """The key file that has the journal key of all; opened once, for it takes its time."""
        with self._changing:
            if name not in self._holders:
                self._holders[name] = open_keystore(self._plans[name].settings)
            return self._holders[name]

    def _fleet(self, path: Path) -> SQLiteFleet:
        with self._changing:
            if path not in self._fleets:
                self._fleets[path] = SQLiteFleet(path)
            return self._fleets[path]

    def _link(self, settings: Settings) -> AsyncLink:
        host = settings.host
        if self._shared is None:
            return AsyncTCPLink(
                *host.addresses,
                tls=host.tls,
                framer=host.framer,
                back_off=host.back_off,
                keep_open_s=host.keep_open_s,
            )
        with self._changing:
            name = (host.addresses, host.tls, host.prefix)
            if name not in self._shared:
                self._shared[name] = self._connection(settings)
            return self._shared[name].link()

    def _connection(self, settings: Settings) -> SharedConnection:
        host = settings.host
        matcher = acquirer_matcher(settings.dialect, settings.envelope)

        def on_late(message: bytes) -> None:
            key = matcher(message)
            if key is not None:
                self._on_late(key[1], message)

        return SharedConnection(
            *host.addresses,
            matcher=matcher,
            on_late=on_late,
            tls=host.tls,
            framer=host.framer,
            back_off=host.back_off,
        )
