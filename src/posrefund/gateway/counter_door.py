"""The counter over the door: sit down, see the screen, press a key. Floor 10."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct

from posrefund.counter import CardsToPractise, Counter, Dialogue, NoReader, Pad, Screen, new_id
from posrefund.errors import InvalidRequestError
from posrefund.gateway.bodies import Body, Operator
from posrefund.gateway.counter_room import Seat
from posrefund.gateway.faults import DoorError
from posrefund.gateway.operation import Answer, Operation
from posrefund.gateway.qr import qr_path
from posrefund.gateway.sign_pad import SignPad, Strokes

if TYPE_CHECKING:
    from posrefund.aio import AsyncTerminal
    from posrefund.counter import Reader
    from posrefund.gateway.counter_room import CounterRoom, Owner
    from posrefund.gateway.operation import Call

__all__ = ["counter_operations"]

_AT = "/v1/terminals/{terminal}/counter"
_WAIT_S_MAX = 25.0


class SitBody(Body):
    """Who sits down."""

    language: Annotated[Literal["zh", "en"], Meta(description="zh or en")] = "zh"
    operator: Operator | None = None


class KeyBody(Body):
    """What was pressed, typed or drawn, and on which screen."""

    version: Annotated[int, Meta(ge=1, le=2**53, description="the screen's version")]
    key: Annotated[str, Meta(min_length=1, max_length=16, description="a key")] | None = None
    text: Annotated[str, Meta(max_length=256, description="what was typed")] | None = None
    strokes: Strokes | None = None


class AfterQuestion(Struct, forbid_unknown_fields=True):
    """Which screen is known already."""

    after: Annotated[int, Meta(ge=0, le=2**53, description="a version")] = 0


class SeatData(Struct):
    """A screen.

    *is_taken*: whether the key was for the screen that was shown; *picture_path*: its QR code, drawn; *signature*: the one that
    was drawn, a PNG in Base64.
    """

    seat: str
    version: int
    is_taken: bool
    is_over: bool
    screen: Screen
    picture_path: str
    picture_size: int
    signature: str


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
            "Press a key of a screen, or hand in what was typed or drawn; of another screen than is shown it is nothing.",
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
        is_training, rule = await call.terminal.at_desk(
            lambda desk: (desk.journal.is_training, desk.dialect.signature)
        )
        reader = self._reader(call, name, is_training=is_training)
        slip = call.options.slip_of(name)
        pad = SignPad(slip.signatures, rule, call.options.phone_url, slip.merchant_name or name)

        async def lend() -> AsyncTerminal:
            return await call.terminals.lend(name)

        dialogue = Dialogue(_counter(call, body, reader, pad))
        seat = Seat(dialogue, reader, lend, call, pad, self._room.links)
        self._room.sit(_owner(call), seat)
        await seat.after(1, 1.0)  # the menu, unless the journal is slow
        return _shown(seat)

    async def look(self, call: Call) -> Answer:
        asked: AfterQuestion = call.query
        seat = self._seat(call)
        with suppress(TimeoutError):
            async with asyncio.timeout(_WAIT_S_MAX):
                while seat.version == asked.after and not call.news.is_over:
                    await seat.after(asked.after, call.options.poll_s)
                    if not call.is_let_in:
                        self._room.send_away(_owner(call), seat)
                        raise DoorError("seat_unknown")
        return _shown(seat)

    async def press(self, call: Call) -> Answer:
        body: KeyBody = call.body
        if sum(said is not None for said in (body.key, body.text, body.strokes)) != 1:
            raise InvalidRequestError([("body", "one of key, text, strokes")])
        seat = self._seat(call)
        if body.strokes is not None:
            is_taken = await seat.draw(body.version, body.strokes, Pad.HERE)
        elif body.key is not None:
            is_taken = seat.press(body.version, body.key)
        else:
            is_taken = seat.enter(body.version, body.text or "")
        return _shown(seat, is_taken=is_taken)

    def _reader(self, call: Call, name: str, *, is_training: bool) -> Reader:
        found = call.options.readers.get(name)
        if found is not None:
            return self._room.reader_of(found)
        return CardsToPractise() if is_training else NoReader()

    def _seat(self, call: Call) -> Seat:
        seat = self._room.find(_owner(call), call.path["seat"])
        if seat is None:
            raise DoorError("seat_unknown")
        return seat


def _counter(call: Call, body: SitBody, reader: Reader, pad: SignPad) -> Counter:
    options, name = call.options, call.path["terminal"]
    return Counter(
        new_id=lambda: new_id(options.clock()),
        operator=call.operator(body.operator),
        language=body.language,
        cards=reader.cards,
        slip=options.slip_of(name),
        arrival=options.arrival_of(name),
        pads=pad.pads,
        why_no_pad="" if pad.pads else "sign_no_folder",
    )


def _owner(call: Call) -> Owner:
    return call.token, call.path["terminal"]


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
        "signature": seat.signature,
    }
    return Answer(data)
