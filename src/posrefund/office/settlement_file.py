"""Reads a settlement file into rows without card numbers. Floor 8.

Strict: one line that does not fit refuses the whole file, so that a cut-off file never proves an
absence. Nothing is applied here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.dialects.unionpay.codes import CODES
from posrefund.dialects.unionpay.settlement import NAMES, WIDTHS
from posrefund.engine.evidence import FileRow
from posrefund.errors import DecodeError

if TYPE_CHECKING:
    from posrefund.engine.attempt import Kind

__all__ = ["read_settlement_file"]

_LINE_WIDTH = sum(WIDTHS) + len(WIDTHS) - 1
_BOOKED = {code.code for code in CODES.values() if code.money == "booked"}
_KINDS: dict[tuple[str, str], Kind] = {
    ("0200", "00"): "sale",
    ("0200", "20"): "void",
    ("0220", "20"): "refund",
}


@closed
def read_settlement_file(text: str) -> list[FileRow]:
    """Return the rows of a file, those of other kinds and codes too: they prove nothing but presence.

    Shape:
        Lines of 299 characters, fields as ``posrefund.dialects.unionpay.settlement`` lists them.

    Raises:
        DecodeError: Path ``line N`` and the column where it does not fit; nothing was read.
    """
    return [_row(line, number) for number, line in enumerate(text.splitlines(), start=1)]


def _row(line: str, number: int) -> FileRow:
    values = _columns(line, number)
    mti, processing = values["mti"], values["processing_code"][:2]
    return FileRow(
        kind="reversal" if mti == "0420" else _KINDS.get((mti, processing), "other"),
        terminal=values["terminal"],
        merchant=values["merchant"],
        stan=values["stan"],
        rrn=values["rrn"],
        amount_minor=int(values["amount"]),
        transmitted=values["transmitted"],
        original_stan=values["original_stan"].strip(),
        row=number,
        is_booked=values["code"] in _BOOKED,
        original_transmitted=values["original_transmitted"].strip(),
    )


def _columns(line: str, number: int) -> dict[str, str]:
    if len(line) != _LINE_WIDTH:
        raise _refusal(number, f"{_LINE_WIDTH} characters", min(len(line), _LINE_WIDTH))
    values = {}
    start = 0
    for index, width in enumerate(WIDTHS):
        end = start + width
        if end < len(line) and line[end] != " ":
            raise _refusal(number, "a space between two fields", end)
        if name := NAMES.get(index):
            values[name] = line[start:end]
            if name in ("stan", "transmitted", "amount", "mti") and not _is_digits(values[name]):
                raise _refusal(number, "digits", start)
        start = end + 1
    return values


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _refusal(number: int, expected: str, column: int) -> DecodeError:
    return DecodeError(f"line {number}", expected, offset_bytes=column)
