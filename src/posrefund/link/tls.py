"""TLS over any stream: the other side proves who it is before a byte of a message leaves. Floor 5.

Verification cannot be turned off. TLS 1.2 is the least. The ciphering happens in memory, so that what
the stream below says of a byte is true of this one too: a handshake that fails has sent nothing.
"""

from __future__ import annotations

import re
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.errors import ConfigError, LinkClosedError, LinkOpenError
from posrefund.link._tls_session import TLSSession, client_context
from posrefund.link._tls_words import why
from posrefund.link.opening import cannot_open

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.errors import Effect
    from posrefund.link.stream import Stream

__all__ = ["TLSSettings", "TLSStream"]

_LOOK_AHEAD_TIMES = 16
"""A peer that sends more unasked is not looked behind."""
_PIN = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class TLSSettings:
    """Who the other side has to be, and who we say we are.

    Attributes:
        ca: PEM file of the CAs that may vouch for the other side; None for those of the system.
        certificate: PEM file with our certificate and its chain, where the other side wants one.
        key: PEM file of its private key, not encrypted; None if it is in the same file.
        pins: SHA-256 of the other side's public key (SubjectPublicKeyInfo), in hexadecimal: one of them
            has to fit, besides everything else. Two let the host change its key.
        server_name: The name its certificate has to show; None for the one that was dialled.

    Raises:
        ConfigError: A pin is none, or there is a key without a certificate.

    Example:
        >>> from posrefund.link import TLSSettings
        >>> TLSSettings(server_name="pos.acquirer.example").pins
        ()
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    pins: tuple[str, ...] = ()
    server_name: str | None = None

    def __post_init__(self) -> None:
        if not all(map(_PIN.fullmatch, self.pins)):
            raise ConfigError("TLS pin: expected 64 hexadecimal digits in lower case")
        if self.key is not None and self.certificate is None:
            raise ConfigError("TLS key: expected a certificate with it")


class TLSStream:
    """A stream ciphered by TLS inside another.

    Args:
        inner: What carries the bytes; this stream opens and closes it.
        settings: Whom to trust; its files are read now.
        server_name: The name the certificate has to show, unless *settings* names one.

    Raises:
        ConfigError: A file of *settings* cannot be read or is not what it should be.

    Example:
        >>> from posrefund.link import TCPStream, TLSSettings, TLSStream
        >>> inner = TCPStream("127.0.0.1", 9)
        >>> TLSStream(inner, TLSSettings(), server_name="pos.acquirer.example").name
        'TLS to 127.0.0.1:9'
    """

    def __init__(self, inner: Stream, settings: TLSSettings, *, server_name: str) -> None:
        self._inner = inner
        self._settings = settings
        self._server_name = settings.server_name or server_name
        self._context = client_context(settings)
        self._session: TLSSession | None = None

    @property
    def name(self) -> str:
        """What the stream leads to."""
        return f"TLS to {self._inner.name}"

    def open(self, timeout_s: float) -> None:
        """Connect and shake hands; the time is for both.

        Raises:
            LinkOpenError: No connection, or the other side is not who it has to be. No byte of a message left.
        """
        deadline = time.monotonic() + timeout_s
        self.close()
        self._inner.open(timeout_s)
        try:
            self._session = self._greet(deadline)
        except BaseException:
            self._inner.close()
            raise

    def _greet(self, deadline: float) -> TLSSession:
        try:
            session = TLSSession(self._context, self._server_name)
        except ValueError:
            raise LinkOpenError(f"{self.name}: no name that a certificate could show") from None
        self._shake_hands(session, deadline)
        if self._settings.pins and _pin_of(session) not in self._settings.pins:
            raise LinkOpenError(f"{self.name}: its public key is not the pinned one")
        return session

    @closed
    def write(self, data: bytes, deadline: float) -> None:
        """Write all of *data* once.

        After a failure nothing can be written any more: half a record cannot be taken back.

        Raises:
            LinkClosedError: Not all of it; ``effect`` is ``"nothing_sent"`` only if no byte of it was taken.
        """
        session = self._open_session("nothing_sent")
        try:
            self._inner.write(session.cipher(data), deadline)
        except BaseException:
            self._inner.cancel()
            raise

    @closed
    def read_some(self, deadline: float) -> bytes:
        """Return what is there, at least one byte, or nothing at the deadline.

        Raises:
            LinkClosedError: The other side closed the line, broke the rules of TLS, or somebody cancelled.
        """
        session = self._open_session("in_doubt")
        while not (chunk := session.take()):
            ciphered = self._inner.read_some(deadline)
            session.feed(ciphered)
            if time.monotonic() >= deadline:  # records without content come in time for ever
                return session.take()
        return chunk

    def peer_closed(self) -> bool:
        """Look, without writing and without waiting, whether the other side has closed the line.

        It sees the farewell of TLS as well as that of the line below.

        Raises:
            LinkClosedError: This side has; nothing was sent.
        """
        session = self._open_session("nothing_sent")
        if self._inner.peer_closed():
            return True
        try:
            for _ in range(_LOOK_AHEAD_TIMES):
                ciphered = self._inner.read_some(0)
                session.feed(ciphered)
                if not ciphered:
                    break
            return session.has_ended()
        except LinkClosedError:
            return True

    def cancel(self) -> None:
        """End the conversation from any thread; it stays ended until the stream is opened again."""
        self._inner.cancel()

    def close(self) -> None:
        """Say goodbye if the line takes it, and close the stream below; harmless when it is closed already."""
        session, self._session = self._session, None
        if session is not None:
            with suppress(LinkClosedError):
                self._inner.write(session.farewell(), 0)
        self._inner.close()

    def _shake_hands(self, session: TLSSession, deadline: float) -> None:
        try:
            while not session.shake_hands():
                self._inner.write(session.outgoing.read(), deadline)
                session.feed(self._inner.read_some(deadline))
                if time.monotonic() >= deadline:
                    raise cannot_open(f"{self.name}: no end of the handshake in time", "silent")
            self._inner.write(session.outgoing.read(), deadline)
        except ssl.SSLError as error:
            with suppress(LinkClosedError):  # tell the other side why we go
                self._inner.write(session.outgoing.read(), 0)
            raise LinkOpenError(f"{self.name}: {why(error, self._server_name)}") from None
        except LinkClosedError as error:
            raise LinkOpenError(f"{self.name}: {error.reason} during the handshake") from None

    def _open_session(self, effect: Effect) -> TLSSession:
        session = self._session
        if session is None:
            raise LinkClosedError("the link is not open", effect=effect)
        return session


def _pin_of(session: TLSSession) -> str:
    try:
        return session.pin()
    except Exception:  # noqa: BLE001 — a key that cannot be read is not the pinned one
        return ""
