"""The host's rules about money: each function looks at one request and the books and decides.

They change nothing; what they decide is booked by the caller. The order of the checks in a function
is the order in which a request with several faults is answered. Floor 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from posrefund.emulators.host.ledger import Entry, EntryKind
from posrefund.emulators.host.payers import payer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, time

    from posrefund.emulators.host.ledger import Ledger
    from posrefund.emulators.host.profile import Codes, HostProfile
    from posrefund.emulators.host.wire import Request
    from posrefund.values import PAN

__all__ = ["DECIDE", "Case", "Decision", "day_of", "guess_day"]


@dataclass(frozen=True, slots=True)
class Case:
    """A money request with all that is needed to decide it.

    Attributes:
        codes: Which code says what.
        now: Host time in the host's zone.
        card: The card number; None if the request has none that is sound.
    """

    request: Request
    profile: HostProfile
    codes: Codes
    ledger: Ledger
    now: datetime
    rrn: str
    sequence: int
    card: PAN | None

    @property
    def day(self) -> date:
        """The settlement day of this moment."""
        return day_of(self.now, self.profile.cut_off)

    @property
    def amount_minor(self) -> int:
        """DE4."""
        return int(self.request.get("4"))

    @property
    def payer_code(self) -> str:
        """The code that a customer showed; empty for a card."""
        return self.request.dialect.layout.payer_code(self.request.fields)

    def is_payer_of(self, sale: Entry) -> bool:
        """Say whether the request names who paid *sale*: by its voucher what a code paid, else by the card."""
        said = self.request.dialect.layout.voucher(self.request.fields)
        if sale.voucher or said:
            is_named = said == sale.voucher or (not said and self._names_no_payer)
            return self.card is None and is_named
        return self.card is not None and self.card == sale.pan

    @property
    def _names_no_payer(self) -> bool:
        """An aggregator's void, which has no place for the order number: RRN and DE61 name the payment."""
        return self.request.rule is not None and not self.request.rule.reads_card

    def entry(self, kind: EntryKind, original: Entry | None, card: PAN) -> Entry:
        """Return the entry that books this request."""
        get = self.request.get
        return Entry(
            kind=kind,
            settlement_day=self.day,
            host_time=self.now,
            terminal=get("41"),
            merchant=get("42"),
            batch=self.request.batch,
            stan=get("11"),
            rrn=self.rrn,
            auth=f"{self.sequence:06d}" if kind == "sale" else "",
            pan=card,
            entry_mode=self.request.entry_mode,
            processing_code=get("3"),
            amount_minor=self.amount_minor,
            currency=get("49"),
            original_rrn=original.rrn if original else "",
            original_stan=original.stan if original else "",
            original_time=original.mmddhhmmss if original else "",
            sent_at=self.request.sent_at,
            voucher=self._voucher(kind, original),
        )

    def _voucher(self, kind: EntryKind, original: Entry | None) -> str:
        if kind == "sale" and self.payer_code:
            return self.request.dialect.layout.new_voucher(self.now, self.rrn)
        return original.voucher if original else ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a request: the code, and the entry to book if it is to be booked."""

    code: str
    entry: Entry | None = None


def day_of(now: datetime, cut_off: time) -> date:
    """Return the settlement day of *now*: from the cut-off on it is the next day's.

    Example:
        >>> from datetime import datetime, time
        >>> from posrefund.emulators.host.business import day_of
        >>> day_of(datetime(2026, 2, 28, 23, 0), time(23)).isoformat()
        '2026-03-01'
    """
    return now.date() if now.time() < cut_off else now.date() + timedelta(days=1)


def guess_day(mmdd: str, today: date) -> date | None:
    """Return the day that *mmdd* means: of this year if it is not after today, else of the last.

    Source:
        Rule of a production host after its New Year repair (chinaljp/posp, 2017-12-20).

    Example:
        >>> from datetime import date
        >>> from posrefund.emulators.host.business import guess_day
        >>> guess_day("1231", date(2026, 1, 1)).isoformat()
        '2025-12-31'
    """
    year = today.year if mmdd <= f"{today:%m%d}" else today.year - 1
    try:
        return date(year, int(mmdd[:2]), int(mmdd[2:]))
    except ValueError:
        return None


def decide_sale(case: Case) -> Decision:
    """Approve any sale of a sound card, or of a code that is somebody's and has not paid yet."""
    codes = case.codes
    if case.payer_code:
        return _decide_sale_by_code(case)
    if case.card is None:
        return Decision(codes.invalid_card)
    if case.amount_minor == 0:
        return Decision(codes.invalid_amount)
    return Decision(codes.approved, case.entry("sale", None, case.card))


def _decide_sale_by_code(case: Case) -> Decision:
    codes, payer = case.codes, payer_of(case.payer_code)
    if payer is None or case.card is not None:
        return Decision(codes.unknown_code)
    if case.amount_minor == 0:
        return Decision(codes.invalid_amount)
    if not case.ledger.take_code(case.payer_code):
        return Decision(codes.used_code)
    return Decision(codes.approved, case.entry("sale", None, payer.account))


