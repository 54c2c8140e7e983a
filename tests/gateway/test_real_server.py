"""The door behind a real server, over a real socket: a till that hangs up in the middle."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from gateway.lines import AT, Counter, auth, refund_body, served

if TYPE_CHECKING:
    from shop import Shop


def request(body: dict[str, object]) -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"POST {AT}/refunds HTTP/1.1\r\nHost: door\r\nContent-Type: application/json\r\n"
        f"Authorization: {auth()['Authorization']}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


@pytest.mark.slow
def test_a_till_that_hangs_up_while_its_refund_is_out_finds_it_made(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter, served(counter) as port:
            counter.link.gate.clear()
            counter.link.waits.clear()
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request(refund_body("R-1", 100)))
            await counter.link.waits.wait()
            writer.close()
            await writer.wait_closed()
            counter.link.gate.set()
            assert (await counter.get("/refunds/R-1")).json()["type"] == "Approved"

    asyncio.run(day())
    assert shop.booked("refund") == [100]


@pytest.mark.slow
def test_a_till_that_hangs_up_before_it_said_what_it_wants_changes_nothing(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter, served(counter) as port:
            whole = request(refund_body("R-1", 100))
            for length in (1, len(whole) // 2, len(whole) - 1):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(whole[:length])
                await writer.drain()
                writer.close()
                await writer.wait_closed()
            assert (await counter.get("/refunds/R-1")).status_code == 404

    asyncio.run(day())
    assert shop.booked("refund") == []


@pytest.mark.slow
def test_a_body_that_is_too_large_is_answered_and_its_connection_ends(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter, served(counter) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = request({}).partition(b"Content-Length")[0]
            writer.write(head + b"Content-Length: 99999999\r\n\r\n{")
            answer = await reader.read()
            writer.close()
            assert b" 413 " in answer.splitlines()[0]
            assert b"body_too_large" in answer

    asyncio.run(day())
