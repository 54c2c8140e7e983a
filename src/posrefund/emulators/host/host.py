"""The host itself: the bytes of one request in, what goes out for it. No socket, no thread.

Nothing that a peer sends raises. What cannot be answered is counted and noted, field names only,
and a real host would close the line. Not safe for threads; ``HostServer`` holds a lock. Floor 9.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from posrefund.emulators.host.dialects import find_dialect
from posrefund.emulators.host.exchange import Exchange
from posrefund.emulators.host.faults import EFFECTS, Delivery, FaultQueue
from posrefund.emulators.host.house import with_choices
from posrefund.emulators.host.ledger import Ledger
from posrefund.emulators.host.wire import UnreadableError, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from posrefund.emulators.host.faults import Fault
    from posrefund.emulators.host.ledger import StanKey
    from posrefund.emulators.host.profile import HostProfile
    from posrefund.emulators.host.signatures import SignatureFile
    from posrefund.emulators.host.terminals import TerminalRecord
    from posrefund.emulators.host.wire import Request

__all__ = ["EmulatedHost"]

_NOTES_MAX = 10_000
"""A host that runs for days keeps its latest notes only."""


class EmulatedHost:
    """An acquirer's host.

    Args:
        profile: Its rules.
        terminals: The terminals on its file.
        clock: Its time, with a zone.
        random_bytes: Source of the working keys.
        ledger: Its books; new ones in memory if None. With a path, they are written at each change.

    Attributes:
        dialect: What it speaks.
        codes: Which code says what.
        faults: What will go wrong; nothing by default.
        log: Notes on requests: MTIs, field names and codes.
        signatures: What it has of signatures, by terminal, batch and STAN.
        stored: What it answered to which content, for those who repeat themselves.
        unreadable_count: How many messages could not be read and got no answer.

    Raises:
        ValueError: The profile names a dialect that the host does not speak, or a terminal's TMK is of
            another cipher than the MAC.
    """

    def __init__(
        self,
        profile: HostProfile,
        terminals: Iterable[TerminalRecord],
        *,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes] = os.urandom,
        ledger: Ledger | None = None,
    ) -> None:
        self.profile = profile
        spoken = find_dialect(profile.dialect)
        if spoken.name == "unionpay":
            spoken = with_choices(spoken, profile)
        self.dialect = replace(spoken, mac_rule=profile.mac_rule or spoken.mac_rule)
        self.codes = profile.codes or self.dialect.codes
        self.clock = clock
        self.ledger = ledger or Ledger()
        self.faults = FaultQueue(self.dialect)
        self.log: deque[str] = deque(maxlen=_NOTES_MAX)
        self.unreadable_count = 0
        self.terminals = {record.terminal_id: record for record in terminals}
        if any(
            each.tmk.algorithm is not self.dialect.mac_rule.cipher
            for each in self.terminals.values()
        ):
            message = "a terminal's TMK is of another cipher than the MAC rule"
            raise ValueError(message)
        self.random_bytes = random_bytes
        self.signatures: dict[StanKey, SignatureFile] = {}
        self.stored: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
        for record in self.terminals.values():
            record.batch = self.ledger.batches.get(record.terminal_id, record.batch)

    def answer(self, message: bytes) -> bytes | None:
        """Return the answer to *message*, or None if there is none.

        A caller that wants delays, double answers and hang-ups too takes ``respond``.

        Shape:
            message: from the TPDU (or the MTI) to its last byte, without a length prefix; so is the answer.
        """
        replies = self.respond(message).replies
        return replies[0] if replies else None

    def respond(self, message: bytes) -> Delivery:
        """Return all that goes out for *message*: answers, delay, whether the line is closed."""
        try:
            request = read(message, self.dialect, self.profile)
        except UnreadableError as error:
            self.unreadable_count += 1
            self.log.append(f"unreadable: {error.where}")
            return Delivery(close=True)
        if request.is_upload_with_mac and "upload_answer" in self.profile.leaves_out:
            self.log.append(f"{request.mti} dropped")
            return Delivery()
        fault = self.faults.take(request.mti, request.amount_minor)
        effect = EFFECTS[fault.kind] if fault else None
        if effect and not effect.sees:
            self.log.append(f"{request.mti} dropped")
            return Delivery()
        reply = self._reply(request, fault)
        return effect.line(reply, fault) if effect and fault else Delivery((reply,))

    def close_batch(self, terminal_id: str) -> str:
        """Open the next batch of a terminal and return its number; the terminal must sign in.

        Raises:
            KeyError: No such terminal.
        """
        batch = self.terminals[terminal_id].close_batch()
        self.ledger.batches[terminal_id] = batch
        self.ledger.keep()
        return batch

    def _reply(self, request: Request, fault: Fault | None) -> bytes:
        exchange = Exchange(self, request, fault)
        reply = exchange.reply()
        where = f" at {request.fault}" if request.fault else ""
        again = "again " if exchange.is_repeat else ""
        self.log.append(f"{request.mti} answered {again}{exchange.code}{where}")
        return reply
