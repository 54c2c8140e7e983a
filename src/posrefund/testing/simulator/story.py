"""What a shop does all day, and what befalls it. Floor 10."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from posrefund.engine import DescribedSale, Reason, RefundRequest, SaleRequest
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
from posrefund.testing.simulator.supervisor import Supervisor
from posrefund.testing.simulator.world import CARDS, OTHER_CARD, payer_code
from posrefund.values import RRN, Amount, BackToPayer, RequestID, TerminalID, Voucher

if TYPE_CHECKING:
    from collections.abc import Collection

    from posrefund.emulators.host.ledger import Entry
    from posrefund.testing.simulator.world import World
    from posrefund.values import CardRead, CodeRead

__all__ = ["Shop"]

_MONEY_ERRORS = (RefusedError, RequestConflictError, LinkError, JournalError)
_SIGN_IN_ERRORS = (RefusedError, InvalidKeyError, LinkError, RemoteProtocolError, JournalError)
_INQUIRY_ERRORS = (RefusedError, LinkError, RemoteProtocolError, JournalError)
_JUMP_S = (-240, 240)
"""The product allows for five minutes on either side of the cut-over, no more."""
_LEAP_S = (-36_000, 36_000)
_CLOSING_ERRORS = (RefusedError, LinkError, RemoteProtocolError, JournalError)
_CLOSINGS_MAX = 3
_READING = timedelta(minutes=2)
"""How well people read a clock."""
_SIGN_INS_MAX = 4
_GOES_ON = 0.3
_ASKS = 0.15
_TRADE = 4
_BY_CODE = "QR"
"""What the journal shows instead of a card number where a code paid."""
_HOOKS = (("", 70), ("ing", 8), ("COMMIT", 8))
"""All of them, or those of the line and the key store, or those around a commit: the many statements leave them few chances."""
_ACTIONS = (
    *("sell",) * 5,
    *("refund",) * 8,
    *("ask_again",) * 4,
    *("approve",) * 4,
    *("describe",) * 2,
    *("sign_in", "sign_in", "restart", "conflict", "undo", "release", "look_up", "change_batch"),
    *("look", "withdraw", "close", "close", "void", "void"),
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
        self._elsewhere: list[Entry] = []
        self._is_closing = False
        self._code_share = world.codes.choice((0.0, 0.3))
        self._codes_shown = 0
        supervisor = Supervisor(world)
        self.look, self.withdraw, self.close = (
            supervisor.look,
            supervisor.withdraw,
            supervisor.close,
        )
        self._approve = supervisor.approve

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
        getattr(self, self._choose())()
        self.mend()

    def _choose(self) -> str:
        if self._must_sign_in:
            return "sign_in"
        if self._is_closing and self._random.random() < _GOES_ON:  # nothing else goes until then
            return "close_batch"
        if self._world.host.takes_inquiries and self._random.random() < _ASKS:
            return "inquire"
        return self._random.choice(_ACTIONS)

    def trade(self) -> None:
        """A day on which nothing goes wrong: what is given back later was sold by somebody."""
        self.sign_in()
        for _ in range(_TRADE):
            self.sell()

    def open_for_the_day(self) -> None:
        """Sign in, as often as it takes, within reason."""
        self._must_sign_in = True
        for _ in range(_SIGN_INS_MAX):
            if self._must_sign_in:
                self._world.time.wait(120)
                self.sign_in()
        self._must_sign_in = False

    def must_sign_in(self) -> None:
        """Let the next thing be a sign-in."""
        self._must_sign_in = True

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

    def close_for_the_day(self) -> None:
        """Close the batch, as often as it takes, within reason; whoever is refused signs in and tries again."""
        for _ in range(_CLOSINGS_MAX):
            self._arm()
            is_over = self.close_batch()
            self.mend()
            if is_over:
                return
            self.sign_in()
            self.mend()

    def close_batch(self) -> bool:
        """Close the batch, or go on closing it; say whether it is closed."""
        close = self._world.terminal.close_batch
        is_closed = self._world.act("close_batch", close, *_CLOSING_ERRORS)
        self._is_closing = not is_closed
        return is_closed

    def change_batch(self) -> None:
        """Close the batch in the middle of the day and sign in again."""
        self.close_batch()
        self.mend()
        self._must_sign_in = True

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
        """A sale of 1 to 50 yuan, to a card or to a code."""
        name = f"S-{len(self.sales)}"
        self.sales.append(name)
        request = SaleRequest(
            RequestID(name), Amount(self._random.randint(100, 5_000)), self._random.choice(CARDS)
        )
        if self._world.codes.random() < self._code_share:
            request = replace(request, card=self._code())
        self._world.act("sale", lambda: self._world.terminal.sale(request), *_MONEY_ERRORS)

    def refund(self) -> None:
        """All or a part of some sale, sometimes with the wrong card, sometimes too much."""
        if self.sales:
            known = list(self._world.checker.evidence.witness.sales) or self.sales
            original = self._random.choice(known if self._random.random() < 0.95 else self.sales)
            self._refund(self._request(f"R-{len(self.refunds)}", original))

    def void(self) -> None:
        """All of the last sale: the customer has not left yet."""
        if known := list(self._world.checker.evidence.witness.sales):
            asked = self._request(f"R-{len(self.refunds)}", known[-1])
            self._refund(replace(asked, amount=None))

    def ask_again(self) -> None:
        """The impatient clerk."""
        if self.refunds:
            among = self.refunds if self._random.random() < 0.3 else self.refunds[-3:]
            self._refund(self._random.choice(among))

    def ask_for(self, names: Collection[str]) -> None:
        """The same again, for the requests of these names, and once more for what may be left of their sales."""
        for request in [known for known in self.refunds if known.request_id in names]:
            self._refund(request)
            if isinstance(request.original, str):  # a described sale has no name here
                self._refund(self._request(f"R-{len(self.refunds)}", request.original))

    def conflict(self) -> None:
        """A known id with other content."""
        if self.refunds and self.sales:
            known = self._random.choice(self.refunds)
            self._refund(self._request(known.request_id, self._random.choice(self.sales)))

    def approve(self) -> None:
        """The second person says yes; then the clerk asks again, at once or later, or for something else."""
        name = self._approve()
        said = [request for request in self.refunds if request.request_id == name]
        if said and self._random.random() < 0.7:
            self.mend()
            last = said[-1]
            if self._random.random() < 0.2:
                self._refund(replace(last, amount=Amount(self._random.randint(1, 3_000))))
            self._refund(last)

    def describe(self) -> None:
        """A customer comes with the slip of another terminal's sale, or of one of ours; read rightly, or not."""
        if not self._elsewhere or self._random.random() < 0.2:
            self._elsewhere.append(self._world.host.sell_elsewhere(self._random.choice(CARDS).pan))
        slips = self._elsewhere
        if self._random.random() < 0.2:
            slips = [each for each in self._world.host.ledger.entries() if each.kind == "sale"]
        slip = self._random.choice(slips)
        self._refund(self._described(f"R-{len(self.refunds)}", slip))

    def restart(self) -> None:
        """Off and on."""
        self._world.restart()

    def undo(self) -> None:
        """Undo what is in doubt, as a till does when it is idle."""
        self._world.act("undo", self._world.terminal.resolve_doubts, LinkError, JournalError)

    def inquire(self) -> None:
        """Ask the host about a doubt, or about anything that was asked for."""
        attempts = self._world.checker.evidence.witness.attempts.values()
        doubts = [seen.data["request_id"] for seen in attempts if seen.state == "IN_DOUBT"]
        names = (
            doubts
            if doubts and self._random.random() < 0.8
            else [r.request_id for r in self.refunds]
        )
        if names:
            name = self._random.choice(names)
            self._world.act("inquire", lambda: self._world.terminal.inquire(name), *_INQUIRY_ERRORS)

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
        minor = self._random.choice(
            (None, 1, self._random.randint(1, 500), self._random.randint(1, 6_000))
        )
        card = OTHER_CARD if self._random.random() < 0.05 else self._card_of(original)
        return RefundRequest(
            RequestID(name),
            original=RequestID(original),
            card=card,
            reason=Reason.CUSTOMER,
            amount=None if minor is None else Amount(minor),
        )

    def _described(self, name: str, slip: Entry) -> RefundRequest:
        """What the slip says, now and then a digit of it misread."""
        is_misread = self._random.random() < 0.1
        day = slip.host_time.date()
        same = [card for card in CARDS if card.pan == slip.pan]
        card: CardRead | BackToPayer = self._random.choice(same or CARDS)
        if slip.voucher:
            card = BackToPayer(Voucher(slip.voucher))
        return RefundRequest(
            RequestID(name),
            original=DescribedSale(
                RRN(slip.rrn[:-1] + "0" if is_misread else slip.rrn),
                self._random.choice((day, f"{day:%m%d}")),
                auth_code=slip.auth or None,
            ),
            card=card,
            reason=Reason.CUSTOMER,
            amount=Amount(self._random.choice((1, self._random.randint(1, 3_000)))),
        )

    def _code(self) -> CodeRead:
        """A code that nobody has shown before; now and then of nobody, or one that has paid already."""
        draw = self._world.codes
        if not self._codes_shown or draw.random() > 0.05:
            self._codes_shown += 1
        return payer_code(self._codes_shown, 9 if draw.random() < 0.05 else self._codes_shown % 3)

    def _card_of(self, original: str) -> CardRead | BackToPayer:
        """The card that paid; it is read again, and not always in the same way. After a code nothing is read."""
        attempts = self._world.checker.evidence.witness.attempts
        seen = attempts.get(f"{original}/1")
        same = [card for card in CARDS if seen and str(card.pan) == seen.data["card_masked"]]
        card = self._random.choice(same or CARDS)
        is_by_code = seen is not None and seen.data["card_masked"] == _BY_CODE
        return BackToPayer() if is_by_code and self._world.codes.random() > 0.05 else card

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
