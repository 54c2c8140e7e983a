"""A stream that is watched: what passes is logged, and passes as it was. Floor 6.

Over TLS it stands above it: ``LoggedStream(TLSStream(…))`` sees what TLS ciphers. What was written is logged when
the line has taken it, so that nothing waits for a disk before it is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.errors import LinkClosedError
from posrefund.link import WrappingStream

if TYPE_CHECKING:
    from posrefund.link import Stream
    from posrefund.wirelog.watch import Watch

__all__ = ["LoggedStream"]


class LoggedStream(WrappingStream):
    """*inner*, and a watch over it.

    Args:
        inner: Any stream.
        watch: Of a ``WireLog``; one for each stream.

    Example:
        >>> from datetime import UTC, datetime
        >>> from posrefund.framing import LengthPrefixFramer, redact_all
        >>> from posrefund.testing import pipe
        >>> from posrefund.wirelog import LoggedStream, MemorySink, WireLog
        >>> kept = MemorySink()
        >>> log = WireLog([kept], clock=lambda: datetime(2026, 3, 9, tzinfo=UTC))
        >>> near, far = pipe()
        >>> stream = LoggedStream(near, log.watch("iso8583", LengthPrefixFramer, redact_all))
        >>> stream.open(1), stream.write(bytes.fromhex("00 02 02 20"), 0), stream.close()
        (None, None, None)
        >>> [(entry.what, entry.way, entry.length_bytes) for entry in kept.entries]
        [('open', '', 0), ('frame', 'sent', 2), ('close', '', 0)]
    """

    def __init__(self, inner: Stream, watch: Watch) -> None:
        super().__init__(inner)
        self._watch = watch

    def open(self, timeout_s: float) -> None:
        """Open the inner stream.

        Raises:
            LinkOpenError: It did not work; nothing was sent.
        """
        self._watch.ended()  # opening closes what was open
        self._inner.open(timeout_s)
        self._watch.opened(self._inner.name)

    @closed
    def write(self, data: bytes, deadline: float) -> None:
        """Write all of *data* once.

        Raises:
            LinkClosedError: Not all of it; ``effect`` as the inner stream says.
        """
        try:
            self._inner.write(data, deadline)
        except LinkClosedError as error:
            if error.effect == "in_doubt":  # how much left is not known: all of it may have
                self._watch.passed("sent", data)
            self._watch.broken(len(data), error.effect)
            raise
        self._watch.passed("sent", data)

    @closed
    def read_some(self, deadline: float) -> bytes:
        """Return what is there, or nothing at the deadline.

        Raises:
            LinkClosedError: As the inner stream says.
        """
        found = self._inner.read_some(deadline)
        if found:
            self._watch.passed("received", found)
        return found

    def close(self) -> None:
        """Close the inner stream."""
        self._inner.close()
        self._watch.ended()