def decide_void(case: Case) -> Decision:
    """Undo a sale of the same terminal, open batch and settlement day, whole."""
    codes = case.codes
    sale = _find_in_batch(case)
    if sale is None or sale.kind != "sale" or not _names(case, sale):
        return Decision(codes.no_original)
    if sale.settlement_day != case.day:
        return Decision(codes.no_original)
    if sale.state != "booked" or case.ledger.refunded_minor(sale):
        return Decision(codes.original_state)
    if not case.is_payer_of(sale):
        return Decision(codes.other_card)
    if case.amount_minor != sale.amount_minor:
        return Decision(codes.original_amount)
    return Decision(codes.approved, case.entry("void", sale, sale.pan))


def _find_in_batch(case: Case) -> Entry | None:
    """Return the entry that the request names, if its batch is the open one."""
    request, original = case.request, case.request.original
    if original.batch not in ("", request.batch):
        return None
    return case.ledger.find_stan((request.get("41"), request.batch, original.stan))


def _names(case: Case, sale: Entry) -> bool:
    """Say whether all that a void says about its original is true."""
    return (
        sale.rrn == case.request.get("37")
        and f"{sale.host_time:%y%m%d}".endswith(case.request.original.day)
        and case.request.get("38") in ("", sale.auth)
    )


def decide_refund(case: Case) -> Decision:
    """Give back up to what is left of an approved sale of an earlier settlement day."""
    codes = case.codes
    if case.request.entry_mode.startswith("01") and not case.profile.takes_keyed_refunds:
        return Decision(codes.keyed_pan)
    is_by_voucher = case.request.entry_mode.startswith("03")
    if case.card is None and not is_by_voucher:
        return Decision(codes.invalid_card)
    if case.amount_minor == 0:
        return Decision(codes.invalid_amount)
    sale = _find_sale(case)
    if sale is None:
        return Decision(codes.no_original)
    if code := _why_not(case, sale):
        return Decision(code)
    return Decision(codes.approved, case.entry("refund", sale, case.card or sale.pan))


def _find_sale(case: Case) -> Entry | None:
    """Find the original by merchant, RRN and date; the terminal is no part of the key."""
    get, original = case.request.get, case.request.original
    entry = case.ledger.find_rrn(get("42"), get("37"))
    if entry is None or entry.kind != "sale":
        return None
    if entry.host_time.date() != _said_day(original.day, case.now.date()):
        return None
    is_named = (
        original.batch in ("", "000000", entry.batch)
        and original.stan in ("000000", entry.stan)
        and get("38") in ("", entry.auth)
    )
    return entry if is_named else None


def _said_day(text: str, today: date) -> date | None:
    """Return the day that MMDD or YYMMDD means."""
    if len(text) == 4:
        return guess_day(text, today)
    try:
        return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        return None


def _why_not(case: Case, sale: Entry) -> str | None:
    """Return the code that refuses a refund of *sale*, or None."""
    codes, profile = case.codes, case.profile
    if sale.state != "booked":
        return codes.original_state
    if not case.is_payer_of(sale) and "card" not in profile.leaves_out:
        return codes.other_card
    age_days = (case.day - sale.settlement_day).days
    if age_days <= 0 and not profile.same_day_refund_allowed:
        return codes.same_day_refund
    if age_days > profile.refund_window_days:
        return codes.window
    is_over = case.amount_minor > case.ledger.remaining_minor(sale)
    return codes.over_refund if is_over and "over_refund" not in profile.leaves_out else None


def decide_reversal(case: Case) -> Decision:
    """Undo a sale or void by its STAN; one that was never booked is refused should it come late."""
    codes, request = case.codes, case.request
    original = case.ledger.find_stan((request.get("41"), request.batch, request.get("11")))
    if original is None:
        return Decision(codes.reversal_approved)
    if code := _why_not_reversed(case, original):
        return Decision(code)
    if "reversal" in case.profile.leaves_out:
        return Decision(codes.reversal_approved)
    return Decision(codes.reversal_approved, case.entry("reversal", original, original.pan))


def _why_not_reversed(case: Case, original: Entry) -> str | None:
    """Return the code that refuses to reverse *original*, or None."""
    codes, request = case.codes, case.request
    is_live = original.state == "booked" and not case.ledger.refunded_minor(original)
    checks = (
        (request.rule is None or original.kind != request.rule.undoes, codes.no_original),
        (request.original.sent_at not in ("", original.sent_at), codes.no_original),
        (original.state == "reversed", codes.repeated_reversal),
        (not is_live, codes.original_state),
        (original.settlement_day != case.day, codes.other_day_reversal),
        (case.amount_minor != original.amount_minor, codes.original_amount),
        ("2" in request.fields and case.card != original.pan, codes.other_card),
    )
    return next((code for is_wrong, code in checks if is_wrong), None)


DECIDE: Mapping[str, Callable[[Case], Decision]] = {
    "sale": decide_sale,
    "void": decide_void,
    "refund": decide_refund,
    "reversal": decide_reversal,
}
"""Kind of request → the rules for it."""
