"""The application: every route in one list. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

    from posrefund.gateway.terminals import Terminals

__all__ = ["gateway_app"]


def gateway_app(terminals: Terminals) -> Starlette:
    """Return the ASGI application that speaks for *terminals*."""

    async def health(_: Request) -> JSONResponse:
        return JSONResponse({"terminals": list(terminals.names())})

    return Starlette(routes=[Route("/health", health)])
