"""A notice to a program of the shop's, by HTTPS: signed, so that the receiver knows whose it is and that it is new. Floor 8.

The signature is HMAC-SHA-256 over the time, a full stop and the body. Plain HTTP goes to this machine and nowhere
else. What is sent names no customer: who may know where he is asks the journal.
"""

from __future__ import annotations

import hashlib
import hmac
from contextlib import closing
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from posrefund.closed import closed, closed_class
from posrefund.errors import (
    ConfigError,
    LinkClosedError,
    LinkOpenError,
    LinkTimeoutError,
    RemoteProtocolError,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from datetime import datetime
    from http.client import HTTPConnection

    from posrefund.office.notices.message import Message

__all__ = ["SECRET_BYTES_MIN", "WebhookChannel", "signature_of"]

SECRET_BYTES_MIN = 16
_TIMEOUT_S_MAX = 60.0


@closed
def signature_of(secret: bytes, timestamp: str, body: bytes) -> str:
    """Return what stands in ``X-Posrefund-Signature``: ``v1=`` and 64 hex digits.

    Shape:
        timestamp: Seconds since 1970 in decimal, as in ``X-Posrefund-Timestamp``.
    """
    signed = timestamp.encode() + b"." + body
    return f"v1={hmac.new(secret, signed, hashlib.sha256).hexdigest()}"


@closed_class
class WebhookChannel:
    """POSTs each message's data as JSON; an answer of 200 to 299 says that it went through.

    Args:
        url: ``https://…``; ``http://`` only to this machine. Redirects are not followed.
        secret: At least 16 bytes that the receiver has, too.
        clock: Says the time.
        name: Of the channel.
        timeout_s: How long connecting, and then each read, may take.
        context: Whom to trust; the system's authorities if None. It has to check certificates and names.

    Raises:
        ConfigError: A URL that is none, or leaves this machine in the clear; too short a secret.
    """

    def __init__(
        self,
        url: str,
        secret: bytes,
        *,
        clock: Callable[[], datetime],
        name: str = "webhook",
        timeout_s: float = 10.0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        given: object = secret
        if not isinstance(given, bytes) or len(given) < SECRET_BYTES_MIN:
            raise ConfigError(
                f"webhook {name}: expected a secret of {SECRET_BYTES_MIN} bytes or more"
            )
        if not 0 < timeout_s <= _TIMEOUT_S_MAX:
            raise ConfigError(
                f"webhook {name}: expected a time-out of at most {_TIMEOUT_S_MAX:g} s"
            )
        self.name, self._clock, self._timeout_s = name, clock, timeout_s
        self._url = _checked(url, name)
        self.stays_here = _is_here(self._url.hostname or "")
        self._context = _checking(context, name) if self._url.scheme == "https" else None
        self._secret: Callable[[], bytes] = lambda: (
            secret
        )  # printed with its owner it shows nothing

    def takes(self, message: Message) -> bool:
        """Say yes."""
        return True

    def send(self, message: Message) -> None:
        """Send it.

        Raises:
            LinkError: The receiver cannot be reached, or did not answer.
            RemoteProtocolError: It answered something else than yes.
        """
        from http.client import HTTPException

        with closing(self._connection()) as connection:
            try:
                connection.request("POST", self._target(), message.json, self._headers(message))
                status = connection.getresponse().status
            except TimeoutError:
                raise LinkTimeoutError("the receiver did not answer in time") from None
            except UnicodeError:  # a name too long for any host
                raise LinkOpenError("the receiver cannot be reached: no such name") from None
            except OSError as error:
                raise LinkOpenError(f"the receiver cannot be reached: {_why(error)}") from None
            except HTTPException:
                reason = "the receiver's answer is no HTTP"
                raise LinkClosedError(reason, effect="in_doubt") from None
        if not 200 <= status <= 299:
            raise RemoteProtocolError(f"the receiver answered {status}")

    def _connection(self) -> HTTPConnection:
        from http.client import HTTPConnection, HTTPSConnection

        host, port = self._url.hostname or "", self._url.port
        if self._context is not None:
            return HTTPSConnection(host, port, timeout=self._timeout_s, context=self._context)
        return HTTPConnection(host, port, timeout=self._timeout_s)

    def _target(self) -> str:
        query = f"?{self._url.query}" if self._url.query else ""
        return (self._url.path or "/") + query

    def _headers(self, message: Message) -> dict[str, str]:
        timestamp = str(int(self._clock().timestamp()))
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "posrefund",
            "X-Posrefund-Id": message.notice.notice_id,
            "X-Posrefund-Sequence": str(message.notice.sequence),
            "X-Posrefund-Timestamp": timestamp,
            "X-Posrefund-Signature": signature_of(self._secret(), timestamp, message.json),
        }


def _checked(url: str, name: str) -> SplitResult:
    """The parts of a URL that may be posted to; it is never quoted, for it may hold a token."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigError(f"webhook {name}: expected a URL") from None
    is_plain = url.isascii() and url.isprintable() and " " not in url
    if not host or not is_plain or parts.scheme not in ("http", "https"):
        raise ConfigError(f"webhook {name}: expected an https:// URL in ASCII")
    if parts.username is not None or parts.fragment:
        raise ConfigError(f"webhook {name}: expected a URL without a user and without #")
    if parts.scheme == "http" and not _is_here(host):
        raise ConfigError(f"webhook {name}: expected https://; http:// goes to this machine only")
    return parts


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checking(context: ssl.SSLContext | None, name: str) -> ssl.SSLContext:
    import ssl

    if context is None:
        return ssl.create_default_context()
    if context.verify_mode is not ssl.CERT_REQUIRED or not context.check_hostname:
        raise ConfigError(f"webhook {name}: expected a context that checks certificates and names")
    return context


def _why(error: OSError) -> str:
    """The system's word for it; never what the other side wrote."""
    import ssl

    if isinstance(error, ssl.SSLError):
        return f"TLS, {error.reason or 'no reason'}"
    return (
        error.strerror if isinstance(error.errno, int) and error.strerror else type(error).__name__
    )
