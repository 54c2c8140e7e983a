"""Reads a file of any layout row by row: strict, in constant memory, and without card numbers. Floor 8.

What the file says of itself, and what the acquirer says of it, is checked at its end: rows that came out before
are not to be applied until the iterator has ended without an error.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.errors import DecodeError
from posrefund.office.files.cells import csv_cells, fixed_cells, split
from posrefund.office.files.lines import lines_of
from posrefund.office.files.patterns import minor_of
from posrefund.office.files.rows import RowMaker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from posrefund.engine.evidence import FileRow
    from posrefund.office.files.cells import Cells
    from posrefund.office.files.layout import FileLayout

__all__ = ["Expected", "FileReader", "Skipped"]

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the acquirer says of a file, by another way than the file itself; None and empty: nothing.

    Attributes:
        rows: How many there are.
        sum_minor: Sum of the amounts of all of them, whatever their kind.
        sha256: Of the whole file, 64 hex digits.
        sha1: The same with SHA-1, as WeChat gives it: it finds errors, not forgers.
    """

    rows: int | None = None
    sum_minor: int | None = None
    sha256: str = ""
    sha1: str = ""

    @property
    def says_whole(self) -> bool:
        """Whether it tells a whole file from one that was cut off between two lines."""
        return self.rows is not None or bool(self.sha256 or self.sha1)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that a tolerant reader passed over: where, and what should have stood there."""

    line: int
    expected: str
    offset_bytes: int


class FileReader:
    """Reads one file.

    Args:
        layout: What it looks like.
        expected: What the acquirer says of it.
        terminal: Only rows of this DE41 come out; the others are checked and counted. Empty: all.
        fingerprint: Makes a keyed digest of a card number's digits; None: the number is passed over unread.
        tolerant: Pass over lines that do not fit, and say which; totals still have to agree.

    Attributes:
        rows_read: How many rows the file has, whoever's they are.
        rows_elsewhere: How many of them are of other terminals.
        sum_minor: Sum of the amounts of all rows.
        sum_elsewhere_minor: The same of the rows of other terminals.
        bytes_read: Length of the file.
        skipped: What a tolerant reader passed over.
        days: MMDD of the rows, each with the first line that has it.
        is_whole: Whether totals or a digest say that nothing is missing; only after the end.

    Example:
        >>> from posrefund.office.files import FileReader, load_layout
        >>> text = '''
        ... name = "shop"
        ... form = "csv"
        ... columns = [
        ...   { name = "id", role = "reference" },
        ...   { name = "what" },
        ...   { name = "cents", type = "minor", role = "amount" },
        ...   { name = "at", type = "time", role = "time", form = "YYYY-MM-DD hh:mm:ss" },
        ... ]
        ... kind = [ { is = "refund", when = { what = "R" } } ]
        ... '''
        >>> reader = FileReader(load_layout(text))
        >>> chunks = [b"id,what,cents,at" + bytes([10]), b"R-1,R,1000,2026-03-09 10:00:00"]
        >>> [(row.kind, row.amount_minor, row.reference) for row in reader.rows(chunks)]
        [('refund', 1000, 'R-1')]
    """

    def __init__(
        self,
        layout: FileLayout,
        *,
        expected: Expected | None = None,
        terminal: str = "",
        fingerprint: Callable[[bytes], str] | None = None,
        tolerant: bool = False,
    ) -> None:
        self._layout, self._expected = layout, expected or Expected()
        self._terminal, self._fingerprint = terminal, fingerprint
        self._tolerant = tolerant
        self.rows_read = self.rows_elsewhere = self.bytes_read = 0
        self.sum_minor = self.sum_elsewhere_minor = 0
        self.skipped: list[Skipped] = []
        self.days: dict[str, int] = {}
        self.is_whole = False
        self._sha256, self._sha1 = hashlib.sha256(), hashlib.sha1(usedforsecurity=False)
        self._sums = dict.fromkeys(layout.trailer.sums.values(), 0)

    @property
    def sha256(self) -> str:
        """Digest of what was read, 64 hex digits."""
        return self._sha256.hexdigest()

    @closed
    def rows(self, chunks: Iterable[bytes]) -> Iterator[FileRow]:
        """Return the rows, one after another.

        Args:
            chunks: The file in pieces of any size; ``chunks_of(file)`` makes them.

        Raises:
            DecodeError: A line does not fit the layout (path ``line N`` and the byte in it), or the file is
                not what its totals or its digest say (path ``file``).
        """
        numbered = enumerate(lines_of(self._counted(chunks)), start=1)
        cells = self._cells(numbered)
        maker = RowMaker(self._layout, cells.used, self._fingerprint)
        yield from self._details(cells, maker, numbered)
        self._check_totals()

    # --- inside ------------------------------------------------------------------------------

    def _counted(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        wants_sha1 = bool(self._expected.sha1)
        for chunk in chunks:
            self.bytes_read += len(chunk)
            self._sha256.update(chunk)
            if wants_sha1:
                self._sha1.update(chunk)
            yield chunk

    def _cells(self, numbered: Iterator[tuple[int, bytes]]) -> Cells:
        takes_card = self._fingerprint is not None
        if self._layout.form == "fixed":
            return fixed_cells(self._layout, takes_card=takes_card)
        _, heading = next(numbered, (1, b""))
        if self._layout.encoding == "utf-8-sig":
            heading = heading.removeprefix(_BOM)
        return csv_cells(self._layout, heading, takes_card=takes_card)

    def _details(
        self, cells: Cells, maker: RowMaker, numbered: Iterator[tuple[int, bytes]]
    ) -> Iterator[FileRow]:
        read, wanted = cells.read, self._terminal.encode("ascii", "replace")
        sums = [
            (at, c.name, minor_of(c)) for at, c in enumerate(cells.used) if c.name in self._sums
        ]
        ends = self._ends()
        for number, line in numbered:
            if ends and line.startswith(ends):
                self._read_trailer(line, number, numbered)
                return
            try:
                values = read(line, number)
                kind, amount = maker.money(values, number)
                is_ours = not wanted or maker.is_of(values, wanted)
                row = maker.row(values, number, kind, amount) if is_ours else None
            except DecodeError as error:
                self._skip(error, number)
                continue
            self.rows_read += 1
            self.sum_minor += amount
            day = maker.day(values)
            if day not in self.days:
                self.days[day] = number
            for at, name, minor in sums:
                self._sums[name] += minor(values[at]) or 0
            if row is not None:
                yield row
            else:
                self.rows_elsewhere += 1
                self.sum_elsewhere_minor += amount
        if self._layout.has_totals:
            raise DecodeError("file", "its last lines", offset_bytes=self.bytes_read)

    def _skip(self, error: DecodeError, number: int) -> None:
        if not self._tolerant:
            raise error
        self.skipped.append(Skipped(number, error.expected, error.offset_bytes))

    def _ends(self) -> tuple[bytes, ...]:
        """How the lines below the rows may begin."""
        trailer, encoding = self._layout.trailer, self._layout.encoding.removesuffix("-sig")
        begins = (
            trailer.heading.encode(encoding, "replace"),
            trailer.end.encode("ascii", "replace"),
        )
        return tuple(begin for begin in begins if begin)

    def _read_trailer(
        self, line: bytes, number: int, numbered: Iterator[tuple[int, bytes]]
    ) -> None:
        trailer = self._layout.trailer
        heading = trailer.heading.encode(self._layout.encoding.removesuffix("-sig"), "replace")
        if heading and line.startswith(heading):
            number, totals = next(numbered, (number + 1, b""))
            self._compare(split(self._layout, line, number - 1), totals, number)
            number, line = next(numbered, (number + 1, b"")) if trailer.end else (number, b"")
        if trailer.end and line.strip() != trailer.end.encode("ascii", "replace"):
            raise DecodeError("file", "its last line", offset_bytes=self.bytes_read)
        for after, _ in numbered:
            raise DecodeError(f"line {after}", "nothing behind the last line", offset_bytes=0)

    def _compare(self, heads: list[bytes], totals: bytes, number: int) -> None:
        names = [head.decode(self._layout.encoding, "replace").strip() for head in heads]
        values = split(self._layout, totals, number)
        if len(values) != len(names):
            raise DecodeError(f"line {number}", f"{len(names)} columns", offset_bytes=0)
        said = dict(zip(names, values, strict=True))
        trailer = self._layout.trailer
        counted = {trailer.count: self.rows_read} if trailer.count else {}
        summed = {total: self._sums[name] for total, name in trailer.sums.items()}
        columns = {column.name: column for column in self._layout.columns}
        for name, found in counted.items():
            self._agree(number, said.get(name, b""), found, int)
        for name, found in summed.items():
            to_minor = minor_of(columns[trailer.sums[name]])
            self._agree(number, said.get(name, b""), found, to_minor)

    def _agree(
        self, number: int, raw: bytes, found: int, to_int: Callable[[bytes], int | None]
    ) -> None:
        is_number = raw.replace(b".", b"", 1).removeprefix(b"-").isdigit() and len(raw) < 32
        try:
            said = to_int(raw) if is_number else None
        except ValueError:
            said = None
        if said != found:
            raise DecodeError(f"line {number}", f"the totals of its rows, {found}", offset_bytes=0)

    def _check_totals(self) -> None:
        expected = self._expected
        if expected.rows is not None and expected.rows != self.rows_read:
            raise self._fault(f"{expected.rows} lines, found {self.rows_read}")
        if expected.sum_minor is not None and expected.sum_minor != self.sum_minor:
            raise self._fault(f"a sum of {expected.sum_minor}, found {self.sum_minor}")
        if expected.sha256 and expected.sha256.lower() != self.sha256:
            raise self._fault("the file of that SHA-256")
        if expected.sha1 and expected.sha1.lower() != self._sha1.hexdigest():
            raise self._fault("the file of that SHA-1")
        has_all = not self.skipped
        self.is_whole = has_all and (expected.says_whole or self._layout.has_totals)

    def _fault(self, expected: str) -> DecodeError:
        return DecodeError("file", expected, offset_bytes=self.bytes_read)
