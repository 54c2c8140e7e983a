"""Two sides of a day joined by a dictionary: needs nothing, and holds both in memory. Floor 8."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from posrefund.office.day_result import Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posrefund.office.day_sides import Ours, Theirs, Undone

__all__ = ["differs", "join"]


def join(ours: Iterable[Ours], theirs: Iterable[Theirs], undone: Undone) -> Iterator[Item]:
    """Return each row and each attempt that is due once; a row that *undone* names is ``"undone"``.

    Args:
        ours: Attempts, oldest first.
        theirs: Rows.
        undone: Filled once *theirs* has ended.
    """
    known: defaultdict[tuple[str, ...], list[Ours]] = defaultdict(list)
    for each in ours:
        known[each[1:5]].append(each)
    rows_of: dict[int, list[Theirs]] = {}
    for row in list(theirs):
        if undone and row.stan and (row.terminal, row.stan) in undone:
            yield Item("undone", row, None)
        elif (same := known.get(row[1:5])) is None:
            yield Item("HOST_ONLY", row, None)
        else:
            rows_of.setdefault(_owner(same, row).at, []).append(row)
    for attempts in known.values():
        for each in attempts:
            yield from _items(each, rows_of.get(each.at, []))


def differs(ours: Ours, row: Theirs) -> str:
    """Return what of the money differs, as ``evidence.difference``; empty where nothing does."""
    if row.amount_minor != ours.amount_minor or (row.rrn and ours.rrn and row.rrn != ours.rrn):
        return "AMOUNT"
    if row.currency and row.currency != ours.currency:
        return "CURRENCY"
    if row.sign and row.sign != (1 if ours.kind == "sale" else -1):
        return "SIGN"
    return ""


def _owner(same: list[Ours], row: Theirs) -> Ours:
    if len(same) == 1:
        return same[0]
    return min(same, key=lambda each: (bool(differs(each, row)), each.days_off, each.at))


def _items(ours: Ours, rows: list[Theirs]) -> Iterator[Item]:
    if not rows:
        if ours.is_due:
            yield Item("JOURNAL_ONLY", None, ours)
        return
    if len(rows) > 1:
        rows.sort(
            key=lambda row: (
                bool(differs(ours, row)),
                row.amount_minor,
                row.rrn,
                row.currency,
                row.line,
            )
        )
    yield Item(differs(ours, rows[0]) or ours.right, rows[0], ours)
    for row in rows[1:]:
        yield Item("DUPLICATE_HOST", row, ours, is_first=False)
