"""The other side of a loopback in the test's own loop: the emulated host behind a line that goes wrong as told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from posrefund.framing import LengthPrefixFramer, frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from posrefund.emulators.host import Delivery

AT = 11
"""TPDU and header stand before a message."""
REFUND = b"\x02\x20"


class FarEnd:
    """A server; entered, it listens on a free port.

    Attributes:
        fault: What happens to the answer of the next refund; ``""`` for nothing.
        seen: Every message that arrived.
        held: Answers that a fault held back.
        respond: What answers; the emulated host's.
    """

    def __init__(self, respond: Callable[[bytes], Delivery]) -> None:
        self.respond = respond
        self.fault = ""
        self.seen: list[bytes] = []
        self.held: list[bytes] = []
        self.peers: list[Peer] = []
        self.arrived = asyncio.Event()
        self._server: asyncio.Server | None = None

    @property
    def address(self) -> tuple[str, int]:
        assert self._server is not None
        return self._server.sockets[0].getsockname()[:2]  # type: ignore[no-any-return]

    @property
    def refunds(self) -> int:
        """How many refunds arrived."""
        return sum(message[AT : AT + 2] == REFUND for message in self.seen)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Peer(self), "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for peer in self.peers:
            peer.transport.abort()
        await self._server.wait_closed()

    async def no_more_peers(self) -> None:
        """Wait until every connection has ended, of both sides."""
        for peer in self.peers:
            await peer.gone.wait()


class Peer(asyncio.Protocol):
    """One connection."""

    def __init__(self, end: FarEnd) -> None:
        self._end, self._framer = end, LengthPrefixFramer()
        self.gone = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._end.peers.append(self)
        if self._end.fault == "closed_at_once":
            transport.close()

    def data_received(self, data: bytes) -> None:
        for message in self._framer.feed(data):
            self._end.seen.append(message)
            self._end.arrived.set()
            is_refund = message[AT : AT + 2] == REFUND
            fault = self._end.fault if is_refund else ""
            if fault == "closed_before_booking":
                self.transport.close()
                return
            replies = [frame(reply) for reply in self._end.respond(message).replies]
            self._say(fault, b"".join(replies))

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()

    def _say(self, fault: str, answer: bytes) -> None:  # noqa: C901 — a table of faults
        match fault:
            case "closed_before_answer":
                self.transport.close()
            case "closed_inside_answer":
                self.transport.write(answer[: len(answer) // 2])
                self.transport.close()
            case "reset_before_answer":
                self.transport.abort()
            case "closed_after_answer":
                self.transport.write(answer)
                self.transport.close()
            case "duplicate":
                self.transport.write(answer + answer)
            case "split":
                asyncio.get_running_loop().create_task(self._trickle(answer))
            case "coalesced":
                self.transport.write(b"\x00\x00" + stranger(answer) + answer)
            case "garbage":
                self.transport.write(b"\xff" * 50)
            case "garbled":
                self.transport.write(b"\x00\x30" + b"\xff" * 48)
            case "silent" | "late":
                self._end.held.append(answer)
            case _:
                self.transport.write(answer)

    async def _trickle(self, answer: bytes) -> None:
        for byte in answer:
            self.transport.write(bytes([byte]))
            await asyncio.sleep(0)


def stranger(answer: bytes) -> bytes:
    """Return *answer* to a message with another STAN: in the bitmap of a refund's answer DE11 follows DE4 and DE2, DE3."""
    at = answer.index(bytes.fromhex("000000000100")) + 6  # DE4, ¥1.00
    return answer[:at] + b"\x99\x99\x99" + answer[at + 3 :]


def frames(messages: Iterable[bytes]) -> bytes:
    """Return *messages* as they stand on the line."""
    return b"".join(map(frame, messages))
