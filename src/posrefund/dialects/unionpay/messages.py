"""The message tables of the UnionPay POS dialect that a refund and its neighbours need.

They say what is mandatory, conditional and forbidden, and serve both ways: to compose a request and to
check an answer. Floor 3.

Source: CHAN tables, POSP unpack maps, PAX packers and LIAO code, which agree; where a column differs
the answer's table takes the wider one (an odd but harmless field must not put money in doubt).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.dialects.message import MessageTable, reversal_reasons
from posrefund.dialects.unionpay.closing import CLOSING, TOLD
from posrefund.dialects.unionpay.signature import UPLOAD_SIGNATURE

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ANSWERS", "MESSAGES", "REVERSAL_REASONS", "SECURITY"]

_MONEY_REQUEST = "2C 3 4 11 14C 22 23C 25 26C 35C 36C 41 42 49 52C 53C 60 64"
_MONEY_ANSWER = (
    "2C 3 4A 11 12A 13A 14C 15A 23C 25C 32C 37A 38C 39 41 42A 44C 49A 53C 54C 55C 57C 59C 60C 62C"
    " 63C 64A"
)
_MANAGEMENT_ANSWER = "11C 12A 13A 14C 15C 32C 37C 39 41 42 57C 60 62C 63C"

_DEVICE = {"11": "{stan}", "41": "{terminal}", "42": "{merchant}"}
_CARD = {
    "2": "{pan}", "14": "{expiry}", "22": "{entry_mode}", "23": "{sequence_number}",
    "26": "{pin_digits}", "35": "{track2}", "52": "{pin_block}", "53": "{security}",
}  # fmt: skip
_MONEY = {"4": "{amount}", "49": "{currency}", "25": "00", "64": "{mac}", **_DEVICE, **_CARD}
_ORIGINAL = {"37": "{rrn}", "38": "{auth_code}", "59": "A4{voucher_length}{voucher}"}
_PAYER_CODE = "A20100306{payer_code_end}A3{payer_code_length}{payer_code}"
"""DE59 of a sale by code: the device, of which only the random factor is said (A2, 10 characters: 03, 06 and the last six
of the code), and the code (A3). PAX sends A3 alone; whoever wants that changes the template in a profile."""
_COPIED = {name: f"{{sent.{name}}}" for name in "3 4 11 22 23 25 41 42 49 60 61".split()}  # noqa: SIM905

_TABLES = (
    MessageTable(
        "sign_in",
        "签到",
        "sign-in",
        "0800",
        "11 41 42 60 62C 63",
        "11 12A 13A 15C 32C 37C 39 41 42 60 62A",
        {**_DEVICE, "60": "00{batch}003", "63": "{operator}"},
    ),
    MessageTable(
        "sign_off",
        "签退",
        "sign-off",
        "0820",
        "11 41 42 60",
        _MANAGEMENT_ANSWER,
        {**_DEVICE, "60": "00{batch}002"},
    ),
    MessageTable(
        "echo",
        "回响测试",
        "echo",
        "0820",
        "11C 41 42 60",
        _MANAGEMENT_ANSWER,
        {**_DEVICE, "60": "00{batch}301"},
    ),
    MessageTable(
        "sale",
        "消费",
        "SALE",
        "0200",
        f"{_MONEY_REQUEST} 55C 59C 62C 63C",
        _MONEY_ANSWER,
        {**_MONEY, "3": "000000", "59": _PAYER_CODE, "60": "22{batch}000{de60_tail}"},
        doubt="reverse",
    ),
    MessageTable(
        "void",
        "消费撤销",
        "VOID",
        "0200",
        f"{_MONEY_REQUEST} 37 38C 59C 61 62C 63C",
        _MONEY_ANSWER,
        {
            **_MONEY,
            **_ORIGINAL,
            "3": "200000",
            "60": "23{batch}000{de60_tail}",
            "61": "{original_batch}{original_stan}",
        },
        doubt="reverse",
    ),
    MessageTable(
        "refund",
        "退货",
        "REFUND",
        "0220",
        f"{_MONEY_REQUEST} 37 38C 55C 59C 61 63",
        _MONEY_ANSWER,
        {
            **_MONEY,
            **_ORIGINAL,
            "3": "200000",
            "60": "25{batch}000{de60_tail}",
            "61": "{original_batch}{original_stan}{original_mmdd}",
            "63": "{organisation}",
        },
    ),
    MessageTable(
        "reversal",
        "冲正",
        "REVERSAL",
        "0400",
        "2C 3 4 11 14C 22 23C 25 38C 39 41 42 49 55C 60 61C 62C 63C 64",
        "2C 3 4C 11 12C 13C 14C 15C 23C 25C 32C 37C 38C 39 41 42C 44C 49C 53C 54C 55C 60C 62C 63C 64A",
        {
            **_COPIED,
            "2": "{pan}",
            "14": "{expiry}",
            "38": "{auth_code}",
            "39": "{reason}",
            "64": "{mac}",
        },
    ),
)

MESSAGES: Mapping[str, MessageTable] = MappingProxyType(
    {table.name: table for table in (*_TABLES, *CLOSING, UPLOAD_SIGNATURE)}
)
"""A refund: DE37 the sale's RRN, DE61 its batch, STAN and date, DE63 its card organisation. A void leaves the
date out. A reversal copies the original's identity and leaves out track, PIN, RRN and DE59.

By code they are the same messages with DE22 = 03 and DE59: the payer's code in a sale, the voucher in a void and in a
refund (PAX, TOPW). The network wants 03 where the spec text says 04 (a comment of PAX): another acquirer's words for
``entry_mode`` change it."""

ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        "batch": "60[2:8]",
        "key_block": "62",
        "rrn": "37",
        "auth_code": "38",
        "host_time": "12",
        "host_date": "13",
        "settlement_date": "15",
        "institutions": "44",
        "organisation": "63[0:3]",
        "voucher": "59/A4",
        **TOLD,
    }
)

REVERSAL_REASONS: Mapping[str, str] = MappingProxyType(
    reversal_reasons(no_answer="98", bad_mac="A0", other="06")
)
"""DE39 of a reversal: 98 no answer, A0 wrong MAC, 06 anything else (96, *approved and could not finish*, is never known here: decision 0030)."""

SECURITY: Mapping[str, str] = MappingProxyType(
    {
        "pin": "26" + "0" * 14,
        "track": "06" + "0" * 14,
        "sealed_track": "061" + "0" * 13,
        "pin_sealed_track": "261" + "0" * 13,
    }
)
"""DE53: PIN format 2 (with PAN) or 0 (none), key 6 (double length), tracks 1 (encrypted) or 0. Under SM4 one
terminal was seen to send 3 for the key, and no paper says so: ask the acquirer."""
