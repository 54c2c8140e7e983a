"""Reads the file of a mass refund: a sale a line, and the card that paid, or the way back to whoever paid by a code. Floor 8.

Strict: every line that is wrong is named at once, and nothing is made of the others. A card number is in a
``CardRead`` as soon as it is read, and in no error. That a line has no card means nothing: it has to say the other way.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.engine import Reason, RefundRequest
from posrefund.errors import InvalidRequestError
from posrefund.values import PAN, Amount, BackToPayer, CardRead, Voucher

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Iterator

    from posrefund.errors import Fault
    from posrefund.values.card import EntryMode

__all__ = ["MassFile", "MassRow", "read_mass_file"]

_WAYS = ("card", "voucher", "back_to_payer")
_MORE = ("expiry", "amount_minor", "currency", "order_ref", "note", "contact")
_COLUMNS = frozenset({"original", *_WAYS, *_MORE})
_NAME = re.compile("[A-Za-z0-9-]{1,24}")
_ROWS_MAX = 100_000
_TYPED: EntryMode = "012"
"""Entry mode of a card number that nobody's reader read; the shop's rules have to allow it."""


@dataclass(frozen=True, slots=True)
class MassRow:
    """One line.

    Attributes:
        line: Its number in the file, from 1.
        request: What it asks for; its id follows from the name of the file and the sale, never from the line.
    """

    line: int
    request: RefundRequest


@dataclass(frozen=True, slots=True)
class MassFile:
    """What a file asks for.

    Attributes:
        name: Of the whole.
        maker: Operator number of who made it.
        rows: In the order of the file.
    """

    name: str
    maker: str
    rows: tuple[MassRow, ...]


@closed
def read_mass_file(text: str, *, name: str, maker: str, reason: Reason) -> MassFile:
    r"""Return what the CSV *text* asks for.

    Shape:
        A head line, then a sale a line: ``original`` (its request id), and exactly one of ``card``, ``voucher`` (of its
        slip) and ``back_to_payer`` (``yes``: the journal knows the voucher). ``expiry`` (YYMM, of a card),
        ``amount_minor`` (all that is left, if empty), ``currency`` (156, if empty), ``order_ref``, ``note`` and ``contact``
        may follow.

    Args:
        text: The file.
        name: Of the whole, 1 to 24 letters, digits and hyphens: it never expires, and a file of the same name goes on.
        maker: Operator number.
        reason: Of every line.

    Raises:
        InvalidRequestError: Every fault at once, by line and column: ``line 3.card``.

    Example:
        >>> from posrefund.engine import Reason
        >>> from posrefund.office.mass import read_mass_file
        >>> file = read_mass_file(
        ...     "original,card\nS-1,6200000000000005\n", name="RECALL-7", maker="01", reason=Reason.DEFECT
        ... )
        >>> file.rows[0].request.request_id
        RequestID('RECALL-7:S-1')
    """
    if not _NAME.fullmatch(name):
        raise InvalidRequestError([("name", "1 to 24 letters, digits or hyphens")])
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    lines = _lines(reader)
    head = next(lines, (0, []))[1]
    _check_head(head)
    faults: list[Fault] = []
    rows: list[MassRow] = []
    seen: dict[str, int] = {}
    for number, cells in lines:
        row = _row(dict(zip(head, cells, strict=False)), (name, maker, reason), faults, number)
        if len(cells) != len(head):
            faults.append((f"line {number}", f"{len(head)} columns"))
        elif row is not None:
            rows.append(row)
            first = seen.setdefault(str(row.request.original), number)
            if first != number:
                faults.append((f"line {number}.original", f"a sale once, and line {first} has it"))
    if not rows and not faults:
        faults.append(("file", "at least one line"))
    if faults:
        raise InvalidRequestError(faults)
    return MassFile(name, maker, tuple(rows))


def _lines(reader: Reader) -> Iterator[tuple[int, list[str]]]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise InvalidRequestError([(f"line {reader.line_num}", "a line of CSV")]) from None
        if reader.line_num > _ROWS_MAX:
            raise InvalidRequestError([("file", f"at most {_ROWS_MAX} lines")])
        if cells:
            yield reader.line_num, cells


def _check_head(head: list[str]) -> None:
    is_known = set(head) <= _COLUMNS and len(set(head)) == len(head)
    if not is_known or "original" not in head or not {*_WAYS} & {*head}:
        said = f"original, one or more of {', '.join(_WAYS)}, and of {', '.join(_MORE)}"
        raise InvalidRequestError([("line 1", said)])


def _row(
    cells: dict[str, str], of_all: tuple[str, str, Reason], faults: list[Fault], number: int
) -> MassRow | None:
    """The row of a line, or its faults beside those of the lines before it."""
    name, maker, reason = of_all
    try:
        request = RefundRequest(
            f"{name}:{cells.get('original', '')}",
            original=cells.get("original", ""),
            card=_payer(cells),
            reason=reason,
            amount=_amount(cells),
            operator=maker,
            note=cells.get("note", ""),
            order_ref=cells.get("order_ref", ""),
            contact=cells.get("contact", ""),
        )
    except InvalidRequestError as error:
        faults += [(f"line {number}.{path}", expected) for path, expected in error.faults]
        return None
    return MassRow(number, request)


@closed
def _payer(cells: dict[str, str]) -> CardRead | BackToPayer:
    if len([way for way in _WAYS if cells.get(way)]) != 1:
        raise InvalidRequestError([("card", f"exactly one of {', '.join(_WAYS)}")])
    if cells.get("card"):
        return CardRead(_TYPED, PAN(cells["card"]), expiry=cells.get("expiry") or None)
    if cells.get("expiry"):
        raise InvalidRequestError([("expiry", "nothing where no card paid")])
    if cells.get("back_to_payer"):
        if cells["back_to_payer"] != "yes":
            raise InvalidRequestError([("back_to_payer", "yes, or nothing")])
        return BackToPayer()
    return BackToPayer(Voucher.of_paper(cells["voucher"]))


def _amount(cells: dict[str, str]) -> Amount | None:
    text = cells.get("amount_minor", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 12):
        raise InvalidRequestError([("amount_minor", "a whole number of minor units, or nothing")])
    return Amount(int(text), cells.get("currency") or "156")
