"""``GET /v1/events``: every change at a terminal as a server-sent event, once, and resumable. Floor 10.

An event is a row of a terminal's chain, so its number says what came before it. Who comes back with the last one he saw
(``Last-Event-ID``) gets what follows, whichever process he comes back to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.errors import InvalidRequestError, LocalProtocolError
from posrefund.gateway.answers import EventData
from posrefund.gateway.bodies import EventQuestion
from posrefund.gateway.cursor import TERMINALS_MAX, read_cursor
from posrefund.gateway.faults import DoorError
from posrefund.gateway.operation import Operation
from posrefund.gateway.stream import EventStream

if TYPE_CHECKING:
    from posrefund.gateway.operation import Call

__all__ = ["EVENTS"]


async def _events(call: Call) -> EventStream:
    asked: EventQuestion = call.query
    _refuse_too_many(call)
    names = _terminals(call, asked)
    since = read_cursor(call.headers.get("last-event-id") or asked.after)
    stood: dict[str, int] = {}
    for name in names:
        if name in since:
            stood[name] = since[name]
            continue
        stood[name] = 0 if asked.history else await _end_of(call, name)
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


async def _end_of(call: Call, name: str) -> int:
    try:
        terminal = await call.terminals.lend(name, is_watching=True)
    except LocalProtocolError:
        raise DoorError("terminal_unknown") from None
    seq, _ = await terminal.at_desk(lambda desk: desk.journal.head())
    return seq


EVENTS = (
    Operation(
        "GET",
        "/v1/events",
        "events",
        "Follow what changes: attempts, approvals, faults, batches, cases and complaints, each change once.",
        "watch",
        _events,
        {200: EventData},
        query=EventQuestion,
        media="text/event-stream",
        statuses=(404, 500, 502, 503, 504),
        headers=("last-event-id",),
    ),
)
"""What is followed."""
