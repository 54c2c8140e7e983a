"""The China UnionPay POS dialect (Q/CUP 009 family): packed BCD, 64 fields, MAC in DE64. Floor 3.

The normative text is not public; everything here comes from public derivatives of it and from
published messages, each named where it is used. Check it against your acquirer's own paper.
"""

from __future__ import annotations

from posrefund.dialects.definition import Dialect
from posrefund.dialects.unionpay.codes import CODES
from posrefund.dialects.unionpay.fields import FIELDS
from posrefund.dialects.unionpay.messages import MESSAGES

__all__ = ["UNIONPAY"]

UNIONPAY = Dialect("unionpay", FIELDS, MESSAGES, CODES)
