"""A sale today, a refund tomorrow: the whole path against an emulated host on the loopback.

Run it: ``python examples/refund_next_day.py``. The host listens on a real TCP port; only the two
clocks are moved by hand, so that tomorrow comes at once.
"""

from __future__ import annotations

import secrets
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from posrefund import (
    PAN,
    Amount,
    Approved,
    CardRead,
    Declined,
    FileKeyStore,
    InDoubt,
    MerchantID,
    NotSent,
    OriginalRef,
    Outcome,
    Reason,
    RefundRequest,
    RefusedError,
    SaleRequest,
    SQLiteJournal,
    TCPLink,
    Terminal,
    TerminalID,
    dialect,
)
from posrefund.crypto import Key, Purpose
from posrefund.emulators.host import (
    EmulatedHost,
    HostProfile,
    HostServer,
    HostTime,
    TerminalRecord,
)
from posrefund.office import slip
from posrefund.testing import ManualClock
from posrefund.values import RRN, RequestID

TERMINAL, MERCHANT = TerminalID("12345678"), MerchantID("123456789012345")
TMK = secrets.token_bytes(16)  # terminal and host share it; a bank sends it in parts, on paper
CARD = CardRead("051", PAN("6200000000000005"), expiry="3012", sequence_number="001")
NOON = datetime(2026, 3, 9, 12, 0, tzinfo=timezone(timedelta(hours=8)))


def main() -> None:
    """Sell, turn the day over, refund, and print the slip."""
    host_time, clock = HostTime(NOON), ManualClock(NOON.astimezone(UTC))
    record = TerminalRecord(TERMINAL, MERCHANT, Key(TMK, Purpose.KEK), batch="000007")
    host = EmulatedHost(HostProfile(), [record], clock=host_time)
    with tempfile.TemporaryDirectory() as folder, HostServer(host) as server:
        keys = FileKeyStore.create(Path(folder, "keys.json"), b"only for this example", tmk=TMK)
        journal = SQLiteJournal(Path(folder, "journal.db"), key=keys.journal_key, terminal=TERMINAL)
        with Terminal(
            TERMINAL,
            MERCHANT,
            dialect=dialect("unionpay"),
            keystore=keys,
            journal=journal,
            link=TCPLink(*server.address),
            clock=clock,
        ) as terminal:
            terminal.sign_in()
            sold = terminal.sale(SaleRequest(RequestID("S-1"), Amount(12_800), CARD))
            assert isinstance(sold, Approved)
            print(f"sold: {sold.attempt.amount}, reference {sold.rrn}")

            part = refund_of(sold, Amount(2_800))
            try:
                terminal.refund(part)
            except RefusedError as refusal:
                print(f"today: {refusal.code}, not before {refusal.not_before:%m-%d %H:%M}")

            host_time.advance(timedelta(days=1))
            clock.advance(timedelta(days=1))
            tell(terminal, terminal.refund(part))
            print(f"asked again: {terminal.refund(part)!r}")
            print(
                f"the host booked {sum(entry.kind == 'refund' for entry in host.ledger.entries())}"
            )


def refund_of(sold: Approved, amount: Amount) -> RefundRequest:
    """Name the sale by what stands on its slip: reference number and date."""
    return RefundRequest(
        RequestID("R-1"),
        original=OriginalRef(RRN(sold.rrn), sold.attempt.facts["host_date"]),
        card=CARD,
        reason=Reason.DEFECT,
        amount=amount,
    )


def tell(terminal: Terminal, outcome: Outcome) -> None:
    """Do what a till does with each of the four outcomes."""
    match outcome:
        case Approved():
            sale = terminal.journal.originals(outcome.attempt.original_id or "")[0]
            print(slip(outcome, terminal.dialect, original=sale, language="en"))
        case Declined():
            print(f"{outcome.code}: {outcome.clerk_en}")
        case InDoubt() | NotSent():
            print(f"{outcome.reason}: {outcome.clerk_en}")


if __name__ == "__main__":
    main()
