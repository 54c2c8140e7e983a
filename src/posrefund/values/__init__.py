"""The field's own words as types: frozen, self-checking, masked. Floor 1: no I/O, no clock.

A value that exists is a value that is right: each constructor checks and raises
``InvalidRequestError`` with the path of the fault, never the value.
"""

from posrefund.values.amount import Amount
from posrefund.values.card import PAN, CardRead, KeptCard, Track2
from posrefund.values.dates import HostClock, infer_year, next_cut_over, settlement_day
from posrefund.values.identifiers import RRN, STAN, BatchNumber, MerchantID, RequestID, TerminalID
from posrefund.values.method import BackToPayer, CodeRead, Method, PayerCode, Voucher
from posrefund.values.received import MACVerdict, Received

__all__ = [
    "PAN",
    "RRN",
    "STAN",
    "Amount",
    "BackToPayer",
    "BatchNumber",
    "CardRead",
    "CodeRead",
    "HostClock",
    "KeptCard",
    "MACVerdict",
    "MerchantID",
    "Method",
    "PayerCode",
    "Received",
    "RequestID",
    "TerminalID",
    "Track2",
    "Voucher",
    "infer_year",
    "next_cut_over",
    "settlement_day",
]
