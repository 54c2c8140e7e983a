"""One file read to its end, sorted into what can be judged and what is left out. Floor 8."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO, cast

from posrefund.errors import InvalidRequestError
from posrefund.office.files import Expected, FileReader
from posrefund.office.files.lines import chunks_of
from posrefund.office.findings import Side
from posrefund.office.settlement_file import as_bytes
from posrefund.values import PAN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from posrefund.engine.evidence import FileRow
    from posrefund.journal import Journal
    from posrefund.office.files import FeeRule, FileLayout

__all__ = ["FileContent", "read_file"]


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a file holds for one terminal.

    Attributes:
        booked: Rows to be found in the journal.
        returns: Rows of refunds that came back.
        hints: Rows that show, and perhaps do not prove, that the host knows of something.
        days: MMDD of all rows, each with the first line that has it.
        file: All rows of the file, whoever's.
        left_out: Rows that are not judged, by why.
        rows_here: How many rows are of this terminal.
        is_whole: Whether anything says that the file is whole.
        sha256: Of the file.
        fee: What its layout says of fees.
        layout: Name of its layout.
    """

    booked: list[FileRow]
    returns: list[FileRow]
    hints: list[FileRow]
    days: Mapping[str, int]
    file: Side
    left_out: dict[str, Side] = field(default_factory=dict)
    rows_here: int = 0
    is_whole: bool = False
    sha256: str = ""
    fee: FeeRule | None = None
    layout: str = ""


def read_file(
    journal: Journal,
    source: str | bytes | BinaryIO | Iterable[bytes],
    layout: FileLayout,
    expected: Expected | None,
    *,
    line_count: int | None,
) -> FileContent:
    """Read *source* to its end.

    Raises:
        DecodeError: It does not fit its layout, its totals or its digest.
    """
    said = expected or Expected()
    if line_count is not None:
        said = replace(said, rows=line_count)

    def fingerprint(digits: bytes) -> str:
        try:
            return journal.fingerprint(PAN(digits.decode("ascii", "replace")))
        except InvalidRequestError:  # masked, or none
            return ""

    terminal = journal.terminal_facts()["terminal"]
    reader = FileReader(layout, expected=said, terminal=terminal, fingerprint=fingerprint)
    rows = list(reader.rows(_chunks(source)))
    elsewhere = Side(reader.rows_elsewhere, reader.sum_elsewhere_minor)
    return _sorted_out(rows, reader, elsewhere, layout)


def _chunks(source: str | bytes | BinaryIO | Iterable[bytes]) -> Iterable[bytes]:
    if isinstance(source, str):
        return [as_bytes(source)]
    if isinstance(source, bytes):
        return [source]
    return chunks_of(cast("BinaryIO", source)) if hasattr(source, "read") else source


def _sorted_out(
    rows: list[FileRow], reader: FileReader, elsewhere: Side, layout: FileLayout
) -> FileContent:
    undone = {
        row.original_stan
        for row in rows
        if row.kind == "reversal" and row.is_booked and row.original_stan
    }
    booked: list[FileRow] = []
    returns: list[FileRow] = []
    hints: list[FileRow] = []
    left_out = {"elsewhere": elsewhere} if elsewhere.count else {}
    for row in rows:
        is_undone = bool(row.stan) and row.stan in undone and row.kind != "reversal"
        if row.kind != "reversal" and not is_undone:
            hints.append(row)
        why = _left_out(row, is_undone=is_undone)
        if why:
            left_out[why] = left_out.get(why, Side()).plus(row.amount_minor)
        else:
            (returns if row.kind == "return" else booked).append(row)
    return FileContent(
        booked,
        returns,
        hints,
        reader.days,
        Side(reader.rows_read, reader.sum_minor),
        left_out,
        rows_here=len(rows),
        is_whole=reader.is_whole,
        sha256=reader.sha256,
        fee=layout.fee,
        layout=layout.name,
    )


def _left_out(row: FileRow, *, is_undone: bool) -> str:
    if row.kind == "reversal":
        return "reversal"
    if is_undone:
        return "undone"
    if not row.is_booked:
        return "not_booked"
    return "other" if row.kind == "other" else ""
