"""The message with which a UnionPay terminal uploads a signature (电子签名上送). Floor 3.

It names the transaction by what stands on its slip: card, amount, number, host's reference, settlement day. It is the
only management message with a MAC (CHAN); whether the answer has one no source says, so one is checked if it is there.

Source: one source for each detail (PAX, BEST and CHAN); that the message exists they agree on.
"""

from __future__ import annotations

from posrefund.dialects.message import MessageTable

__all__ = ["UPLOAD_SIGNATURE"]

UPLOAD_SIGNATURE = MessageTable(
    "upload_signature",
    "电子签名上送",
    "signature upload",
    "0820",
    "2 4 11 15C 37 41 42 55 60 62 64",
    "2C 3C 4C 11 12C 13C 14C 15C 22C 23C 25C 32C 37C 38C 39 41 42C 44C 49C 55C 57C 60C 61C 62C 63C 64C",
    {
        "2": "{pan}",
        "4": "{amount}",
        "11": "{stan}",
        "15": "{settlement_mmdd}",
        "37": "{rrn}",
        "41": "{terminal}",
        "42": "{merchant}",
        "55": "{slip}",
        "60": "07{batch}{packet}",
        "62": "{picture}",
        "64": "{mac}",
    },
)
