"""``[slip]`` of ``posrefund.toml``: what slips say besides what the journal knows, and how they are printed. Floor 11."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from posrefund.errors import ConfigError, InvalidRequestError
from posrefund.office.slips import SlipSettings

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SlipSettings", "slip_settings"]

_FILES = ("font", "signatures")


def slip_settings(table: object, folder: Path) -> SlipSettings:
    """Return what ``[slip]`` says; paths in it are relative to *folder*.

    Raises:
        ConfigError: A setting is none, or not of its kind.
    """
    if not isinstance(table, dict):
        raise ConfigError("[slip]: expected a table")
    known = [each.name for each in fields(SlipSettings)]
    for name in table:
        if name not in known:
            raise ConfigError(f"[slip] {name}: expected one of {', '.join(known)}")
    said: dict[str, Any] = {"signatures": folder / "signatures"}
    said |= {name: _setting(name, value, folder) for name, value in table.items()}
    settings = SlipSettings(**said)
    try:
        settings.options()
    except InvalidRequestError as error:  # found now, and not when the money has moved
        path, expected = error.faults[0]
        raise ConfigError(f"[slip] {path.removeprefix('slip.')}: expected {expected}") from None
    return settings


def _setting(name: str, value: object, folder: Path) -> object:
    if name == "columns":
        if value not in (32, 48) or not isinstance(value, int):
            raise ConfigError("[slip] columns: expected 32 or 48")
        return value
    if name == "barcode":
        if not isinstance(value, bool):
            raise ConfigError("[slip] barcode: expected true or false")
        return value
    if name == "institutions":
        if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
            raise ConfigError("[slip] institutions: expected a table of names by code")
        return value
    if not isinstance(value, str) or (name in _FILES and not value):
        raise ConfigError(f"[slip] {name}: expected text")
    return folder / value if name in _FILES else value
