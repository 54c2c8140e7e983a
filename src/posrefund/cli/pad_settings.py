"""``[pad]`` in ``posrefund.toml``: the PIN pad that reads the cards of a terminal. Floor 11."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from typing import Any

__all__ = ["PadSettings", "pad_settings"]

_KNOWN = {"at", "master_key"}
_NUMBER_MAX = 99


@dataclass(frozen=True, slots=True)
class PadSettings:
    """A PIN pad.

    Attributes:
        at: Where it is: HOST:PORT, or a serial port.
        master_key: Number of its master key for PINs, 0 to 99.
    """

    at: str
    master_key: int = 1


def pad_settings(data: dict[str, Any]) -> PadSettings | None:
    """Return what ``[pad]`` says, or None where there is none.

    Args:
        data: The whole settings file.

    Raises:
        ConfigError: A setting is missing, of the wrong kind or none of ours; it is named.
    """
    table = data.get("pad")
    if table is None:
        return None
    if not isinstance(table, dict) or not set(table) <= _KNOWN:
        raise ConfigError(f"[pad]: only {', '.join(sorted(_KNOWN))}")
    at, number = table.get("at"), table.get("master_key", 1)
    if not isinstance(at, str) or not at.strip():
        raise ConfigError("[pad] at: expected HOST:PORT, or a serial port")
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= _NUMBER_MAX:
        raise ConfigError("[pad] master_key: expected a number, 0 to 99")
    return PadSettings(at.strip(), number)
