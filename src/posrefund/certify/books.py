"""What the host should have booked in the open batch by what it said, and what explains it when it did not. Floor 10.

A host that says no and books all the same, or says undone and does not undo, is only seen when totals are compared. So
every refusal is remembered with its amount and with the words to say should the totals hold it after all; those amounts
are such that no sum of some of them is the sum of others.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING

from posrefund.engine.batch import BatchTotals, Totals, totals_of
from posrefund.engine.table import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posrefund.dialects import Dialect
    from posrefund.engine import Attempt
    from posrefund.values import CardRead

__all__ = ["Books", "Item"]

_SUSPECTS_MAX = 14
"""All of their sets are tried: 16384 of them."""
_PLAIN_FROM, _SUSPECT_FROM = 1_001, 20_000
"""Minor units: what is meant to be booked has amounts of its own, and what is not others."""


@dataclass(frozen=True, slots=True)
class Item:
    """One message that could have moved money.

    Attributes:
        attempt: What it was; ``ACCEPTED`` where the host said yes.
        card: Whose.
        check: What is not met should the host have booked it though it should not; empty if it may have.
        zh: What is said then, Chinese.
        en: The same, English.
    """

    attempt: Attempt
    card: CardRead = field(repr=False)
    check: str = ""
    zh: str = ""
    en: str = ""

    @property
    def is_booked(self) -> bool:
        """Whether the host said so."""
        return self.attempt.state is State.ACCEPTED

    def turned(self) -> Item:
        """Return it as the host's totals have it, and not its answer."""
        state = State.DECLINED if self.is_booked else State.ACCEPTED
        return replace(self, attempt=replace(self.attempt, state=state))


class Books:
    """The items of the open batch.

    Args:
        dialect: Whose words tell domestic cards from foreign ones.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._plain, self._suspect = 0, 0
        self.items: list[Item] = []

    def plain_minor(self) -> int:
        """Return an amount for what the host is expected to book."""
        self._plain += 1
        return _PLAIN_FROM + 13 * self._plain

    def suspect_minor(self) -> int:
        """Return an amount for what it is not: no sum of some of them is that of as many others."""
        self._suspect += 1
        return _SUSPECT_FROM + (1 << self._suspect % _SUSPECTS_MAX)

    def add(self, item: Item) -> None:
        """Remember *item*; under one attempt id the last word counts."""
        self.items = [
            each for each in self.items if each.attempt.attempt_id != item.attempt.attempt_id
        ]
        self.items.append(item)

    def close(self) -> None:
        """The batch is closed: forget its items."""
        self.items = []

    @property
    def booked(self) -> list[Item]:
        """What the host said that it booked, in the order of an upload."""
        return [item for item in self.items if item.is_booked]

    def totals(self) -> BatchTotals:
        """Return what a settlement has to state."""
        return totals_of((item.attempt for item in self.items), self._dialect)

    def explain(self, told: BatchTotals) -> tuple[Item, ...] | None:
        """Return which items the host has otherwise than it said, by its totals; None if no such set is known.

        Args:
            told: The host's totals.
        """
        difference = told.whole - self.totals().whole
        suspects = [item for item in self.items if not item.is_booked][-_SUSPECTS_MAX:]
        for some in _sets(suspects, self.booked):
            if _sum(some) == difference:
                return some
        return None

    def turn(self, items: Iterable[Item]) -> None:
        """Believe the host's totals and not its answers about *items*."""
        for item in items:
            self.add(item.turned())


def _sets(suspects: list[Item], booked: list[Item]) -> Iterator[tuple[Item, ...]]:
    """Some that were booked though they should not; or one that was not though it should, and none or one of those."""
    for size in range(len(suspects) + 1):
        yield from combinations(suspects, size)
    for missing in booked:
        yield (missing,)
        yield from ((missing, each) for each in suspects)


def _sum(items: tuple[Item, ...]) -> Totals:
    """What the host's totals have more because of *items*."""
    total = Totals()
    for item in items:
        minor, sign = item.attempt.amount.minor, -1 if item.is_booked else 1
        is_sale = item.attempt.kind == "sale"
        sides = (minor, 1, 0, 0) if is_sale else (0, 0, minor, 1)
        total += Totals(*(sign * value for value in sides))
    return total
