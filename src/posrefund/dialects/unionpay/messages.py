"""The message tables of the UnionPay POS dialect that a refund and its neighbours need.

They say what is mandatory, conditional and forbidden, and serve both ways: to compose a request and to
check an answer. Floor 3.

Source: CHAN tables, POSP unpack maps, PAX packers and LIAO code, which agree; where a column differs
the answer's table takes the wider one (an odd but harmless field must not put money in doubt).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.dialects.message import MessageTable

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MESSAGES"]

_MONEY_REQUEST = "2C 3 4 11 14C 22 23C 25 26C 35C 36C 41 42 49 52C 53C 60 64"
_MONEY_ANSWER = (
    "2C 3 4A 11 12A 13A 14C 15A 23C 25C 32C 37A 38C 39 41 42A 44C 49A 53C 54C 55C 57C 59C 60C 62C"
    " 63C 64A"
)
_MANAGEMENT_ANSWER = "11C 12A 13A 14C 15C 32C 37C 39 41 42 56C 57C 60 62C 63C"

_TABLES = (
    MessageTable(
        "sign_in",
        "签到",
        "sign-in",
        "0800",
        "11 41 42 60 62C 63",
        "11 12A 13A 15C 32C 37C 39 41 42 60 62A",
        network_code="003",
        mac=False,
    ),
    MessageTable(
        "sign_off",
        "签退",
        "sign-off",
        "0820",
        "11 41 42 60",
        _MANAGEMENT_ANSWER,
        network_code="002",
        mac=False,
    ),
    MessageTable(
        "echo",
        "回响测试",
        "echo",
        "0820",
        "11C 41 42 60",
        _MANAGEMENT_ANSWER,
        network_code="301",
        mac=False,
    ),
    MessageTable(
        "sale",
        "消费",
        "SALE",
        "0200",
        f"{_MONEY_REQUEST} 55C 59C 62C 63C",
        _MONEY_ANSWER,
        processing_code="000000",
        condition_code="00",
        type_code="22",
        reverses=True,
    ),
    MessageTable(
        "void",
        "消费撤销",
        "VOID",
        "0200",
        f"{_MONEY_REQUEST} 37 38C 59C 61 62C 63C",
        _MONEY_ANSWER,
        processing_code="200000",
        condition_code="00",
        type_code="23",
        reverses=True,
    ),
    MessageTable(
        "refund",
        "退货",
        "REFUND",
        "0220",
        f"{_MONEY_REQUEST} 37 38C 55C 59C 61 63",
        _MONEY_ANSWER,
        processing_code="200000",
        condition_code="00",
        type_code="25",
    ),
    MessageTable(
        "reversal",
        "冲正",
        "REVERSAL",
        "0400",
        "2C 3 4 11 14C 22 23C 25 38C 39 41 42 49 55C 60 61C 62C 63C 64",
        "2C 3 4C 11 12C 13C 14C 15C 23C 25C 32C 37C 38C 39 41 42C 44C 49C 53C 54C 55C 60C 62C 63C 64A",
    ),
)

MESSAGES: Mapping[str, MessageTable] = MappingProxyType({table.name: table for table in _TABLES})
