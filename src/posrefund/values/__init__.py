"""The field's own words as types: frozen, self-checking, masked. Floor 1: no I/O, no clock.

A value that exists is a value that is right: each constructor checks and raises
``InvalidRequestError`` with the path of the fault, never the value.
"""

from posrefund.values.amount import Amount
from posrefund.values.card import PAN, CardRead, KeptCard, Track2
from posrefund.values.dates import HostClock, infer_year, next_cut_over, settlement_day
from posrefund.values.identifiers import RRN, STAN, BatchNumber, MerchantID, RequestID, TerminalID
from posrefund.values.received import MACVerdict, Received

__all__ = [
    "PAN",
    "RRN",
    "STAN",
    "Amount",
    "BatchNumber",
    "CardRead",
    "HostClock",
    "KeptCard",
    "MACVerdict",
    "MerchantID",
    "Received",
    "RequestID",
    "TerminalID",
    "Track2",
    "infer_year",
    "next_cut_over",
    "settlement_day",
]
