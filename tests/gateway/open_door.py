"""A door on a real socket, for clients that are no part of this process: a server in a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING, Any

import uvicorn

from aio.tills import till
from gateway.lines import HeldLink, tokens
from posrefund.gateway import DoorOptions, OpenTerminals, gateway_app
from posrefund.gateway.limits import RateLimit
from posrefund.testing import MemoryLink
from shop import TERMINAL

if TYPE_CHECKING:
    from shop import Shop


class OpenDoor:
    """A shop's door; use it in ``with``.

    Attributes:
        url: Where it is.
    """

    def __init__(self, shop: Shop, **options: Any) -> None:
        self._shop = shop
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        given: dict[str, Any] = {
            "tokens": tokens(),
            "rate": RateLimit(per_second=10_000, burst=10_000),
            "clock": shop.clock,
            "phone_url": self.url,
        }
        self._options = DoorOptions(**given | options)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._is_up = threading.Event()

    def hold(self) -> None:
        """Let no answer of the host come in."""
        self._loop.call_soon_threadsafe(self._link.gate.clear)

    def let_go(self) -> None:
        """Let answers come in again."""
        self._loop.call_soon_threadsafe(self._link.gate.set)

    def __enter__(self) -> OpenDoor:
        self._thread.start()
        assert self._is_up.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()
        self._loop.call_soon_threadsafe(self._app.state.door.news.end)
        self._server.should_exit = True
        self._thread.join(20)
        self._listener.close()
        assert not self._thread.is_alive()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._link = HeldLink(MemoryLink(self._shop.host.respond))
        terminal = till(self._shop, self._link)
        await terminal.sign_in()
        self._app = gateway_app(OpenTerminals({TERMINAL: terminal}), self._options)
        config = uvicorn.Config(self._app, log_level="warning", access_log=False, lifespan="on")
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = asyncio.create_task(self._server.serve([self._listener]))
        while not self._server.started:
            await asyncio.sleep(0.01)
        self._is_up.set()
        await serving
        await terminal.close()
