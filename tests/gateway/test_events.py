"""Events: each change once, in order, resumable, and nothing in them that stands on a card."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lines import Counter, auth, refund_body
from posrefund.errors import InvalidRequestError
from posrefund.gateway import stream
from posrefund.gateway.cursor import cursor_of, read_cursor
from posrefund.gateway.operation import Call
from posrefund.gateway.stream import EventStream, News
from shop import TERMINAL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from shop import Shop


class Listener:
    """A client that reads a stream as it comes; ``httpx`` would wait for its end."""

    def __init__(self, counter: Counter, query: str = "", **headers: str) -> None:
        self._hung_up = asyncio.Event()
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.status = 0
        said = [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ]
        token = (b"authorization", auth("monitor")["Authorization"].encode())
        self._scope: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "path": "/v1/events",
            "query_string": query.encode(),
            "headers": [token, *said],
        }
        self._task = asyncio.create_task(self._run(counter))

    async def _run(self, counter: Counter) -> None:
        await counter.app(self._scope, self._receive, self._send)
        await self._pieces.put(None)

    async def _receive(self) -> dict[str, Any]:
        await self._hung_up.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["body"]:
            await self._pieces.put(message["body"])

    async def events(self) -> AsyncIterator[tuple[str, str, dict[str, Any]]]:
        """Each event: its id, its name and its data; comments are left out."""
        while (piece := await self._pieces.get()) is not None:
            lines = dict(
                line.split(": ", 1) for line in piece.decode().splitlines() if ": " in line
            )
            if "data" in lines:
                yield lines["id"], lines["event"], json.loads(lines["data"])

    async def take(self, count: int) -> list[tuple[str, str, dict[str, Any]]]:
        taken = []
        async for event in self.events():
            taken.append(event)
            if len(taken) == count:
                break
        return taken

    async def hang_up(self) -> None:
        self._hung_up.set()
        await self._task


async def everything(counter: Counter, query: str, **headers: str) -> list[Any]:
    listener = Listener(counter, "&".join(filter(None, ["wait=false", query])), **headers)
    events = [event async for event in listener.events()]
    assert listener.status == 200
    return events


def test_a_refund_is_told_as_it_happens(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            listener = Listener(counter)
            while not counter.app.state.door.news._listening:
                await asyncio.sleep(0)
            await counter.post("/refunds", refund_body("R-1", 100))
            events = await listener.take(3)
            await listener.hang_up()

            assert listener.status == 200
            assert [name for _, name, _ in events] == ["attempt"] * 3
            assert [data["state"] for _, _, data in events] == ["INTENT", "SENT", "ACCEPTED"]
            assert {data["request_id"] for _, _, data in events} == {"R-1"}
            assert events[0][2]["amount_minor"] == 100
            assert events[2][2]["notice"] == "accepted"
            assert [data["seq"] for _, _, data in events] == sorted(
                data["seq"] for _, _, data in events
            )

    asyncio.run(day())


def test_who_comes_back_gets_what_he_has_not_seen(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            for number in range(3):
                await counter.post("/refunds", refund_body(f"R-{number}", 100))
            whole = await everything(counter, "history=true")
            assert len(whole) == len({name for name, _, _ in whole}) > 9
            for seen in range(0, len(whole), 3):
                name = whole[seen][0]
                by_header = await everything(counter, "", last_event_id=name)
                by_query = await everything(counter, f"after={name}")
                assert by_header == by_query == whole[seen + 1 :]

    asyncio.run(day())


def test_without_history_only_what_follows_is_told(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            await counter.post("/refunds", refund_body("R-1", 100))
            assert await everything(counter, "") == []

    asyncio.run(day())


def test_what_other_ways_change_is_told_too(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, poll_s=0.01) as counter:
            listener = Listener(counter)
            while not counter.app.state.door.news._listening:
                await asyncio.sleep(0)
            await counter.terminal.at_desk(lambda desk: desk.open_fault("printer", "no paper"))
            ((_, name, data),) = await listener.take(1)
            await listener.hang_up()
            assert (name, data["state"], data["kind"]) == ("fault", "open", "printer")

    asyncio.run(day())


def test_a_quiet_stream_says_that_it_is_alive(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, heartbeat_s=0.01) as counter:
            listener = Listener(counter)
            assert await listener._pieces.get() == b":\n\n"
            await listener.hang_up()

    asyncio.run(day())


def test_a_terminal_that_is_not_open_yet_takes_no_place_from_one_that_was_read(shop: Shop) -> None:
    """The word that it cannot be read waited behind a slow client, and meanwhile it was opened and read."""

    async def day() -> bytes:
        async with Counter(shop) as counter:
            call = Call(counter.options, counter.terminals, None, {}, News(), asyncio.ensure_future)
            told = EventStream(call, {TERMINAL: 12}, is_waiting=False)
            return told._written(TERMINAL, None, "unread", {})

    assert f"{TERMINAL}:12" in asyncio.run(day()).decode()


def test_a_row_that_nobody_can_tell_ends_a_stream(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("6200000000000005")

    async def day() -> list[Any]:
        async with Counter(shop) as counter:
            monkeypatch.setattr(stream, "event_of", broken)
            async with asyncio.timeout(10):
                return await everything(counter, "history=true")

    assert asyncio.run(day()) == []
    assert "unexpected KeyError" in caplog.text
    assert "6200000000000005" not in caplog.text


def test_streams_end_when_the_door_closes(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            listener = Listener(counter)
            while not counter.app.state.door.news._listening:
                await asyncio.sleep(0)
            counter.app.state.door.news.end()
            assert await listener.take(1) == []
            await listener._task

    asyncio.run(day())


def test_a_token_has_so_many_streams_and_gets_them_back(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, streams_max=2) as counter:
            open_ = [Listener(counter) for _ in range(2)]
            news = counter.app.state.door.news
            while news.streams_of("monitor") < 2:
                await asyncio.sleep(0)
            refused = Listener(counter)
            await refused._task
            assert refused.status == 429
            await open_[0].hang_up()
            assert news.streams_of("monitor") == 1
            again = Listener(counter, "wait=false")
            await again._task
            assert again.status == 200
            await open_[1].hang_up()
            assert all(not each for each in news._listening.values())

    asyncio.run(day())


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("terminal=87654321", 404),
        ("after=nonsense", 422),
        ("after=12345678:1,12345678", 422),
        (f"terminal={TERMINAL}&terminal={TERMINAL}", 200),
        ("wait=maybe", 422),
        ("&".join(f"terminal={number:08d}" for number in range(33)), 422),
    ],
)
def test_a_question_for_events_that_is_none_is_refused(shop: Shop, query: str, status: int) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            url = f"/v1/events?{query}" + ("" if "wait=" in query else "&wait=false")
            answer = await counter.http.get(url, headers=auth())
            assert answer.status_code == status, answer.text

    asyncio.run(day())


NAMES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=8, max_size=8)


@given(st.dictionaries(NAMES, st.integers(0, 10**12), max_size=32))
def test_how_far_somebody_read_is_read_again(stood: dict[str, int]) -> None:
    said = cursor_of(stood)

    assert said.isascii()
    assert said.isprintable()
    assert read_cursor(said) == stood


@given(st.text(max_size=40))
def test_any_other_text_is_refused_or_means_itself(text: str) -> None:
    try:
        found = read_cursor(text)
    except InvalidRequestError:
        return
    assert read_cursor(cursor_of(found)) == found


def test_streams_that_come_at_once_are_counted_too(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, streams_max=3) as counter:
            listeners = [Listener(counter) for _ in range(20)]
            news = counter.app.state.door.news
            while not all(each.status for each in listeners):
                await asyncio.sleep(0)
            assert news.streams_of("monitor") == 3
            assert sorted(each.status for each in listeners) == [200] * 3 + [429] * 17
            for each in listeners:
                await each.hang_up()

    asyncio.run(day())


def test_what_nobody_listens_to_is_forgotten() -> None:
    news = News()
    for name in map(str, range(1000)):
        with news.followed(name), news.followed(name):
            news.tell(name)
    with news.followed("again") as told:
        news.end()
        assert told.is_set()
    assert sys.getsizeof(vars(news)["_listening"]) < 10_000
