"""Whether a connection may outlive its exchange, and whether it may serve the next one. Floor 5, but pure.

A late answer must never be read as the next one's. So a connection is kept only if every question on it was
answered, by one message each, and nothing failed; it is used again only if nothing has come meanwhile. That is the
link's half: it reads no message. The engine's half is that it tells answers apart by what they say.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

from posrefund.errors import ConfigError

__all__ = ["Keeping", "Unfit"]

_KEEP_OPEN_S_MAX = 86_400.0

Unfit: TypeAlias = Literal["doubtful", "idle", "closed", "unread"]
"""Why a connection is not used again: a question on it has no answer of its own or something failed; it has been
idle too long; the other side closed it; something came that nobody had asked for."""


class Keeping:
    """What is known of one connection; told of everything that happens on it.

    Args:
        keep_open_s: How long it may lie idle, 0 to 86 400 s; 0 keeps none.

    Raises:
        ConfigError: It is something else.

    Example:
        >>> from posrefund.link import Keeping
        >>> keeping = Keeping(30)
        >>> keeping.opened(), keeping.asked(), keeping.answered()
        (None, None, None)
        >>> keeping.ended(100.0, unread=False)
        True
        >>> keeping.unfit(129.0, peer_closed=False, unread=False) is None
        True
        >>> keeping.unfit(130.0, peer_closed=False, unread=False)
        'idle'
    """

    def __init__(self, keep_open_s: float = 0.0) -> None:
        if not (math.isfinite(keep_open_s) and 0 <= keep_open_s <= _KEEP_OPEN_S_MAX):
            raise ConfigError(f"keep_open_s: expected 0 to {_KEEP_OPEN_S_MAX:g} s")
        self._keep_open_s = keep_open_s
        self._is_sound = False
        self._open_questions = 0
        self._idle_since = 0.0

    def opened(self) -> None:
        """It is a new connection."""
        self._is_sound, self._open_questions = True, 0

    def asked(self) -> None:
        """A message is about to be sent on it; say so before the first byte."""
        self._open_questions += 1

    def answered(self) -> None:
        """A whole message came; one more than was asked for spoils the connection."""
        self._open_questions -= 1
        self._is_sound = self._is_sound and self._open_questions >= 0

    def failed(self) -> None:
        """Something went wrong on it, a time-out too, or somebody cancelled."""
        self._is_sound = False

    @property
    def is_clean(self) -> bool:
        """Whether every question has had its one answer, and nothing failed."""
        return self._is_sound and not self._open_questions

    def ended(self, now: float, *, unread: bool) -> bool:
        """The exchange is over; return whether the connection is kept.

        Args:
            now: The moment from which it is idle.
            unread: Something more has come than was read.
        """
        self._is_sound = self.is_clean and not unread
        self._idle_since = now
        return self._is_sound and self._keep_open_s > 0

    def unfit(self, now: float, *, peer_closed: bool, unread: bool) -> Unfit | None:
        """Return why it may not be used again, or None if it may.

        Args:
            now: This moment.
            peer_closed: The other side has closed it; look without writing.
            unread: Something has come meanwhile.
        """
        if not self.is_clean:
            return "doubtful"
        if peer_closed:
            return "closed"
        if unread:
            return "unread"
        return None if now - self._idle_since < self._keep_open_s else "idle"

    def refreshed(self, now: float) -> None:
        """A keep-alive went over it while it was idle: count from now."""
        self._idle_since = now
