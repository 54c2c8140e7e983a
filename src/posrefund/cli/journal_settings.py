"""``[journal]`` in ``posrefund.toml``: where the journal is, and for how long it is one process's. Floor 11."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.errors import ConfigError
from posrefund.journal import LEASE_S

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.dialects import Timers

__all__ = ["journal_settings", "usual_lease_s"]

_LEASE_S_MAX = 3600


def journal_settings(table: dict[str, Any], folder: Path, timers: Timers) -> dict[str, Any]:
    """Return where the journal is, ``file`` or ``dsn`` for PostgreSQL but never both, and its lease.

    Raises:
        ConfigError: A setting is missing or wrong; it is named.
    """
    if "dsn" not in table:
        return {"journal_file": folder / _text(table, "file"), "journal_dsn": None}
    if "file" in table:
        raise ConfigError("[journal]: either file or dsn")
    return {
        "journal_file": None,
        "journal_dsn": _text(table, "dsn"),
        "lease_s": _lease_s(table, timers),
    }


def usual_lease_s(timers: Timers) -> float:
    """Return for how long a terminal in a database stays a process's after its last commit, in seconds."""
    return max(LEASE_S, _least_s(timers))


def _least_s(timers: Timers) -> float:
    """Twice an exchange: whoever takes over must be able to believe that it is over."""
    return 2 * (timers.connect_s + timers.answer_s)


def _lease_s(table: dict[str, Any], timers: Timers) -> float:
    lease_s, least_s = table.get("lease_s", usual_lease_s(timers)), _least_s(timers)
    is_number = isinstance(lease_s, (int, float)) and not isinstance(lease_s, bool)
    if not is_number or not least_s <= lease_s <= max(_LEASE_S_MAX, least_s):
        raise ConfigError(
            f"[journal] lease_s: expected seconds, at least {least_s:g} (twice an exchange) and at most {_LEASE_S_MAX}"
        )
    return float(lease_s)


def _text(table: dict[str, Any], name: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value:
        raise ConfigError(f"[journal] {name}: expected text")
    return value
