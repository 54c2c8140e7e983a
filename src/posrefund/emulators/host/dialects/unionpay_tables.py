"""UnionPay as the host speaks it: its field table (a pyiso8583 specification) and its message tables. Data only.

BCD dialect: numbers packed two digits to a byte, lengths in BCD, an odd digit count filled with a
zero nibble on the right, except DE23 (on the left). ``RULES`` says for each request which fields it
must and may have and which of them the answer carries. Floor 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.emulators.host.dialects.definition import (
    MessageRule,
    Spec,
    field_set,
    management,
    row,
    shapes,
)
from posrefund.emulators.host.signatures import SIGNATURE_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FIELD_SHAPES", "GENERIC_ANSWER", "RULES", "SPEC"]


def _digits(count: int, *, left_pad: bool = False) -> Spec:
    pad = {"left_pad": "0"} if left_pad else {"right_pad": "0"}
    return {
        "data_enc": "b",
        "len_enc": "bcd",
        "len_type": 0,
        "len_count": "nibbles",
        "max_len": count,
        **pad,
    }


def _digits_up_to(count: int, *, length_bytes: int) -> Spec:
    return {**_digits(count), "len_type": length_bytes}


def _text(count: int, *, length_bytes: int = 0) -> Spec:
    return {
        "data_enc": "latin-1",
        "len_enc": "bcd",
        "len_type": length_bytes,
        "max_len": count,
    }


def _raw(count: int, *, length_bytes: int = 0) -> Spec:
    return {**_text(count, length_bytes=length_bytes), "data_enc": "b"}


_LL, _LLL = 1, 2
"""Bytes of a BCD length of two and of three digits."""

SPEC: dict[str, Spec] = {
    "h": _raw(0),
    "t": _raw(2),
    "p": _raw(8),
    "2": _digits_up_to(19, length_bytes=_LL),
    "3": _digits(6),
    "4": _digits(12),
    "11": _digits(6),
    "12": _digits(6),
    "13": _digits(4),
    "14": _digits(4),
    "15": _digits(4),
    "22": _digits(3),
    "23": _digits(3, left_pad=True),
    "25": _digits(2),
    "26": _digits(2),
    "32": _digits_up_to(11, length_bytes=_LL),
    "35": _digits_up_to(37, length_bytes=_LL),
    "36": _digits_up_to(104, length_bytes=_LLL),
    "37": _text(12),
    "38": _text(6),
    "39": _text(2),
    "41": _text(8),
    "42": _text(15),
    "44": _text(25, length_bytes=_LL),
    "48": _digits_up_to(322, length_bytes=_LLL),
    "49": _text(3),
    "52": _raw(8),
    "53": _digits(16),
    "54": _text(40, length_bytes=_LLL),
    "55": _raw(255, length_bytes=_LLL),
    "59": _raw(600, length_bytes=_LLL),
    "60": _digits_up_to(17, length_bytes=_LLL),
    "61": _digits_up_to(29, length_bytes=_LLL),
    "62": _raw(512, length_bytes=_LLL),
    "63": _text(163, length_bytes=_LLL),
    "64": _raw(8),
}
"""What the host reads. Any other field, and a second bitmap, ends the conversation."""

FIELD_SHAPES = shapes(
    {
        "2": r"[0-9]{12,19}",
        "3": r"[0-9]{6}",
        "4": r"[0-9]{12}",
        "11": r"(?!000000)[0-9]{6}",
        "14": r"[0-9]{2}(0[1-9]|1[0-2])",
        "15": r"[0-9]{4}",
        "22": r"(01|02|03|05|07|80|90|91|95|98)[0-2]",
        "23": r"[0-9]{3}",
        "25": r"[0-9]{2}",
        "26": r"(0[4-9]|1[0-2])",
        "35": r"[0-9A-F]{17,37}",
        "36": r"[0-9A-F]{1,104}",
        "37": r"[0-9A-Za-z ]{12}",
        "38": r"[0-9A-Za-z ]{6}",
        "39": r"(06|96|98|A0)",
        "41": r"[ -~]{8}",
        "42": r"[ -~]{15}",
        "48": r"[0-9]{4,322}",
        "49": r"[0-9]{3}",
        "52": r"[0-9A-F]{16}",
        "53": r"[0-2][036][01]0{13}",
        "55": r"([0-9A-F]{2})+",
        "59": r"([0-9A-F]{2})+",
        "60": r"[0-9]{8,17}",
        "61": r"[0-9]{12,29}",
        "62": r"([0-9A-F]{2})+",
        "63": r"[0-9A-Za-z ]{3}",
        "64": r"([0-9A-F]{2}){8}",
    }
)
"""What may stand in a request's field once it is unpacked; DE39 is a reversal's reason."""


_SALE_ANSWER = row("2 3 4 11 12 13 14 15 23 25 32 37 38 39 41 42 44 49 53 59 60 63 64")

_SALE = MessageRule(
    "sale",
    field_set("3 4 11 22 25 41 42 49 60 64"),
    field_set("2 14 23 26 35 36 52 53 55 59 62 63"),
    _SALE_ANSWER,
)
_VOID = MessageRule(
    "void",
    field_set("3 4 11 22 25 37 41 42 49 60 61 64"),
    field_set("2 14 23 26 35 36 38 52 53 59 62 63"),
    _SALE_ANSWER,
    original_digits=(12, 16),
)
_REFUND = MessageRule(
    "refund",
    field_set("3 4 11 22 25 37 41 42 49 60 61 63 64"),
    field_set("2 14 23 26 35 36 38 52 53 59"),
    row("2 3 4 11 12 13 14 15 25 32 37 39 41 42 44 49 53 59 60 63 64"),
    original_digits=(16,),
)
_REVERSAL_ANSWER = row("2 3 4 11 12 13 14 15 23 25 32 37 39 41 42 44 49 60 64")
_SALE_REVERSAL = MessageRule(
    "reversal",
    field_set("3 4 11 22 25 39 41 42 49 60 64"),
    field_set("2 14 23 38 53 55 59 62 63"),
    _REVERSAL_ANSWER,
    undoes="sale",
    has_new_stan=False,
    reads_card=False,
)
_VOID_REVERSAL = MessageRule(
    "reversal",
    _SALE_REVERSAL.mandatory | {"61"},
    _SALE_REVERSAL.optional - {"55"},
    _REVERSAL_ANSWER,
    undoes="void",
    original_digits=(12, 16),
    has_new_stan=False,
    reads_card=False,
)


_SIGN_IN = management("sign_in", "11 41 42 60", "62 63", "11 12 13 32 37 39 41 42 60 62")
_SIGN_OFF = management("sign_off", "11 41 42 60", "", "11 12 13 37 39 41 42 60")
_ECHO = management("echo", "41 42 60", "11", "11 12 13 39 41 42 60")

_SETTLEMENT = management(
    "settlement",
    "11 41 42 48 49 60 63",
    "",
    "11 12 13 15 32 37 41 42 48 49 60",
    closes=True,
)
_DETAILS = management(
    "upload_details", "11 41 42 48 60", "", "11 12 13 15 32 37 39 41 42 60", closes=True
)
_UPLOADED_REFUND = MessageRule(
    "upload_refund",
    field_set("2 3 4 11 22 25 37 41 42 49 60 61 63"),
    field_set("14 23 38"),
    row("2 3 4 11 12 13 14 15 25 32 37 39 41 42 49 60 63"),
    original_digits=(16,),
    is_money=False,
    closes=True,
    has_new_stan=False,
    reads_card=False,
)
_END = management("upload_end", "11 41 42 48 60", "", "11 12 13 15 32 37 39 41 42 60", closes=True)

_SIGNATURE = MessageRule(
    "upload_signature",
    field_set("2 4 11 37 41 42 55 60 62 64"),
    field_set("15"),
    row("2 4 11 12 13 15 32 37 39 41 42 60 64"),
    is_money=False,
    is_signed=True,
    has_new_stan=False,
    reads_card=False,
)

RULES: Mapping[tuple[str, ...], MessageRule] = {
    ("0800", "", "00", "001"): _SIGN_IN,
    ("0800", "", "00", "003"): _SIGN_IN,
    ("0800", "", "00", "004"): _SIGN_IN,
    ("0800", "", "00", "006"): _SIGN_IN,
    ("0820", "", "00", "002"): _SIGN_OFF,
    ("0820", "", "00", "301"): _ECHO,
    ("0200", "000000", "22", "000"): _SALE,
    ("0200", "200000", "23", "000"): _VOID,
    ("0220", "200000", "25", "000"): _REFUND,
    ("0400", "000000", "22", "000"): _SALE_REVERSAL,
    ("0400", "200000", "23", "000"): _VOID_REVERSAL,
    ("0500", "", "00", "201"): _SETTLEMENT,
    ("0320", "", "00", "201"): _DETAILS,
    ("0320", "200000", "25", "000"): _UPLOADED_REFUND,
    ("0320", "", "00", "202"): _END,
    ("0320", "", "00", "207"): _END,
    **{("0820", "", "07", number): _SIGNATURE for number in SIGNATURE_NUMBERS},
}
"""(MTI, DE3, DE60.1, DE60.3) → rule. A refund has no reversal: 0400 with 60.1 = 25 is not in it."""

GENERIC_ANSWER = row("3 4 11 12 13 25 32 37 39 41 42 49 60")
"""What a request gets back that is in no table."""
