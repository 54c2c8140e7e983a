"""The self-check of a terminal: measures, lets the engine judge, writes the result down. Floor 7.

Nothing of it moves money. A part that cannot be measured is a finding, not an error, so that a report comes
whatever is broken; only a journal that cannot be read has nothing to report to.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from posrefund import __version__
from posrefund.closed import closed_class
from posrefund.dialects.file import profile_digest
from posrefund.engine import State
from posrefund.engine.examine import Seen, examine, faults_left, healed
from posrefund.engine.faults import BY_ITSELF
from posrefund.engine.notes import is_note
from posrefund.engine.selfcheck import SelfCheck, SelfCheckPolicy, check_last
from posrefund.errors import (
    ConfigError,
    CryptoError,
    JournalError,
    LinkClosedError,
    LinkError,
    LinkOpenError,
    LinkTimeoutError,
    PosRefundError,
    ProtocolError,
    RefusedError,
)
from posrefund.terminal.probe import free_bytes, probe_folder
from posrefund.terminal.sign_in import echo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from posrefund.dialects import Dialect
    from posrefund.engine import TerminalView
    from posrefund.journal import Journal
    from posrefund.keystore import KeyStore
    from posrefund.terminal.host_requests import HostRequests
    from posrefund.terminal.line import Line, Steps

__all__ = ["Asked", "SelfChecker"]

_DETAIL_CHARACTERS = 150
_DEFAULT = SelfCheckPolicy()
"""One for all terminals of a process that have none of their own."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller adds to a self-check.

    Attributes:
        device: Asks a device something cheap that moves nothing (``pad.identity``, ``terminal.last_reference``).
        versions: Of what this program does not know of: a kernel, a set of CA public keys.
        update: Returns the least version that a management system asks for; empty for none.
    """

    device: Callable[[], object] | None = None
    versions: Mapping[str, str] | None = None
    update: Callable[[], str] | None = None


@closed_class
class SelfChecker:
    """Checks one terminal.

    Args:
        line: To the host.
        journal: The terminal's.
        keystore: Its keys.
        dialect: What the host speaks.
        clock: Returns the time, aware.
        view: Returns what the engine may know of the terminal now.
        take_number: Returns the view for a management message, its STAN taken for good.
        asked: What the host asks for in its headers.
        policy: What blocks and what warns; None refuses no refund.
    """

    def __init__(  # noqa: PLR0913, PLR0917 — what a terminal is made of
        self,
        line: Line,
        journal: Journal,
        keystore: KeyStore,
        dialect: Dialect,
        clock: Callable[[], datetime],
        view: Callable[[], TerminalView],
        take_number: Callable[[datetime], TerminalView],
        asked: HostRequests,
        policy: SelfCheckPolicy | None,
    ) -> None:
        self._line, self._journal, self._keystore = line, journal, keystore
        self._dialect, self._clock, self._view = dialect, clock, view
        self._take_number, self._asked = take_number, asked
        self._unkept = ""
        """The last result, where the journal did not take it."""
        self._policy, self._refuses = policy or _DEFAULT, policy is not None

    def check_last(self) -> None:
        """Refuse a refund while the last self-check does not speak for the terminal; see ``Terminal.selfcheck``.

        Raises:
            RefusedError: code ``selfcheck_failed``.
        """
        if self._refuses:
            fact = self._unkept or self._journal.terminal_facts().get("selfcheck", "")
            check_last(fact, self._policy, self._clock())

    def run(self, asked: Asked) -> Steps[SelfCheck]:
        """See ``Terminal.selfcheck``."""
        seen = self._look(asked)
        seen = yield from self._ask_host(seen)
        seen = replace(seen, host_asks=tuple(each.name for each in self._asked.waiting()))
        report = self._judge(seen)
        try:
            self._write_down(report)
        except JournalError as error:
            report = self._judge(replace(seen, storage_error=_words(error)))
            self._unkept = report.as_fact()
        else:
            self._unkept = ""
        return report

    # --- measuring ---------------------------------------------------------------------------

    def _look(self, asked: Asked) -> Seen:
        journal, view, now = self._journal, self._view(), self._clock()
        last = journal.row(journal.head()[0])
        doubts = journal.open_attempts()
        facts = journal.terminal_facts()
        seen = Seen(
            now=now,
            view=view,
            last_row_at=datetime.fromisoformat(last.at) if last else None,
            key_set_remembered=facts.get("key_set_id", ""),
            doubts=len(doubts),
            with_people=sum(attempt.state is State.MANUAL for attempt in doubts),
            unclean_since=journal.unclean_since,
            versions=self._versions(facts, asked),
            profile=(self._dialect.name, self._digest()),
            min_version=asked.update() if asked.update else "",
        )
        return self._ask_device(self._open_keys(self._probe(seen)), asked)

    def _probe(self, seen: Seen) -> Seen:
        folder = self._journal.folder
        if folder is None:  # in a server: the row of the report itself is the probe
            return seen
        reason, took_ms = probe_folder(folder)
        return replace(
            seen, storage_error=reason, storage_ms=took_ms, free_bytes=free_bytes(folder)
        )

    def _open_keys(self, seen: Seen) -> Seen:
        """Open the working keys anew under the TMK: their names are their check values, computed again."""
        try:
            keys = self._keystore.working_keys()
        except (CryptoError, ConfigError) as error:
            return replace(seen, keys_error=_words(error))
        if keys is None:
            return seen
        with_name = replace(seen, key_set_opened=keys.key_set_id)
        keys.close()
        return with_name

    def _ask_device(self, seen: Seen, asked: Asked) -> Seen:
        if asked.device is None:
            return seen
        try:
            asked.device()
        except PosRefundError as error:
            return replace(seen, device_error=_words(error))
        return replace(seen, device_error="")

    def _versions(self, facts: Mapping[str, str], asked: Asked) -> dict[str, str]:
        ours = {
            "posrefund": __version__,
            "python": platform.python_version(),
            "journal": facts.get("version", ""),
        }
        return {**(asked.versions or {}), **ours}

    def _digest(self) -> str:
        try:
            return profile_digest(self._dialect)
        except ConfigError:
            return ""

    def _ask_host(self, seen: Seen) -> Steps[Seen]:
        """Dial and send an echo, where the dialect has one."""
        policy = self._policy
        timers = replace(self._dialect.timers, connect_s=policy.connect_s, answer_s=policy.answer_s)
        try:
            if "echo" in self._dialect.messages:
                view = self._take_number(seen.now)
                yield from echo(self._line, view, seen.now, timers)
            else:
                yield from self._line.open(timers.connect_s)
                yield from self._line.hung_up_after(_nothing())
        except (LinkError, RefusedError, ProtocolError) as error:
            return replace(seen, host_reason=_reason(error), host_detail=_words(error))
        except (JournalError, ConfigError) as error:  # no number could be taken
            return replace(seen, storage_error=seen.storage_error or _words(error))
        has_echo = "echo" in self._dialect.messages
        return replace(
            seen,
            host_reason="",
            connect_ms=round(self._line.open_s * 1000),
            answer_ms=round(self._line.answer_s * 1000) if has_echo else 0,
        )

    # --- what follows ------------------------------------------------------------------------

    def _judge(self, seen: Seen) -> SelfCheck:
        checks = examine(seen, self._policy)
        left = faults_left(self._journal.faults(), checks, self._policy)
        return SelfCheck(seen.now, (*checks, left))

    def _write_down(self, report: SelfCheck) -> None:
        """Open a fault for each failing check, close those that healed, and keep the result."""
        journal, now = self._journal, report.at
        open_kinds = {fault.kind: fault for fault in journal.faults()}
        for check in report.checks:
            if check.reason and check.name != "faults" and check.code not in open_kinds:
                detail = check.detail if is_note(check.detail) else ""
                journal.open_fault(check.code, detail, now)
        for fault in healed(journal.faults(), report.checks):
            done = "gone at the next self-check"
            journal.close_fault(fault.fault_id, now, by=BY_ITSELF, done=done)
        told = {check.name: check.code for check in report.checks if check.reason}
        journal.remember(now, "selfcheck", told, selfcheck=report.as_fact())


def _nothing() -> Steps[None]:
    return
    yield


_HOST_REASONS = {"refused": "refused", "silent": "black_hole", "": "unreachable"}


def _reason(error: PosRefundError) -> str:
    match error:
        case LinkOpenError():
            return _HOST_REASONS[error.why]
        case LinkTimeoutError():
            return "black_hole"
        case LinkClosedError():
            return "hung_up"
        case RefusedError():
            return "said_no"
        case _:
            return "garbled"


def _words(error: PosRefundError) -> str:
    """What an error of ours says: never card data, and nothing that looks like it (a device's serial number)."""
    said = str(error)[:_DETAIL_CHARACTERS]
    return said if is_note(said) else type(error).__name__
