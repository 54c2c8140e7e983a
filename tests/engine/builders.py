"""The same terminal, card, sale and answers in every test of the engine, the journal and the office.

Nothing here is computed: the literals are what the tests compare with.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import settings

from posrefund.dialects import dialect
from posrefund.engine import Original, Reason, RefundRequest, SaleRequest, State, TerminalView
from posrefund.engine.machine import asked_about, start_refund, start_sale
from posrefund.engine.plan import Occasion, Plan
from posrefund.engine.policy import Asked, History, Rules, judge
from posrefund.values import (
    PAN,
    STAN,
    Amount,
    BatchNumber,
    CardRead,
    MerchantID,
    Received,
    RequestID,
    TerminalID,
    Track2,
)

if TYPE_CHECKING:
    from posrefund.engine import Attempt
    from posrefund.engine.attempt import Kind
    from posrefund.values import MACVerdict

__all__ = [
    "CHIP",
    "DIALECT",
    "FINGERPRINT",
    "KEY_SET_ID",
    "MERCHANT",
    "NOW",
    "PAN_DIGITS",
    "PROPERTY",
    "REFUND_ANSWER",
    "REVERSAL_ANSWER",
    "SALE_ANSWER",
    "SALE_DAY",
    "STRIPE",
    "TAP",
    "TERMINAL",
    "TODAY",
    "TRACK2",
    "VOID_ANSWER",
    "asked",
    "attempt_in",
    "check_original",
    "original",
    "plan",
    "received",
    "refund_request",
    "sale_request",
    "view",
]

PROPERTY = settings(deadline=None, derandomize=True, database=None)
"""How every property runs: the same examples each time, nothing kept on disk."""

DIALECT = dialect("unionpay")
NOW = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
"""Ten in the morning at the host."""
TODAY = date(2026, 3, 9)
SALE_DAY = date(2026, 3, 8)
TERMINAL, MERCHANT = "12345678", "123456789012345"
PAN_DIGITS = "6200000000000005"
TRACK2 = "6200000000000005D30121010000000000"
KEY_SET_ID = "8D0A74-AB7153"
"""KCVs of the sign-in of code456.com/article/3026509."""
FINGERPRINT = "00112233445566778899aabbccddeeff"

CHIP = CardRead("051", PAN(PAN_DIGITS), expiry="3012", sequence_number="001")
TAP = CardRead("071", PAN(PAN_DIGITS), expiry="3012", sequence_number="002")
STRIPE = CardRead("021", PAN(PAN_DIGITS), track2=Track2(TRACK2))

_ANSWER = {
    "2": "6200000000000005",
    "11": "000007",
    "12": "100001",
    "13": "0309",
    "15": "0309",
    "25": "00",
    "32": "48020000",
    "37": "606810000123",
    "39": "00",
    "41": "12345678",
    "42": "123456789012345",
    "44": "01020000   48020000   ",
    "49": "156",
    "63": "CUP",
    "64": "1122334455667788",
}
REFUND_ANSWER = {
    "t": "0230",
    "3": "200000",
    "4": "000000001000",
    "60": "25000001000600",
    **_ANSWER,
}
VOID_ANSWER = {
    "t": "0210",
    "3": "200000",
    "4": "000000010000",
    "60": "23000001000600",
    **_ANSWER,
}
SALE_ANSWER = {
    "t": "0210",
    "3": "000000",
    "4": "000000010000",
    "38": "654321",
    "60": "22000001000600",
    **_ANSWER,
}
REVERSAL_ANSWER = {
    "t": "0410",
    "3": "000000",
    "4": "000000010000",
    "11": "000007",
    "12": "100102",
    "13": "0309",
    "39": "00",
    "41": "12345678",
    "42": "123456789012345",
    "49": "156",
    "60": "22000001000600",
    "64": "1122334455667788",
}


def view(**changes: Any) -> TerminalView:
    """Return a signed-in terminal in batch 000001 whose next number is 000007."""
    signed_in = TerminalView(
        dialect=DIALECT,
        terminal=TerminalID(TERMINAL),
        merchant=MerchantID(MERCHANT),
        batch=BatchNumber("000001"),
        stan=STAN("000007"),
        key_set_id=KEY_SET_ID,
        signed_in_at=NOW - timedelta(hours=1),
    )
    return replace(signed_in, **changes)


def original(**changes: Any) -> Original:
    """Return yesterday's sale of 100.00 on this terminal, nothing given back yet."""
    sale = Original(
        original_id="S-1",
        terminal=TERMINAL,
        merchant=MERCHANT,
        batch="000001",
        stan="000003",
        rrn="606710000042",
        transaction_date=SALE_DAY,
        settlement_date=SALE_DAY,
        amount=Amount(10_000),
        auth_code="654321",
        card_fingerprint=FINGERPRINT,
        organisation="CUP",
    )
    if changes.get("original_id", "S-1") != "S-1":  # another sale has another number
        number = 3 + sum(changes["original_id"].encode()) % 900_000
        changes = {"stan": f"{number:06d}", **changes}
    return replace(sale, **changes)


def refund_request(**changes: Any) -> RefundRequest:
    """Return the request to give 10.00 of that sale back."""
    request = RefundRequest(
        RequestID("R-1"),
        original=RequestID("S-1"),
        card=CHIP,
        reason=Reason.CUSTOMER,
        amount=Amount(1_000),
    )
    return replace(request, **changes)


def sale_request(**changes: Any) -> SaleRequest:
    """Return the request to sell for 100.00."""
    request = SaleRequest(RequestID("S-9"), amount=Amount(10_000), card=CHIP)
    return replace(request, **changes)


def plan(kind: Kind, **changes: Any) -> Plan:
    """Return the plan of a sale or void of 100.00, or of a refund of 10.00; *changes* go to the view."""
    terminal, occasion = view(**changes), Occasion(1, FINGERPRINT, NOW)
    if kind == "sale":
        return start_sale(sale_request(), terminal, occasion)
    if kind == "void":
        sale = original(transaction_date=TODAY, settlement_date=TODAY)
        return start_refund(refund_request(amount=None), sale, terminal, occasion)
    return start_refund(refund_request(), original(), terminal, occasion)


def attempt_in(state: State, kind: Kind = "refund", **changes: Any) -> Attempt:
    """Return the attempt of ``plan(kind)`` in *state*, one copy sent."""
    return replace(plan(kind).attempt, **{"state": state, "copies": 1, **changes})


def asked(
    request: RefundRequest | None = None,
    sale: Original | None = None,
    history: History | None = None,
    *,
    fingerprint: str = FINGERPRINT,
    now: datetime = NOW,
) -> Asked:
    """Return what the rules are asked about a request, by default ``refund_request()`` of ``original()``."""
    occasion = Occasion(1, fingerprint, now, history=history or History())
    return asked_about(request or refund_request(), sale or original(), view(), occasion)


def check_original(request: RefundRequest, sale: Original, fingerprint: str) -> None:
    """Ask the rules that are always in force."""
    judge(Rules(), asked(request, sale, fingerprint=fingerprint)).check()


def received(
    fields: dict[str, str], mac: MACVerdict = "valid", *, without: tuple[str, ...] = ()
) -> Received:
    """Return an answer as it came off the line."""
    kept = {name: value for name, value in fields.items() if name not in without}
    return Received(kept, mac, None, 200, KEY_SET_ID)
