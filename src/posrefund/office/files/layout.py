"""What one acquirer's file looks like, as values. Floor 8."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ROLES",
    "Column",
    "ColumnType",
    "FeeRule",
    "FileLayout",
    "KindRule",
    "RowKind",
    "Trailer",
]

ColumnType = Literal["text", "word", "digits", "minor", "decimal", "signed", "time", "card"]
"""``text`` is taken as it stands and ``word`` without blanks around it; ``minor`` is an amount in the smallest
unit, ``decimal`` one with a point, ``signed`` a C (to the merchant) or D (from it) before digits; a ``card`` is
never text here: it becomes a keyed digest, or nothing."""

RowKind = Literal["sale", "void", "refund", "reversal", "return", "other"]

ROLES = (
    "terminal",
    "merchant",
    "stan",
    "rrn",
    "amount",
    "currency",
    "time",
    "original_stan",
    "original_time",
    "auth_code",
    "card",
    "reference",
    "original_reference",
    "fee",
    "net",
)
"""What a column may stand for; ``refund_`` before *rrn*, *amount*, *reference*, *time* or *fee* is what a row
that gives money back says instead. Of ``net``, what is settled, only the sign counts."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: Its heading in a CSV file; ours in a file of fixed width.
        width: In bytes; 0 in a CSV file.
        type: How it is read.
        role: What it is used for; empty where only the rules look at it.
        form: Of a time: ``YYYY`` ``MM`` ``DD`` ``hh`` ``mm`` ``ss`` and what stands between.
        take: How many of its first characters the rules look at; 0 for all.
        places: Of a ``decimal``: how many digits may stand behind the point; more than two are rounded, halves up.
        minus: Whether an amount may have a minus before it; then its sign counts.
        optional: Whether a CSV file may come without it.
    """

    name: str
    width: int = 0
    type: ColumnType = "text"
    role: str = ""
    form: str = ""
    take: int = 0
    places: int = 2
    minus: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class KindRule:
    """A row is *kind* where each of these columns says this; the first rule that fits counts."""

    kind: RowKind
    when: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Trailer:
    """Lines below the rows.

    Attributes:
        end: The line that must be the last one; empty for none.
        heading: How the line above the totals begins; empty where there are no totals.
        count: Which of its columns says how many rows there are; empty for none.
        sums: Which of its columns is the sum of which column of the rows.
    """

    end: str
    heading: str
    count: str
    sums: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FeeRule:
    """What the acquirer has agreed to do with its fee when money is given back.

    Attributes:
        refund_rate_ppm: Millionths of the refund that it gives back; 0 where it keeps all.
        tolerance_minor: By how much a row may differ.

    Example:
        >>> from posrefund.office.files import FeeRule
        >>> FeeRule(6_000, 0).expected(1_000), FeeRule(6_000, 0).fits(1_000, -6)
        (-6, True)
    """

    refund_rate_ppm: int
    tolerance_minor: int

    def expected(self, refund_minor: int) -> int:
        """Return the fee of a refund, halves rounded up: never positive, for it is given back."""
        return -((refund_minor * self.refund_rate_ppm + 500_000) // 1_000_000)

    def fits(self, refund_minor: int, fee_minor: int) -> bool:
        """Say whether *fee_minor* is what was agreed."""
        return abs(fee_minor - self.expected(refund_minor)) <= self.tolerance_minor


@dataclass(frozen=True, slots=True)
class FileLayout:
    """One acquirer's file.

    Attributes:
        name: What people call it.
        form: ``fixed`` widths with a gap, or ``csv``.
        encoding: Of its text; widths are bytes all the same.
        separator: Between two columns: one byte, or none in a file without gaps.
        prefix: Stands before every value of a row, as WeChat's back-tick; empty for none.
        columns: In a file of fixed width all of them in order, in a CSV file those that are used.
        kinds: What makes a row a sale, a refund and so on; a row that none fits is ``other``.
        booked: Column to the values that say *booked*; a row has to fit all of them.
        sources: Where it is published.
        trailer: What stands below the rows.
        fee: What becomes of the fee; None where nobody checks it.
        currency: Of files that do not say: ISO 4217 number, or empty.
        currencies: What the file writes for a currency, to its number; empty where it writes numbers.
    """

    name: str
    form: Literal["fixed", "csv"]
    encoding: str
    separator: bytes
    prefix: bytes
    columns: tuple[Column, ...]
    kinds: tuple[KindRule, ...]
    booked: Mapping[str, frozenset[str]]
    sources: str
    trailer: Trailer
    fee: FeeRule | None
    currency: str
    currencies: Mapping[str, str]

    @property
    def has_totals(self) -> bool:
        """Whether a file of this layout says itself whether it is whole."""
        return bool(self.trailer.end or self.trailer.count)
