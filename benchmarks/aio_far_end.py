"""The other side of the asyncio benchmark, in a process of its own: ``python -m benchmarks.aio_far_end KIND``.

Prints its port. ``echo`` and ``echo-tuned`` give back what they get; ``canned`` says yes to every refund, its
answer made by our own codec and sealed, and keeps no books; ``host`` is the emulated host, whole. A line on
standard input makes it the next day there.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.refunds import QuickHost
from posrefund.crypto import Key, Purpose
from posrefund.emulators.host import (
    AsyncHostServer,
    EmulatedHost,
    HostProfile,
    HostTime,
    TerminalRecord,
)
from posrefund.framing import LengthPrefixFramer, frame
from posrefund.values import MerchantID, TerminalID

TMK = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9")
MERCHANT = MerchantID("123456789012345")
START = datetime(2026, 3, 9, 2, tzinfo=UTC)
TERMINALS = 1000


def name_of(number: int) -> TerminalID:
    """Return the DE41 of terminal *number*."""
    return TerminalID(f"{10_000_000 + number}")


class Echo(asyncio.Protocol):
    """Gives back what it gets."""

    tuned = False

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self._transport = transport
        if self.tuned and hasattr(transport, "max_size"):
            transport.max_size = 8192

    def data_received(self, data: bytes) -> None:
        """Give it back."""
        self._transport.write(data)


class TunedEcho(Echo):
    """The same, reading 8 KiB at a time."""

    tuned = True


class Canned(TunedEcho):
    """Says yes to whatever a terminal asks."""

    host = QuickHost()

    def __init__(self) -> None:
        self._framer = LengthPrefixFramer()

    def data_received(self, data: bytes) -> None:
        """Answer each message."""
        for message in self._framer.feed(data):
            self._transport.write(frame(self.host.respond(message).replies[0]))


async def _serve(kind: str) -> None:
    loop = asyncio.get_running_loop()
    if kind == "host":
        time = HostTime(START)
        names = [name_of(number) for number in range(TERMINALS)]
        records = [TerminalRecord(name, MERCHANT, Key(TMK, Purpose.KEK)) for name in names]
        host = EmulatedHost(HostProfile(), records, clock=time)
        loop.add_reader(0, lambda: _turn(time))
        async with AsyncHostServer(host) as server:
            print(server.address[1], flush=True)
            await asyncio.Event().wait()
    protocols = {"echo": Echo, "echo-tuned": TunedEcho, "canned": Canned}
    listener = await loop.create_server(protocols[kind], "127.0.0.1", 0, backlog=1024)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


def _turn(time: HostTime) -> None:
    if not sys.stdin.readline():
        asyncio.get_running_loop().remove_reader(0)
        return
    time.set(START + timedelta(days=1))
    print("turned", flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
