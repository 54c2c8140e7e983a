"""The messages with which a UnionPay terminal closes its batch: settlement and batch upload. Floor 3.

None of them carries a MAC, and the answer to a settlement no DE39: the host's verdict stands in DE48.

Source: CHAN text, LIAO and PAX code, which agree, and two published messages (0500 and 0510); no paper tells
of a 0320 in hexadecimal, so its form rests on their text alone. Refunds go up with DE2, never with a track:
an older text forbids tracks there, a comment of 2011 asks for them.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.dialects.message import MessageTable

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CARD_CLASS", "CLOSING", "TOLD", "VERDICT"]

_DEVICE = {"11": "{stan}", "41": "{terminal}", "42": "{merchant}"}
_UPLOAD_ANSWER = (
    "2C 3C 4C 11 12C 13C 14C 15C 22C 23C 25C 32C 37C 38C 39 41 42C 44C 48C 49C 57C 60C 61C 63C"
)
_SENT = "4 11 22 23 25 37 38 41 42 49 61 63"

CLOSING = (
    MessageTable(
        "settlement",
        "结算",
        "settlement",
        "0500",
        "11 41 42 48 49 60 63",
        "11 12C 13C 15C 32C 37C 39C 41 42C 48 49C 57C 60C 63C",
        {
            **_DEVICE,
            "48": "{debit_amount}{debit_count}{credit_amount}{credit_count}0"
            "{foreign_debit_amount}{foreign_debit_count}{foreign_credit_amount}{foreign_credit_count}0",
            "49": "{currency}",
            "60": "00{batch}201",
            "63": "{operator}",
        },
    ),
    MessageTable(
        "upload_details",
        "批上送",
        "batch upload",
        "0320",
        "11 41 42 48 60",
        _UPLOAD_ANSWER,
        {**_DEVICE, "48": "{count}{items}", "60": "00{batch}201"},
    ),
    MessageTable(
        "upload_refund",
        "退货批上送",
        "batch upload of a refund",
        "0320",
        "2 3 4 11 14C 22 23C 25 37 38C 41 42 49 60 61 63",
        _UPLOAD_ANSWER,
        {
            **{name: f"{{sent.{name}}}" for name in _SENT.split()},
            "2": "{pan}",
            "3": "200000",
            "14": "{expiry}",
            "60": "25{batch}000{de60_tail}",
        },
    ),
    MessageTable(
        "upload_end",
        "批上送结束",
        "end of batch upload",
        "0320",
        "11 41 42 48 60",
        _UPLOAD_ANSWER,
        {**_DEVICE, "48": "{total}", "60": "00{batch}202"},
    ),
    MessageTable(
        "balanced_end",
        "对账平结束",
        "end of a balanced batch",
        "0320",
        "11 41 42 48 60",
        _UPLOAD_ANSWER,
        {**_DEVICE, "48": "{total}", "60": "00{batch}207"},
    ),
)
"""DE48 of a settlement: debit amount and count, credit amount and count and a verdict, for domestic cards and again
for foreign ones. Of an upload: how many items, and each in 40 digits. Of the end: how many went up."""

TOLD: Mapping[str, str] = MappingProxyType(
    {
        "debit_amount": "48[0:12]",
        "debit_count": "48[12:15]",
        "credit_amount": "48[15:27]",
        "credit_count": "48[27:30]",
        "verdict": "48[30:31]",
        "foreign_debit_amount": "48[31:43]",
        "foreign_debit_count": "48[43:46]",
        "foreign_credit_amount": "48[46:58]",
        "foreign_credit_count": "48[58:61]",
        "foreign_verdict": "48[61:62]",
    }
)
"""Where the answer to a settlement says what the host counted."""

VERDICT: Mapping[str, str] = MappingProxyType(
    {"balanced": "1", "unbalanced": "2", "error": "3", "none": "0"}
)
CARD_CLASS: Mapping[str, str] = MappingProxyType(
    {**dict.fromkeys(("VIS", "MCC", "MAE", "JCB", "DCC", "AMX"), "01"), "*": "00"}
)
"""By organisation: 00 domestic, 01 foreign. One that the terminal does not know counts as domestic (LIAO)."""
