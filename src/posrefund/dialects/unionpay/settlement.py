"""The layout of UnionPay's settlement detail file (``IND<YYMMDD>01ACOM``): widths and names. Floor 3.

34 fields of fixed width with one space between them. Check it against your acquirer's own paper.

Source: public import code of an acquirer (chinaljp/posp, impcups/proc.c). Names of fields whose meaning
is not confirmed are left out; the card number (field 5) is never given a name, so nobody reads it.
"""

from __future__ import annotations

__all__ = ["NAMES", "WIDTHS"]

WIDTHS = (
    11, 11, 6, 10, 19, 12, 12, 12, 4, 6, 4, 8, 15, 12, 2, 6, 11,
    6, 2, 3, 12, 12, 12, 1, 3, 1, 1, 10, 11, 1, 2, 2, 12, 14,
)  # fmt: skip

NAMES = {
    2: "stan",
    3: "transmitted",
    5: "amount",
    8: "mti",
    9: "processing_code",
    11: "terminal",
    12: "merchant",
    13: "rrn",
    17: "original_stan",
    18: "code",
    27: "original_transmitted",
}
"""Index in ``WIDTHS`` to our name."""
