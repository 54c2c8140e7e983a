"""Where threads wait for a line, and how another thread gets them out before it is freed. Floor 5."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from typing import TYPE_CHECKING, Self

from posrefund.errors import LinkClosedError

if TYPE_CHECKING:
    from posrefund.errors import Effect

__all__ = ["Door"]

_LEAVE_WITHIN_S = 0.4
_POLL_S = 0.01
"""A port that has no descriptor is asked this often."""


class Door:
    """One conversation's: whoever works on the line is inside, and nothing is freed before all have left."""

    def __init__(self) -> None:
        self._wake, self._woken = socket.socketpair()
        self._changed = threading.Condition()
        self._inside = 0
        self._is_shut = False

    def __enter__(self) -> Self:
        with self._changed:
            self._inside += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    def check(self, effect: Effect) -> None:
        """Go on only while nobody has cancelled.

        Raises:
            LinkClosedError: Somebody has.
        """
        if self._is_shut:
            raise LinkClosedError("the conversation was cancelled", effect=effect)

    def wait(self, descriptor: int | None, event: int, deadline: float, effect: Effect) -> bool:
        """Wait until *descriptor* is ready (or, without one, for a moment); say False at the deadline.

        Raises:
            LinkClosedError: Somebody cancelled.
        """
        self.check(effect)
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self._woken, selectors.EVENT_READ)
            if descriptor is not None:
                selector.register(descriptor, event)
            is_ready = bool(
                selector.select(left_s if descriptor is not None else min(left_s, _POLL_S))
            )
        self.check(effect)
        return is_ready or descriptor is None

    def shut(self) -> None:
        """Let everybody leave who is inside; who comes later leaves at once."""
        with self._changed:
            is_first, self._is_shut = not self._is_shut, True
            if is_first:
                with contextlib.suppress(OSError):
                    self._wake.send(b"\0")

    def free(self) -> None:
        """Shut, and return when everybody has left, or when one does not come."""
        self.shut()
        with self._changed:
            self._changed.wait_for(lambda: not self._inside, _LEAVE_WITHIN_S)
            self._wake.close()
            self._woken.close()
