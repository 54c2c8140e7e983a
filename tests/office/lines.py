"""One line of a settlement file, written out, and a way to change a column of it."""

from __future__ import annotations

__all__ = ["REFUND_LINE", "line"]

REFUND_LINE = (
    "48020000    48020000    000007 0309100000 6200000000000005    000000001000 000000000000"
    " 000000000000 0220 200000 5411 12345678 123456789012345 606810000123 00 654321 01020000   "
    " 000003 00 051 000000000000 000000000000 C00000000000           0308233000 01020000         "
    "                              "
)
"""34 fields and 33 spaces: the refund of 10.00 under number 000007."""

_COLUMNS = {
    "stan": (24, 6),
    "transmitted": (31, 10),
    "amount": (62, 12),
    "mti": (101, 4),
    "processing": (106, 6),
    "terminal": (118, 8),
    "merchant": (127, 15),
    "rrn": (143, 12),
    "original_stan": (178, 6),
    "code": (185, 2),
    "original_transmitted": (241, 10),
}


def line(**changes: str) -> str:
    """Return ``REFUND_LINE`` with some of its columns changed."""
    text = REFUND_LINE
    for name, value in changes.items():
        start, width = _COLUMNS[name]
        assert len(value) == width
        text = text[:start] + value + text[start + width :]
    return text
