"""Two terminals in one event loop sign in at their host over one connection."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from posrefund.aio import AsyncTerminal, SharedConnection, acquirer_matcher
from posrefund.crypto import Key, Purpose
from posrefund.dialects import dialect
from posrefund.emulators.host import (
    AsyncHostServer,
    EmulatedHost,
    HostProfile,
    HostTime,
    TerminalRecord,
)
from posrefund.journal import SQLiteJournal
from posrefund.keystore import FileKeyStore
from posrefund.values import MerchantID, TerminalID

TMK = bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923")
MERCHANT = MerchantID("123456789012345")
NAMES = [TerminalID("10000001"), TerminalID("10000002")]


def open_terminal(name: TerminalID, folder: Path, shared: SharedConnection) -> AsyncTerminal:
    """Open a terminal over its share of the connection."""
    keys = FileKeyStore.create(folder / f"{name}.json", b"only here", tmk=TMK, test_keys=True)
    journal = SQLiteJournal(folder / f"{name}.db", key=keys.journal_key, terminal=name)
    return AsyncTerminal(
        name,
        MERCHANT,
        dialect=dialect("unionpay"),
        keystore=keys,
        journal=journal,
        link=shared.link(),
    )


async def day(folder: Path) -> None:
    """Sign both in at once."""
    records = [TerminalRecord(name, MERCHANT, Key(TMK, Purpose.KEK)) for name in NAMES]
    host = EmulatedHost(HostProfile(), records, clock=HostTime(datetime.now(UTC)))
    async with AsyncHostServer(host) as server:
        matcher, late = acquirer_matcher(dialect("unionpay")), list[bytes]()
        shared = SharedConnection(server.address, matcher=matcher, on_late=late.append)
        terminals = [open_terminal(name, folder, shared) for name in NAMES]
        done = await asyncio.gather(*(terminal.sign_in() for terminal in terminals))
        for name, signed_in in zip(NAMES, done, strict=True):
            print(f"{name}: batch {signed_in.batch}, keys {signed_in.issue}")
        print(f"connections: {server.connections}, late answers: {len(late)}")
        for terminal in terminals:
            await terminal.close()
        shared.close()


def main() -> None:
    """Run it."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(day(Path(folder)))


if __name__ == "__main__":
    main()
