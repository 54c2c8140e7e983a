"""An emulated acquirer on a TCP port, and terminals of it: what an integrator's tests need to begin with. Floor 10.

Every key is published and every card number a test number; nothing here leaves the machine.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Self

from posrefund.crypto import Key, Purpose
from posrefund.dialects import dialect as dialect_named
from posrefund.emulators.host import (
    EmulatedHost,
    Fault,
    HostProfile,
    HostServer,
    HostTime,
    TerminalRecord,
)
from posrefund.journal import SQLiteJournal
from posrefund.keystore import FileKeyStore
from posrefund.link import TCPLink
from posrefund.terminal import Terminal
from posrefund.testing.clock import ManualClock
from posrefund.values import MerchantID, TerminalID

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["EmulatedAcquirer"]

_TMK = bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923")  # published: code456.com/article/3026509
_PASSPHRASE = b"only for tests"
_ZONE = timezone(timedelta(hours=8))
_FIRST_DAY = datetime(2026, 3, 9, 14, 5, tzinfo=_ZONE)


class EmulatedAcquirer:
    """A host that listens on a loopback port and knows one terminal; its clock stands still until it is moved.

    Args:
        folder: Where the terminal's key file and journal go.
        dialect: What both speak; a built-in one.

    Attributes:
        host: The host's core: its ``ledger``, its ``faults``.
        server: The port; hold ``server.lock`` to look at the host while messages may come.
        clock: The terminal's, moved with the host's.
        terminal_id: DE41.
        merchant_id: DE42.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from posrefund import PAN, Amount, CardRead, SaleRequest
        >>> from posrefund.testing import EmulatedAcquirer
        >>> with tempfile.TemporaryDirectory() as folder, EmulatedAcquirer(Path(folder)) as acquirer:
        ...     terminal = acquirer.open_terminal()
        ...     card = CardRead("051", PAN("6200000000000005"), expiry="3012", sequence_number="001")
        ...     sold = terminal.sale(SaleRequest("SALE-1", Amount(12_800), card))
        ...     [entry.amount_minor for entry in acquirer.host.ledger.entries()]
        [12800]
    """

    def __init__(self, folder: Path, dialect: str = "unionpay") -> None:
        self.terminal_id = TerminalID("12345678")
        self.merchant_id = MerchantID("123456789012345")
        self.dialect = dialect_named(dialect)
        self.clock = ManualClock(_FIRST_DAY.astimezone(UTC))
        self._time = HostTime(_FIRST_DAY)
        self._folder = folder
        self._opened = ExitStack()
        record = TerminalRecord(
            self.terminal_id, self.merchant_id, Key(_TMK, Purpose.KEK), batch="000001"
        )
        self.host = EmulatedHost(HostProfile(dialect=dialect), [record], clock=self._time)
        self.server = self._opened.enter_context(HostServer(self.host))
        FileKeyStore.create(folder / "keys.json", _PASSPHRASE, tmk=_TMK, test_keys=True)

    def open_terminal(self) -> Terminal:
        """Open the terminal, as a till does when it starts, and sign it in; it is closed with the acquirer.

        Opening it again after ``close`` is a restart: key file and journal are the same.
        """
        keys = FileKeyStore(self._folder / "keys.json", _PASSPHRASE)
        journal = SQLiteJournal(
            self._folder / "journal.db", key=keys.journal_key, terminal=self.terminal_id
        )
        terminal = Terminal(
            self.terminal_id,
            self.merchant_id,
            dialect=self.dialect,
            keystore=keys,
            journal=journal,
            link=TCPLink(*self.server.address),
            clock=self.clock,
        )
        self._opened.enter_context(terminal)
        terminal.sign_in()
        return terminal

    def turn_to(self, day: int, hour: int, minute: int = 0) -> None:
        """Move both clocks to a host time, *day* days after the first; then let the terminal sign in."""
        moment = _FIRST_DAY.replace(hour=hour, minute=minute) + timedelta(days=day)
        with self.server.lock:
            self._time.set(moment)
        self.clock.set(moment.astimezone(UTC))

    def misbehave(self, kind: str, mti: str = "", **more: object) -> None:
        """Let the host do *kind* (``emulators.host.Fault``) at the next *mti*, a refund's if left out.

        Raises:
            ValueError: There is no such fault.
        """
        with self.server.lock:
            self.host.faults.add(Fault(kind, mti=mti, **more))  # type: ignore[arg-type]

    def booked(self, kind: str) -> list[int]:
        """Return the amounts of that kind (``sale``, ``refund``, ``void``) that stand in the host's books."""
        with self.server.lock:
            return [
                entry.amount_minor
                for entry in self.host.ledger.entries()
                if entry.kind == kind and entry.state != "reversed"
            ]

    def close(self) -> None:
        """Close the terminals and the port."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
