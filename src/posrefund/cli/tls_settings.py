"""The TLS part of ``[host]`` in ``posrefund.toml``: whom to trust, and who we say we are. Floor 11."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.errors import ConfigError
from posrefund.link import TLSSettings

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["tls_settings"]

_NAMES = ("ca", "certificate", "key", "pin", "server_name")


def tls_settings(host: dict[str, Any], folder: Path) -> TLSSettings | None:
    """Return what ``[host]`` says of TLS, or None where it wants none.

    Raises:
        ConfigError: A setting is of the wrong kind, or stands there without ``tls = true``.
    """
    wanted = host.get("tls", False)
    if not isinstance(wanted, bool):
        raise ConfigError("[host] tls: expected true or false")
    if not wanted:
        idle = [name for name in _NAMES if name in host]
        if idle:  # whoever wrote it believes that the line is ciphered
            raise ConfigError(f"[host] {idle[0]}: expected tls = true beside it")
        return None
    return TLSSettings(
        ca=_path(host, "ca", folder),
        certificate=_path(host, "certificate", folder),
        key=_path(host, "key", folder),
        pins=_pins(host),
        server_name=_text(host, "server_name"),
    )


def _pins(host: dict[str, Any]) -> tuple[str, ...]:
    found = host.get("pin", [])
    pins = found if isinstance(found, list) else [found]
    if not all(isinstance(pin, str) for pin in pins):
        raise ConfigError("[host] pin: expected text, or a list of it")
    return tuple(pin.replace(":", "").lower() for pin in pins)


def _path(host: dict[str, Any], name: str, folder: Path) -> Path | None:
    text = _text(host, name)
    return folder / text if text is not None else None


def _text(host: dict[str, Any], name: str) -> str | None:
    value = host.get(name)
    if value is not None and (not isinstance(value, str) or not value):
        raise ConfigError(f"[host] {name}: expected text")
    return value
