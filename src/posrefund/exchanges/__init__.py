"""Who may speak now on a line to a device: questions, acknowledgements, repetitions, patience. Floor 3.

The same interface for every kind of line (``Exchange``), no I/O, time as an argument.
"""

from posrefund.exchanges.ack_nak import AckNak, AckNakExchange
from posrefund.exchanges.apdu import APDU, APDUExchange
from posrefund.exchanges.bare import BareExchange
from posrefund.exchanges.contract import (
    Accepted,
    Answer,
    ControlFramer,
    Exchange,
    Failed,
    Stale,
    Step,
    Why,
    Write,
)
from posrefund.exchanges.enq import ENQ, ENQExchange

__all__ = [
    "APDU",
    "ENQ",
    "APDUExchange",
    "Accepted",
    "AckNak",
    "AckNakExchange",
    "Answer",
    "BareExchange",
    "ControlFramer",
    "ENQExchange",
    "Exchange",
    "Failed",
    "Stale",
    "Step",
    "Why",
    "Write",
]
