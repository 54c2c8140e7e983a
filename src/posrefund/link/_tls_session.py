"""One conversation in TLS, in memory: bytes in, bytes out, no line. Floor 5.

Two threads may use it at once, one to write and one to read; OpenSSL itself may not be used so.
"""

from __future__ import annotations

import hashlib
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from posrefund.errors import ConfigError, LinkClosedError
from posrefund.link._tls_words import why

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.link.tls import TLSSettings

__all__ = ["TLSSession", "client_context"]

_READ_BYTES = 16_384
"""One record of TLS."""


class TLSSession:
    """The client's side.

    Args:
        context: From ``client_context``.
        server_name: The name that the other side's certificate has to show.

    Attributes:
        outgoing: What has to be written to the line.

    Raises:
        ValueError: *server_name* is none.
    """

    def __init__(self, context: ssl.SSLContext, server_name: str) -> None:
        self._server_name = server_name
        self._incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self.outgoing, server_hostname=server_name)
        self._ahead = bytearray()
        self._lock = threading.Lock()

    def shake_hands(self) -> bool:
        """Go on with the handshake; say whether it is over.

        Raises:
            ssl.SSLError: The other side is not who it has to be, or no TLS is possible with it.
        """
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def feed(self, ciphered: bytes) -> None:
        """Take what came from the line."""
        with self._lock:
            self._incoming.write(ciphered)

    def cipher(self, data: bytes) -> bytes:
        """Return what has to be written to the line for *data*.

        Raises:
            LinkClosedError: There is no conversation any more; nothing was sent.
        """
        rest = memoryview(data)
        with self._lock:
            try:
                while rest:
                    rest = rest[self._tls.write(rest) :]
            except ssl.SSLError as error:
                reason = f"TLS: {why(error, self._server_name)}"
                raise LinkClosedError(reason, effect="nothing_sent") from None
            return self.outgoing.read()

    def take(self) -> bytes:
        """Return what can be read now; nothing where more has to come from the line first.

        Raises:
            LinkClosedError: The other side said goodbye, or broke the rules.
        """
        with self._lock:
            if self._ahead:
                found = bytes(self._ahead)
                self._ahead.clear()
                return found
            return self._read()

    def has_ended(self) -> bool:
        """Whether the other side has said goodbye; what it said before is kept for ``take``.

        Raises:
            LinkClosedError: It has, or it broke the rules.
        """
        with self._lock:
            while chunk := self._read():
                self._ahead += chunk
        return False

    def _read(self) -> bytes:
        try:
            chunk = self._tls.read(_READ_BYTES)
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLZeroReturnError:
            chunk = b""
        except ssl.SSLError as error:
            reason = f"TLS: {why(error, self._server_name)}"
            raise LinkClosedError(reason, effect="in_doubt") from None
        if not chunk:
            raise LinkClosedError("the other side closed the line", effect="in_doubt")
        return chunk

    def farewell(self) -> bytes:
        """Return what tells the other side that nothing follows."""
        with self._lock:
            with suppress(ssl.SSLError):  # it waits for the other side's goodbye; nobody else does
                self._tls.unwrap()
            return self.outgoing.read()

    def pin(self) -> str:
        """Return the SHA-256 of the other side's public key, as ``openssl pkey -pubin -outform der`` writes it."""
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        certificate = self._tls.getpeercert(binary_form=True)
        assert certificate is not None, "a verified peer has one"
        key = x509.load_der_x509_certificate(certificate).public_key()
        return hashlib.sha256(
            key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        ).hexdigest()


def client_context(settings: TLSSettings) -> ssl.SSLContext:
    """Return what OpenSSL needs to know of *settings*; names and chains are always verified.

    Raises:
        ConfigError: A file cannot be read or is not what it should be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.ca is None:
        context.load_default_certs()
    else:
        _load(settings, "ca", lambda: context.load_verify_locations(settings.ca))
    certificate, key = settings.certificate, settings.key
    if certificate is not None:
        # Without an answer of ours OpenSSL would ask whoever sits at the keyboard.
        _load(
            settings, "certificate", lambda: context.load_cert_chain(certificate, key, lambda: "")
        )
    return context


def _load(settings: TLSSettings, name: str, load: Callable[[], None]) -> None:
    path = getattr(settings, name)
    try:
        load()
    except ssl.SSLError:
        raise ConfigError(
            f"TLS {name}: {path} (or its key) is not the PEM that it should be"
        ) from None
    except OSError:
        raise ConfigError(f"TLS {name}: {path} (or its key) cannot be read") from None
