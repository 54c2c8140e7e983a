"""A body that comes slowly, or never to its end: nothing is begun before it is whole, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from gateway.lines import AT, Counter, auth, refund_body, sale_body, served
from posrefund.gateway.openapi import openapi_document
from posrefund.gateway.operations import OPERATIONS

if TYPE_CHECKING:
    from shop import Shop


class Till:
    """A client that says its body in pieces, at the door's own protocol."""

    def __init__(self, counter: Counter, path: str, body: object) -> None:
        self._pieces: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.waits = asyncio.Event()
        self.status, self.said = 0, b""
        self.headers: dict[bytes, bytes] = {}
        self.content = json.dumps(body).encode()
        self._scope = {
            "type": "http",
            "method": "POST",
            "path": f"{AT}{path}",
            "query_string": b"",
            "headers": [
                (b"authorization", auth()["Authorization"].encode()),
                (b"content-type", b"application/json"),
            ],
        }
        self.task = asyncio.ensure_future(counter.app(self._scope, self._receive, self._send))

    async def say(self, piece: bytes, *, is_last: bool = False) -> None:
        """Return once the door has taken the piece and waits for more, or has answered."""
        self.waits.clear()
        await self._pieces.put({"type": "http.request", "body": piece, "more_body": not is_last})
        waiting = asyncio.ensure_future(self.waits.wait())
        await asyncio.wait({waiting, self.task}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def hang_up(self) -> None:
        await self._pieces.put({"type": "http.disconnect"})
        await self.task

    async def _receive(self) -> dict[str, Any]:
        if self._pieces.empty():
            self.waits.set()
        return await self._pieces.get()

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        else:
            self.said += message["body"]


def rows(counter: Counter) -> int:
    return counter.terminal.journal.head()[0]


@pytest.mark.parametrize(
    ("path", "body"), [("/refunds", refund_body("R-1", 100)), ("/sales", sale_body("S-9", 100))]
)
def test_nothing_is_begun_before_a_body_is_whole(shop: Shop, path: str, body: Any) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            lent: list[str] = []
            lend = counter.terminals.lend

            async def seen(name: str, **more: Any) -> Any:
                lent.append(name)
                return await lend(name, **more)

            counter.terminals.lend = seen  # type: ignore[method-assign]
            counter.link.waits.clear()
            before = rows(counter)
            till = Till(counter, path, body)
            for byte in till.content:  # all that there is to know of it
                await till.say(bytes((byte,)))
            assert (
                not till.task.done()
            )  # it may still go on: who sends it has not said that it is all
            assert (lent, rows(counter)) == ([], before)
            assert not counter.link.waits.is_set()

            await till.say(b"", is_last=True)
            await till.task
            assert till.status == 200, till.said
            assert len(lent) == 1
            assert rows(counter) > before

    asyncio.run(day())


def test_who_hangs_up_behind_the_last_byte_and_before_the_end_began_nothing(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            till = Till(counter, "/refunds", refund_body("R-1", 100))
            await till.say(till.content)
            await till.hang_up()
            assert till.status == 0
            assert (await counter.get("/refunds/R-1")).status_code == 404

    asyncio.run(day())
    assert shop.booked("refund") == []


def test_a_body_that_never_ends_is_told_so_in_the_door_s_one_form(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, body_s=0.05) as counter:
            till = Till(counter, "/refunds", refund_body("R-1", 100))
            await till.say(till.content)
            await till.task
            error = json.loads(till.said)["error"]
            assert (till.status, error["code"]) == (408, "body_too_slow")
            assert (error["effect"], error["retry_is_safe"]) == ("nothing_sent", True)
            assert till.headers[b"connection"] == b"close"
            assert (await counter.get("/refunds/R-1")).status_code == 404

    asyncio.run(day())
    assert shop.booked("refund") == []


def test_every_operation_with_a_body_says_that_it_does_not_wait_for_ever() -> None:
    paths = openapi_document(OPERATIONS)["paths"]
    with_body = [each for path in paths.values() for each in path.values() if "requestBody" in each]
    assert len(with_body) > 10
    assert all("body_too_slow" in each["responses"]["408"]["description"] for each in with_body)


@pytest.mark.slow
@pytest.mark.parametrize("http", ["h11", "httptools"])
@pytest.mark.parametrize("coding", ["Content-Length: 60000", "Transfer-Encoding: chunked"])
def test_a_body_that_drips_is_answered_and_its_connection_ends(
    shop: Shop, http: str, coding: str
) -> None:
    if http == "httptools":
        pytest.importorskip("httptools", reason="the extra fast is not installed")

    async def day() -> None:
        async with Counter(shop, body_s=0.3) as counter, served(counter, http) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)

            async def drip() -> None:
                piece = b"1\r\n \r\n" if "chunked" in coding else b" "
                with suppress(OSError):
                    while True:
                        writer.write(piece)
                        await writer.drain()
                        await asyncio.sleep(0.01)

            head = (
                f"POST {AT}/refunds HTTP/1.1\r\nHost: door\r\nContent-Type: application/json\r\n"
                f"Authorization: {auth()['Authorization']}\r\n{coding}\r\n\r\n"
            )
            writer.write(head.encode())
            dripping = asyncio.create_task(drip())
            async with asyncio.timeout(10):
                said = await reader.readuntil(b"\r\n\r\n")
                assert said.startswith(b"HTTP/1.1 408 ")
                with suppress(ConnectionError):
                    assert b"body_too_slow" in await reader.read()  # to the end of the connection
                await dripping  # nobody takes it any more
            writer.close()

    asyncio.run(day())
    assert shop.booked("refund") == []
