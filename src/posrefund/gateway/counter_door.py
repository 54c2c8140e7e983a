"""The counter over the door: sit down, see the screen, press a key. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct

from posrefund.counter import CardsToPractise, Counter, Dialogue, NoReader, Screen, new_id
from posrefund.errors import InvalidRequestError
from posrefund.gateway.bodies import Body, Operator
from posrefund.gateway.counter_rights import CounterRights
from posrefund.gateway.counter_room import Seat
from posrefund.gateway.faults import DoorError
from posrefund.gateway.operation import Answer, Operation
from posrefund.gateway.qr import qr_path

if TYPE_CHECKING:
    from posrefund.aio import AsyncTerminal
    from posrefund.counter import Reader
    from posrefund.gateway.counter_room import CounterRoom
    from posrefund.gateway.operation import Call

__all__ = ["counter_operations"]

_AT = "/v1/terminals/{terminal}/counter"
_WAIT_S_MAX = 25.0


class SitBody(Body):
    """Who sits down."""

    language: Annotated[Literal["zh", "en"], Meta(description="zh or en")] = "zh"
    operator: Operator | None = None


class KeyBody(Body):
    """What was pressed or typed, and on which screen: either *key* or *text*."""

    version: Annotated[int, Meta(ge=1, le=2**53, description="the screen's version")]
    key: Annotated[str, Meta(min_length=1, max_length=16, description="a key")] | None = None
    text: Annotated[str, Meta(max_length=256, description="what was typed")] | None = None


class AfterQuestion(Struct, forbid_unknown_fields=True):
    """Which screen is known already."""

    after: Annotated[int, Meta(ge=0, le=2**53, description="a version")] = 0


class SeatData(Struct):
    """A screen. *is_taken*: whether the key was for the screen that was shown; *picture_path*: its QR code, drawn."""

    seat: str
    version: int
    is_taken: bool
    is_over: bool
    screen: Screen
    picture_path: str
    picture_size: int


def counter_operations(room: CounterRoom) -> tuple[Operation, ...]:
    """Return what can be asked at the counter of *room*."""
    desk = _FrontDesk(room)
    return (
        Operation(
            "POST",
            _AT,
            "sit_down",
            "Open a counter: a clerk's screens, as data.",
            "refund",
            desk.sit,
            {200: SeatData},
            body=SitBody,
        ),
        Operation(
            "GET",
            f"{_AT}/{{seat}}",
            "look",
            "Return the screen, once it is another than the one that is known.",
            "refund",
            desk.look,
            {200: SeatData},
            query=AfterQuestion,
        ),
        Operation(
            "POST",
            f"{_AT}/{{seat}}",
            "press",
            "Press a key of a screen, or hand in what was typed; of another screen than is shown it is nothing.",
            "refund",
            desk.press,
            {200: SeatData},
            body=KeyBody,
        ),
    )


class _FrontDesk:
    """Leads clerks to their seats and back."""

    def __init__(self, room: CounterRoom) -> None:
        self._room = room

    async def sit(self, call: Call) -> Answer:
        body: SitBody = call.body
        name = call.path["terminal"]
        is_training = await call.terminal.at_desk(lambda desk: desk.journal.is_training)
        reader = _reader(call, name, is_training=is_training)

        async def lend() -> AsyncTerminal:
            return await call.terminals.lend(name)

        dialogue, rights = Dialogue(_counter(call, body, reader)), CounterRights(call)
        seat = Seat(dialogue, reader, lend, rights, call.keep, call.news)
        self._room.sit(_owner(call), seat)
        await seat.after(1, 1.0)  # the menu, unless the journal is slow
        return _shown(seat)

    async def look(self, call: Call) -> Answer:
        asked: AfterQuestion = call.query
        seat = self._seat(call)
        await seat.after(asked.after, _WAIT_S_MAX)
        return _shown(seat)

    async def press(self, call: Call) -> Answer:
        body: KeyBody = call.body
        if (body.key is None) == (body.text is None):
            raise InvalidRequestError([("body", "either key or text")])
        seat = self._seat(call)
        if body.key is not None:
            is_taken = seat.press(body.version, body.key)
        else:
            is_taken = seat.enter(body.version, body.text or "")
        return _shown(seat, is_taken=is_taken)

    def _seat(self, call: Call) -> Seat:
        seat = self._room.find(_owner(call), call.path["seat"])
        if seat is None:
            raise DoorError("seat_unknown")
        return seat


def _counter(call: Call, body: SitBody, reader: Reader) -> Counter:
    options, name = call.options, call.path["terminal"]
    return Counter(
        new_id=lambda: new_id(options.clock()),
        operator=call.operator(body.operator),
        language=body.language,
        cards=reader.cards,
        slip=options.slip_of(name),
        arrival=options.arrival_of(name),
    )


def _owner(call: Call) -> str:
    return f"{call.token.name if call.token else ''}@{call.path['terminal']}"


def _reader(call: Call, name: str, *, is_training: bool) -> Reader:
    found = call.options.readers.get(name)
    if found is not None:
        return found
    return CardsToPractise() if is_training else NoReader()


def _shown(seat: Seat, *, is_taken: bool = True) -> Answer:
    screen = seat.screen
    path, size = qr_path(screen.picture)
    data: dict[str, Any] = {
        "seat": seat.name,
        "version": seat.version,
        "is_taken": is_taken,
        "is_over": seat.is_over,
        "screen": screen.as_data(),
        "picture_path": path,
        "picture_size": size,
    }
    return Answer(data)
