"""What reads HTTP for a door: the same limits whichever it is, and httptools where it is installed."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.fleet_site import DoorProcess, Site
from gateway.lines import AT, Counter, auth, refund_body, served
from posrefund.cli import serve_http
from posrefund.cli.serve_http import HEAD_BYTES_MAX, http_protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from shop import Shop

pytestmark = pytest.mark.slow
MOST = 16 * 1024 * 1024
"""More than any line holds by itself: who has sent it was not stopped."""
HEAD = f"POST {AT}/refunds HTTP/1.1\r\nHost: door\r\nContent-Type: application/json\r\n".encode()
TOKEN = f"Authorization: {auth()['Authorization']}\r\n".encode()
BODY = json.dumps(refund_body("R-1", 100)).encode()
CHUNKED = HEAD + TOKEN + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(BODY), BODY)
ENDLESS = {
    "request line": (b"GET /health?", b"a" * 8_192),
    "header": (b"GET /health HTTP/1.1\r\nHost: door\r\nX: ", b"a" * 8_192),
    "headers": (b"GET /health HTTP/1.1\r\nHost: door\r\n", b"X: a\r\n" * 1_024),
    "trailers": (CHUNKED + b"0\r\n", b"X: a\r\n" * 1_024),
    "chunk extension": (CHUNKED + b"1;x=", b"a" * 8_192),
}


@pytest.fixture(params=["h11", "httptools"])
def reads(request: pytest.FixtureRequest) -> type[asyncio.Protocol]:
    if request.param == "h11":
        return serve_http._in_time(H11Protocol)
    pytest.importorskip("httptools", reason="the extra fast is not installed")
    assert not issubclass(http_protocol(), H11Protocol)
    return http_protocol()


async def pour(port: int, begins: bytes, pieces: Iterable[bytes]) -> tuple[bytes, int]:
    """Send until the other side hangs up; what it said, and how much was sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sent, said = 0, asyncio.ensure_future(reader.read())
    with suppress(OSError):
        writer.write(begins)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
            sent += len(piece)
            if sent > MOST or said.done():
                break
    async with asyncio.timeout(10):
        try:
            heard = await said
        except ConnectionError:  # it hung up with bytes of ours unread
            heard = b""
        finally:
            writer.close()
    return heard, sent


@pytest.mark.parametrize("what", ENDLESS)
def test_nothing_without_an_end_is_taken(
    shop: Shop, reads: type[asyncio.Protocol], what: str
) -> None:
    begins, piece = ENDLESS[what]

    async def day() -> None:
        async with Counter(shop) as counter, served(counter, reads) as port:
            heard, sent = await pour(port, begins, itertools.repeat(piece))
            assert sent <= MOST
            assert not heard or heard.startswith(b"HTTP/1.1 400 ")
            assert (await counter.get("/refunds/R-1")).status_code == 404

    asyncio.run(day())
    assert shop.booked("refund") == []


def test_what_is_within_the_limits_is_answered(shop: Shop, reads: type[asyncio.Protocol]) -> None:
    filler = b"X: " + b"a" * 60_000 + b"\r\n"
    ask = b"GET /health HTTP/1.1\r\nHost: door\r\n" + filler + b"\r\n"
    body = BODY + b" " * 40_000
    pieces = [body[at : at + 1_000] for at in range(0, len(body), 1_000)]

    def chunks() -> Iterator[bytes]:
        yield HEAD + TOKEN + b"Transfer-Encoding: chunked\r\n\r\n"
        yield from (b"%x\r\n%b\r\n" % (len(each), each) for each in pieces)
        yield b"0\r\nX: a\r\n\r\n"

    async def day() -> None:
        async with Counter(shop) as counter, served(counter, reads) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)

            async def status() -> bytes:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                return head.split(b" ")[1]

            async with asyncio.timeout(20):
                for _ in range(5):  # of one connection: each begins anew
                    writer.write(ask)
                    assert await status() == b"200"
                for piece in chunks():
                    writer.write(piece)
                    await writer.drain()
                assert await status() == b"200"
                writer.write(ask)
                assert await status() == b"200"
            writer.close()

    asyncio.run(day())
    assert shop.booked("refund") == [100]


@pytest.mark.parametrize(
    "said",
    [
        b"\x00\xff\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: door\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: door\r\nContent-Length: x\r\n\r\n",
        HEAD + TOKEN + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
        HEAD + TOKEN + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        HEAD + TOKEN + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["noise", "address", "length", "two lengths", "two codings", "chunk"],
)
def test_what_is_no_http_is_told_so_and_hung_up_on(
    shop: Shop, reads: type[asyncio.Protocol], said: bytes
) -> None:
    async def day() -> None:
        async with Counter(shop, body_s=0.2) as counter, served(counter, reads) as port:
            heard, _ = await pour(port, said, ())
            assert heard.split(b" ")[1] in (b"400", b"408")

    asyncio.run(day())
    assert shop.booked("refund") == []


DRIPS = {
    "nothing": b"",
    "half a head": b"GET /health HTTP/1.1\r\nHost: door\r\nX: ",
    "a body that nobody reads": b"GET /health HTTP/1.1\r\nHost: door\r\nContent-Length: 100000\r\n\r\n",
    "a body behind a refusal": HEAD + b"Content-Length: 100000\r\n\r\n",
    "half a head behind an answer": b"GET /health HTTP/1.1\r\nHost: door\r\n\r\nGET /health HTTP/1.1\r\nX: ",
}


@pytest.mark.parametrize("begins", DRIPS.values(), ids=DRIPS)
def test_who_takes_too_long_to_ask_is_hung_up_on(
    shop: Shop, reads: type[asyncio.Protocol], begins: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve_http, "HEAD_S", 0.2)

    async def day() -> None:
        async with Counter(shop) as counter, served(counter, reads) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            ended = asyncio.ensure_future(reader.read())
            writer.write(begins)
            async with asyncio.timeout(
                4
            ):  # uvicorn's own limit for a connection that is idle is 5 s
                while not ended.done():
                    if begins:
                        writer.write(b"a")
                    await asyncio.sleep(0.05)
            with suppress(ConnectionError):
                await ended
            writer.close()

    asyncio.run(day())


def test_who_waits_for_an_answer_may_wait(
    shop: Shop, reads: type[asyncio.Protocol], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve_http, "HEAD_S", 0.05)

    async def day() -> None:
        async with Counter(shop) as counter, served(counter, reads) as port:
            counter.link.gate.clear()
            counter.link.waits.clear()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HEAD + TOKEN + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
            async with asyncio.timeout(10):
                await counter.link.waits.wait()
                await asyncio.sleep(0.2)
                counter.link.gate.set()
                assert b" 200 " in await reader.readline()
            writer.close()

    asyncio.run(day())
    assert shop.booked("refund") == [100]


def test_without_httptools_h11_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httptools", None)
    monkeypatch.delitem(sys.modules, "uvicorn.protocols.http.httptools_impl", raising=False)
    http_protocol.cache_clear()
    try:
        assert issubclass(http_protocol(), H11Protocol)
    finally:
        http_protocol.cache_clear()


def test_a_door_reads_by_it(tmp_path: Path) -> None:
    site = Site(tmp_path, 1, 'file = "{id}.db"')
    with DoorProcess(site.config) as door:
        begins, piece = ENDLESS["header"]
        heard, sent = asyncio.run(pour(door.address[1], begins, itertools.repeat(piece)))
    site.server.close()
    assert sent <= MOST
    assert not heard or heard.startswith(b"HTTP/1.1 400 ")
    assert HEAD_BYTES_MAX < MOST
