"""The China UnionPay POS dialect (Q/CUP 009 family): packed BCD, 64 fields, MAC in DE64. Floor 3.

The normative text is not public; everything here comes from public derivatives of it and from
published messages, each named where it is used. Check it against your acquirer's own paper.
"""

from __future__ import annotations

from types import MappingProxyType

from posrefund.dialects.definition import Dialect
from posrefund.dialects.unionpay.closing import CARD_CLASS, VERDICT
from posrefund.dialects.unionpay.codes import CODES
from posrefund.dialects.unionpay.fields import FIELDS
from posrefund.dialects.unionpay.header import HOST_REQUESTS
from posrefund.dialects.unionpay.messages import ANSWERS, MESSAGES, REVERSAL_REASONS, SECURITY

__all__ = ["UNIONPAY"]

UNIONPAY = Dialect(
    "unionpay",
    FIELDS,
    MESSAGES,
    CODES,
    tpdu=bytes.fromhex("6000030000"),
    header=bytes.fromhex("603200000000"),
    constants=MappingProxyType({"de60_tail": "600"}),
    words=MappingProxyType(
        {
            "reason": REVERSAL_REASONS,
            "security": SECURITY,
            "card_class": CARD_CLASS,
            "verdict": VERDICT,
            "wallet": MappingProxyType({"unionpay": "unionpay"}),
        }
    ),
    answers=ANSWERS,
    echoed=MappingProxyType({"3": 6, "4": 12, "25": 2, "42": 15, "49": 3, "60": 8}),
    kept="3 4 11 12 13 15 22 23 25 26 32 37 38 39 41 42 44 49 53 60 61 63:3",
    managed_codes=frozenset({"00"}),
    reversed_codes=frozenset({"00", "12", "25"}),
    received_codes=frozenset({"94"}),
    unread_codes=frozenset({"03", "12", "30", "40", "58", "77", "97", "99", "A0"}),
    host_requests=HOST_REQUESTS,
    slip_title=MappingProxyType({"zh": "银联签购单", "en": "UnionPay sales slip"}),
    accept_pads="0123456789ABCDEF",
)
