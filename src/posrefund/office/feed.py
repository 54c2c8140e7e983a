"""Takes a feed of sales in: all of it read before anything of it is written, then so many in one commit. Floor 8.

A file with one wrong row changes nothing. One that was cut off between two commits is read again from its beginning:
what was taken in is ``known`` then, and nothing is there twice.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.errors import InvalidRequestError
from posrefund.office.feed_rows import read_rows
from posrefund.office.sale_rows import SaleReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from posrefund.engine import Original
    from posrefund.errors import Fault
    from posrefund.journal import FeedVerdict
    from posrefund.office.feed_rows import Encoding
    from posrefund.terminal.desk import Desk

__all__ = ["REFUSALS", "Imported", "Refusal", "import_sales"]

FAULTS_MAX = 50
"""Whoever has made so many mistakes has made one."""
PER_COMMIT = 1000
"""Sales in one commit: a tenth of a second, for which other terminals of the same file wait."""

REFUSALS: Mapping[FeedVerdict, tuple[str, str]] = {
    "other_content": (
        "同一请求号或同一批次凭证号已有不同内容的交易",
        "another sale is known under its id, or at its place in the batch",
    ),
    "other_id": ("该交易已以另一请求号登记", "this sale is known under another id"),
    "described": (
        "该交易曾按小票描述退过货，已无法核对余额",
        "it was described from its slip before: what is left of it is not known",
    ),
    "own": (
        "该请求号或批次凭证号是本流水自己的交易，以本流水为准",
        "something was made here under its id or at its place: this journal decides that itself",
    ),
}
"""Why a sale was refused, in zh and en."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sale that was not taken in.

    Attributes:
        line: Where it stands in the file.
        original_id: Its id.
        why: See ``REFUSALS``.
    """

    line: int
    original_id: str
    why: FeedVerdict


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a feed.

    Attributes:
        new: Sales that were taken in, or would be.
        known: Sales that were known already.
        refused: Those that contradict what is known.
    """

    new: int
    known: int
    refused: tuple[Refusal, ...]

    @property
    def total(self) -> int:
        """How many sales the feed has."""
        return self.new + self.known + len(self.refused)


@closed
def import_sales(  # noqa: PLR0913 — all but two are keywords
    desk: Desk,
    data: bytes,
    *,
    now: datetime,
    encoding: Encoding = "utf-8",
    columns: Mapping[str, str] | None = None,
    dry_run: bool = False,
    per_commit: int = PER_COMMIT,
    progress: Callable[[int, int], None] | None = None,
) -> Imported:
    """Take the sales of a feed in; running it again changes nothing.

    Args:
        desk: A terminal of the merchant whose sales they are.
        data: CSV with a header, a JSON array, or JSON lines; columns as ``posrefund.office.sale_rows.COLUMNS``.
        now: The time.
        encoding: Of the file.
        columns: Other names of columns, each with the column that it means; with ``""`` it is left out.
        dry_run: Only say what would become of it. Two rows of one sale are both ``new`` then.
        per_commit: How many sales lasted together when the power goes.
        progress: Is told after each commit how many of how many are done.

    Raises:
        DecodeError: No such file: the line, the byte or character in it; nothing was taken in.
        InvalidRequestError: Rows that are no sales, each fault with line and column, 50 at most; nothing was taken in.
        JournalWriteError: What was committed before stays; run it again.
    """
    if not 1 <= per_commit <= 100_000:
        raise InvalidRequestError([("per_commit", "1 to 100000")])
    view, dialect = desk.view(), desk.dialect
    reader = SaleReader(
        view.merchant,
        dialect.zone,
        dialect.cut_off,
        view.host_clock.at(now).date(),
        desk.journal.fingerprint,
        columns or {},
    )
    total = _check(reader, data, encoding)
    found: Counter[FeedVerdict] = Counter()
    refused: list[Refusal] = []
    for batch in _batches(_sales(reader, data, encoding), per_commit):
        verdicts = desk.record_sales([sale for _, sale in batch], dry_run=dry_run)
        for (line, sale), verdict in zip(batch, verdicts, strict=True):
            found[verdict] += 1
            if verdict in REFUSALS:
                refused.append(Refusal(line, sale.original_id, verdict))
        if progress is not None:
            progress(found.total(), total)
    return Imported(found["new"], found["known"], tuple(refused))


def _check(reader: SaleReader, data: bytes, encoding: Encoding) -> int:
    """Return how many sales there are, or refuse the file with all that is wrong with it."""
    faults: list[Fault] = []
    count = 0
    for row in read_rows(data, encoding=encoding):
        count += 1
        try:
            reader.read(row)
        except InvalidRequestError as error:
            faults += error.faults
        if len(faults) >= FAULTS_MAX:
            break
    if faults:
        raise InvalidRequestError(faults[:FAULTS_MAX])
    return count


def _sales(reader: SaleReader, data: bytes, encoding: Encoding) -> Iterator[tuple[int, Original]]:
    for row in read_rows(data, encoding=encoding):
        yield row.line, reader.read(row)


def _batches(
    sales: Iterable[tuple[int, Original]], size: int
) -> Iterator[list[tuple[int, Original]]]:
    rest = iter(sales)
    while batch := list(islice(rest, size)):
        yield batch
