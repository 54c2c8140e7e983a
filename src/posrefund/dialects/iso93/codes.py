"""The action codes (DE39) of the ISO 8583:1993 dialects: ISO's, and 940 of its private range. Floor 3.

Each is what a code of the 1987 table says, under another number, so its words and its judgement about money
are those of that row; what has no such row is written here.

Source: ISO 8583:1993, table of action codes, as public implementer's guides repeat it; decision 0011.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.dialects.iso87.codes import CODES as CODES_87

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.dialects.codes import ResponseCode

__all__ = ["CODES"]

_AS_IN_87 = {
    "000": "00",  # approved
    "002": "10",  # approved for partial amount
    "100": "05",  # do not honour
    "101": "54",  # expired card
    "102": "59",  # suspected fraud
    "103": "60",  # card acceptor contact acquirer
    "104": "62",  # restricted card
    "105": "66",  # card acceptor call acquirer's security department
    "106": "75",  # PIN tries exceeded
    "107": "01",  # refer to card issuer
    "108": "02",  # refer to card issuer's special conditions
    "109": "03",  # invalid merchant
    "110": "13",  # invalid amount
    "111": "14",  # invalid card number
    "114": "42",  # no account of type requested
    "115": "40",  # requested function not supported
    "116": "51",  # not sufficient funds
    "117": "55",  # incorrect PIN
    "118": "56",  # no card record
    "119": "57",  # transaction not permitted to cardholder
    "120": "58",  # transaction not permitted to terminal
    "121": "61",  # exceeds withdrawal amount limit
    "123": "65",  # exceeds withdrawal frequency limit
    "124": "93",  # violation of law
    "200": "04",  # do not honour, pick up
    "201": "33",  # expired card, pick up
    "202": "34",  # suspected fraud, pick up
    "203": "35",  # contact acquirer, pick up
    "204": "36",  # restricted card, pick up
    "205": "37",  # call acquirer security, pick up
    "206": "38",  # PIN tries exceeded, pick up
    "208": "41",  # lost card
    "209": "43",  # stolen card
    "902": "12",  # invalid transaction
    "903": "19",  # re-enter transaction
    "904": "30",  # format error
    "905": "31",  # acquirer not supported by switch
    "906": "90",  # cutover in process
    "907": "91",  # issuer or switch inoperative
    "908": "15",  # destination cannot be found for routing
    "909": "96",  # system malfunction
    "910": "91",  # issuer signed off
    "911": "68",  # issuer timed out
    "912": "91",  # issuer unavailable
    "913": "94",  # duplicate transmission
    "914": "25",  # not able to trace back to original
    "915": "95",  # reconciliation cut-over or checkpoint error
    "916": "63",  # MAC incorrect
    "923": "09",  # request in progress
    "940": "77",  # wrong batch or not signed in: private
}

_OF_OTHER_MESSAGES = (
    replace(CODES_87["20"], code="400", zh="冲正已受理", en="reversal accepted"),
    replace(CODES_87["20"], code="800", zh="网络管理已受理", en="network management accepted"),
)
"""A yes to a reversal or to a sign-in; to a message that moves money they answer nothing."""

CODES: Mapping[str, ResponseCode] = MappingProxyType(
    {code: replace(CODES_87[old], code=code) for code, old in _AS_IN_87.items()}
    | {row.code: row for row in _OF_OTHER_MESSAGES}
)
