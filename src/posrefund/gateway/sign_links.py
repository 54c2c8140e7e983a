"""Links to sign by phone: each leads to one screen of one seat, once, for some minutes. Floor 10.

Whoever has one may hand in one picture there, and nothing else. Only its digest is kept.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.counter.pad_page import LINK_MINUTES
from posrefund.gateway.tokens import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.gateway.counter_room import Seat

__all__ = ["SignLinks"]

_LIFE_S = 60.0 * LINK_MINUTES
_TRIES = 10
"""So many drawings that are none may be handed in by one link: each costs us time."""


@dataclass(slots=True)
class _Link:
    seat: Seat
    version: int
    until: float
    tries: int = _TRIES


class SignLinks:
    """The links of one door that hold.

    Args:
        monotonic: Returns seconds that only grow.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._links: dict[str, _Link] = {}

    def make(self, seat: Seat) -> str:
        """Return a secret that leads to the screen that *seat* shows now: 256 bits by lot.

        When the seat shows another one, because somebody signed or went on, it leads nowhere.
        """
        secret = secrets.token_urlsafe(32)
        self.forget()
        self._links[digest_of(secret)] = _Link(seat, seat.version, self._monotonic() + _LIFE_S)
        return secret

    @closed
    def find(self, secret: str) -> tuple[Seat, float] | None:
        """Return where *secret* leads, and for how many seconds still; None where it does not hold."""
        link = self._links.get(digest_of(secret))
        if link is None or not self._holds(link):
            return None
        return link.seat, link.until - self._monotonic()

    @closed
    def count_try(self, secret: str) -> None:
        """Take one of the tries that a link has; after the last one it leads nowhere."""
        link = self._links.get(digest_of(secret))
        if link is not None:
            link.tries -= 1

    def forget(self) -> None:
        """Keep nothing of links that lead nowhere any more."""
        self._links = {name: link for name, link in self._links.items() if self._holds(link)}

    def _holds(self, link: _Link) -> bool:
        seat = link.seat
        is_shown = seat.version == link.version and not seat.is_over
        return is_shown and link.tries > 0 and self._monotonic() < link.until
