"""A UnionPay acquirer whose host can be asked about refunds: its profile as a file, and a shop of its."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from posrefund.dialects.file import load_dialect
from posrefund.emulators.host import HostProfile
from posrefund.engine import InDoubt
from shop import Shop, refund, sale

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from posrefund.dialects import Dialect
    from posrefund.engine import Attempt, State

__all__ = [
    "INQUIRING",
    "PROFILE",
    "doubtful",
    "inquiries",
    "inquiring_shop",
    "pass_time",
    "policy",
    "state",
]

PROFILE = """
name = "unionpay-inquiring"
base = "unionpay"

[messages.inquiry]
zh = "交易状态查询"
en = "STATUS INQUIRY"
mti = "0600"
request = "3 4 11 41 42 49 60 61 64"
response = "3 4C 11 12C 13C 15C 37C 39 41 42 44C 49C 60 61 64A"

[messages.inquiry.holds]
3 = "{sent.3}"
4 = "{sent.4}"
11 = "{stan}"
41 = "{terminal}"
42 = "{merchant}"
49 = "{sent.49}"
60 = "{sent.60}"
61 = "{original_batch}{original_stan}{original_mmdd}"
64 = "{mac}"

[inquiry]
told_codes = ["00"]
pending_codes = ["09"]
absent_codes = ["25"]
result = "44[0:2]"
repeats = ["60", "61"]
transit_s = 3600
answer_s = 10
pauses_s = [120, 300, 600]
tries = 5
"""
INQUIRING: Dialect = load_dialect(PROFILE)


def policy(**changes: Any) -> Dialect:
    """Return that dialect with other words about the answers."""
    assert INQUIRING.inquiry is not None
    return INQUIRING.derive("changed", inquiry=replace(INQUIRING.inquiry, **changes))


def inquiring_shop(folder: Path, dialect: Dialect = INQUIRING, **profile: Any) -> Shop:
    """Return a shop with S-1 of 128.00 sold yesterday."""
    made = Shop(folder, profile=HostProfile(takes_inquiries=True, **profile), dialect=dialect)
    made.terminal.sale(sale("S-1", 12_800))
    made.to(1, 10)
    return made


def doubtful(shop: Shop, fault: str = "drop_reply", mti: str = "0220", **more: Any) -> Attempt:
    """Return the attempt of a refund of 28.00 whose answer never came."""
    shop.fault(fault, mti, **more)
    assert isinstance(shop.terminal.refund(refund("R-1", "S-1", 2_800)), InDoubt)
    shop.link.sent.clear()
    return shop.terminal.journal.attempt("R-1/1")


def pass_time(shop: Shop, span: timedelta) -> None:
    """Let both clocks go on."""
    shop.host_time.advance(span)
    shop.clock.advance(span)


def state(shop: Shop, name: str = "R-1/1") -> State:
    """Return how an attempt stands."""
    return shop.terminal.journal.attempt(name).state


def inquiries(shop: Shop) -> list[dict[str, str]]:
    """Return what was answered, oldest first."""
    return shop.terminal.journal.notes("inquiry")
