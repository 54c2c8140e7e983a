"""An older copy of the journal is put back: the machine died, and somebody had a backup. Floor 10.

The world tells the witness that rows were taken away; the product has to notice it by itself.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from typing import TYPE_CHECKING

from posrefund.errors import JournalError, LocalProtocolError

if TYPE_CHECKING:
    from posrefund.testing.simulator.files import Mailbox
    from posrefund.testing.simulator.story import Shop
    from posrefund.testing.simulator.world import World

__all__ = ["Backups"]

_FAULT = "journal_restored"


class Backups:
    """Who makes copies of the journal, puts one back, and answers for it afterwards.

    The customers of the refunds that were lost come again, as soon as there are refunds again.

    Args:
        world: Where.
        shop: Signs in anew.
        mailbox: Reads the files again.
    """

    def __init__(self, world: World, shop: Shop, mailbox: Mailbox) -> None:
        self._world, self._shop, self._mailbox = world, shop, mailbox
        self._copy = world.folder / "copy.db"
        self._unread: list[date] = []

    def step(self) -> None:
        """Now and then make a copy; now and then the machine dies and the copy is put back."""
        world = self._world
        if not world.swarm.rates.get(_FAULT):
            return
        if self._copy.exists() and world.swarm.strikes(_FAULT):
            self._put_back()
        elif not self._copy.exists() or world.random.random() < 0.06:
            self._make()

    def accept(self) -> None:
        """Two people say that it is reconciled, as soon as the terminal lets them."""
        world = self._world
        if world.checker.evidence.witness.is_behind:
            word = {"people": ("ann", "bo"), "evidence": "the files"}
            is_accepted = world.act(
                "accept",
                lambda: world.terminal.accept_journal(**word),  # type: ignore[arg-type]
                LocalProtocolError,
                JournalError,
            )
            if is_accepted:
                lost = {seen.data["request_id"] for seen in world.checker.evidence.lost}
                self._shop.ask_for(lost)

    def _make(self) -> None:
        self._copy.unlink(missing_ok=True)
        source = self._world.folder / "journal.db"
        with (
            closing(sqlite3.connect(source)) as reader,
            closing(sqlite3.connect(self._copy)) as writer,
        ):
            reader.backup(writer)
        self._unread = self._mailbox.unread()
        self._world.tale.tell("backup: the journal is copied")

    def _put_back(self) -> None:
        world = self._world
        world.tale.tell("backup: the older copy of the journal is put back")
        world.checker.step()
        world.let_go()
        for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
            (world.folder / name).unlink(missing_ok=True)
        shutil.copy(self._copy, world.folder / "journal.db")
        world.checker.evidence.witness.put_back()
        world.fuse.set(world.random.choice((0, 0, *range(1, 30))))
        world.start()
        world.fuse.set(0)
        world.restart()
        self._mailbox.read_again([*self._unread, *self._days_in_question()])
        self._shop.must_sign_in()

    def _days_in_question(self) -> list[date]:
        """The days that the terminal names; whoever reads again what was read since the copy has most of them."""
        told = self._world.terminal.journal.notes("epoch")[-1:]
        days = []
        for note in told:
            first, last = (date.fromisoformat(note[name]) for name in ("from_day", "to_day"))
            days += [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return days
