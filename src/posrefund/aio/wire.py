"""One connection of an event loop: bytes on the line, whole messages to its owner. Floor 8.

It reads into small buffers: asyncio asks for 256 KiB at a time, which costs a memory map for every message of a
few hundred bytes. TLS is the same, in memory, as that of ``posrefund.link``: no byte leaves before the other side
has shown who it is. A connection that failed has failed for good.
"""

from __future__ import annotations

import asyncio
import select
import ssl
from typing import TYPE_CHECKING, Any, Protocol

from posrefund.closed import closed
from posrefund.errors import FramingError, LinkClosedError, LinkOpenError
from posrefund.framing import Damaged
from posrefund.link._tls_words import why

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.errors import Effect
    from posrefund.framing import Event, Framer
    from posrefund.link._tls_session import TLSSession

__all__ = ["Owner", "Wire"]

READ_BYTES = 8192
_CLOSED = "the other side closed the line"


class Owner(Protocol):
    """Whose connection it is."""

    def took(self, message: bytes) -> None:
        """A whole message came."""

    def lost(self) -> None:
        """The connection failed; nothing follows."""

    def has_room(self) -> None:
        """Everything written so far is with the operating system."""


class Wire(asyncio.Protocol):
    """Made for one connection; its owner closes it.

    Args:
        framer: Fresh.
        owner: Told of everything.
        tls: A conversation that has not begun, and the public keys that it may end at; None for none.

    Attributes:
        has_failed: Whether nothing can be read or written any more.
        is_full: Whether the operating system has not taken all that was written.
    """

    def __init__(
        self, framer: Framer, owner: Owner, tls: tuple[TLSSession, tuple[str, ...], str] | None
    ) -> None:
        self._framer, self._owner = framer, owner
        self._tls = tls[0] if tls else None
        self._pins, self._server_name = tls[1:] if tls else ((), "")
        self._transport: Any = None
        self._is_readable: Callable[[], bool] = lambda: False
        self._failure: LinkClosedError | FramingError | None = None
        self.greeting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.has_failed = self.is_full = False

    # --- for its owner -------------------------------------------------------------------------

    @property
    def pending_bytes(self) -> int:
        """How much of an unfinished message is there."""
        return self._framer.pending_bytes

    @closed
    def frame(self, message: bytes) -> bytes:
        """Return the bytes that carry *message*.

        Raises:
            FramingError: It does not fit a frame; nothing was sent.
        """
        return self._framer.frame(message)

    @closed
    def write(self, framed: bytes) -> None:
        """Write once; what the operating system does not take now goes out as soon as it does.

        Raises:
            LinkClosedError: There is no connection any more; nothing was sent.
        """
        if self.has_failed:
            raise LinkClosedError("the host closed the line", effect="nothing_sent")
        if self._tls is not None:
            try:
                framed = self._tls.cipher(framed)
            except LinkClosedError as error:
                self._fail(error)
                raise
        self._transport.write(framed)

    def has_news(self) -> bool:
        """Look, without waiting, whether something has come that the loop has not read: then ``settle``."""
        return not self.has_failed and self._is_readable()

    @staticmethod
    async def settle() -> None:
        """Let the loop read what has come already, a farewell of the other side above all."""
        await asyncio.sleep(0)  # the loop hears of it …
        await asyncio.sleep(0)  # … and has read it

    def failure(self, effect: Effect) -> LinkClosedError | FramingError:
        """Return an error that says how the connection ended."""
        if isinstance(self._failure, FramingError):
            return FramingError(self._failure.expected, offset_bytes=self._failure.offset_bytes)
        reason = self._failure.reason if self._failure else "the link is not open"
        return LinkClosedError(reason, effect=effect)

    def close(self) -> None:
        """Hang up; the owner hears nothing more."""
        if self._transport is not None and not self.has_failed:
            if self._tls is not None:
                self._transport.write(self._tls.farewell())
            self._transport.close()
        self.has_failed = True
        if not self.greeting.done():
            self.greeting.cancel()

    # --- for the loop --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport
        if hasattr(transport, "max_size"):  # asyncio's own transports; others have their ways
            transport.max_size = READ_BYTES
        self._transport.set_write_buffer_limits(high=0)
        self._is_readable = _look_at(transport.get_extra_info("socket").fileno())
        if self._tls is None:
            self.greeting.set_result(None)
        else:
            self._greet(self._tls)

    def data_received(self, data: bytes) -> None:
        """Cut messages, decipher them first if they are ciphered."""
        try:
            if self._tls is None:
                self._feed(data)
            else:
                self._decipher(self._tls, data)
        except (FramingError, LinkClosedError) as error:
            self._fail(error)

    def eof_received(self) -> None:
        """The other side says no more; nobody is answered any more then."""
        self._fail(LinkClosedError(_CLOSED, effect="in_doubt"))

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over, for whatever reason."""
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else None
        text = f"the line failed: {reason}" if reason else _CLOSED
        self._fail(LinkClosedError(text, effect="in_doubt"))

    def pause_writing(self) -> None:
        """The operating system takes no more for now."""
        self.is_full = True

    def resume_writing(self) -> None:
        """It has taken all of it."""
        self.is_full = False
        self._owner.has_room()

    # --- inside --------------------------------------------------------------------------------

    def _feed(self, data: bytes) -> None:
        for event in self._framer.feed(data):
            self._take(event)

    def _take(self, event: Event) -> None:
        if event == b"":
            self._answer_keep_alive()
        elif isinstance(event, bytes):
            self._owner.took(event)
        elif isinstance(event, Damaged):
            raise FramingError("a whole frame", offset_bytes=event.offset_bytes)

    def _answer_keep_alive(self) -> None:
        self.write(self._framer.frame(b""))

    def _fail(self, error: LinkClosedError | FramingError) -> None:
        if not self.greeting.done():
            self.greeting.set_exception(
                LinkOpenError(f"{getattr(error, 'reason', 'noise')} during the handshake")
            )
        if not self.has_failed:
            self.has_failed, self._failure = True, error
            self._transport.abort()
            self._owner.lost()

    def _greet(self, tls: TLSSession) -> None:
        try:
            is_done = tls.shake_hands()
        except ssl.SSLError as error:
            self._transport.write(tls.outgoing.read())  # tell the other side why we go
            self._refuse(why(error, self._server_name))
            return
        self._transport.write(tls.outgoing.read())
        if is_done and self._pins and _pin_of(tls) not in self._pins:
            self._refuse("its public key is not the pinned one")
        elif is_done:
            self.greeting.set_result(None)

    def _refuse(self, reason: str) -> None:
        self.greeting.set_exception(LinkOpenError(reason))
        self.has_failed = True
        self._transport.close()

    def _decipher(self, tls: TLSSession, data: bytes) -> None:
        tls.feed(data)
        if not self.greeting.done():
            self._greet(tls)
        while not self.has_failed and self.greeting.done() and (chunk := tls.take()):
            self._feed(chunk)


def _pin_of(tls: TLSSession) -> str:
    try:
        return tls.pin()
    except Exception:  # noqa: BLE001 — a key that cannot be read is not the pinned one
        return ""


def _look_at(descriptor: int) -> Callable[[], bool]:
    """Return what says whether *descriptor* can be read without waiting."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return lambda: bool(poll.poll(0))
    return lambda: bool(select.select([descriptor], [], [], 0)[0])
