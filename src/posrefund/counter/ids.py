"""The request id of what a clerk begins at a counter. Floor 9."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["new_id"]


def new_id(now: datetime) -> str:
    """Return a request id that no other counter makes: when, and eight random hexadecimal digits.

    It holds no 13 digits in a row, as a request id must not.

    Example:
        >>> from datetime import UTC, datetime
        >>> from posrefund.counter import new_id
        >>> new_id(datetime(2026, 3, 9, 14, 5, 30, tzinfo=UTC))[:15]
        'C260309-140530-'
    """
    return f"C{now:%y%m%d-%H%M%S}-{secrets.token_hex(4)}"
