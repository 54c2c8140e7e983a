"""One connection to a host for many terminals, each with an open request of its own. Floor 8.

The line is shared, a doubt is not: when it breaks, what had not been written is ``nothing_sent``, everything else
is in doubt, and nothing goes out again. A new connection is made when the next exchange begins.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from posrefund.aio.dial import Dialler
from posrefund.aio.pipeline import Pipeline
from posrefund.aio.waiter import Waiter
from posrefund.closed import closed
from posrefund.errors import LinkClosedError, LinkOpenError, LinkTimeoutError
from posrefund.link.opening import cannot_open

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.aio.pipeline import Matcher, Request
    from posrefund.aio.wire import Wire
    from posrefund.framing import Framer
    from posrefund.link import BackOff, TLSSettings

__all__ = ["SharedConnection", "SharedLink"]

_SEND_S = 10.0


class SharedConnection:
    """A pipelined connection.

    Args:
        addresses: Host and port of each, tried in order.
        matcher: Reads the key of a message; ``acquirer_matcher(dialect)`` as a rule.
        on_late: Given, in the loop, every message that answers no open request: hand it to ``receive_late`` of the
            terminal in its DE41. It holds card data.
        tls: Whom to trust; None for no TLS.
        framer: Makes the framer of each connection; two bytes of length, if None.
        back_off: How often, and with which pauses, all addresses are dialled; once, if None.

    Raises:
        ConfigError: No address, or a file of *tls* that cannot be used.

    Example:
        >>> from posrefund.aio import SharedConnection, acquirer_matcher
        >>> from posrefund.dialects import dialect
        >>> late = []
        >>> matcher = acquirer_matcher(dialect("unionpay"))
        >>> shared = SharedConnection(("10.0.0.1", 8583), matcher=matcher, on_late=late.append)
        >>> shared.open_requests, shared.close()
        (0, None)
    """

    def __init__(
        self,
        *addresses: tuple[str, int],
        matcher: Matcher,
        on_late: Callable[[bytes], object],
        tls: TLSSettings | None = None,
        framer: Callable[[], Framer] | None = None,
        back_off: BackOff | None = None,
    ) -> None:
        self._dialler = Dialler(addresses, tls=tls, framer=framer, back_off=back_off)
        self._matcher, self._on_late = matcher, on_late
        self._line: _SharedLine | None = None
        self._dialling: asyncio.Task[None] | None = None

    @property
    def open_requests(self) -> int:
        """How many requests are waiting for their answer."""
        return len(self._line.pipeline) if self._line else 0

    def link(self) -> SharedLink:
        """Return a terminal's link over this connection; any number, one for each terminal."""
        return SharedLink(self)

    def close(self) -> None:
        """Hang up; what is open is in doubt, unless nothing of it was written."""
        if self._dialling is not None:
            self._dialling.cancel()
        line, self._line = self._line, None
        if line is not None:
            line.hang_up()

    # --- for its links -------------------------------------------------------------------------

    async def reach(self, timeout_s: float) -> _SharedLine:
        """Return the line, connected.

        Raises:
            LinkOpenError: Not in time; nothing was sent.
        """
        wire = self._line.wire if self._line is not None else None
        if wire is not None and wire.has_news():
            await wire.settle()
        if self._line is None or not self._line.is_up:
            if self._dialling is None:
                self._dialling = asyncio.create_task(self._dial(timeout_s))
            task = self._dialling
            await asyncio.wait([task], timeout=timeout_s)  # others wait for the same one
            if not task.done():
                raise cannot_open("no connection in time", "silent")
            if task.cancelled():
                raise LinkOpenError("the connection was closed")
            task.result()
        if self._line is None:
            raise LinkOpenError("the connection was closed")
        return self._line

    def late(self, message: bytes) -> None:
        """Hand on what answers no open request; a hook that fails does not hurt the line."""
        asyncio.get_running_loop().call_soon(self._on_late, message)

    async def _dial(self, timeout_s: float) -> None:
        line = _SharedLine(self, Pipeline(self._matcher))
        try:
            line.wire = await self._dialler.connect(line, timeout_s)
        except LinkOpenError as error:
            raise cannot_open(str(error), error.why) from None
        finally:
            self._dialling = None
        self._line = line


