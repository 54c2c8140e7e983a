"""A whole shop for tests: emulated host, terminal, journal on disk, two clocks that move together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from posrefund.crypto import Key, Purpose
from posrefund.dialects import dialect
from posrefund.emulators.host import EmulatedHost, Fault, HostProfile, HostTime, TerminalRecord
from posrefund.emulators.host import settlement_file as host_file
from posrefund.engine import Reason, RefundRequest, SaleRequest
from posrefund.engine.policy import Rules
from posrefund.journal import SQLiteJournal
from posrefund.keystore import FileKeyStore
from posrefund.office import Reconciliation, reconcile
from posrefund.terminal import Terminal
from posrefund.testing import ManualClock, MemoryLink
from posrefund.values import (
    PAN,
    Amount,
    BackToPayer,
    CardRead,
    CodeRead,
    MerchantID,
    RequestID,
    TerminalID,
    Track2,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from posrefund.dialects import Dialect
    from posrefund.engine.selfcheck import SelfCheckPolicy
    from posrefund.link import Link

HOST_ZONE = timezone(timedelta(hours=8))
TERMINAL, MERCHANT = TerminalID("12345678"), MerchantID("123456789012345")
TMK = bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923")
PAN_16, PAN_19, OTHER_PAN = "6200000000000005", "6205500000000000004", "6200000000000047"
CHIP = CardRead("051", PAN(PAN_16), expiry="3012", sequence_number="001")
TAP = CardRead("071", PAN(PAN_19), expiry="3012", sequence_number="001")
STRIPE = CardRead("021", PAN(PAN_16), expiry="3012", track2=Track2(f"{PAN_16}D30122010000"))
OTHER_CHIP = CardRead("051", PAN(OTHER_PAN), expiry="3012", sequence_number="001")
UNIONPAY = dialect("unionpay")
_PASSPHRASE = b"only for tests"


@dataclass
class Shop:
    """One terminal, its host, and everything a test wants to do to them."""

    folder: Path
    profile: HostProfile = field(default_factory=HostProfile)
    start: datetime = datetime(2026, 3, 9, 14, 5, tzinfo=HOST_ZONE)
    other_link: Link | None = None
    dialect: Dialect = UNIONPAY
    rules: Rules = field(default_factory=Rules)
    role_of: Callable[[str], str | None] | None = None
    checks: SelfCheckPolicy | None = None

    def __post_init__(self) -> None:
        self.host_time = HostTime(self.start)
        self.clock = ManualClock(self.start.astimezone(UTC) + timedelta(seconds=42))
        record = TerminalRecord(TERMINAL, MERCHANT, Key(TMK, Purpose.KEK), batch="000007")
        self.host = EmulatedHost(self.profile, [record], clock=self.host_time)
        self.link = MemoryLink(self.host.respond)
        self.make_keys()
        self.terminal = self.open()
        self.terminal.sign_in()
        self.link.sent.clear()

    def make_keys(self) -> None:
        """Make the key file."""
        FileKeyStore.create(self.folder / "keys.json", _PASSPHRASE, tmk=TMK, test_keys=True)

    def open_keys(self) -> FileKeyStore:
        """Open the key file."""
        return FileKeyStore(self.folder / "keys.json", _PASSPHRASE)

    def open(self) -> Terminal:
        """Open the terminal, as a restart does."""
        keystore = self.open_keys()
        journal = SQLiteJournal(
            self.folder / "journal.db", key=keystore.journal_key, terminal=TERMINAL
        )
        return Terminal(
            TERMINAL,
            MERCHANT,
            dialect=self.dialect,
            keystore=keystore,
            journal=journal,
            link=self.other_link or self.link,
            clock=self.clock,
            rules=self.rules,
            role_of=self.role_of,
            checks=self.checks,
        )

    def restart(self) -> None:
        """Close and open again."""
        self.terminal.close()
        self.terminal = self.open()

    def to(self, day: int, hour: int, minute: int = 0) -> None:
        """Move both clocks to a host time, *day* days after the first; the terminal signs in."""
        moment = datetime(2026, 3, 9, hour, minute, tzinfo=HOST_ZONE) + timedelta(days=day)
        self.host_time.set(moment)
        self.clock.set(moment.astimezone(UTC) + timedelta(seconds=42))
        self.terminal.sign_in()
        self.link.sent.clear()

    def fault(self, kind: str, mti: str = "0220", **more: Any) -> None:
        """Let the host misbehave at the next *mti*."""
        self.host.faults.add(Fault(kind, mti=mti, **more))

    def settle(self, day: int) -> Reconciliation:
        """Read the host's settlement file of the day *day* days after the first."""
        file_day = date(2026, 3, 9) + timedelta(days=day)
        text = host_file.text(self.host.ledger, file_day, self.profile)
        return reconcile(
            self.terminal.journal,
            text,
            file_day=file_day,
            now=self.clock(),
            line_count=len(text.splitlines()),
        )

    def booked(self, kind: str) -> list[int]:
        """Return the amounts that stand in the host's books, in order."""
        return [
            entry.amount_minor
            for entry in self.host.ledger.entries()
            if entry.kind == kind and entry.state != "reversed"
        ]


def sale(request_id: str, minor: int, card: CardRead | CodeRead = CHIP) -> SaleRequest:
    """Return a sale request."""
    return SaleRequest(RequestID(request_id), Amount(minor), card)


def refund(
    request_id: str,
    original: str,
    minor: int | None = None,
    card: CardRead | CodeRead | BackToPayer = CHIP,
) -> RefundRequest:
    """Return a refund request."""
    amount = Amount(minor) if minor is not None else None
    return RefundRequest(
        RequestID(request_id),
        original=RequestID(original),
        card=card,
        reason=Reason.CUSTOMER,
        amount=amount,
    )
