"""Clerks in front of browsers: a dialogue each, driven here, drawn there. Floor 10.

A screen has a version. A key is for the screen that was seen: pressed twice, or too late, it is nothing. What a dialogue
wants is performed in a task of the door, which goes on when the browser is gone.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from base64 import b64encode
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from posrefund.closed import closed, closed_class, wipe
from posrefund.counter import Dialogue, Failed, Pad, perform_async
from posrefund.counter.refund_effects import SendRefund
from posrefund.engine import Signature
from posrefund.errors import ConfigError, LocalProtocolError, PosRefundError
from posrefund.gateway.counter_rights import CounterRights, for_a_clerk
from posrefund.gateway.counter_turns import SeatReader, Turn
from posrefund.gateway.faults import DoorError
from posrefund.gateway.sign_links import SignLinks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from posrefund.aio import AsyncTerminal
    from posrefund.counter import Effect, Reader, Screen
    from posrefund.gateway.operation import Call
    from posrefund.gateway.sign_pad import SignPad
    from posrefund.gateway.tokens import Token

__all__ = ["CounterRoom", "Owner", "Seat"]

Owner: TypeAlias = "tuple[Token | None, str]"
"""A token as it was when somebody sat down, and the terminal: under another role, nobody sits on his old seat."""

_LOG = logging.getLogger(__name__)
_SEATS_MAX = 16
"""So many of one owner: nobody's page is taken away because somebody else opens many."""
_IDLE_S = 900.0