class _SharedLine:
    """One connection of it, and what it carries."""

    def __init__(self, shared: SharedConnection, pipeline: Pipeline) -> None:
        self._shared, self.pipeline = shared, pipeline
        self.wire: Wire | None = None

    @property
    def is_up(self) -> bool:
        return self.wire is not None and not self.wire.has_failed

    def hang_up(self) -> None:
        if self.wire is not None:
            self.wire.close()
        self.pipeline.lost()

    def flush(self) -> None:
        """Write what the operating system takes; the rest has provably not left."""
        wire = self.wire
        while wire is not None and not (wire.is_full or wire.has_failed):
            if self.pipeline.next_to_write() is None:
                return
            with suppress(LinkClosedError):  # whose it was hears of it as everybody else
                wire.write(self.pipeline.take_bytes())

    def took(self, message: bytes) -> None:
        if self.pipeline.received(message) is None:
            self._shared.late(message)

    def lost(self) -> None:
        self.pipeline.lost()

    def has_room(self) -> None:
        self.flush()


class SharedLink:
    """One terminal's share of the connection; an ``AsyncLink``."""

    def __init__(self, shared: SharedConnection) -> None:
        self._shared = shared
        self._line: _SharedLine | None = None
        self._request: Request | None = None
        self._waiter = Waiter()

    async def open(self, timeout_s: float) -> None:
        """Begin an exchange, on the connection that is there or on a new one.

        Raises:
            LinkOpenError: The host cannot be reached; nothing was sent.
        """
        self.close()
        self._line = await self._shared.reach(timeout_s)

    @closed
    async def send(self, message: bytes) -> None:
        """Send one message once; wait until the first byte of it is on its way.

        Raises:
            LinkClosedError: ``effect`` says whether a byte may have left; its key is another open request's.
            FramingError: It does not fit a frame; nothing was sent.
        """
        line = self._line
        if line is None or line.wire is None:
            raise LinkClosedError("the link is not open", effect="nothing_sent")
        if line.wire.has_news():
            await line.wire.settle()
        if line.wire.has_failed:
            raise LinkClosedError("the host closed the line", effect="nothing_sent")
        if self._request is not None:
            self._leave()
        framed = line.wire.frame(message)
        request = line.pipeline.ask(message, framed, time.monotonic(), self._waiter.wake)
        self._request = request
        line.flush()
        deadline = time.monotonic() + _SEND_S
        while not (request.has_left or request.ended) and time.monotonic() < deadline:
            await self._waiter.wait(deadline - time.monotonic())
        if not request.has_left:
            self._leave()
            reason = "the host closed the line" if request.ended else "the line took no more"
            raise LinkClosedError(reason, effect="nothing_sent")

    @closed
    async def receive(self, timeout_s: float) -> bytes:
        """Return the next answer to what was sent.

        Raises:
            LinkTimeoutError: None came in time.
            LinkClosedError: The connection is over.
        """
        request, line = self._request, self._line
        if request is None or line is None or line.wire is None:
            raise LinkClosedError("nothing was asked", effect="in_doubt")
        if not (request.answers or request.ended):
            await self._waiter.wait(timeout_s)
        if request.answers:
            return request.answers.popleft()
        if request.ended:
            raise line.wire.failure(request.ended)
        raise LinkTimeoutError("no answer in time")

    def close(self) -> None:
        """End the exchange; the connection stays, and what comes from now on is late."""
        self._leave()
        self._line = None

    def _leave(self) -> None:
        request, self._request = self._request, None
        if request is not None and self._line is not None:
            for message in self._line.pipeline.give_up(request):
                self._shared.late(message)
