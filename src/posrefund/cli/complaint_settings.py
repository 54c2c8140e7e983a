"""``[complaints]`` in ``posrefund.toml``: how soon complaints are answered and over. Floor 11."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.engine.complaints import ServiceLevel
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from posrefund.engine.calendar import BusinessCalendar

__all__ = ["complaint_settings"]

_KNOWN = {"answer_hours", "solve_hours"}


def complaint_settings(data: dict[str, Any], calendar: BusinessCalendar) -> ServiceLevel:
    """Return what ``[complaints]`` says; the defaults of ``ServiceLevel`` where it says nothing.

    Args:
        data: The whole settings file.
        calendar: On which days the clocks run: that of ``[arrival]``.

    Raises:
        ConfigError: A setting is none of ours, or no number of hours.
    """
    table = data.get("complaints", {})
    if not isinstance(table, dict) or not set(table) <= _KNOWN:
        raise ConfigError(f"[complaints]: only {', '.join(sorted(_KNOWN))}")
    return ServiceLevel(**table, calendar=calendar)
