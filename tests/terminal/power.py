"""A fuse in everything that lasts: it blows at a chosen step, and the machine is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from shop import Shop


class PowerCut(BaseException):
    """The machine is gone; no handler may catch it."""


class Fuse:
    """Blows at the n-th step; 0 never blows and counts."""

    def __init__(self, blow_at: int) -> None:
        self._blow_at = blow_at
        self.steps = 0

    def guard(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return *function* with a step before it and one after."""

        def guarded(*args: Any, **kwargs: Any) -> Any:
            self._step()
            result = function(*args, **kwargs)
            self._step()
            return result

        return guarded

    def _step(self) -> None:
        self.steps += 1
        if self.steps >= self._blow_at > 0:  # and it stays dark
            raise PowerCut


class Guarded:
    """A link with a fuse in it."""

    def __init__(self, link: Any, fuse: Fuse) -> None:
        self.open = link.open
        self.close = link.close
        self.send = fuse.guard(link.send)
        self.receive = fuse.guard(link.receive)


def wire(shop: Shop, fuse: Fuse) -> None:
    """Put the fuse into everything that lasts."""
    journal = shop.terminal.journal
    journal.commit = fuse.guard(journal.commit)  # type: ignore[method-assign]
    journal.remember = fuse.guard(journal.remember)  # type: ignore[method-assign]
    keystore: Any = shop.terminal._procedures.keyring._keystore
    keystore.keep_anchor = fuse.guard(keystore.keep_anchor)
    shop.terminal._link = Guarded(shop.link, fuse)
