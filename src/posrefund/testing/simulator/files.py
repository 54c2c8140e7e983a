"""The settlement files of one host, as late, cut, swapped and doubled as they come. Floor 10."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from posrefund.emulators.host.settlement_file import row
from posrefund.errors import DecodeError, JournalError
from posrefund.office import reconcile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from posrefund.testing.simulator.world import World

__all__ = ["Mailbox"]

_AMOUNT_AT = 82
"""Column of the last digit of the amount, from 0 (widths 11 11 6 10 19 12, a space after each)."""

_NO = ("DECLINED", "NOT_SENT", "REVERSED", "RELEASED")
_REISSUED_DAYS = 4


class Mailbox:
    """Where the files come in.

    Args:
        world: Whose host writes them.
        day: The first day whose file is expected.
    """

    def __init__(self, world: World, day: date) -> None:
        self._world = world
        self._next = day
        self._due: list[date] = []
        self._read: list[date] = []
        self._said = ""

    def read(self) -> None:
        """Read every file of a day that is over and whose file has come."""
        while self._next < self._world.host.day:
            self._due.append(self._next)
            self._next += timedelta(days=1)
        for day in list(self._due):
            if self._world.swarm.strikes("file_late"):
                self._world.tale.tell(f"file of {day}: late")
            elif self._deliver(day):
                self._due.remove(day)
                self._read.append(day)
        if self._read and self._world.swarm.strikes("file_reissued"):
            self._reissue(self._world.random.choice(self._read[-_REISSUED_DAYS:]))

    def unread(self) -> list[date]:
        """Return the days whose files are to come, and the next one that will be."""
        return [*self._due, self._next]

    def read_again(self, days: list[date]) -> None:
        """Ask once more for the files of *days*, and of all between the last of them and today."""
        first = min(days)
        every = {first + timedelta(days=n) for n in range((self._next - first).days)}
        self._due = sorted({*self._due, *every})

    def _deliver(self, day: date) -> bool:
        """Hand over the file of *day*, perhaps a bad one before it; say whether it was applied."""
        rows = self._world.host.file_rows(day)
        swarm = self._world.swarm
        if rows:
            for kind in _BAD_FILES:
                if swarm.strikes(kind):
                    self._apply(day, *_BAD_FILES[kind](rows))
        if swarm.strikes("file_ghost_row") and (ghost := self._ghost(day)):
            self._apply(day, [*rows, ghost], len(rows) + 1)
        if swarm.strikes("file_of_other_day"):
            self._swapped(day)
        if swarm.strikes("file_swapped") and self._swapped(day):
            return False  # it was taken: the right one comes when somebody has missed it
        is_applied = self._apply(day, rows, len(rows))
        if is_applied and swarm.strikes("file_twice"):
            self._apply(day, rows, len(rows))
        return (
            is_applied and "PENDING" not in self._said
        )  # that one is read again, as its page says

    def _reissue(self, day: date) -> None:
        """The acquirer sends the file of a day that was read long ago once more, with a row that it had forgotten."""
        rows = self._world.host.file_rows(day)
        ghost = self._ghost(day)
        rows += [ghost] if ghost else []
        self._apply(day, rows, len(rows))

    def _swapped(self, day: date) -> bool:
        """Hand over another day's file as that of *day*; say whether it was taken."""
        other = day - timedelta(days=self._world.random.randint(1, 2))
        rows = self._world.host.file_rows(other)
        return bool(rows) and self._apply(day, rows, len(rows))

    def _ghost(self, day: date) -> str:
        """Return a row of something that the host refused: its file is wrong, and people have to see it."""
        attempts = self._world.checker.evidence.witness.attempts.values()
        refused = [
            seen
            for seen in attempts
            if seen.state in _NO and seen.data["host_day"] == day.isoformat()
        ]
        if not refused:
            return ""
        seen = self._world.random.choice(refused)
        entries = self._world.host.ledger.entries()
        model = next((entry for entry in entries if entry.kind == seen.data["kind"]), None)
        if model is None:
            return ""
        ghost = replace(model, stan=seen.data["stan"], amount_minor=seen.minor, settlement_day=day)
        return row(ghost, self._world.host.profile)

    def _apply(self, day: date, rows: list[str], line_count: int) -> bool:
        world = self._world
        text = "".join(f"{row}\n" for row in rows)
        return world.act(
            f"file of {day}",
            lambda: self._reconcile(day, text, line_count),
            DecodeError,
            JournalError,
        )

    def _reconcile(self, day: date, text: str, line_count: int) -> str:
        world = self._world
        found = reconcile(
            world.terminal.journal,
            text,
            file_day=day,
            now=world.time.terminal(),
            line_count=line_count,
        )
        self._said = " ".join(sorted(finding.category for finding in found.findings)) or "empty"
        return self._said


def _wrong_amount(rows: list[str]) -> tuple[list[str], int]:
    last = rows[-1]
    digit = str(9 - int(last[_AMOUNT_AT]))
    return [*rows[:-1], last[:_AMOUNT_AT] + digit + last[_AMOUNT_AT + 1 :]], len(rows)


_BAD_FILES: Mapping[str, Callable[[list[str]], tuple[list[str], int]]] = {
    "file_cut_off": lambda rows: (rows[:-1], len(rows)),
    "file_broken": lambda rows: ([*rows[:-1], rows[-1].replace(" ", "", 1)], len(rows)),
    "file_row_doubled": lambda rows: ([*rows, rows[-1]], len(rows) + 1),
    "file_wrong_amount": _wrong_amount,
}
"""Fault → rows and line count of the file that comes before the right one."""
