"""``[arrival]`` in ``posrefund.toml``: how long a refund takes to the customer's account, and which days count. Floor 11."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from posrefund.engine.calendar import Arrival, BusinessCalendar, read_calendar
from posrefund.errors import ConfigError
from posrefund.office import holidays_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["arrival_settings"]

_KNOWN = {"least_days", "most_days", "country", "subdivision", "calendar"}


def arrival_settings(data: dict[str, Any], folder: Path, today: date) -> Arrival:
    """Return what ``[arrival]`` says; the defaults of ``Arrival`` where it says nothing.

    Args:
        data: The whole settings file.
        folder: Where a calendar file is looked for.
        today: Public holidays of its year, the one before and the one after are counted.

    Raises:
        ConfigError: A setting is of the wrong kind or none of ours; it is named.
    """
    table = data.get("arrival", {})
    if not isinstance(table, dict) or not set(table) <= _KNOWN:
        raise ConfigError(f"[arrival]: only {', '.join(sorted(_KNOWN))}")
    default = Arrival()
    return Arrival(
        _days(table, "least_days", default.least_days),
        _days(table, "most_days", default.most_days),
        _calendar(table, folder, today),
    )


def _days(table: dict[str, Any], name: str, default: int) -> int:
    value = table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(f"[arrival] {name}: expected business days, a whole number")
    return value


def _calendar(table: dict[str, Any], folder: Path, today: date) -> BusinessCalendar:
    """A file of days, or a country; never both."""
    named = {name: table[name] for name in ("country", "subdivision", "calendar") if name in table}
    if not all(isinstance(value, str) for value in named.values()):
        raise ConfigError("[arrival]: country, subdivision and calendar are text")
    if "calendar" in named and len(named) > 1:
        raise ConfigError("[arrival]: either calendar or country")
    if "calendar" in named:
        path = folder / named["calendar"]
        try:
            return read_calendar(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            raise ConfigError(f"{path} cannot be read") from None
    if "country" not in named:
        return BusinessCalendar()
    year = timedelta(days=365)
    years = sorted({(today - year).year, today.year, (today + year).year})
    return holidays_of(named["country"], years, subdivision=named.get("subdivision"))