@closed_class
class Seat:
    """One clerk.

    Args:
        dialogue: What is shown to whom.
        reader: Where cards are read.
        lend: Returns the terminal.
        call: Of whoever sat down.
        pad: What becomes of a signature that is drawn.
        links: Those of the room, to sign by phone.

    Attributes:
        name: Nobody can guess it.
        pad: What becomes of a signature that is drawn.
        version: Of the screen that is shown now; it only grows.
        used_at: When somebody last asked, by the room's clock.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        reader: Reader,
        lend: Callable[[], Awaitable[AsyncTerminal]],
        call: Call,
        pad: SignPad,
        links: SignLinks,
    ) -> None:
        self._dialogue, self._reader, self._lend = dialogue, reader, lend
        self._call, self._rights = call, CounterRights(call)
        self._keep, self._news = call.keep, call.news
        self.pad, self._links = pad, links
        self.name = secrets.token_urlsafe(16)
        self.version, self.used_at = 1, 0.0
        self._link, self._drawn = "", b""
        self._want(dialogue.start())

    @property
    def screen(self) -> Screen:
        """What is shown; where a phone is waited for, with the address that it opens."""
        shown = self._dialogue.screen
        return replace(shown, picture=self._link) if self._link else shown

    @property
    def signature(self) -> str:
        """The signature that the screen shows, as a PNG in Base64; empty for none."""
        is_shown = (
            bool(self._drawn)
            and self.screen.signature == Signature.of("bitmap", self._drawn).sha256
        )
        return b64encode(self._drawn).decode() if is_shown else ""

    @property
    def is_busy(self) -> bool:
        """Whether something is under way."""
        return self._dialogue.is_busy

    @property
    def is_over(self) -> bool:
        """Whether the clerk has gone."""
        return self._dialogue.is_over

    @property
    def is_let_in(self) -> bool:
        """Whether who sat down would be let in now as he was."""
        return self._call.is_let_in

    @property
    def standing(self) -> tuple[bool, float]:
        """Sorts seats: the first is the one that can be spared most."""
        return self.is_busy, self.used_at

    def press(self, version: int, key: str) -> bool:
        """Take a key of the screen *version*; return whether that is still the one that is shown."""
        return self._take(version, lambda: self._dialogue.press(key))

    def enter(self, version: int, text: str) -> bool:
        """Take what was typed into the field of the screen *version*."""
        return self._take(version, lambda: self._dialogue.enter(text))

    async def draw(self, version: int, strokes: list[list[tuple[int, int]]], pad: Pad) -> bool:
        """Take a signature that was drawn on *pad* for the screen *version*; return whether that one still waits for it.

        It is kept when the refund is sent, and not at all where the clerk goes back.

        Raises:
            InvalidRequestError: Path ``strokes``: it is none that is taken.
        """
        if self.screen.pad is not pad or version != self.version:
            return False
        picture = await asyncio.to_thread(self.pad.picture, strokes)
        if version != self.version or not self._dialogue.sign(Signature.of("bitmap", picture)):
            return False
        self._drawn = picture
        self._changed()
        return True

    async def after(self, version: int, most_s: float) -> None:
        """Wait until another screen than *version* is shown, *most_s* at most, or the door closes."""
        with self._news.followed(self.name) as changed, suppress(TimeoutError):
            async with asyncio.timeout(most_s):
                while self.version == version and not self._news.is_over:
                    changed.clear()
                    await changed.wait()

    def stop_reading(self) -> None:
        """End the wait for a card, if this seat waits for one."""
        self._reader.stop()

    def _take(self, version: int, act: Callable[[], Effect | None]) -> bool:
        if version != self.version:
            return False
        before = self.screen
        effect = act()
        if effect is not None and effect.is_aside:
            self._keep(self._aside(effect))
        else:
            self._want(effect)
        if self.screen != before:
            self._changed()
        return True

    def _want(self, effect: Effect | None) -> None:
        if effect is not None:
            self._keep(self._perform(effect))

    async def _perform(self, effect: Effect) -> None:
        wanted: Effect | None = effect
        while wanted is not None:
            result = await self._result(wanted)
            try:
                wanted = self._dialogue.resume(result)
            finally:
                self._changed()

    async def _aside(self, effect: Effect) -> None:
        await self._result(effect)

    async def _result(self, effect: Effect) -> Any:
        """What came of it; whatever breaks is told as a failure, so that no screen stays busy for ever."""
        try:
            terminal = await self._lend()
            await self._rights.check(effect, terminal)
            await self._keep_signature(effect)
            return self._rights.seen(await perform_async(effect, terminal, self._reader))
        except PosRefundError as error:
            return Failed(error)
        except Exception as error:  # noqa: BLE001 — nobody foresaw it, and no trace of it may stay
            wipe(error)
            _LOG.error("unexpected %s", type(error).__name__)
            broken = LocalProtocolError("something broke here: look up how the refund stands")
            if isinstance(effect, SendRefund):  # it may have been sent
                broken.effect, broken.retry_is_safe = "in_doubt", False
            return Failed(broken)

    async def _keep_signature(self, effect: Effect) -> None:
        """Store what was drawn before the refund that rests on it is sent."""
        if not (isinstance(effect, SendRefund) and self._drawn):
            return
        if effect.request.signature != Signature.of("bitmap", self._drawn):
            return
        try:
            await asyncio.to_thread(self.pad.keep, self._drawn)
        except ConfigError:
            refusal = for_a_clerk(DoorError("signature_not_kept"))
            refusal.retry_is_safe = True  # nothing was sent, and there may be room again
            raise refusal from None

    def _changed(self) -> None:
        self.version += 1
        is_by_phone = self._dialogue.screen.pad is Pad.PHONE
        self._link = self.pad.address(self._links.make(self)) if is_by_phone else ""
        self._news.tell(self.name)


class CounterRoom:
    """The seats of one door.

    Args:
        monotonic: Returns seconds that only grow.

    Attributes:
        links: Those that hold, to sign by phone.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self.links = SignLinks(monotonic)
        self._seats: dict[tuple[Owner, str], Seat] = {}
        self._turns: dict[int, Turn] = {}

    def sit(self, owner: Owner, seat: Seat) -> None:
        """Give *seat* to *owner*; who has been away for long makes room."""
        now = self._monotonic()
        self.links.forget()
        for place, one in [*self._seats.items()]:
            if one.is_over or (not one.is_busy and now - one.used_at > _IDLE_S):
                del self._seats[place]
        own = [place for place in self._seats if place[0] == owner]
        if len(own) >= _SEATS_MAX:  # what one that is busy began goes on without it
            del self._seats[min(own, key=lambda each: self._seats[each].standing)]
        seat.used_at = now
        self._seats[owner, seat.name] = seat

    def reader_of(self, reader: Reader) -> Reader:
        """Return *reader* for one seat: what waits for a card waits for one seat at a time."""
        if reader.cards:
            return reader
        return SeatReader(self._turns.setdefault(id(reader), Turn(reader)))

    def send_away(self, owner: Owner, seat: Seat) -> None:
        """Take a seat away from who may not sit there any more; what it sent to the host goes on."""
        self._seats.pop((owner, seat.name), None)
        seat.stop_reading()

    def close(self) -> None:
        """Let nobody wait for a card any more: the door waits for whoever does."""
        for turn in self._turns.values():
            turn.end()

    @closed
    def signer(self, secret: str) -> tuple[Seat, float] | None:
        """Return the seat that the link *secret* leads to, and for how many seconds still."""
        found = self.links.find(secret)
        if found is None or found[0] not in self._seats.values() or not found[0].is_let_in:
            return None
        return found

    @closed
    def find(self, owner: Owner, name: str) -> Seat | None:
        """Return the seat *name*, if it is *owner*'s and somebody still sits there."""
        seat = self._seats.get((owner, name))
        if seat is not None:
            seat.used_at = self._monotonic()
        return seat
