"""The response codes of the ISO 8583:1987 dialects: ISO's, and 77 of its private range. Floor 3.

UnionPay's appendix begins with ISO's codes, so its rows, judged one by one for what they say about money, serve
here too; those that mean something else in the standard are written again.

Source: ISO 8583:1987, table of response codes, as public implementer's guides repeat it; decision 0011.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.dialects.unionpay.codes import CODES as UNIONPAY_CODES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.dialects.codes import ResponseCode

__all__ = ["CODES"]

_AS_UNIONPAY = (
    "00 01 02 03 04 05 06 07 09 10 11 12 13 14 15 19 20 21 23 25 30 33 34 35 36 37 38 39 40 41 42"
    " 43 44 51 52 53 54 55 56 57 58 60 61 62 64 65 66 67 68 75 77 90 91 92 93 94 95 96"
)
_OF_ITS_OWN = (
    replace(UNIONPAY_CODES["96"], code="22", zh="怀疑操作有误", en="suspected malfunction"),
    replace(UNIONPAY_CODES["15"], code="31", zh="交换中心不支持的银行", en="bank not supported"),
    replace(UNIONPAY_CODES["59"], zh="有作弊嫌疑", en="suspected fraud"),
    replace(UNIONPAY_CODES["A0"], code="63", zh="安全校验错", en="security violation: MAC"),
)

CODES: Mapping[str, ResponseCode] = MappingProxyType(
    {code: UNIONPAY_CODES[code] for code in _AS_UNIONPAY.split()}
    | {row.code: row for row in _OF_ITS_OWN}
)
