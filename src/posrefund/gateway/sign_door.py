"""``/sign/…``: a customer signs on the own phone, where a code at the counter led to. Floor 10.

The secret in the address is all that is asked for. It tells how much from which shop, and takes one drawing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from posrefund.counter import Pad
from posrefund.gateway.bodies import Body
from posrefund.gateway.faults import DoorError
from posrefund.gateway.operation import Answer, Operation
from posrefund.gateway.pages import page
from posrefund.gateway.sign_pad import Strokes

if TYPE_CHECKING:
    from starlette.responses import Response

    from posrefund.gateway.counter_room import CounterRoom, Seat
    from posrefund.gateway.operation import Call

__all__ = ["signing_operations"]

_AT = "/sign/{link}"


class DrawnBody(Body):
    """A signature."""

    strokes: Strokes


class ToSignData(Struct):
    """What is signed. *watermark*: says that people practise; *seconds_left*: so long it can be signed."""

    amount: str
    shop: str
    watermark: str
    seconds_left: Annotated[int, Meta(ge=0)]


class SignedData(Struct):
    """It was taken; nothing was sent by that."""

    signed: bool


def signing_operations(room: CounterRoom) -> tuple[Operation, ...]:
    """Return what a phone can ask of the counters of *room*."""
    desk = _Phones(room)
    return (
        Operation(
            "GET", _AT, "sign_page", "The page to sign on.", None, desk.page, {}, is_published=False
        ),
        Operation(
            "POST", _AT, "sign_by_phone", "Hand in a signature, once.", None, desk.sign,
            {200: SignedData}, body=DrawnBody, statuses=(404,),
        ),
        Operation(
            "GET", f"{_AT}/wanted", "what_to_sign", "Tell what is signed.", None, desk.wanted,
            {200: ToSignData}, statuses=(404,),
        ),
    )  # fmt: skip


class _Phones:
    def __init__(self, room: CounterRoom) -> None:
        self._room = room

    async def page(self, _: Call) -> Response:
        """The same for every link: who guesses learns nothing by it, and a look at it uses nothing up."""
        return page("sign.html")

    async def wanted(self, call: Call) -> Answer:
        seat, left_s = self._find(call)
        (amount,) = (fact.value for fact in seat.screen.facts if fact.is_large)
        data = {
            "amount": amount,
            "shop": seat.pad.shop,
            "watermark": seat.screen.watermark,
            "seconds_left": int(left_s),
        }
        return Answer(data)

    async def sign(self, call: Call) -> Answer:
        body: DrawnBody = call.body
        seat, _ = self._find(call)
        self._room.links.count_try(call.path["link"])
        if not await seat.draw(seat.version, body.strokes, Pad.PHONE):
            # another was quicker, or the clerk has gone on
            raise DoorError("link_unknown")
        return Answer({"signed": True})

    def _find(self, call: Call) -> tuple[Seat, float]:
        found = self._room.signer(call.path["link"])
        if found is None:
            raise DoorError("link_unknown")
        return found
