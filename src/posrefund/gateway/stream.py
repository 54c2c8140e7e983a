"""One stream of events, to one client, for as long as he listens. Floor 10."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from posrefund.closed import wipe
from posrefund.errors import PosRefundError
from posrefund.gateway.cursor import cursor_of
from posrefund.gateway.event_rows import event_of
from posrefund.gateway.faults import said_of
from posrefund.gateway.shapes import encoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from starlette.types import Receive, Scope, Send

    from posrefund.aio import AsyncTerminal
    from posrefund.gateway.operation import Call
    from posrefund.journal.rows import Row

__all__ = ["EventStream", "News", "end_of"]

_Told: TypeAlias = tuple[str, int | None, str, dict[str, Any]]
"""Of an event: the terminal, how far that one was read, the event's name and its data."""


_LOG = logging.getLogger(__name__)
_ROWS_MAX = 200


class News:
    """Says to streams that something may have changed at a terminal, or that the door closes."""

    def __init__(self) -> None:
        self._listening: dict[str, set[asyncio.Event]] = {}
        self._streams: dict[str, int] = {}
        self.is_over = False

    def tell(self, terminal: str) -> None:
        """Wake whoever follows *terminal*."""
        for event in self._listening.get(terminal, ()):
            event.set()

    def end(self) -> None:
        """Let every stream end once it has said what there is."""
        self.is_over = True
        for listening in [*self._listening.values()]:
            for event in listening:
                event.set()

    def streams_of(self, token: str) -> int:
        """Return how many streams a token has open."""
        return self._streams.get(token, 0)

    @contextmanager
    def counted(self, token: str) -> Iterator[None]:
        """Count a stream of a token while it is open."""
        self._streams[token] = self.streams_of(token) + 1
        try:
            yield
        finally:
            self._streams[token] -= 1

    @contextmanager
    def followed(self, terminal: str) -> Iterator[asyncio.Event]:
        """Return the event that ``tell`` sets."""
        event = asyncio.Event()
        listening = self._listening.setdefault(terminal, set())
        listening.add(event)
        try:
            yield event
        finally:
            listening.discard(event)
            if not listening:  # seats come and go: what nobody listens to is forgotten
                self._listening.pop(terminal, None)


class EventStream:
    """What answers a question for events.

    Args:
        call: Who asked.
        stood: How far he has read, by terminal; None: from its end, once it can be read here.
        is_waiting: Whether it goes on when there is nothing new.
    """

    def __init__(self, call: Call, stood: Mapping[str, int | None], *, is_waiting: bool) -> None:
        self._call, self._stood, self._is_waiting = call, dict(stood), is_waiting
        self._ready: asyncio.Queue[_Told | None] = asyncio.Queue(_ROWS_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until there are none, the client or his token is gone, or the door closes."""
        token = self._call.token
        with self._call.news.counted(token.name if token else ""), suppress(OSError):
            await self._serve(receive, send)

    async def _serve(self, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        tasks = [asyncio.create_task(self._followed(name)) for name in self._stood]
        gone = asyncio.create_task(self._until_gone(receive))
        try:
            await self._pass_on(send, gone, len(tasks))
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            for task in (*tasks, gone):
                task.cancel()
            await asyncio.gather(*tasks, gone, return_exceptions=True)

    async def _pass_on(self, send: Send, gone: asyncio.Task[None], following: int) -> None:
        getting: asyncio.Task[Any] | None = None
        try:
            while following and not gone.done():
                getting = getting or asyncio.create_task(self._ready.get())
                beat = self._call.options.heartbeat_s
                first = asyncio.FIRST_COMPLETED
                await asyncio.wait({getting, gone}, timeout=beat, return_when=first)
                if not getting.done():
                    await _send(send, b":\n\n")
                    continue
                found, getting = getting.result(), None
                if not self._call.is_let_in:  # it may be gone since he was last looked at
                    break
                if found is None:
                    following -= 1
                else:
                    await _send(send, self._written(*found))
        finally:
            if getting is not None:
                getting.cancel()

    def _written(self, terminal: str, seq: int | None, name: str, data: Mapping[str, Any]) -> bytes:
        if seq is not None:
            self._stood[terminal] = seq
        said = cursor_of({name: seq for name, seq in self._stood.items() if seq is not None})
        return b"id: %b\nevent: %b\ndata: %b\n\n" % (said.encode(), name.encode(), encoded(data))

    async def _until_gone(self, receive: Receive) -> None:
        """Return when he has hung up, or is let in no more."""
        hanging_up = asyncio.create_task(_hung_up(receive))
        try:
            while self._call.is_let_in and not hanging_up.done():
                await asyncio.wait({hanging_up}, timeout=self._call.options.poll_s)
        finally:
            hanging_up.cancel()

    async def _followed(self, terminal: str) -> None:
        """Put what happens at one terminal into the queue, None at its end, whatever ends it."""
        try:
            await self._follow(terminal)
        except Exception as error:  # noqa: BLE001 — nobody foresaw it, and a stream must not fall silent
            wipe(error)
            _LOG.error("unexpected %s", type(error).__name__)
        await self._ready.put(None)

    async def _follow(self, terminal: str) -> None:
        news, seq, is_read = self._call.news, self._stood[terminal], True
        with news.followed(terminal) as told:
            while True:
                told.clear()
                is_last = news.is_over or not self._is_waiting
                try:
                    seq, rows = await self._look(terminal, seq)
                    is_read = True
                except PosRefundError as error:
                    wipe(error)
                    rows, was_read, is_read = [], is_read, False
                    if was_read:
                        _LOG.warning("events: %s", type(error).__name__)
                        await self._ready.put(self._unread(terminal, seq, error))
                for row in rows:
                    seq = row.seq
                    event = event_of(row, terminal)
                    if event is not None:
                        await self._ready.put((terminal, row.seq, *event))
                if rows:
                    continue
                if is_last:
                    break
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._call.options.poll_s):
                        await told.wait()

    async def _look(self, terminal: str, after: int | None) -> tuple[int, Sequence[Row]]:
        """Up to where it was read, and what is new since; raises where it cannot be read now."""
        lent = await self._call.terminals.lend(terminal, is_watching=True)
        if after is None:
            end = self._stood[terminal] = await end_of(lent)
            return end, []
        rows = await lent.at_desk(lambda desk: desk.journal.rows(after=after, most=_ROWS_MAX))
        return after, rows

    def _unread(self, terminal: str, seq: int | None, error: PosRefundError) -> _Told:
        """That a terminal cannot be read here, and why, as any other operation would answer."""
        said = said_of(error)
        wait = said.headers.get("Retry-After")
        data = {
            "terminal": terminal,
            "seq": seq,
            "at": self._call.options.clock().isoformat(),
            "code": said.data["error"]["code"],
            "retry_after_s": None if wait is None else int(wait),
        }
        return terminal, seq, "unread", data


async def end_of(terminal: AsyncTerminal) -> int:
    """Return the number of the last row of its journal."""
    seq, _ = await terminal.at_desk(lambda desk: desk.journal.head())
    return seq


async def _send(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
