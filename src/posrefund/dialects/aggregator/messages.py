"""The messages of an aggregator: a payment by code, its void, its refund and a query about them, all of them 0200. Floor 3.

Source: CHAN, ``posd1.9/packmsg.c`` (tables and maps) and ``sanpayd/packmsg.c`` (DE6 of 710000 is 付款码). The same maps
have 700000 answer with an address for a code that the *terminal* shows: whoever's host takes the payer's code under
700000 changes DE3 in a profile. Nothing there is reversed: a doubt is settled by a file or by asking.

The query (730000) is CHAN's as far as DE3, DE44, and DE39 as the result go; its maps are 6 11 32 41 42 44 63 64 and 4 6
11 12 13 32 37 39 41 42 44 63 64. It names a payment by the order number (DE6), which whoever asks because no answer came
does not have. That DE61 names batch, STAN and day of what is asked about, as in a refund, and DE60 comes with it, is our
choice, as are the codes.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.dialects.inquiry import Inquiry
from posrefund.dialects.message import MessageTable
from posrefund.dialects.unionpay import UNIONPAY

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ANSWERS", "INQUIRY", "MESSAGES", "WALLETS"]

WALLETS: Mapping[str, str] = MappingProxyType({"wechat": "002", "alipay": "003", "unionpay": "004"})
"""DE44 of a request (支付渠道)."""

_DEVICE = {"11": "{stan}", "41": "{terminal}", "42": "{merchant}"}
_MONEY = {
    "4": "{amount}", "44": "{wallet}", "49": "{currency}", "60": "60{batch}000", "64": "{mac}", **_DEVICE,
}  # fmt: skip
_ANSWER = "3C 4A 5C 6C 7C 11 12A 13A 14C 15C 22C 25C 32C 37A 38C 39 41 42A 44C 49A 58C 60C 61C 62C 63C 64A"

_TABLES = (
    MessageTable(
        "sale",
        "扫码支付",
        "PAYMENT",
        "0200",
        "3 4 6 7C 11 14C 22C 25C 41 42 44 49 58C 60 62C 63C 64",
        _ANSWER,
        {**_MONEY, "3": "710000", "6": "{payer_code}"},
        pin="never",
    ),
    MessageTable(
        "void",
        "扫码撤销",
        "PAYMENT VOID",
        "0200",
        "3 4 6C 11 22C 25C 37 41 42 44 49 58C 60 61 63C 64",
        _ANSWER,
        {**_MONEY, "3": "720000", "37": "{rrn}", "61": "{original_batch}{original_stan}"},
        pin="never",
    ),
    MessageTable(
        "refund",
        "扫码退款",
        "REFUND",
        "0200",
        "3 4 6C 11 22C 25C 37 41 42 44 49 58C 60 61C 63C 64",
        _ANSWER,
        {
            **_MONEY,
            "3": "740000",
            "6": "{voucher}",
            "37": "{rrn}",
            "61": "{original_batch}{original_stan}{original_mmdd}",
        },
        pin="never",
    ),
    MessageTable(
        "inquiry",
        "扫码查询",
        "PAYMENT QUERY",
        "0200",
        "3 6C 11 32C 41 42 44 60 61 63C 64",
        "3C 4C 6C 11 12C 13C 32C 37C 39 41 42C 44C 60C 61 63C 64A",
        {
            **_DEVICE,
            "3": "730000",
            "44": "{sent.44}",
            "60": "60{batch}000",
            "61": "{original_batch}{original_stan}{original_mmdd}",
            "64": "{mac}",
        },
    ),
)

MESSAGES: Mapping[str, MessageTable] = MappingProxyType(
    {
        **{name: UNIONPAY.messages[name] for name in ("sign_in", "sign_off", "echo")},
        **{table.name: table for table in _TABLES},
    }
)
"""A refund names its payment by DE37, by DE61 as a card's, and by the order number that its answer had told (DE6)."""

INQUIRY = Inquiry(
    about=("sale", "void", "refund"),
    told_codes=frozenset({"00", "61"}),
    pending_codes=frozenset({"09"}),
    absent_codes=frozenset({"25"}),
    repeats=("61",),
)
"""DE39 of an answer is the result of what was asked about. Only 61 is a no that nobody could say of the question itself; all
other codes say nothing, and a file decides."""

ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        "batch": "60[2:8]",
        "key_block": "62",
        "rrn": "37",
        "host_time": "12",
        "host_date": "13",
        "settlement_date": "13",
        "institutions": "44",
        "voucher": "6",
    }
)
"""No map has DE15: the settlement day is the day of the payment."""
