"""The host in an event loop: the same answers as its core, for many peers, however the bytes are cut."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from posrefund.emulators.host import AsyncHostServer, Fault
from posrefund.framing import LengthPrefixFramer, frame
from shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    made.terminal.echo()
    yield made
    made.terminal.close()


async def told(reader: asyncio.StreamReader) -> bytes:
    length = int.from_bytes(await reader.readexactly(2), "big")
    return await reader.readexactly(length)


async def end_of(reader: asyncio.StreamReader) -> bool:
    """Whether the other side has hung up."""
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


def test_answer_is_the_cores_and_many_come_over_one_connection(shop: Shop) -> None:
    [echo] = shop.link.sent

    async def story() -> None:
        async with AsyncHostServer(shop.host) as server:
            reader, writer = await asyncio.open_connection(*server.address)
            writer.write(b"".join(frame(echo) for _ in range(3)))
            expected = shop.host.answer(echo)
            assert [await told(reader) for _ in range(3)] == [expected] * 3
            for byte in frame(echo):
                writer.write(bytes([byte]))
                await writer.drain()
            assert await told(reader) == expected
            writer.close()

    asyncio.run(story())


def test_two_hundred_connections_are_served_at_once(shop: Shop) -> None:
    [echo] = shop.link.sent

    async def story() -> None:
        async with AsyncHostServer(shop.host) as server:
            lines = [await asyncio.open_connection(*server.address) for _ in range(200)]
            for _, writer in lines:
                writer.write(frame(echo))
            answers = await asyncio.gather(*(told(reader) for reader, _ in lines))
            assert set(answers) == {shop.host.answer(echo)}
            assert len(server._peers) == 200
            server.drop_connections()
            assert all(await asyncio.gather(*(end_of(reader) for reader, _ in lines)))
            for _, writer in lines:
                writer.close()

    asyncio.run(story())


@pytest.mark.parametrize("kind", ["close_before_reply", "drop_reply", "duplicate_reply", "delay"])
def test_faults_are_the_cores(shop: Shop, kind: str) -> None:
    [echo] = shop.link.sent
    shop.host.faults.add(Fault(kind, mti="0820", seconds=0.01 if kind == "delay" else 0.0))

    async def story() -> list[bytes]:
        async with AsyncHostServer(shop.host) as server:
            reader, writer = await asyncio.open_connection(*server.address)
            writer.write(frame(echo))
            if kind == "close_before_reply":
                assert await end_of(reader)
                writer.close()
                return []
            writer.write(frame(echo))  # what waits behind a delayed answer is answered after it
            count = {"drop_reply": 1, "duplicate_reply": 3, "delay": 2}[kind]
            found = [await told(reader) for _ in range(count)]
            writer.close()
            return found

    assert set(asyncio.run(story())) <= {shop.host.answer(echo)}


def test_noise_is_hung_up_on_and_others_are_served(shop: Shop) -> None:
    [echo] = shop.link.sent

    async def story() -> None:
        async with AsyncHostServer(shop.host) as server:
            noisy, writer = await asyncio.open_connection(*server.address)
            writer.write(b"\xff" * 100)
            assert await end_of(noisy)
            reader, other = await asyncio.open_connection(*server.address)
            other.write(frame(echo))
            assert await told(reader) == shop.host.answer(echo)
            for each in (writer, other):
                each.close()

    asyncio.run(story())


def test_framing_is_whichever_is_asked_for(shop: Shop) -> None:
    from posrefund.framing import LengthPrefix

    [echo] = shop.link.sent
    digits = LengthPrefix(size=4, encoding="ascii")

    async def story() -> bytes:
        async with AsyncHostServer(shop.host, framer=lambda: LengthPrefixFramer(digits)) as server:
            reader, writer = await asyncio.open_connection(*server.address)
            writer.write(b"%04d" % len(echo) + echo)
            length = int(await reader.readexactly(4))
            found = await reader.readexactly(length)
            writer.close()
            return found

    assert asyncio.run(story()) == shop.host.answer(echo)
