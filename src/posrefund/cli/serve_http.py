"""What reads HTTP for a door: httptools where it is installed (extra ``fast``), h11 where not, within the same limits. Floor 11.

A request line and headers (or trailers) are given up on after 64 KiB or ten seconds, and so is whatever a client sends on
after its answer. Neither reader knows the time, and httptools no size.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Any

__all__ = ["HEAD_BYTES_MAX", "HEAD_S", "http_protocol"]

HEAD_BYTES_MAX = 64 * 1024
"""As many bytes of a part of a request may come before it is whole; a body comes in parts that are."""
HEAD_S = 10.0
"""So long may a connection be open, or send, before the head of a request is whole."""


@lru_cache(maxsize=1)
def http_protocol() -> type[asyncio.Protocol]:
    """Return what reads HTTP, for ``uvicorn.Config(http=…)``."""
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    except ImportError:
        from uvicorn.protocols.http.h11_impl import H11Protocol

        return _in_time(H11Protocol)

    class BoundedHttpTools(HttpToolsProtocol):
        """Counts what came since the last part that was whole."""

        _behind = 0

        def data_received(self, data: bytes) -> None:
            self._behind += len(data)
            super().data_received(data)
            if self._behind > HEAD_BYTES_MAX and not self.transport.is_closing():
                self.send_400_response("Invalid HTTP request received.")

        def on_headers_complete(self) -> None:
            self._behind = 0
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            self._behind = 0
            super().on_body(body)

        def on_message_complete(self) -> None:
            self._behind = 0
            super().on_message_complete()

    return _in_time(BoundedHttpTools)


class _InTime(asyncio.Protocol):
    """Hangs up on whoever takes too long to ask; before a reader of uvicorn's.

    Its clock runs while nothing is asked: from the beginning, and from what comes when all is answered.
    """

    cycle: Any
    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _look(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop()
        elif self._clock is None and not self.transport.is_closing():
            self._clock = self.loop.call_later(HEAD_S, self.transport.abort)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None


def _in_time(reader: type[asyncio.Protocol]) -> type[asyncio.Protocol]:
    return type(f"InTime{reader.__name__}", (_InTime, reader), {})
