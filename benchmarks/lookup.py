"""Finding a sale among a million: each way beside a bare SQLite SELECT by primary key in the same file and the same run.

The rows are made by SQL and are not in the chain: it is looked up here, never verified. The tables are what a feed fills.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from benchmarks.timing import ratio
from posrefund.engine import Original, ReceiptCode, SaleQuery, receipt_code
from posrefund.journal import SQLiteJournal
from posrefund.values import Amount, TerminalID

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping

MERCHANT = "123456789012345"
LOOKS, FED = 400, 100_000
BARE = "bare SQLite SELECT by primary key"
_FIRST = date(2026, 1, 1)
_PER_DAY, _PER_TERMINAL = 10_000, 100
_NOW = datetime(2026, 4, 20, tzinfo=UTC)


def sale_of(number: int) -> Original:
    """Return the sale of that number: 10 000 on each day, 100 at each terminal."""
    day, place = divmod(number, _PER_DAY)
    terminal, stan = divmod(place, _PER_TERMINAL)
    made = _FIRST + timedelta(days=day)
    return Original(
        original_id=f"S-{number}",
        terminal=f"{10_000_000 + terminal}",
        merchant=MERCHANT,
        batch=f"{day + 1:06d}",
        stan=f"{stan + 1:06d}",
        rrn=f"{number:012d}",
        transaction_date=made,
        settlement_date=made,
        amount=Amount(100 + number % 5_000),
        auth_code=f"{number * 7919 % 1_000_000:06d}",
        card_fingerprint=f"{number % 200_003:032x}",
        card_last4=f"{number % 200_003 % 10_000:04d}",
        order_ref=f"A-{number // 2}",
        made_at=datetime(made.year, made.month, made.day, 2, tzinfo=UTC) + timedelta(seconds=place),
    )


def lookup(sales: int = 1_000_000) -> None:
    """Fill a journal with *sales* rows, look them up by each way, and take a feed in besides."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "j.db"
        with SQLiteJournal(path, key=bytes(32), terminal=TerminalID("12345678")) as journal:
            _fill(journal._db, sales)  # noqa: SLF001
            found = _look(journal, sales)
            _report(found, sales, path.stat().st_size)
            _feed(journal, sales)


def _fill(db: sqlite3.Connection, sales: int) -> None:
    def rows() -> Iterator[tuple[object, ...]]:
        for number in range(sales):
            sale = sale_of(number)
            yield (
                *(sale.original_id, sale.terminal, sale.merchant, sale.batch, sale.stan, sale.rrn),
                *(sale.transaction_date.isoformat(), sale.settlement_date.isoformat()),
                *(sale.amount.minor, sale.amount.currency, sale.auth_code, sale.card_fingerprint),
                *(sale.card_last4, sale.order_ref, f"{sale.made_at:%Y-%m-%dT%H:%M:%S+00:00}"),
            )

    db.execute("BEGIN")
    db.executemany(
        "INSERT INTO originals (original_id, terminal, merchant, batch, stan, rrn, transaction_date,"
        " settlement_date, amount_minor, currency, auth_code, card_fingerprint, card_last4, order_ref,"
        f" made_at) VALUES ({', '.join('?' * 15)})",
        rows(),
    )
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


_WAYS: Mapping[str, Callable[[Original], SaleQuery]] = {
    "receipt code": lambda sale: SaleQuery(code=ReceiptCode.parse(receipt_code(sale))),
    "request id": lambda sale: SaleQuery(request_id=sale.original_id),
    "RRN and date": lambda sale: SaleQuery(rrn=sale.rrn, day=sale.transaction_date),
    "order": lambda sale: SaleQuery(order_ref=sale.order_ref),
    "auth code, last four, amount": lambda sale: SaleQuery(
        auth_code=sale.auth_code or "", card_last4=sale.card_last4, amount=sale.amount
    ),
}


def _look(journal: SQLiteJournal, sales: int) -> dict[str, list[float]]:
    """Seconds of each look, the ways in turn, each time for another sale."""
    random, db = Random(8583), journal._db  # noqa: S311, SLF001
    found: dict[str, list[float]] = {name: [] for name in (BARE, *_WAYS)}
    for _ in range(LOOKS):
        sale = sale_of(random.randrange(sales))
        began = time.perf_counter()
        db.execute("SELECT * FROM originals WHERE original_id = ?", (sale.original_id,)).fetchall()
        found[BARE].append(time.perf_counter() - began)
        for name, query in _WAYS.items():
            began = time.perf_counter()
            seen = journal.find_sales(query(sale), merchant=MERCHANT)
            found[name].append(time.perf_counter() - began)
            if sale.original_id not in [one.sale.original_id for one in seen.candidates]:
                message = f"{name}: the sale was not found"
                raise ValueError(message)
    return found


def _report(found: Mapping[str, list[float]], sales: int, size: int) -> None:
    print(f"a sale among {sales:,}, {size / 2**20:.0f} MiB, {LOOKS} looks each, another sale each")
    for name, times in found.items():
        p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        print(
            f"  {name:<34} p50 {p50 * 1e6:8.1f} µs   p95 {p95 * 1e6:8.1f} µs   worst"
            f" {max(times) * 1e6:8.1f} µs   {ratio(found, name, peer=BARE):6.2f} x {BARE}"
        )


def _feed(journal: SQLiteJournal, sales: int) -> None:
    """Take in what is new to a full journal, then the same again."""
    count = min(FED, sales)
    new = [sale_of(number) for number in range(sales, sales + count)]
    for word in ("new", "known"):
        began, worked = time.perf_counter(), time.process_time()
        verdicts = [
            verdict
            for start in range(0, count, 1000)
            for verdict in journal.take_in(new[start : start + 1000], _NOW)
        ]
        took, worked = time.perf_counter() - began, time.process_time() - worked
        if verdicts != [word] * count:
            message = f"a sale of the feed is not {word}"
            raise ValueError(message)
        print(
            f"  {count:,} sales taken in, 1000 in one commit, {word}: {took:.1f} s,"
            f" {worked:.1f} s of them at work"
        )
