"""The settlement files of one host, as late, cut, swapped and doubled as they come. Floor 10."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from posrefund.errors import DecodeError, JournalError
from posrefund.office import reconcile

if TYPE_CHECKING:
    from datetime import date

    from posrefund.testing.simulator.world import World

__all__ = ["Mailbox"]

_AMOUNT_AT = 82
"""Column of the last digit of the amount, from 0 (widths 11 11 6 10 19 12, a space after each)."""


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

    def _deliver(self, day: date) -> bool:
        """Hand over the file of *day*, perhaps a bad one before it; say whether it was applied."""
        rows = self._world.host.file_rows(day)
        swarm = self._world.swarm
        if rows and swarm.strikes("file_cut_off"):
            self._apply(day, rows[:-1], len(rows))
        if rows and swarm.strikes("file_broken"):
            self._apply(day, [*rows[:-1], rows[-1].replace(" ", "", 1)], len(rows))
        if rows and swarm.strikes("file_wrong_amount"):
            bent = rows[-1][:_AMOUNT_AT] + str(9 - int(rows[-1][_AMOUNT_AT])) + rows[-1][_AMOUNT_AT + 1 :]
            self._apply(day, [*rows[:-1], bent], len(rows))
        other = self._world.host.file_rows(day - timedelta(days=2))
        if other and swarm.strikes("file_of_other_day"):
            self._apply(day, other, len(other))
        is_applied = self._apply(day, rows, len(rows))
        if is_applied and swarm.strikes("file_twice"):
            self._apply(day, rows, len(rows))
        return is_applied

    def _apply(self, day: date, rows: list[str], line_count: int) -> bool:
        world = self._world
        text = "".join(f"{row}\n" for row in rows)
        return world.act(
            f"file of {day}",
            lambda: _counts(
                reconcile(
                    world.terminal.journal,
                    text,
                    file_day=day,
                    now=world.time.terminal(),
                    line_count=line_count,
                )
            ),
            DecodeError,
            JournalError,
        )


def _counts(result: object) -> str:
    findings = getattr(result, "findings", ())
    return " ".join(sorted(finding.category for finding in findings)) or "empty"
