"""The messages that are measured: a refund of 19 fields and its answer, packed and in ASCII.

The same as in the published figures of this package; public test numbers.
"""

from __future__ import annotations

from typing import Any

REFUND = {
    "t": "0220", "2": "6205500000000000004", "3": "200000", "4": "000000002800", "11": "000006",
    "14": "3012", "22": "021", "25": "00", "35": "6205500000000000004D30122010000000000",
    "37": "606814000002", "38": "000002", "41": "12345678", "42": "123456789012345", "49": "156",
    "52": "0123456789ABCDEF", "53": "2600000000000000", "60": "25000007000",
    "61": "0000070000020309", "63": "CUP      ", "64": "4235333641323341",
}  # fmt: skip
ANSWER = {
    "t": "0230", "2": "6205500000000000004", "3": "200000", "4": "000000002800", "11": "000006",
    "12": "101112", "13": "0310", "14": "3012", "15": "0310", "25": "00", "32": "48021000",
    "37": "606814000006", "38": "000002", "39": "00", "41": "12345678", "42": "123456789012345",
    "44": "01020000   48021000   ", "49": "156", "53": "2600000000000000", "60": "25000007000",
    "63": "CUP", "64": "4235333641323341",
}  # fmt: skip


def in_ascii(specification: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the same fields as plain text: hexadecimal for what was binary, text lengths."""
    return {name: _in_ascii(name, row) for name, row in specification.items()}


def _in_ascii(name: str, row: dict[str, Any]) -> dict[str, Any]:
    if name == "h":
        return row
    if not name.isdigit() or name == "1":
        return {**row, "data_enc": "ascii"}
    binary = row["data_enc"] == "b" and row.get("len_count") != "nibbles"
    changed = {
        "data_enc": "ascii" if row["data_enc"] == "b" else row["data_enc"],
        "len_count": "bytes",
        "len_enc": "ascii",
        "len_type": {0: 0, 1: 2, 2: 3}[row["len_type"]],
        "max_len": row["max_len"] * (2 if binary else 1),
    }
    return {**row, **changed}
