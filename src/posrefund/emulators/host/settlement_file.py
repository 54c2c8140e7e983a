"""The host's settlement file of one day: the inter-bank detail layout ``IND<YYMMDD>01ACOM``.

34 fields of fixed width with one space between, 299 characters a row. The card number stands in it
in clear, as in the real file: whoever reads it must mask at the first byte. Columns whose meaning
is not public are zeros or blanks. Floor 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from posrefund.emulators.host.ledger import Entry, Ledger
    from posrefund.emulators.host.profile import HostProfile

__all__ = ["WIDTHS", "file_name", "row", "text", "write"]

WIDTHS = (
    *(11, 11, 6, 10, 19, 12, 12, 12, 4, 6, 4, 8, 15, 12, 2, 6, 11),
    *(6, 2, 3, 12, 12, 12, 1, 3, 1, 1, 10, 11, 1, 2, 2, 12, 14),
)
"""Source: file writer and reader of a public acquirer host (chinaljp/posp, impcups/proc.c)."""

_MTI = {"sale": "0200", "void": "0200", "refund": "0220", "reversal": "0420"}
_NO_FEE = "C" + "0" * 11


def file_name(day: date) -> str:
    """Return the name of the file of settlement day *day*.

    Example:
        >>> from datetime import date
        >>> from posrefund.emulators.host.settlement_file import file_name
        >>> file_name(date(2026, 3, 9))
        'IND26030901ACOM'
    """
    return f"IND{day:%y%m%d}01ACOM"


def row(entry: Entry, profile: HostProfile) -> str:
    """Return one row, without its line end."""
    numbers = {
        1: profile.acquirer_id,
        2: profile.acquirer_id,
        3: entry.stan,
        4: entry.mmddhhmmss,
        5: entry.pan.reveal(),
        6: f"{entry.amount_minor:012d}",
        7: "0" * 12,
        8: "0" * 12,
        9: _MTI[entry.kind],
        10: _processing_code(entry),
        11: profile.merchant_type,
        12: entry.terminal,
        13: entry.merchant,
        14: entry.rrn,
        15: "00",
        16: entry.auth,
        17: profile.issuer_id,
        18: entry.original_stan or "000000",
        19: "00",
        20: entry.entry_mode,
        21: "0" * 12,
        22: "0" * 12,
        23: _NO_FEE,
        28: entry.original_time or "0" * 10,
        29: profile.issuer_id,
    }
    cells = [numbers.get(n, "").ljust(width) for n, width in enumerate(WIDTHS, start=1)]
    return " ".join(cells)


def _processing_code(entry: Entry) -> str:
    """The file's own code: a void is 20 in it, whatever the message said; so is what an aggregator gives back."""
    code = entry.processing_code
    if code.startswith("7"):  # an aggregator's
        return "000000" if entry.kind == "sale" else "200000"
    return f"20{code[2:]}" if code.startswith("02") else code


def text(ledger: Ledger, day: date, profile: HostProfile) -> str:
    """Return the file of *day*: every booked entry, undone ones and what undid them too."""
    rows = [row(entry, profile) for entry in ledger.entries() if entry.settlement_day == day]
    return "".join(f"{line}\n" for line in rows)


def write(path: Path, ledger: Ledger, day: date, profile: HostProfile) -> None:
    """Write the file of *day* to *path*.

    Raises:
        OSError: It cannot be written.
    """
    path.write_text(text(ledger, day, profile), encoding="ascii", newline="\n")
