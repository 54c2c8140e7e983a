"""The message tables of the ISO 8583:1993 dialects: what a terminal sends and what it gets. Floor 3.

Source: ``docs/reference/iso-dialects.md``, which says what is ISO's and what is a choice of ours.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.dialects.inquiry import Inquiry
from posrefund.dialects.iso87.messages import ANSWERS as ANSWERS_87
from posrefund.dialects.message import MessageTable, reversal_reasons

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ANSWERS", "ECHOED", "INQUIRY", "KEPT", "MESSAGES", "WORDS"]

_DEVICE = {
    "7": "{utc_mmddhhmmss}", "11": "{stan}", "12": "{yymmddhhmmss}",
    "41": "{terminal}", "42": "{merchant}",
}  # fmt: skip
_CARD = {
    "2": "{pan}", "14": "{expiry}", "22": "510101{entry}{verification}14C",
    "23": "{sequence_number}", "35": "{track2}", "52": "{pin_block}",
}  # fmt: skip
_MONEY = {
    **_DEVICE, **_CARD,
    "4": "{amount}", "24": "200", "49": "{currency}", "60": "{batch}", "64": "{mac}",
}  # fmt: skip
_ORIGINAL = {
    "37": "{rrn}",
    "38": "{auth_code}",
    "56": "1200{original_stan}{original_yymmdd}00000000",
}
_COPIED = {name: f"{{sent.{name}}}" for name in "3 4 11 12 22 23 41 42 49 60".split()}  # noqa: SIM905

_MONEY_REQUEST = "2C 3 4 7 11 12 14C 22 23C 24 35C 41 42 49 52C 60 64"
_MONEY_ANSWER = "2C 3 4A 7 11 12A 14C 15A 23C 24C 32C 37A 38C 39 41 42A 49A 60A 64A"


def _management(name: str, zh: str, en: str, code: str, answer: str) -> MessageTable:
    return MessageTable(name, zh, en, "1804", "7 11 12 24 41 42", answer, {**_DEVICE, "24": code})


_TABLES = (
    _management("sign_in", "签到", "sign-in", "801", "7 11 12A 24 39 41 42 60A 62A"),
    _management("sign_off", "签退", "sign-off", "802", "7 11 12C 24 39 41 42 60C"),
    _management("echo", "回响测试", "echo", "831", "7 11 12C 24 39 41 42 60C"),
    MessageTable(
        "sale",
        "消费",
        "SALE",
        "1200",
        f"{_MONEY_REQUEST} 55C",
        _MONEY_ANSWER,
        {**_MONEY, "3": "000000"},
        doubt="reverse",
    ),
    MessageTable(
        "void",
        "消费撤销",
        "VOID",
        "1200",
        f"{_MONEY_REQUEST} 37 38C 56",
        _MONEY_ANSWER,
        {**_MONEY, **_ORIGINAL, "3": "020000"},
        doubt="reverse",
    ),
    MessageTable(
        "refund",
        "退货",
        "REFUND",
        "1200",
        f"{_MONEY_REQUEST} 37 38C 55C 56",
        _MONEY_ANSWER,
        {**_MONEY, **_ORIGINAL, "3": "200000"},
    ),
    MessageTable(
        "reversal",
        "冲正",
        "REVERSAL",
        "1420",
        "2C 3 4 7 11 12 14C 22 23C 24 25 38C 41 42 49 55C 56 60 64",
        "2C 3 4C 7 11 12C 15C 24C 32C 37C 39 41 42C 49C 60C 64A",
        {
            **_COPIED,
            "2": "{pan}",
            "7": "{utc_mmddhhmmss}",
            "14": "{expiry}",
            "24": "400",
            "25": "{reason}",
            "38": "{auth_code}",
            "56": "{sent.t}{sent.11}{sent.12}00",
            "64": "{mac}",
        },
    ),
    MessageTable(
        "inquiry",
        "交易状态查询",
        "STATUS INQUIRY",
        "1604",
        "3 4 7 11 12 24 41 42 49 56 60 64",
        "3 4C 7 11 12C 15C 24 37C 38C 39 41 42 44C 49C 56 60 64A",
        {
            **_DEVICE,
            "3": "{sent.3}",
            "4": "{sent.4}",
            "24": "697",
            "49": "{sent.49}",
            "56": "{sent.t}{sent.11}{sent.12}00",
            "60": "{sent.60}",
            "64": "{mac}",
        },
    ),
)

INQUIRY = Inquiry(
    told_codes=frozenset({"000"}),
    pending_codes=frozenset({"923"}),
    absent_codes=frozenset({"914"}),
    result="44[0:3]",
    repeats=("3", "56", "60"),
)
"""A choice of these dialects, as in 1987: 1604, a function code of our own, the refund in DE56."""

MESSAGES: Mapping[str, MessageTable] = MappingProxyType({table.name: table for table in _TABLES})

ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        **ANSWERS_87,
        "host_time": "12[6:12]",
        "host_date": "12[2:6]",
        "host_year": "12[0:2]",
        "settlement_date": "15[2:6]",
        "settlement_year": "15[0:2]",
    }
)

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "reason": reversal_reasons(no_answer="4021", bad_mac="4020", other="4007"),
        "entry": {"01": "6", "02": "2", "80": "2", "90": "2", "*": "5"},
        "verification": {"pin": "13", "*": "54"},
    }
)
"""DE25 of a reversal: 4021 time-out, 4020 invalid response, 4007 the terminal cannot complete. DE22, positions 7
to 9: how the card was read (6 keyed, 2 magnetic, 5 chip), how its holder was verified and by whom."""

ECHOED: Mapping[str, int] = MappingProxyType(
    {"3": 6, "4": 12, "7": 10, "42": 15, "49": 3, "60": 999}
)
KEPT = "3 4 7 11 12 15 22 23 24 25 32 37 38 39 41 42 49 60:6"
