"""The message tables of the ISO 8583:1987 dialects: what a terminal sends and what it gets. Floor 3.

Source: ``docs/reference/iso-dialects.md``, which says what is ISO's and what is a choice of ours.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.dialects.inquiry import Inquiry
from posrefund.dialects.message import MessageTable, reversal_reasons

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ANSWERS", "ECHOED", "INQUIRY", "KEPT", "MESSAGES", "WORDS"]

_DEVICE = {
    "7": "{utc_mmddhhmmss}", "11": "{stan}", "12": "{hhmmss}", "13": "{mmdd}",
    "41": "{terminal}", "42": "{merchant}",
}  # fmt: skip
_CARD = {
    "2": "{pan}", "14": "{expiry}", "22": "{entry_mode}", "23": "{sequence_number}",
    "26": "{pin_digits}", "35": "{track2}", "52": "{pin_block}", "53": "{verification}",
}  # fmt: skip
_MONEY = {
    **_DEVICE, **_CARD,
    "4": "{amount}", "24": "{nii}", "25": "00", "49": "{currency}", "60": "{batch}",
}  # fmt: skip
_ORIGINAL = {
    "37": "{rrn}",
    "38": "{auth_code}",
    "90": "0200{original_stan}{original_mmdd}000000" + "0" * 22,
    "128": "{mac}",
}
_COPIED = {name: f"{{sent.{name}}}" for name in "3 4 11 12 13 22 23 25 41 42 49 60".split()}  # noqa: SIM905

_MONEY_REQUEST = "2C 3 4 7 11 12 13 14C 22 23C 24C 25 26C 35C 41 42 49 52C 53C 60"
_MONEY_ANSWER = "2C 3 4A 7 11 12A 13A 14C 15A 23C 24C 25C 32C 37A 38C 39 41 42A 49A 60A 64A"


def _management(name: str, zh: str, en: str, code: str, answer: str) -> MessageTable:
    return MessageTable(
        name, zh, en, "0800", "7 11 12 13 41 42 70", answer, {**_DEVICE, "70": code}
    )


_TABLES = (
    _management("sign_in", "签到", "sign-in", "001", "7 11 12A 13A 39 41 42 60A 62A 70"),
    _management("sign_off", "签退", "sign-off", "002", "7 11 12C 13C 39 41 42 60C 70"),
    _management("echo", "回响测试", "echo", "301", "7 11 12C 13C 39 41 42 60C 70"),
    MessageTable(
        "sale",
        "消费",
        "SALE",
        "0200",
        f"{_MONEY_REQUEST} 55C 64",
        _MONEY_ANSWER,
        {**_MONEY, "3": "000000", "64": "{mac}"},
        doubt="reverse",
    ),
    MessageTable(
        "void",
        "消费撤销",
        "VOID",
        "0200",
        f"{_MONEY_REQUEST} 37 38C 90 128",
        _MONEY_ANSWER,
        {**_MONEY, **_ORIGINAL, "3": "020000"},
        doubt="reverse",
    ),
    MessageTable(
        "refund",
        "退货",
        "REFUND",
        "0200",
        f"{_MONEY_REQUEST} 37 38C 55C 90 128",
        _MONEY_ANSWER,
        {**_MONEY, **_ORIGINAL, "3": "200000"},
    ),
    MessageTable(
        "reversal",
        "冲正",
        "REVERSAL",
        "0400",
        "2C 3 4 7 11 12 13 14C 22 23C 24C 25 38C 39 41 42 49 55C 60 90 128",
        "2C 3 4C 7 11 12C 13C 15C 24C 25C 32C 37C 39 41 42C 49C 60C 64A",
        {
            **_COPIED,
            "2": "{pan}",
            "7": "{utc_mmddhhmmss}",
            "14": "{expiry}",
            "24": "{nii}",
            "38": "{auth_code}",
            "39": "{reason}",
            "90": "{sent.t}{sent.11}{sent.7}" + "0" * 22,
            "128": "{mac}",
        },
    ),
    MessageTable(
        "inquiry",
        "交易状态查询",
        "STATUS INQUIRY",
        "0600",
        "3 4 7 11 12 13 41 42 49 60 90 128",
        "3 4C 7 11 12C 13C 15C 37C 38C 39 41 42 44C 49C 60 90 128A",
        {
            **_DEVICE,
            "3": "{sent.3}",
            "4": "{sent.4}",
            "49": "{sent.49}",
            "60": "{sent.60}",
            "90": "{sent.t}{sent.11}{sent.7}" + "0" * 22,
            "128": "{mac}",
        },
    ),
)

INQUIRY = Inquiry(
    told_codes=frozenset({"00"}),
    pending_codes=frozenset({"09"}),
    absent_codes=frozenset({"25"}),
    result="44[0:2]",
    repeats=("3", "60", "90"),
)
"""A choice of these dialects: an administrative message (0600) names the refund as a reversal would, by its
MTI, STAN and DE7 in DE90; DE44 of the answer holds the code of the refund itself."""

MESSAGES: Mapping[str, MessageTable] = MappingProxyType({table.name: table for table in _TABLES})

ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        "batch": "60",
        "key_block": "62",
        "rrn": "37",
        "auth_code": "38",
        "host_time": "12",
        "host_date": "13",
        "settlement_date": "15",
    }
)

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "reason": reversal_reasons(no_answer="68", bad_mac="63", other="96"),
        "verification": {"pin": "26" + "0" * 14, "*": ""},
    }
)
"""DE39 of a reversal: 68 no answer in time, 63 wrong MAC, 96 anything else. DE53 stands beside a PIN only."""

ECHOED: Mapping[str, int] = MappingProxyType(
    {"3": 6, "4": 12, "7": 10, "25": 2, "42": 15, "49": 3, "60": 999}
)
KEPT = "3 4 7 11 12 13 15 22 23 24 25 26 32 37 38 39 41 42 49 60:6"
