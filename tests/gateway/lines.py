"""A line in memory for terminals in an event loop, that can be held, and a door in the same process."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn

from aio.tills import till
from posrefund.gateway import DoorOptions, OpenTerminals, Token, Tokens, digest_of, gateway_app
from posrefund.gateway.limits import RateLimit
from posrefund.testing import MemoryLink
from shop import TERMINAL, Shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.applications import Starlette

    from posrefund.aio import AsyncTerminal
    from posrefund.gateway import Role

SECRETS = {role: f"prt_{role}-of-the-tests" for role in ("till", "supervisor", "admin", "monitor")}
AT = f"/v1/terminals/{TERMINAL}"
CARD = {"entry": "051", "pan": "6200000000000005", "expiry": "3012", "sequence_number": "001"}


class HeldLink:
    """A ``MemoryLink`` to await; while ``gate`` is not set no answer comes in."""

    def __init__(self, inner: MemoryLink) -> None:
        self._inner = inner
        self.gate, self.waits = asyncio.Event(), asyncio.Event()
        self.gate.set()

    async def open(self, timeout_s: float) -> None:
        self._inner.open(timeout_s)

    async def send(self, message: bytes) -> None:
        self._inner.send(message)

    async def receive(self, timeout_s: float) -> bytes:
        self.waits.set()
        await self.gate.wait()
        return self._inner.receive(timeout_s)

    def close(self) -> None:
        self._inner.close()


def tokens(**more: Any) -> Tokens:
    """One token of each role, for all terminals."""
    roles: Any = SECRETS
    return Tokens(Token(role, role, digest_of(secret), **more) for role, secret in roles.items())


def auth(role: Role = "till") -> dict[str, str]:
    return {"Authorization": f"Bearer {SECRETS[role]}"}


class Counter:
    """A shop whose terminal is behind a door; use it in ``async with``."""

    def __init__(self, shop: Shop, **options: Any) -> None:
        self.shop = shop
        self.link = HeldLink(MemoryLink(shop.host.respond))
        given: dict[str, Any] = {
            "tokens": tokens(),
            "rate": RateLimit(per_second=10_000, burst=10_000),
            "clock": shop.clock,
        }
        self.options = DoorOptions(**given | options)

    async def __aenter__(self) -> Counter:
        self.terminal: AsyncTerminal = till(
            self.shop, self.link, dialect=self.shop.dialect, rules=self.shop.rules
        )
        await self.terminal.sign_in()
        self.terminals = OpenTerminals({TERMINAL: self.terminal})
        self.app: Starlette = gateway_app(self.terminals, self.options)
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=True)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://door")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
        await self.terminal.close()

    async def post(
        self, path: str, body: object = None, role: Role = "till", **more: Any
    ) -> httpx.Response:
        content: Mapping[str, Any] = {} if body is None else {"json": body}
        return await self.http.post(f"{AT}{path}", headers=auth(role), **content, **more)

    async def get(self, path: str, role: Role = "till", **more: Any) -> httpx.Response:
        return await self.http.get(f"{AT}{path}", headers=auth(role), **more)


@asynccontextmanager
async def served(counter: Counter, http: Any = "auto") -> AsyncIterator[int]:
    """Serve *counter* by what reads *http*; the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        counter.app, log_config=None, access_log=False, lifespan="on", http=http
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await serving
        listener.close()


def refund_body(request_id: str, minor: int | None = None, **more: Any) -> dict[str, Any]:
    """Return the body of a refund of sale S-1."""
    body = {"request_id": request_id, "original_id": "S-1", "reason": "customer", "card": CARD}
    return body | ({} if minor is None else {"amount_minor": minor}) | more


def sale_body(request_id: str, minor: int, **more: Any) -> dict[str, Any]:
    return {"request_id": request_id, "amount_minor": minor, "card": CARD} | more
