"""``GET /v1/events``: every change at a terminal as a server-sent event, once, and resumable. Floor 10.

An event is a row of a terminal's chain, so its number says what came before it. Who comes back with the last one he saw
(``Last-Event-ID``) gets what follows, whichever process he comes back to. Of a terminal that cannot be read here now he
is told that: by the answer where he named it, by an event ``unread`` where he asked for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.errors import InvalidRequestError, JournalError, LocalProtocolError
from posrefund.gateway.answers import EventData, UnreadData
from posrefund.gateway.bodies import EventQuestion
from posrefund.gateway.cursor import TERMINALS_MAX, read_cursor
from posrefund.gateway.faults import DoorError
from posrefund.gateway.operation import Operation
from posrefund.gateway.stream import EventStream, end_of

if TYPE_CHECKING:
    from posrefund.aio import AsyncTerminal
    from posrefund.gateway.operation import Call

__all__ = ["EVENTS"]


async def _events(call: Call) -> EventStream:
    asked: EventQuestion = call.query
    _refuse_too_many(call)
    names = _terminals(call, asked)
    since = read_cursor(call.headers.get("last-event-id") or asked.after)
    stood: dict[str, int | None] = {}
    for name in names:
        stood[name] = since.get(name, 0 if asked.history else None)
        try:
            terminal = await _lent(call, name)
            if stood[name] is None:
                stood[name] = await end_of(terminal)
        except JournalError:
            if asked.terminal:
                raise
    _refuse_too_many(call)  # others may have come meanwhile; from here on it is counted
    return EventStream(call, stood, is_waiting=asked.wait)


def _refuse_too_many(call: Call) -> None:
    token = call.token
    if token is not None and call.news.streams_of(token.name) >= call.options.streams_max:
        raise DoorError("too_many_streams", headers={"Retry-After": "1"})


def _terminals(call: Call, asked: EventQuestion) -> list[str]:
    """Those that were named, or all that the token may use."""
    token = call.token
    names = list(dict.fromkeys(asked.terminal)) or [
        name for name in call.terminals.names() if token is None or token.may_use(name)
    ]
    if token is not None and not all(token.may_use(name) for name in names):
        raise DoorError("terminal_unknown")
    if not 0 < len(names) <= TERMINALS_MAX:
        raise InvalidRequestError([("terminal", f"1 to {TERMINALS_MAX} terminals, named")])
    return names


async def _lent(call: Call, name: str) -> AsyncTerminal:
    try:
        return await call.terminals.lend(name, is_watching=True)
    except LocalProtocolError:
        raise DoorError("terminal_unknown") from None


EVENTS = (
    Operation(
        "GET",
        "/v1/events",
        "events",
        "Follow what changes: attempts, approvals, faults, batches, cases and complaints, each change once.",
        "watch",
        _events,
        {200: (EventData, UnreadData)},
        query=EventQuestion,
        media="text/event-stream",
        statuses=(404, 500, 502, 503, 504),
        headers=("last-event-id",),
    ),
)
"""What is followed."""
