"""The terminals that a door speaks for. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from posrefund.errors import JournalError, LocalProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from posrefund.aio import AsyncTerminal

__all__ = ["OpenTerminals", "TerminalElsewhereError", "TerminalNotOpenError", "Terminals"]


class TerminalNotOpenError(JournalError):
    """This terminal cannot be used here now; nothing was sent.

    Attributes:
        terminal: Its number.
        retry_after_s: When it is worth asking again here.
    """

    retry_is_safe = True

    def __init__(
        self, terminal: str, retry_after_s: float, reason: str = "it is being opened"
    ) -> None:
        super().__init__(f"terminal {terminal} is not open: {reason}")
        self.terminal, self.retry_after_s = terminal, retry_after_s


class TerminalElsewhereError(TerminalNotOpenError):
    """Another process speaks for this terminal now; nothing was sent."""

    def __init__(self, terminal: str, retry_after_s: float) -> None:
        super().__init__(terminal, retry_after_s, "another process speaks for it")


class Terminals(Protocol):
    """Lends terminals out."""

    def names(self) -> Sequence[str]:
        """Return the numbers (DE41) of all it knows, whoever speaks for them now."""
        ...

    async def lend(self, name: str, *, is_watching: bool = False) -> AsyncTerminal:
        """Return the terminal *name*, open.

        Args:
            name: Its number.
            is_watching: Whether it is only looked at, by nobody who stands at it.

        Raises:
            LocalProtocolError: None of that name is known.
            TerminalElsewhereError: Another process speaks for it.
            TerminalNotOpenError: It cannot be used here now, for another reason.
        """
        ...


class OpenTerminals:
    """Terminals that somebody opened already, and closes.

    Args:
        terminals: By number.
    """

    def __init__(self, terminals: Mapping[str, AsyncTerminal]) -> None:
        self._terminals = dict(terminals)

    def names(self) -> Sequence[str]:
        """Return their numbers."""
        return list(self._terminals)

    async def lend(self, name: str, *, is_watching: bool = False) -> AsyncTerminal:
        """Return the terminal *name*.

        Raises:
            LocalProtocolError: None of that name is known.
        """
        found = self._terminals.get(name)
        if found is None:
            message = f"terminal {name!r} is not one of ours"
            raise LocalProtocolError(message)
        return found
