"""A day on the command line, as every option spells it. Floor 11."""

from __future__ import annotations

from datetime import date

import typer

__all__ = ["day_of", "day_or_none"]


def day_of(text: str, option: str) -> date:
    """Return the day that *option* names as *text*; wrong usage where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option} is YYYY-MM-DD") from None


def day_or_none(text: str, option: str) -> date | None:
    """Return the same; None where nothing was said."""
    return day_of(text, option) if text else None
