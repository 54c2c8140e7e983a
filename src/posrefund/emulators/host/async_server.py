"""The host on a TCP port in an event loop, good for thousands of connections; the core is the same.

Each message is answered before the next one is looked at, so the core needs no lock. For the loopback, not for
the internet. Floor 9.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from posrefund.errors import FramingError
from posrefund.framing import LengthPrefixFramer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from posrefund.emulators.host.faults import Delivery
    from posrefund.emulators.host.host import EmulatedHost
    from posrefund.framing import Framer

__all__ = ["AsyncHostServer"]

_CONNECTIONS_MAX = 4096
"""Beyond it a peer is hung up on at once."""
_READ_BYTES = 8192


class AsyncHostServer:
    """Serves one host while it is entered (``async with``).

    Args:
        host: The core; only this loop may use it meanwhile.
        address: Where to listen; port 0 takes a free one.
        tls: The server's side of TLS, with its certificate; None for none.
        framer: Makes the framer of each connection; two bytes of length, if left out.

    Raises:
        OSError: The address cannot be used.
    """

    def __init__(
        self,
        host: EmulatedHost,
        address: tuple[str, int] = ("127.0.0.1", 0),
        *,
        tls: ssl.SSLContext | None = None,
        framer: Callable[[], Framer] = LengthPrefixFramer,
    ) -> None:
        self.host = host
        self._bind, self._tls, self._framer = address, tls, framer
        self._server: asyncio.Server | None = None
        self._peers: set[_Peer] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        assert self._server is not None, "entered"
        name = self._server.sockets[0].getsockname()
        return str(name[0]), int(name[1])

    @property
    def connections(self) -> int:
        """How many peers are connected."""
        return len(self._peers)

    def drop_connections(self) -> None:
        """Hang up on every peer."""
        for peer in list(self._peers):
            peer.hang_up()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Peer(self, self._framer()), *self._bind, ssl=self._tls, backlog=1024
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None, "entered"
        self._server.close()
        self.drop_connections()
        await self._server.wait_closed()

    def take_in(self, peer: _Peer) -> bool:
        """Keep *peer*, if there is room."""
        if len(self._peers) >= _CONNECTIONS_MAX:
            return False
        self._peers.add(peer)
        return True

    def let_go(self, peer: _Peer) -> None:
        """Forget *peer*: its connection is over."""
        self._peers.discard(peer)


class _Peer(asyncio.Protocol):
    """One connection; while a delayed answer waits, so does what comes after it."""

    def __init__(self, server: AsyncHostServer, framer: Framer) -> None:
        self._server, self._framer = server, framer
        self._transport: Any = None
        self._waiting: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        if hasattr(transport, "max_size"):  # 256 KiB for each read cost a memory map
            transport.max_size = _READ_BYTES
        if not self._server.take_in(self):
            self.hang_up()

    def data_received(self, data: bytes) -> None:
        try:
            events = self._framer.feed(data)
        except FramingError:
            self.hang_up()
            return
        self._waiting.extend(event for event in events if isinstance(event, bytes) and event)
        self._answer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.let_go(self)
        if self._timer is not None:
            self._timer.cancel()

    def hang_up(self) -> None:
        """End the connection, with what was written and not yet taken."""
        if self._timer is not None:
            self._timer.cancel()
        self._transport.close()

    def _answer(self) -> None:
        while self._waiting and self._timer is None and not self._transport.is_closing():
            delivery = self._server.host.respond(self._waiting.pop(0))
            if delivery.delay_s:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(delivery.delay_s, self._deliver_late, delivery)
            else:
                self._deliver(delivery)

    def _deliver_late(self, delivery: Delivery) -> None:
        self._timer = None
        self._deliver(delivery)
        self._answer()

    def _deliver(self, delivery: Delivery) -> None:
        for reply in delivery.replies:
            self._transport.write(self._framer.frame(reply))
        if delivery.close:
            self.hang_up()
