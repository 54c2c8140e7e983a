"""The two sides of a day: rows of a file, and what the journals of one file say beside them. Floor 8."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from posrefund.errors import DecodeError
from posrefund.office.findings import Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from posrefund.journal import Moment
    from posrefund.office.files import FileReader

__all__ = ["Ours", "Theirs", "Undone", "check_days", "ours_of", "theirs_of"]

Undone = set[tuple[str, str]]
"""Terminal and STAN of what a reversal of the same file undoes."""

_PAGE = 50_000


class Ours(NamedTuple):
    """One attempt: what it is known by, its money, and what a row of it would mean.

    Attributes:
        at: Its place in the order in which attempts were made.
        terminal: DE41.
        merchant: DE42.
        stan: DE11.
        kind: ``sale``, ``void`` or ``refund``.
        amount_minor: Its money.
        currency: ISO 4217 number.
        rrn: DE37 of the answer; empty where there was none.
        days_off: How far its settlement day is from the file's.
        right: Its category if a row is there and the money agrees.
        is_due: Whether it is missing if no row is there.
        attempt_id: Its name.
    """

    at: int
    terminal: str
    merchant: str
    stan: str
    kind: str
    amount_minor: int
    currency: str
    rrn: str
    days_off: int
    right: str
    is_due: int
    attempt_id: str


class Theirs(NamedTuple):
    """One booked row of a file; its fields are those of ``FileRow``."""

    line: int
    terminal: str
    merchant: str
    stan: str
    kind: str
    amount_minor: int
    currency: str
    rrn: str
    sign: int


def theirs_of(
    reader: FileReader,
    chunks: Iterable[bytes],
    terminals: frozenset[str],
    left_out: dict[str, Side],
    undone: Undone,
) -> Iterator[Theirs]:
    """Return the booked rows of *terminals*, and count in *left_out* and *undone* what stands beside them.

    Raises:
        DecodeError: As ``FileReader.rows``; what came out before is of no use then.
    """
    for row in reader.rows(chunks):
        why = ""
        if row.terminal not in terminals:
            why = "elsewhere"
        elif not row.is_booked:
            why = "not_booked"
        elif row.kind in ("reversal", "return", "other"):
            why = row.kind
            if row.kind == "reversal" and row.original_stan:
                undone.add((row.terminal, row.original_stan))
        if why:
            left_out[why] = left_out.get(why, Side()).plus(row.amount_minor)
            continue
        yield Theirs(
            row.row,
            row.terminal,
            row.merchant,
            row.stan,
            row.kind,
            row.amount_minor,
            row.currency,
            row.rrn,
            row.sign,
        )


def check_days(reader: FileReader, file_day: date) -> None:
    """Refuse the file of another day, as ``reconcile`` does: what it lacks would be taken for missing.

    Raises:
        DecodeError: It is.
    """
    days = {f"{file_day + timedelta(days=shift):%m%d}" for shift in (-2, -1, 0, 1)}
    wrong = [line for day, line in reader.days.items() if day not in days]
    if wrong:
        raise DecodeError(f"line {min(wrong)}", f"a row of {file_day}", offset_bytes=0)


def ours_of(moment: Moment, file_day: date, terminals: frozenset[str]) -> Iterator[Ours]:
    """Return the attempts that the file of *file_day* may hold, oldest first, a page of them at a time.

    Raises:
        JournalError: The file cannot be read.
    """
    last = 0
    while True:
        _, page = moment.ask(_sql(file_day, terminals, last))
        yield from map(Ours._make, page)
        if len(page) < _PAGE:
            return
        last = page[-1][0]


def _sql(file_day: date, terminals: frozenset[str], last: int) -> str:
    """The states are those of ``evidence.judge_row``. By row number alone: an index would be sorted for every page."""
    day, one = file_day.isoformat(), timedelta(days=1)
    names = ", ".join("'{}'".format(name.replace("'", "''")) for name in sorted(terminals))
    on_time = f"CASE WHEN host_day < '{day}' THEN 'LATE_MATCH' ELSE 'MATCH' END"
    is_elsewhere = f"coalesce(json_extract(facts, '$.file_day'), '{day}') <> '{day}'"
    return f"""
        SELECT rowid, terminal, merchant, stan, kind, amount_minor, currency,
          coalesce(json_extract(facts, '$.rrn'), ''),
          abs(CAST(julianday(host_day) - julianday('{day}') AS INTEGER)),
          CASE
            WHEN state = 'CONFIRMED' AND {is_elsewhere} THEN 'DUPLICATE_HOST'
            WHEN state IN ('CONFIRMED', 'ACCEPTED') THEN {on_time}
            WHEN state IN ('IN_DOUBT', 'MANUAL') THEN 'RESOLVED_YES'
            WHEN state IN ('INTENT', 'SENT', 'REVERSING') THEN 'PENDING'
            WHEN state IN ('MISMATCHED', 'BOUNCED') THEN 'OPEN_CASE'
            ELSE 'DECLINED_BUT_BOOKED'
          END,
          host_day = '{day}'
            AND (state = 'ACCEPTED' OR (state = 'CONFIRMED' AND NOT {is_elsewhere})),
          request_id || '/' || number
        FROM attempts NOT INDEXED
        WHERE host_day BETWEEN '{file_day - one}' AND '{file_day + one}'
          AND kind IN ('sale', 'void', 'refund') AND terminal IN ({names})
          AND rowid > {last} ORDER BY rowid LIMIT {_PAGE}"""
