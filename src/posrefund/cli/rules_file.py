"""A rules file, opened here and read by the room that knows its words. Floor 11."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.engine.policy import Rules, load_rules
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_rules", "text_of"]


def read_rules(path: Path) -> Rules:
    """Return the rules of a file.

    Raises:
        ConfigError: It cannot be read, or every key that is wrong in it.
    """
    return load_rules(text_of(path))


def text_of(path: Path) -> str:
    """Return the text of a file.

    Raises:
        ConfigError: It cannot be read, or is no UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{path} cannot be read") from None
