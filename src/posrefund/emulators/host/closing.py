"""The host's side of closing a batch: it compares totals, takes what is uploaded, opens the next batch.

An item that stands in its books already counts once, however often it is uploaded. One that does not is
booked, for that is what an upload is for: a refund by the rules of a refund; a detail, which says no more
than STAN, number and amount, as a sale. Used by ``Exchange`` alone. Floor 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.emulators.host.business import decide_refund
from posrefund.emulators.host.ledger import Entry, Totals
from posrefund.errors import InvalidRequestError
from posrefund.values import PAN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from posrefund.emulators.host.business import Case
    from posrefund.emulators.host.terminals import TerminalRecord

__all__ = ["CLOSING", "stranger_batch", "totals_field"]

_BALANCED, _UNBALANCED, _ERROR = "1", "2", "3"
_ITEM_DIGITS = 40
_FOREIGN_NONE = "0" * 30


def settle(case: Case, record: TerminalRecord) -> tuple[str, str]:
    """Compare the terminal's totals with the books; return the code and DE48 of the answer."""
    ours = case.ledger.totals(record.terminal_id, record.batch)
    said = case.request.get("48")
    is_equal = said[:30] == _digits(ours) and said[31:61] == _FOREIGN_NONE
    return case.codes.management_approved, totals_field(
        ours, _BALANCED if is_equal else _UNBALANCED
    )


def take_details(case: Case, record: TerminalRecord) -> tuple[str, str]:
    """Take the sales and voids of DE48; return the code of the first that is refused, and nothing."""
    digits = case.request.get("48")[2:]
    rows = [digits[at : at + _ITEM_DIGITS] for at in range(0, len(digits), _ITEM_DIGITS)]
    codes = [_take_detail(case, record, row) for row in rows]
    return next((code for code in codes if code != case.codes.approved), case.codes.approved), ""


def _take_detail(case: Case, record: TerminalRecord, row: str) -> str:
    try:
        card = PAN(row[8:28].lstrip("0"))
    except InvalidRequestError:
        return case.codes.invalid_card
    stan, minor = row[2:8], int(row[28:])
    known = _live(case, record, stan)
    if known is None:
        case.ledger.book(_as_sale(case, stan, card, minor))
        return case.codes.approved
    is_same = (known.kind in ("sale", "void"), known.pan, known.amount_minor) == (True, card, minor)
    if is_same and "once" in case.profile.leaves_out:
        case.ledger.book(_as_sale(case, stan, card, minor))
    return case.codes.approved if is_same else case.codes.duplicate


def take_refund(case: Case, record: TerminalRecord) -> tuple[str, str]:
    """Take one refund; return its code and nothing."""
    if case.card is None:
        return case.codes.invalid_card, ""
    known = _live(case, record, case.request.get("11"))
    if known is None:
        decision = decide_refund(case)
        if decision.entry is not None:
            case.ledger.book(decision.entry)
        return decision.code, ""
    same = ("refund", case.card, case.amount_minor)
    is_same = (known.kind, known.pan, known.amount_minor) == same
    return case.codes.approved if is_same else case.codes.duplicate, ""


def _live(case: Case, record: TerminalRecord, stan: str) -> Entry | None:
    """Return what stands under *stan* in the open batch; what was undone stands nowhere."""
    entry = case.ledger.find_stan((record.terminal_id, record.batch, stan))
    return entry if entry is not None and entry.state != "reversed" else None


def end(case: Case, record: TerminalRecord) -> tuple[str, str]:
    """Open the next batch, once: an end that comes again finds it open; return the code and nothing."""
    is_open = case.request.batch == record.batch
    if is_open and "next_batch" not in case.profile.leaves_out:
        case.ledger.batches[record.terminal_id] = record.close_batch()
    return case.codes.management_approved, ""


CLOSING: Mapping[str, Callable[[Case, TerminalRecord], tuple[str, str]]] = {
    "settlement": settle,
    "upload_details": take_details,
    "upload_refund": take_refund,
    "upload_end": end,
}
"""Kind of request → what the host does for it."""


def stranger_batch(kind: str, batch: str, record: TerminalRecord) -> bool:
    """Say whether *batch* is none that this request may name: the open one, at an end also the one before."""
    is_before = record.follows(batch) and kind == "upload_end"
    return batch != record.batch and not is_before


def totals_field(totals: Totals | None, verdict: str = _ERROR) -> str:
    """Return DE48 of an answer: domestic cards, then foreign ones, of which this host knows none.

    Shape:
        62 digits: debit amount 12 and count 3, credit amount 12 and count 3, verdict 1; twice.

    Source:
        Published 0510 (ipaynow mPOS SDK): ``000000000011011000000000002002`` ``1``, zeros, ``1``.
    """
    return f"{_digits(totals or Totals(0, 0, 0, 0))}{verdict}{_FOREIGN_NONE}{verdict}"


def _digits(totals: Totals) -> str:
    return (
        f"{totals.debit_minor:012d}{totals.debit_count:03d}"
        f"{totals.credit_minor:012d}{totals.credit_count:03d}"
    )


def _as_sale(case: Case, stan: str, card: PAN, minor: int) -> Entry:
    get = case.request.get
    return Entry(
        kind="sale",
        settlement_day=case.day,
        host_time=case.now,
        terminal=get("41"),
        merchant=get("42"),
        batch=case.request.batch,
        stan=stan,
        rrn=f"{case.rrn[:6]}{case.ledger.next_sequence():06d}",
        auth="",
        pan=card,
        entry_mode="000",
        processing_code="000000",
        amount_minor=minor,
        currency=case.profile.currency,
    )
