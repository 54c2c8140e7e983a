"""What reads HTTP for a door: httptools where it is installed (extra ``fast``), within the limits that h11 has. Floor 11.

h11 gives up on a request line and headers (or trailers) that are not whole after 64 KiB; httptools itself takes them
without end.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

__all__ = ["HEAD_BYTES_MAX", "http_protocol"]

HEAD_BYTES_MAX = 64 * 1024
"""As many bytes of a part of a request may come before it is whole; a body comes in parts that are."""


@lru_cache(maxsize=1)
def http_protocol() -> type[asyncio.Protocol]:
    """Return what reads HTTP, for ``uvicorn.Config(http=…)``."""
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    except ImportError:
        from uvicorn.protocols.http.h11_impl import H11Protocol

        return H11Protocol

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

    return BoundedHttpTools
