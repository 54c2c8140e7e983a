"""A terminal's own connection to its host, in asyncio. Floor 8.

When a connection may serve again is decided by ``posrefund.link.Keeping``, as for ``HostLink``.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from posrefund.aio.dial import Dialler
from posrefund.aio.waiter import Waiter
from posrefund.closed import closed
from posrefund.errors import LinkClosedError, LinkTimeoutError
from posrefund.link import Keeping

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.aio.wire import Wire
    from posrefund.errors import Effect
    from posrefund.framing import Framer
    from posrefund.link import BackOff, TLSSettings

__all__ = ["AsyncTCPLink"]

_SEND_S = 10.0
"""A message is a few hundred bytes: a line that does not take it in this time takes nothing."""


class AsyncTCPLink:
    """Messages over TCP, or TLS; an ``AsyncLink``.

    Each exchange has a connection of its own, unless *keep_open_s* says that one may serve again. Then ``close``
    keeps what ended clean, and ``close`` once more hangs up.

    Args:
        addresses: Host and port of each, tried in order.
        tls: Whom to trust; None for no TLS.
        framer: Makes the framer of each connection; two bytes of length, if None.
        back_off: How often, and with which pauses, all addresses are dialled; once, if None.
        keep_open_s: How long a connection may lie idle and still be used; 0 keeps none.

    Raises:
        ConfigError: No address, a *keep_open_s* that is none, or a file of *tls* that cannot be used.

    Example:
        >>> from posrefund.aio import AsyncTCPLink
        >>> AsyncTCPLink(("10.0.0.1", 8583), ("10.0.0.2", 8583), keep_open_s=30).close()
    """

    def __init__(
        self,
        *addresses: tuple[str, int],
        tls: TLSSettings | None = None,
        framer: Callable[[], Framer] | None = None,
        back_off: BackOff | None = None,
        keep_open_s: float = 0.0,
    ) -> None:
        self._dialler = Dialler(addresses, tls=tls, framer=framer, back_off=back_off)
        self._keeping = Keeping(keep_open_s)
        self._wire: Wire | None = None
        self._arrived: deque[bytes] = deque()
        self._waiter = Waiter()
        self._is_in_exchange = False

    async def open(self, timeout_s: float) -> None:
        """Begin an exchange, on the kept connection if it is fit, else on a new one.

        Raises:
            LinkOpenError: No address could be reached in time; nothing was sent.
        """
        if self._is_in_exchange:
            self.close()
        if not await self._is_fit():
            self._hang_up()
            self._wire = await self._dialler.connect(self, timeout_s)
            self._keeping.opened()
        self._is_in_exchange = True

    @closed
    async def send(self, message: bytes) -> None:
        """Send one message once.

        Raises:
            LinkClosedError: ``effect`` is ``"nothing_sent"`` only if no byte was taken.
            FramingError: It does not fit a frame; nothing was sent.
        """
        wire = self._open_wire("nothing_sent")
        self._keeping.asked()
        if wire.has_news():
            await wire.settle()
        wire.write(wire.frame(message))
        if wire.is_full:
            await self._wait(_SEND_S)
            if wire.is_full:
                wire.close()
                raise LinkClosedError("the line took no more in time", effect="in_doubt")

    @closed
    async def receive(self, timeout_s: float) -> bytes:
        """Return the next message; the deadline is for all of it, however it trickles in.

        Raises:
            LinkTimeoutError: None came in time.
            LinkClosedError: The host closed the line before a whole message.
            FramingError: What came is no frame.
        """
        wire = self._open_wire("in_doubt")
        if not self._arrived and not wire.has_failed:
            await self._wait(timeout_s)
        if self._arrived:
            self._keeping.answered()
            return self._arrived.popleft()
        self._keeping.failed()
        if wire.has_failed:
            raise wire.failure("in_doubt")
        raise LinkTimeoutError("no answer in time")

    def close(self) -> None:
        """End the exchange and keep what ended clean; outside one, hang up."""
        was_in_exchange, self._is_in_exchange = self._is_in_exchange, False
        unread = self._has_unread() or self._wire is None or self._wire.has_failed
        if not was_in_exchange or not self._keeping.ended(time.monotonic(), unread=unread):
            self._hang_up()

    # --- for the connection --------------------------------------------------------------------

    def took(self, message: bytes) -> None:
        """Keep *message* until it is received."""
        self._arrived.append(message)
        self._waiter.wake()

    def lost(self) -> None:
        """Nothing follows."""
        self._waiter.wake()

    def has_room(self) -> None:
        """All of it was taken."""
        self._waiter.wake()

    # --- inside --------------------------------------------------------------------------------

    async def _is_fit(self) -> bool:
        wire = self._wire
        if wire is None:
            return False
        if wire.has_news():
            await wire.settle()
        why = self._keeping.unfit(
            time.monotonic(), peer_closed=wire.has_failed, unread=self._has_unread()
        )
        return why is None

    def _has_unread(self) -> bool:
        return bool(self._arrived or (self._wire is not None and self._wire.pending_bytes))

    def _open_wire(self, effect: Effect) -> Wire:
        if not self._is_in_exchange or self._wire is None:
            raise LinkClosedError("the link is not open", effect=effect)
        return self._wire

    async def _wait(self, timeout_s: float) -> None:
        """Wait until something happens on the connection, or for so long; a task that is cancelled spoils it."""
        try:
            await self._waiter.wait(timeout_s)
        except BaseException:
            self._keeping.failed()
            raise

    def _hang_up(self) -> None:
        wire, self._wire = self._wire, None
        self._keeping.failed()
        self._arrived.clear()
        if wire is not None:
            wire.close()
