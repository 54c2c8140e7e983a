"""One thing that the door can be asked for, as data, and one time that it is asked. Floor 10."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from posrefund.gateway.faults import DoorError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Coroutine, Mapping

    from msgspec import Struct

    from posrefund.aio import AsyncTerminal
    from posrefund.gateway.options import DoorOptions
    from posrefund.gateway.rights import Right
    from posrefund.gateway.stream import News
    from posrefund.gateway.terminals import Terminals
    from posrefund.gateway.tokens import Token

__all__ = ["NOBODY", "Answer", "Call", "Operation"]

NOBODY = "01"
"""The operator of a request that names none, of a token that is nobody's."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered.

    Attributes:
        data: For JSON.
        status: Of HTTP.
    """

    data: Any
    status: int = 200


@dataclass(slots=True, repr=False)
class Call:
    """One request, once it is known who asks and what for.

    Attributes:
        options: Of the door.
        terminals: All of the door.
        token: Whose request it is; None where none is needed.
        path: What the address names.
        news: Where changes are told.
        query: What the question says, an instance of the operation's ``query``.
        body: What the body says, an instance of the operation's ``body``.
        headers: Those that an operation asks for.
        keep: Makes a task that the door waits for when it closes, whoever asked for it.
        lent: The terminal that the address names.
    """

    options: DoorOptions
    terminals: Terminals
    token: Token | None
    path: Mapping[str, str]
    news: News
    keep: Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]]
    query: Any = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    lent: AsyncTerminal | None = None

    @property
    def terminal(self) -> AsyncTerminal:
        """The terminal that the address names."""
        assert self.lent is not None
        return self.lent

    @property
    def is_let_in(self) -> bool:
        """Whether who asked would be let in now as he was: for what goes on after it began."""
        return self.token is None or self.options.tokens.knows(self.token)

    def may_see(self, terminal: str) -> bool:
        """Say whether who asks may know of what was done at *terminal*: terminals may share a journal."""
        return self.token is None or self.token.may_use(terminal)

    def operator(self, named: str | None) -> str:
        """Return the operator of a request that names *named*, or none.

        Raises:
            DoorError: The token does not speak for that one.
        """
        token = self.token
        if named is None:
            return (token.operator if token is not None else "") or NOBODY
        if token is not None and not token.speaks_for(named):
            raise DoorError("operator_not_allowed")
        return named


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one address.

    Attributes:
        method: Of HTTP.
        path: With its names in braces; ``{terminal}`` is lent before *work* runs.
        name: Its name in the published description.
        summary: One line of it.
        right: What the token must be allowed; None: no token is asked for.
        work: What is done.
        answers: The shape of each success, by status; several, where it is one of them.
        body: The shape of what it takes; None for nothing.
        query: The shape of its question; None for none.
        is_finished: Whether it goes on to its end when who asked is gone.
        is_money: Whether money may have moved when it breaks in a way that nobody foresaw.
        statuses: Further statuses it may answer with, besides those that follow from the rest.
        headers: Names of headers that *work* looks at, in small letters.
        is_published: Whether the published description tells of it.
        media: The type of a success.
    """

    method: str
    path: str
    name: str
    summary: str
    right: Right | None
    work: Callable[[Call], Awaitable[Any]]
    answers: Mapping[int, type[Struct] | tuple[type[Struct], ...]]
    body: type[Struct] | None = None
    query: type[Struct] | None = None
    is_finished: bool = False
    is_money: bool = False
    statuses: tuple[int, ...] = ()
    headers: tuple[str, ...] = ()
    is_published: bool = True
    media: str = "application/json"
