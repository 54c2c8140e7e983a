"""What a shop does all day, and what befalls it. Floor 10."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from posrefund.engine import Reason, RefundRequest, SaleRequest
from posrefund.errors import (
    InvalidKeyError,
    JournalError,
    LinkError,
    LocalProtocolError,
    RefusedError,
    RemoteProtocolError,
    RequestConflictError,
)
from posrefund.journal import SQLiteJournal
from posrefund.testing.simulator.checker import ViolationError
from posrefund.testing.simulator.host import TERMINAL
from posrefund.testing.simulator.world import CARDS, OTHER_CARD
from posrefund.values import Amount, RequestID, TerminalID

if TYPE_CHECKING:
    from posrefund.testing.simulator.world import World
    from posrefund.values import CardRead

__all__ = ["Shop"]

_MONEY_ERRORS = (RefusedError, RequestConflictError, LinkError, JournalError)
_SIGN_IN_ERRORS = (RefusedError, InvalidKeyError, LinkError, RemoteProtocolError, JournalError)
_JUMP_S = (-240, 240)
"""The product allows for five minutes on either side of the cut-over, no more."""
_LEAP_S = (-36_000, 36_000)
_READING = timedelta(minutes=2)
"""How well people read a clock."""
_SIGN_INS_MAX = 4
_HOOKS = (("", 70), ("ing", 8), ("COMMIT", 8))
"""All of them, or those of the line and the key store, or those around a commit: the many statements leave them few chances."""
_ACTIONS = (
    *("sell",) * 5,
    *("refund",) * 8,
    *("ask_again",) * 4,
    *("sign_in", "sign_in", "restart", "conflict", "undo", "release", "look_up"),
)


class Shop:
    """Clerk, customer and owner of one world.

    Args:
        world: Where.

    Attributes:
        sales: Request ids of the sales that were tried.
        refunds: Requests that were tried.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = world.random
        self.sales: list[str] = []
        self.refunds: list[RefundRequest] = []
        self._must_sign_in = False
        self._learned = world.time.skew

    def step(self) -> None:
        """Do one thing, while one thing may go wrong with the machine."""
        world, swarm = self._world, self._world.swarm
        self._move_clock()
        if swarm.strikes("close_batch"):
            world.host.close_batch()
        if swarm.strikes("second_process"):
            self._second_process()
        if swarm.strikes("late_by_gateway"):
            self.hand_over()
        self._arm()
        action = "sign_in" if self._must_sign_in else self._random.choice(_ACTIONS)
        getattr(self, action)()
        self.mend()

    def open_for_the_day(self) -> None:
        """Sign in, as often as it takes, within reason."""
        self._must_sign_in = True
        for _ in range(_SIGN_INS_MAX):
            if self._must_sign_in:
                self._world.time.wait(120)
                self.sign_in()
        self._must_sign_in = False

    def sign_in(self) -> None:
        """Sign in; whoever has set the clock does nothing else before."""
        sign_in = partial(self._world.terminal.sign_in, accept_clock=self._is_clock_off())
        if self._world.act("sign_in", sign_in, *_SIGN_IN_ERRORS):
            self._must_sign_in = False
            self._learned = self._world.time.skew

    def _is_clock_off(self) -> bool:
        """People look at both clocks before they accept the host's; what a bent answer says is no clock."""
        view = self._world.terminal.view()
        away = -self._world.time.skew - view.accepted_offset
        return abs(away) > timedelta(seconds=view.dialect.clock_tolerance_s) - _READING

    def mend(self) -> None:
        """Put everything right that an action has left broken: after a power cut comes a start."""
        world = self._world
        if world.fuse.is_blown:
            world.fuse.set(self._random.choice((0, 0, 1, 2, 3)))
            world.restart()
        elif world.disk.has_failed:
            world.tale.tell("disk: failed")
            world.restart()
        world.fuse.set(0)
        world.disk.mend()

    def sell(self) -> None:
        """A sale of 1 to 50 yuan."""
        name = f"S-{len(self.sales)}"
        self.sales.append(name)
        request = SaleRequest(
            RequestID(name), Amount(self._random.randint(100, 5_000)), self._random.choice(CARDS)
        )
        self._world.act("sale", lambda: self._world.terminal.sale(request), *_MONEY_ERRORS)

    def refund(self) -> None:
        """All or a part of some sale, sometimes with the wrong card, sometimes too much."""
        if self.sales:
            known = list(self._world.checker.evidence.witness.sales) or self.sales
            original = self._random.choice(known if self._random.random() < 0.9 else self.sales)
            self._refund(self._request(f"R-{len(self.refunds)}", original))

    def ask_again(self) -> None:
        """The impatient clerk."""
        if self.refunds:
            self._refund(self._random.choice(self.refunds))

    def conflict(self) -> None:
        """A known id with other content."""
        if self.refunds:
            known = self._random.choice(self.refunds)
            self._refund(self._request(known.request_id, self._random.choice(self.sales)))

    def restart(self) -> None:
        """Off and on."""
        self._world.restart()

    def undo(self) -> None:
        """Undo what is in doubt, as a till does when it is idle."""
        self._world.act("undo", self._world.terminal.resolve_doubts, LinkError, JournalError)

    def hand_over(self) -> None:
        """The gateway delivers the answers that it had held, by a way of its own."""
        for late in list(self._world.link.held):
            self._world.act("late", partial(self._world.terminal.receive_late, late), JournalError)

    def look_up(self) -> None:
        """Ask how a request stands."""
        if self.refunds:
            name = self._random.choice(self.refunds).request_id
            self._world.act("status", lambda: self._world.terminal.status(name), JournalError)

    def release(self) -> None:
        """Two people give back what files have proven absent."""
        attempts = self._world.checker.evidence.witness.attempts.values()
        proven = [seen for seen in attempts if seen.state == "MANUAL" and seen.facts.get("absent")]
        if proven:
            name = self._random.choice(proven).data["request_id"]
            self._world.act(
                "release",
                lambda: self._world.terminal.release(
                    name, people=("ann", "bo"), evidence="three complete files"
                ),
                LocalProtocolError,
                JournalError,
            )

    # --- inside ------------------------------------------------------------------------------

    def _request(self, name: str, original: str) -> RefundRequest:
        minor = self._random.choice((None, None, 1, self._random.randint(1, 6_000)))
        card = OTHER_CARD if self._random.random() < 0.05 else self._card_of(original)
        return RefundRequest(
            RequestID(name),
            original=RequestID(original),
            card=card,
            reason=Reason.CUSTOMER,
            amount=None if minor is None else Amount(minor),
        )

    def _card_of(self, original: str) -> CardRead:
        """The card that paid; it is read again, and not always in the same way."""
        attempts = self._world.checker.evidence.witness.attempts
        seen = attempts.get(f"{original}/1")
        same = [card for card in CARDS if seen and str(card.pan) == seen.data["card_masked"]]
        return self._random.choice(same or CARDS)

    def _refund(self, request: RefundRequest) -> None:
        if request not in self.refunds:
            self.refunds.append(request)
        self._world.act("refund", lambda: self._world.terminal.refund(request), *_MONEY_ERRORS)

    def _arm(self) -> None:
        """Set what may fail during the next action."""
        world, swarm = self._world, self._world.swarm
        disk = world.disk
        if swarm.rates.get("kill") and not swarm.is_calm and self._random.random() < 0.3:
            among, hooks_max = self._random.choice(_HOOKS)
            world.fuse.set(self._random.randint(1, hooks_max), among)
        kind = swarm.one_of("disk_fault", "disk_lies", "disk_full")
        if kind:
            disk.fails_at = self._random.randint(1, 40)
            disk.lies = kind == "disk_lies"
            disk.stays_broken = kind == "disk_full"

    def _move_clock(self) -> None:
        """A little, as clocks do, or by hours, as when a battery is changed; that is seen at once."""
        world, time = self._world, self._world.time
        kind = world.swarm.one_of("clock_jump", "clock_leap", "clock_leap_unseen")
        if kind == "clock_jump":
            time.skew = self._learned + timedelta(seconds=self._random.randint(*_JUMP_S))
        elif kind:
            time.skew += timedelta(seconds=self._random.randint(*_LEAP_S))
            self._must_sign_in = kind == "clock_leap"
        if kind:
            world.tale.tell(f"clock: {time.skew.total_seconds():+.0f} s from now on")

    def _second_process(self) -> None:
        """Somebody opens the journal that is open already: the lock has to refuse."""
        world = self._world
        try:
            SQLiteJournal(
                world.folder / "journal.db",
                key=world.keys().journal_key,
                terminal=TerminalID(TERMINAL),
            ).close()
        except JournalError as refusal:
            world.tale.tell(f"second process: {refusal}")
            return
        raise ViolationError("I6", "two processes have one journal open")
