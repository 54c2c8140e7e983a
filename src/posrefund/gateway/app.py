"""The application: every address in one list. Floor 10."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from posrefund.gateway.counter_door import counter_operations
from posrefund.gateway.counter_room import CounterRoom
from posrefund.gateway.door import Door, send_json
from posrefund.gateway.faults import DoorError, said_of
from posrefund.gateway.openapi import openapi_document
from posrefund.gateway.operations import OPERATIONS
from posrefund.gateway.options import DoorOptions
from posrefund.gateway.pages import counter_page
from posrefund.gateway.sign_door import signing_operations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute
    from starlette.types import Receive, Scope, Send

    from posrefund.gateway.operation import Operation
    from posrefund.gateway.terminals import Terminals

__all__ = ["gateway_app"]


def gateway_app(
    terminals: Terminals,
    options: DoorOptions | None = None,
    *,
    operations: Iterable[Operation] = (),
    routes: Iterable[BaseRoute] = (),
) -> Starlette:
    """Return the ASGI application that speaks for *terminals*.

    When it is shut down it waits for what is under way; the terminals are closed by who opened them, after that. Its
    ``state.door`` is the door: ``news.end()`` of it lets the event streams end.

    Args:
        terminals: For whom it speaks.
        options: How it is; without tokens in it nobody may ask for anything.
        operations: Further ones, with tokens, limits and errors as the door's own.
        routes: Further ones that the door leaves alone: it asks for no token there.
    """
    door = Door(terminals, options or DoorOptions())
    room = CounterRoom(door.options.monotonic)
    every = [*OPERATIONS, *counter_operations(room), *signing_operations(room), *operations]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            room.close()
            await door.drained()

    app = Starlette(
        routes=[
            *_addresses(door, every),
            Route("/openapi.json", _Published(every)),
            Route("/counter", counter_page),
            *routes,
        ],
        exception_handlers={HTTPException: _not_found},
        lifespan=lifespan,
    )
    # A card is sent again to no address that the asker's Host names, and to none without TLS.
    app.router.redirect_slashes = False
    app.state.door = door
    return app


def _addresses(door: Door, every: Sequence[Operation]) -> list[Route]:
    by_path: dict[str, list[Operation]] = {}
    for each in every:
        by_path.setdefault(each.path, []).append(each)
    # What names more comes first, so that no {request} takes a word for an id.
    paths = sorted(by_path, key=lambda path: path.count("{"))
    return [Route(path, door.at(by_path[path])) for path in paths]


class _Published:
    """The description of the door, for whoever asks."""

    def __init__(self, every: Sequence[Operation]) -> None:
        self._document = openapi_document(every)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET":
            await send_json(send, 200, self._document)
        else:
            said = said_of(DoorError("method_not_allowed", headers={"Allow": "GET"}))
            await send_json(send, said.status, said.data, said.headers)


class _NotFound:
    """The answer where no route is; an application, as Starlette takes responses for."""

    def __init__(self, code: str) -> None:
        self._said = said_of(DoorError(code))
        self.status_code, self.background = self._said.status, None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_json(send, self._said.status, self._said.data, self._said.headers)


def _not_found(_: Request, error: Exception) -> Any:
    return _NotFound("not_found")
