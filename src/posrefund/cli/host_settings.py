"""``[host]`` in ``posrefund.toml``: where the host is, how its messages are framed, and how the line is used. Floor 11."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from posrefund.cli.tls_settings import tls_settings
from posrefund.cli.wire_log_settings import wire_log_paths
from posrefund.errors import ConfigError
from posrefund.framing import LengthPrefix, LengthPrefixFramer
from posrefund.link import BackOff, HostLink, StreamLink, TCPStream, TLSSettings, TLSStream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from posrefund.link import Stream

__all__ = ["HostSettings", "host_addresses", "host_link", "host_settings"]

_PORTS = 65_536
_FRAMING = {field.name: field.default for field in fields(LengthPrefix)}
_HEX = ("header", "trailer")


@dataclass(frozen=True, slots=True)
class HostSettings:
    """Where the host is, and how it is talked to.

    Attributes:
        addresses: Names or addresses with their ports, the preferred one first.
        tls: Whom to trust, and who we are; None for a line without TLS.
        prefix: The length before each message.
        back_off: How often they are dialled, and with which pauses.
        keep_open_s: How long a connection may lie idle between two exchanges and still be used; 0 keeps none.
        wire_logs: Files that keep what passes, redacted.
    """

    addresses: tuple[tuple[str, int], ...]
    tls: TLSSettings | None
    prefix: LengthPrefix
    back_off: BackOff
    keep_open_s: float
    wire_logs: tuple[Path, ...] = ()

    def framer(self) -> LengthPrefixFramer:
        """Return a framer of this line."""
        return LengthPrefixFramer(self.prefix)


def host_settings(host: dict[str, Any], folder: Path) -> HostSettings:
    """Return what ``[host]`` says of the line.

    Raises:
        ConfigError: A setting is missing or of the wrong kind; it is named.
    """
    return HostSettings(
        addresses=_addresses(host),
        tls=tls_settings(host, folder),
        prefix=_prefix(host.get("framing", {})),
        back_off=_back_off(host.get("tries")),
        keep_open_s=_seconds(host, "keep_open_s"),
        wire_logs=wire_log_paths(host, folder),
    )


def host_addresses(listed: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Return the addresses that ``name:port`` texts say.

    Raises:
        ConfigError: One says none.
    """
    return tuple(map(_split, listed))


def host_link(
    settings: HostSettings, around: Callable[[Stream], Stream] = lambda stream: stream
) -> HostLink:
    """Return the link to the host; *around* is put over each of its streams, above TLS.

    Raises:
        ConfigError: A file of TLS cannot be read or is not what it should be, or ``keep_open_s`` is out of range.
    """
    return HostLink(
        [_link(settings, around, *address) for address in settings.addresses],
        back_off=settings.back_off,
        keep_open_s=settings.keep_open_s,
    )


def _link(
    settings: HostSettings, around: Callable[[Stream], Stream], host: str, port: int
) -> StreamLink:
    stream: Stream = TCPStream(host, port)
    if settings.tls is not None:
        stream = TLSStream(stream, settings.tls, server_name=host)
    return StreamLink(around(stream), settings.framer)


def _addresses(host: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    if "addresses" not in host:
        return (_address(host),)
    listed = host["addresses"]
    if "address" in host or "port" in host:
        raise ConfigError("[host]: either address and port, or addresses")
    if not isinstance(listed, list) or not listed:
        raise ConfigError('[host] addresses: expected a list, like ["10.0.0.1:8583"]')
    return tuple(_split(text) for text in listed)


def _address(host: dict[str, Any]) -> tuple[str, int]:
    address, port = host.get("address"), host.get("port")
    if not isinstance(port, int) or not 0 < port < _PORTS:
        raise ConfigError("[host] port: expected 1 to 65535")
    if not isinstance(address, str) or not address:
        raise ConfigError("[host] address: expected text")
    return address, port


def _split(text: object) -> tuple[str, int]:
    name, _, port = text.rpartition(":") if isinstance(text, str) else ("", "", "")
    name = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    if not name or not (port.isascii() and port.isdecimal()) or not 0 < int(port) < _PORTS:
        raise ConfigError("[host] addresses: expected name:port in each, [address]:port for IPv6")
    return name, int(port)


def _prefix(framing: object) -> LengthPrefix:
    if not isinstance(framing, dict):
        raise ConfigError("[host.framing]: expected a table")
    for name, value in framing.items():
        if name not in _FRAMING:
            raise ConfigError(f"[host.framing] {name}: expected one of {', '.join(_FRAMING)}")
        expected = str if name in _HEX else type(_FRAMING[name])
        if type(value) is not expected:
            raise ConfigError(f"[host.framing] {name}: expected {_KINDS[expected]}")
    fixed = {name: _bytes(name, framing[name]) for name in _HEX if name in framing}
    return LengthPrefix(**{**framing, **fixed})


_KINDS: dict[type, str] = {bool: "true or false", int: "a number", str: "text"}


def _bytes(name: str, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ConfigError(f"[host.framing] {name}: expected hexadecimal digits") from None


def _back_off(tries: object) -> BackOff:
    if tries is None:
        return BackOff()
    if not isinstance(tries, int):
        raise ConfigError("[host] tries: expected a number")
    return BackOff(tries=tries)


def _seconds(host: dict[str, Any], name: str) -> float:
    value = host.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConfigError(f"[host] {name}: expected seconds")
    return float(value)
