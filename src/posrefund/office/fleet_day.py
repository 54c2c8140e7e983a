"""Holds one settlement file against the journals of a whole fleet, reads only, and moves nothing. Floor 8.

It says how a day stands before any terminal's file is applied. It knows a transaction by its identity alone and
looks at one file alone: what is in none of them, and what becomes of an attempt, says only ``reconcile``.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, BinaryIO, Literal, cast, get_args

from posrefund.closed import closed
from posrefund.errors import InvalidRequestError
from posrefund.journal import Moment
from posrefund.office import day_duck, day_plain
from posrefund.office.day_result import DayComparison, sums_of, tally
from posrefund.office.day_sides import check_days, ours_of, theirs_of
from posrefund.office.files import FileReader
from posrefund.office.files import layout as built_in
from posrefund.office.files.lines import chunks_of
from posrefund.office.findings import Side

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from os import PathLike

    from posrefund.office.day_sides import Undone
    from posrefund.office.files import Expected, FileLayout

__all__ = ["Engine", "compare_day"]

Engine = Literal["plain", "duckdb"]
"""What joins the two sides; both say the same."""

_NEEDED = ("terminal", "merchant", "stan")


@closed
def compare_day(
    journal: Moment | str | PathLike[str],
    source: bytes | BinaryIO | Iterable[bytes],
    *,
    file_day: date,
    layout: FileLayout | None = None,
    expected: Expected | None = None,
    terminal: str = "",
    engine: Engine = "plain",
) -> DayComparison:
    """Compare the settlement file of *file_day* with every terminal of one journal file.

    Args:
        journal: A moment of the file, or where it is: of one terminal, or of many.
        source: The settlement file: open for reading bytes, in pieces, or as a whole.
        file_day: Its settlement day.
        layout: What it looks like; None for UnionPay's ``unionpay-acom``.
        expected: What the acquirer says of it.
        terminal: Only this one of them; empty for all.
        engine: ``"plain"`` holds both sides in memory; ``"duckdb"`` joins them on the disk.

    Raises:
        DecodeError: The file does not fit its layout, its totals, its digest or its day.
        InvalidRequestError: The journal is one for practice, or has no such terminal; the layout's rows do not
            say terminal, merchant and STAN; there is no such engine.
        JournalError: The journal cannot be read.
        ConfigError: ``"duckdb"`` without the ``report`` extra.
    """
    known = layout or built_in("unionpay-acom")
    _check(known, engine)
    held = nullcontext(journal) if isinstance(journal, Moment) else Moment(journal)
    with held as moment:
        terminals = _terminals(moment, terminal)
        reader = FileReader(known, expected=expected)
        left_out: dict[str, Side] = {}
        undone: Undone = set()
        ours = ours_of(moment, file_day, terminals)
        theirs = theirs_of(reader, _chunks(source), terminals, left_out, undone)
        if engine == "duckdb":
            totals, found = day_duck.join(ours, theirs, undone)
        else:
            totals, found = tally(day_plain.join(ours, theirs, undone))
    check_days(reader, file_day)
    if "undone" in totals:
        left_out["undone"] = totals.pop("undone")[1]
    return DayComparison(
        file_day,
        engine,
        tuple(sorted(terminals)),
        Side(reader.rows_read, reader.sum_minor),
        dict(sorted(left_out.items())),
        sums_of(totals),
        tuple(found),
        is_whole=reader.is_whole,
        sha256=reader.sha256,
    )


def _terminals(moment: Moment, terminal: str) -> frozenset[str]:
    if moment.is_training:
        raise InvalidRequestError([("journal", "one of money, not of practice")])
    if terminal and terminal not in moment.terminals:
        raise InvalidRequestError([("terminal", "one whose journal is in the file")])
    return frozenset([terminal] if terminal else moment.terminals)


def _check(layout: FileLayout, engine: str) -> None:
    if engine not in get_args(Engine):
        raise InvalidRequestError([("engine", "plain or duckdb")])
    roles = {column.role for column in layout.columns}
    if not roles.issuperset(_NEEDED):
        raise InvalidRequestError([("layout", "rows with terminal, merchant and STAN")])


def _chunks(source: bytes | BinaryIO | Iterable[bytes]) -> Iterable[bytes]:
    if isinstance(source, bytes):
        return [source]
    return chunks_of(cast("BinaryIO", source)) if hasattr(source, "read") else source
