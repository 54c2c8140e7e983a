"""A shop's days on a disk that remembers: sales, refunds, voids, doubts, crashes, wiped cards. Seeded."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from posrefund.errors import RefusedError
from shop import Shop, refund, sale
from terminal.power import Fuse, PowerCut, wire

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from posrefund.link import Link
    from power.connection import Witness

__all__ = ["play"]

_FAULTS = ("drop_reply", "drop_request", "bad_mac", "booked_code")


def play(folder: Path, witness: Witness, rng: random.Random, *, days: int, steps: int) -> None:
    """Play the shop's days; after each call that returned, tell the witness."""
    shop = Shop(folder)
    shop.other_link = _Told(shop.link, witness)
    shop.restart()
    clerk = _Clerk(shop, rng)
    for day in range(days):
        shop.to(day, 9 if day else 15)
        for _ in range(steps):
            clerk.step()
            witness.acknowledged()
        if day:
            shop.settle(day - 1)
            witness.acknowledged()
    shop.terminal.close()


class _Told:
    """A link at which everything that leaves is looked at: is what it stands on in a commit?"""

    def __init__(self, link: Link, witness: Witness) -> None:
        self._link, self._witness = link, witness
        self.open, self.close, self.receive = link.open, link.close, link.receive

    def send(self, message: bytes) -> None:
        self._witness.acknowledged()
        self._link.send(message)


class _Clerk:
    def __init__(self, shop: Shop, rng: random.Random) -> None:
        self._shop, self._rng = shop, rng
        self._asked: list[Callable[[], object]] = []
        self._sales = 0

    def step(self) -> None:
        """Do one thing; every fourth time something goes wrong in it."""
        if self._rng.random() < 0.25:
            kind, mti = self._rng.choice(_FAULTS), self._rng.choice(("0200", "0220"))
            self._shop.fault(kind, mti=mti)
        chores = (self._sell, self._give_back, self._ask_again, self._crash, self._other)
        self._rng.choices(chores, weights=(4, 5, 2, 2, 2))[0]()

    def _ask(self, call: Callable[[], object]) -> None:
        self._asked.append(call)
        with suppress(RefusedError):
            call()

    def _sell(self) -> None:
        self._sales += 1
        request = sale(f"S-{self._sales}", self._rng.randrange(100, 20_000))
        self._ask(lambda: self._shop.terminal.sale(request))

    def _give_back(self) -> None:
        name = f"S-{self._rng.randint(1, self._sales + 1)}"
        minor = self._rng.choice((None, self._rng.randrange(1, 5_000)))
        request = refund(f"R-{len(self._asked)}", name, minor)
        self._ask(lambda: self._shop.terminal.refund(request))

    def _ask_again(self) -> None:
        if self._asked:
            with suppress(RefusedError):
                self._rng.choice(self._asked)()

    def _crash(self) -> None:
        """Die in the middle of something; come up again."""
        wire(self._shop, Fuse(self._rng.randint(1, 8)))
        with suppress(PowerCut):
            self._rng.choice((self._sell, self._give_back))()
        self._shop.restart()

    def _other(self) -> None:
        terminal = self._shop.terminal
        self._rng.choice(
            (
                terminal.echo,
                terminal.resolve_doubts,
                terminal.journal.wipe_cards,
                terminal.sign_in,
                self._shop.restart,
            )
        )()
