"""Which open doubts would explain the difference between two totals? Floor 4.

A hint for people and nothing else: a sum can fit by chance, and the host's totals carry no MAC. Nothing is
concluded from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, islice, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posrefund.engine.attempt import Attempt
    from posrefund.engine.batch import Totals

__all__ = ["EXPLANATIONS_MAX", "TRIES_MAX", "Suggestion", "suggest"]

TRIES_MAX = 20_000
"""So many subsets of one side are tried: all of 15 doubts, or any three of 49. A tenth of a second."""
EXPLANATIONS_MAX = 5
"""Whoever is shown more has been told nothing."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Sets of doubts, each of which alone would make the totals equal.

    Attributes:
        explanations: Ids of attempts; empty where none fits.
        is_complete: Whether every set was looked at.
    """

    explanations: tuple[tuple[str, ...], ...] = ()
    is_complete: bool = True


def suggest(difference: Totals, doubts: Sequence[Attempt]) -> Suggestion:
    """Look for the doubts that the host may have booked.

    Args:
        difference: The host's totals minus ours.
        doubts: Open ones of the same batch.

    Example:
        >>> from posrefund.engine.batch import Totals
        >>> from posrefund.engine.suggest import suggest
        >>> suggest(Totals(credit_minor=500, credit_count=1), []).explanations
        ()
    """
    if difference.debit_count + difference.credit_count < 1:
        return Suggestion()
    sales = [each for each in doubts if each.kind == "sale"]
    others = [each for each in doubts if each.kind != "sale"]
    debits = _subsets(sales, difference.debit_count, difference.debit_minor)
    credits_ = _subsets(others, difference.credit_count, difference.credit_minor)
    pairs = list(islice(product(debits[0], credits_[0]), EXPLANATIONS_MAX + 1))
    found = tuple((*debit, *credit) for debit, credit in pairs[:EXPLANATIONS_MAX])
    is_complete = debits[1] and credits_[1] and len(pairs) <= EXPLANATIONS_MAX
    return Suggestion(found, is_complete)


def _subsets(
    doubts: Sequence[Attempt], count: int, minor: int
) -> tuple[list[tuple[str, ...]], bool]:
    """Return the sets of *count* doubts that sum up to *minor*, and whether all were tried."""
    if not 0 <= count <= len(doubts):
        return [], True
    tried = combinations(doubts, count)
    found = [
        tuple(each.attempt_id for each in some)
        for some in islice(tried, TRIES_MAX)
        if sum(each.amount.minor for each in some) == minor
    ]
    return found, next(tried, None) is None
