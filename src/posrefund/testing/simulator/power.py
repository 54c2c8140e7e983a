"""A fuse in everything that lasts: it blows at a chosen hook, and the machine is gone. Floor 10."""

from __future__ import annotations

from collections import Counter

__all__ = ["Fuse", "PowerCutError"]


class PowerCutError(BaseException):
    """The machine is gone; no handler may catch it, and it is none of our errors."""


class Fuse:
    """Counts the hooks that are passed and blows at the one it was set to.

    Attributes:
        blew_at: Name of the hook, once it has blown.
        cuts: How often it has blown at each hook.

    Example:
        >>> from posrefund.testing.simulator.power import Fuse, PowerCutError
        >>> fuse = Fuse()
        >>> fuse.set(2)
        >>> fuse.hook("one")
        >>> try:
        ...     fuse.hook("two")
        ... except PowerCutError:
        ...     print("dark at", fuse.blew_at)
        dark at two
    """

    def __init__(self) -> None:
        self._left = 0
        self._among = ""
        self.blew_at = ""
        self.cuts: Counter[str] = Counter()

    @property
    def is_blown(self) -> bool:
        """Whether it is dark."""
        return bool(self.blew_at)

    def set(self, hooks: int, among: str = "") -> None:
        """Blow at the *hooks*-th hook from now whose name holds *among*; 0 never blows."""
        self._left = hooks
        self._among = among
        self.blew_at = ""

    def hook(self, name: str) -> None:
        """Pass a place where the power may fail.

        Raises:
            PowerCutError: It fails here, or it is dark already.
        """
        if self.blew_at:
            raise PowerCutError
        if self._left and self._among in name:
            self._left -= 1
            if not self._left:
                self.blew_at = name
                self.cuts[name] += 1
                raise PowerCutError
