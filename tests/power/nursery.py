"""Makes terminal processes for ``test_kill_at_random``: everything is imported once, each of them is a fork.

Usage: ``python nursery.py CONFIG WHERE ASKED``. One line of standard input for each process: a seed, or ``finish``.
One line out with its number; once that line is answered, one with its exit status.

A terminal process opens the terminal, asks again for what it asked last, and then works until it is killed. What it
is doing stands in the first byte of WHERE, how much it did before in the others, and its end leaves them as they are;
what it asked for stands in ASKED.
"""

from __future__ import annotations

import json
import mmap
import os
import random
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posrefund.cli.config import load, open_terminal
from posrefund.engine import Reason, RefundRequest, SaleRequest
from posrefund.errors import LinkError, RefusedError
from posrefund.journal import SQLiteJournal
from posrefund.keystore import locks
from posrefund.values import PAN, Amount, CardRead, RequestID

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.terminal import Terminal

CARD = CardRead("051", PAN("6200000000000005"), expiry="3012", sequence_number="001")
SIZE_BYTES = 4
Asked = dict[str, Any]


class Where:
    """What the process is doing, in memory that outlives it."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), SIZE_BYTES)

    def begin(self) -> None:
        """Forget the process before."""
        self._memory[:] = b"n" + bytes(SIZE_BYTES - 1)

    def mark(self, doing: str) -> None:
        """Say what comes now, by its first letter, and count."""
        count = int.from_bytes(self._memory[1:], "big") + 1
        self._memory[:] = doing[0].encode() + count.to_bytes(SIZE_BYTES - 1, "big")

    def during(self, doing: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return *function*, marked while it runs."""

        def marked(*args: Any, **kwargs: Any) -> Any:
            before = self._memory[:1].decode()
            self.mark(doing)
            try:
                return function(*args, **kwargs)
            finally:
                self.mark(before)

        return marked


class Till:
    """A clerk who writes down what he is about to ask for, so that he can ask for the same again."""

    def __init__(self, terminal: Terminal, asked: Path, rng: random.Random) -> None:
        self._terminal, self._path, self._rng = terminal, asked, rng
        lines = asked.read_text(encoding="utf-8").splitlines()
        self._asked: list[Asked] = [json.loads(line) for line in lines]

    def again(self) -> None:
        """Ask for the last one again."""
        if self._asked:
            self._ask(self._asked[-1])

    def work(self) -> None:
        """One thing of a shop's day."""
        chores = (self._sell, self._give_back, self._ask_older, self._terminal.resolve_doubts)
        self._rng.choices(chores, weights=(4, 6, 2, 1))[0]()

    def _sell(self) -> None:
        self._new(kind="S", minor=self._rng.randrange(100, 5_000))

    def _give_back(self) -> None:
        sales = [one["id"] for one in self._asked if one["kind"] == "S"][-60:]
        if sales:
            minor = self._rng.choice((None, self._rng.randrange(1, 2_000)))
            self._new(kind="R", minor=minor, original=self._rng.choice(sales))

    def _ask_older(self) -> None:
        if self._asked:
            self._ask(self._rng.choice(self._asked))

    def _new(self, **what: object) -> None:
        one: Asked = {"id": f"{what['kind']}-{len(self._asked) + 1}", **what}
        with self._path.open(
            "ab", buffering=0
        ) as file:  # one write: there as a whole or not at all
            file.write((json.dumps(one) + "\n").encode())
        self._asked.append(one)
        self._ask(one)

    def _ask(self, one: Asked) -> None:
        name, minor = RequestID(one["id"]), one["minor"]
        with suppress(RefusedError):  # too early, too much, in doubt, sold without success
            if one["kind"] == "S":
                self._terminal.sale(SaleRequest(name, Amount(minor), CARD))
                return
            self._terminal.refund(
                RefundRequest(
                    name,
                    original=RequestID(one["original"]),
                    card=CARD,
                    reason=Reason.CUSTOMER,
                    amount=None if minor is None else Amount(minor),
                )
            )


def live(config: Path, where: Where, asked: Path, seed: str) -> None:
    """Be a terminal: until SIGKILL, or to a proper end if *seed* is ``finish``."""
    for name, doing in (("__init__", "journal opening"), ("wipe_cards", "wiping")):
        setattr(SQLiteJournal, name, where.during(doing, getattr(SQLiteJournal, name)))
    for name in ("commit", "remember"):
        setattr(SQLiteJournal, name, where.during("committing", getattr(SQLiteJournal, name)))

    def tap(direction: str, _message: bytes) -> None:
        where.mark("line waited at" if direction == "sent" else "answer judged")

    where.mark("opening")
    with open_terminal(load(config), tap=tap) as terminal:
        till = Till(terminal, asked, random.Random(seed))
        where.mark("sign-in")
        sign_in(terminal)
        where.mark("till")
        till.again()
        while seed != "finish":
            where.mark("till")
            till.work()
        terminal.resolve_doubts()


def sign_in(terminal: Terminal) -> None:
    """Sign in; a busy machine may need more than one try."""
    for _ in range(5):
        with suppress(LinkError):
            terminal.sign_in(accept_clock=True)
            return
    raise SystemExit("the host does not answer a sign-in")


def main(config: Path, where: Path, asked: Path) -> None:
    """Fork a terminal for each line that comes."""
    locks._NEW_N = 2**4  # a brake on guessing the passphrase, and here on nothing else
    load(config)  # the dialects are imported by this, once for all
    place = Where(where)
    for line in sys.stdin:
        place.begin()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                live(config, place, asked, line.strip())
                status = 0
            except BaseException:  # noqa: BLE001 — a fork that goes on would serve twice
                traceback.print_exc()
            finally:
                os._exit(status)
        print(child, flush=True)
        sys.stdin.readline()
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
