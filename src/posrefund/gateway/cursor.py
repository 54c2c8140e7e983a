"""How far somebody has read the events of several terminals, as one text. Floor 10."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from posrefund.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TERMINALS_MAX", "cursor_of", "read_cursor"]

TERMINALS_MAX = 32
"""So many in one stream: the text stands in every event."""
_PART = re.compile(r"((?:[A-Za-z0-9_.~-]|%[2-7][0-9A-F]){1,8}):([0-9]{1,15})")
"""A terminal's eight characters as they are quoted, and a number."""


def cursor_of(stood: Mapping[str, int]) -> str:
    """Return how far somebody has read, as the id of an event.

    Example:
        >>> from posrefund.gateway.cursor import cursor_of, read_cursor
        >>> cursor_of({"12345678": 17})
        '12345678:17'
        >>> read_cursor("12345678:17,T%2CB:2")
        {'12345678': 17, 'T,B': 2}
    """
    return ",".join(f"{quote(name, safe='')}:{seq}" for name, seq in stood.items())


def read_cursor(text: str) -> dict[str, int]:
    """Return how far somebody has read, by terminal; nothing of an empty text.

    Raises:
        InvalidRequestError: It is none.
    """
    parts = text.split(",") if text else []
    found = [_PART.fullmatch(part) for part in parts]
    if len(parts) > TERMINALS_MAX or not all(found):
        raise InvalidRequestError([("after", "the id of an event")])
    return {unquote(part[1]): int(part[2]) for part in found if part is not None}
