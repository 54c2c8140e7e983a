"""A refund whose answer is lost: in doubt, not repeated, and settled by the acquirer's own file.

Run it: ``python examples/in_doubt.py``. The host books the refund and keeps silent; nothing the
terminal can send would tell whether it did.
"""

from __future__ import annotations

import secrets
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from posrefund import (
    PAN,
    Amount,
    Approved,
    CardRead,
    FileKeyStore,
    InDoubt,
    MerchantID,
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
    Fault,
    HostProfile,
    HostServer,
    HostTime,
    TerminalRecord,
)
from posrefund.emulators.host import settlement_file as host_file
from posrefund.office import reconcile
from posrefund.testing import ManualClock
from posrefund.values import RequestID

TERMINAL, MERCHANT = TerminalID("12345678"), MerchantID("123456789012345")
TMK = secrets.token_bytes(16)  # terminal and host share it; a bank sends it in parts, on paper
CARD = CardRead("071", PAN("6200000000000005"), expiry="3012", sequence_number="001")
NOON = datetime(2026, 3, 9, 12, 0, tzinfo=timezone(timedelta(hours=8)))


def main() -> None:
    """Lose an answer, see what the terminal refuses to do, then read the file."""
    host_time, clock = HostTime(NOON), ManualClock(NOON.astimezone(UTC))
    record = TerminalRecord(TERMINAL, MERCHANT, Key(TMK, Purpose.KEK), batch="000007")
    host = EmulatedHost(HostProfile(), [record], clock=host_time)
    unionpay = dialect("unionpay")
    impatient = unionpay.derive("unionpay", timers=replace(unionpay.timers, answer_s=0.3))
    with tempfile.TemporaryDirectory() as folder, HostServer(host) as server:
        keys = FileKeyStore.create(Path(folder, "keys.json"), b"only for this example", tmk=TMK)
        journal = SQLiteJournal(Path(folder, "journal.db"), key=keys.journal_key, terminal=TERMINAL)
        with Terminal(
            TERMINAL,
            MERCHANT,
            dialect=impatient,
            keystore=keys,
            journal=journal,
            link=TCPLink(*server.address),
            clock=clock,
        ) as terminal:
            terminal.sign_in()
            terminal.sale(SaleRequest(RequestID("S-1"), Amount(4_500), CARD))
            host_time.advance(timedelta(days=1))
            clock.advance(timedelta(days=1))

            host.faults.add(Fault("drop_reply", mti="0220"))
            outcome = terminal.refund(refund("R-1"))
            assert isinstance(outcome, InDoubt)
            print(f"{outcome!r}: {outcome.clerk_en}")
            print(f"asked again: {terminal.refund(refund('R-1'))!r}")
            try:
                terminal.refund(refund("R-2"))
            except RefusedError as refusal:
                print(f"another request for that sale: {refusal.code}")

            day = host_time().date()
            text = host_file.text(host.ledger, day, host.profile)
            for finding in reconcile(journal, text, file_day=day, now=clock()).findings:
                print(f"file of {day}: {finding.attempt_id} {finding.category}")
            settled = terminal.status("R-1")
            assert isinstance(settled, Approved)
            print(f"{settled!r}: {settled.text_en}, confirmed: {settled.confirmed}")
            print(f"the chain of {journal.verify()} rows is in order")


def refund(request_id: str) -> RefundRequest:
    """All of the sale."""
    return RefundRequest(
        RequestID(request_id), original=RequestID("S-1"), card=CARD, reason=Reason.CUSTOMER
    )


if __name__ == "__main__":
    main()
