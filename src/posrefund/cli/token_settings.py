"""``[keys.token]`` of ``posrefund.toml``: the PKCS#11 token that opens the key file or holds its TMK. Floor 11."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from posrefund.errors import ConfigError
from posrefund.keystore import Token, TokenLock

__all__ = ["TokenSettings", "open_token", "token_settings"]


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """Where the token is and what it is used for.

    Attributes:
        module: The PKCS#11 library.
        label: The token's.
        pin_file: Holds the user's PIN.
        lock: Label of the keys that lock the key file; empty where a passphrase does.
    """

    module: str
    label: str
    pin_file: Path
    lock: str


def token_settings(keys: dict[str, Any], folder: Path) -> TokenSettings | None:
    """Return what ``[keys.token]`` says, or None without it.

    Raises:
        ConfigError: A setting is missing, or is no text.
    """
    if "token" not in keys:
        return None
    table = keys["token"]
    if not isinstance(table, dict):
        raise ConfigError("[keys.token]: expected a table")
    return TokenSettings(
        _text(table, "module"),
        _text(table, "label"),
        folder / _text(table, "pin_file"),
        _text(table, "lock", ""),
    )


def _text(table: dict[str, Any], name: str, default: str | None = None) -> str:
    value = table.get(name, default)
    if not isinstance(value, str) or (not value and default is None):
        raise ConfigError(f"[keys.token] {name}: expected text")
    return value


def open_token(settings: TokenSettings) -> tuple[Token, TokenLock | None]:
    """Log in, for as long as the command runs; return the lock too, where the token has it.

    Raises:
        ConfigError: The library, the token or the PIN file is not there, or the PIN is wrong.
    """
    try:
        pin = settings.pin_file.read_bytes().strip()
    except OSError:
        raise ConfigError(f"{settings.pin_file} cannot be read") from None
    token = Token(settings.module, settings.label, pin)
    return token, TokenLock(token, settings.lock) if settings.lock else None
