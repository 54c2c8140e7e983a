"""What a settlement file shows to be given back of a sale, and no attempt here knows of. Floor 4.

A journal that was put back from an older copy has lost such refunds, and would give the money back again. So
the row is kept, and the sale that it names is refused until people have decided. Where it fits
several sales, all of them are. It names a sale by STAN and time only, and the sale may come to be known later.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from posrefund.engine.actions import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from posrefund.engine.attempt import Attempt
    from posrefund.engine.evidence import FileRow
    from posrefund.engine.requests import Original

__all__ = ["disputes", "gives_back", "note_of"]

_GIVES_BACK = ("refund", "void")
_NEAR = (timedelta(days=-1), timedelta(0), timedelta(days=1))
"""The host's date of the sale and the one that its refund names may lie on two sides of midnight."""


def gives_back(row: FileRow) -> bool:
    """Say whether *row* names a sale that it takes from."""
    return row.kind in _GIVES_BACK and bool(row.original_stan.strip("0"))


def note_of(row: FileRow, file_day: date, now: datetime) -> Note:
    """Return what is kept of *row*, under the STAN of the sale that it names."""
    facts = {
        "kind": row.kind,
        "stan": row.stan,
        "rrn": row.rrn,
        "amount_minor": str(row.amount_minor),
        "transmitted": row.transmitted,
        "original_transmitted": row.original_transmitted,
        "day": file_day.isoformat(),
    }
    return Note("host_only", now, facts, row.original_stan)


def disputes(facts: Mapping[str, str], original: Original, against: Iterable[Attempt]) -> bool:
    """Say whether a kept row is about *original*, and about nothing in *against*.

    Args:
        facts: Of a note under the STAN of *original*.
        original: The sale.
        against: Every attempt to give something back of it, of any terminal.
    """
    if not _is_of_its_day(facts["original_transmitted"][:4], original.transaction_date):
        return False
    known = {(attempt.stan, attempt.facts.get("rrn")) for attempt in against}
    return (facts["stan"], facts["rrn"]) not in known


def _is_of_its_day(mmdd: str, day: date) -> bool:
    """Whether *mmdd* may be *day*; one that says nothing may be any."""
    if not (mmdd.isascii() and mmdd.isdecimal() and mmdd.strip("0")):
        return True
    return mmdd in {f"{day + shift:%m%d}" for shift in _NEAR}
