"""An aggregator as the host speaks it: codes of three wallets, in UnionPay's frame. Written from the fact sheet. Floor 9.

Everything about money is a 0200: DE3 says pay (700000 or 710000), void (720000), query (730000) or refund (740000), DE60.1 is 60, and DE44
of a request says whose wallet it is. A payer's code stands in DE6, and so does the order number that names the payment.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from posrefund.emulators.host.dialects.definition import (
    Facts,
    MessageRule,
    field_set,
    row,
    shapes,
)
from posrefund.emulators.host.dialects.unionpay import UNIONPAY, UnionPay
from posrefund.emulators.host.dialects.unionpay_tables import RULES, SPEC
from posrefund.emulators.host.payers import order_number, payer_of

if TYPE_CHECKING:
    from datetime import datetime

    from posrefund.emulators.host.profile import HostProfile

__all__ = ["AGGREGATOR"]

Fields = dict[str, str]
_CHANNELS = {"002": "wechat", "003": "alipay", "004": "unionpay"}
_PAY = ("700000", "710000")


class _Aggregator(UnionPay):
    """As UnionPay, but no card: DE22 says nothing, DE6 is the payer's code or the order number."""

    code_field = "6"

    def misplaced(self, rule: MessageRule, fields: Fields, profile: HostProfile) -> list[str]:
        wrong = super().misplaced(rule, fields, profile)
        code = self.payer_code(fields)
        payer = payer_of(code) if code else None
        if rule.is_money and fields.get("44") not in _CHANNELS:
            wrong.append("44")
        elif payer is not None and payer.wallet != _CHANNELS[fields["44"]]:
            wrong.append("44")  # a code of another wallet than the one that is asked
        return wrong

    def card_faults(self, fields: Fields) -> list[str]:
        return []

    def entry_mode(self, fields: Fields) -> str:
        return "032"

    def payer_code(self, fields: Fields) -> str:
        return fields.get("6", "") if fields.get("3") in _PAY else ""

    def voucher(self, fields: Fields) -> str:
        return "" if fields.get("3") in _PAY else fields.get("6", "")

    def voucher_fields(self, voucher: str) -> Fields:
        return {"6": voucher}

    def new_voucher(self, now: datetime, rrn: str) -> str:
        return order_number(now, rrn)

    def host_fields(self, facts: Facts) -> Fields:
        fields = super().host_fields(facts)
        return {number: value for number, value in fields.items() if number not in ("15", "63")}


_ANSWER = row("3 4 6 11 12 13 32 37 39 41 42 44 49 60 64")
_SALE = MessageRule(
    "sale",
    field_set("3 4 6 11 41 42 44 49 60 64"),
    field_set("7 14 22 25 58 62 63"),
    _ANSWER,
    reads_card=False,
)
_VOID = MessageRule(
    "void",
    field_set("3 4 11 37 41 42 44 49 60 61 64"),
    field_set("6 22 25 58 63"),
    _ANSWER,
    original_digits=(12, 16),
    reads_card=False,
)
_REFUND = MessageRule(
    "refund",
    field_set("3 4 11 37 41 42 44 49 60 61 64"),
    field_set("6 22 25 58 63"),
    _ANSWER,
    original_digits=(16,),
    reads_card=False,
)
_QUERY = MessageRule(
    "inquiry",
    field_set("3 11 41 42 44 60 61 64"),
    field_set("6 32 63"),
    row("3 4 6 11 12 13 32 37 39 41 42 60 61 64"),
    original_digits=(16,),
    is_money=False,
    has_new_stan=False,
    reads_card=False,
    asks=True,
    result="39",
)
"""It answers from its books, under the code that the message itself got. The sheet has DE6 name the payment; DE61 as here is
the dialect's own choice."""

AGGREGATOR = replace(
    UNIONPAY,
    name="aggregator",
    spec={**SPEC, "6": {**SPEC["44"], "max_len": 30}, "7": {**SPEC["44"], "max_len": 30}},
    shapes={
        **UNIONPAY.shapes,
        **shapes({"6": r"[0-9A-Za-z_-]{1,30}", "7": r"[ -~]{1,30}", "44": r"00[1-4]"}),
    },
    rules={
        **{key: rule for key, rule in RULES.items() if key[0] in ("0800", "0820")},
        **{("0200", code, "60", "000"): _SALE for code in _PAY},
        ("0200", "720000", "60", "000"): _VOID,
        ("0200", "740000", "60", "000"): _REFUND,
        ("0200", "730000", "60", "000"): _QUERY,
    },
    layout=_Aggregator(),
    mac_codes=("00",),
    refund_mti="0200",
)
