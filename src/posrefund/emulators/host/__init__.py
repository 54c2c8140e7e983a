"""An emulated acquirer host: sign-in, sale, void, refund, reversal, settlement, books and faults.

``EmulatedHost`` is the core, bytes in and bytes out; ``HostServer`` puts it on a TCP port, ``AsyncHostServer`` in an event loop;
``control.run`` steers it from another process. It speaks UnionPay and four dialects of
plain ISO 8583 (``HostProfile.dialect``), with pyiso8583 and its own tables, and shares no code with the engine it is a witness against. Floor 9.
"""

from posrefund.emulators.host.async_server import AsyncHostServer
from posrefund.emulators.host.clock import HostTime
from posrefund.emulators.host.dialects import DIALECT_NAMES
from posrefund.emulators.host.faults import Delivery, Fault, FaultQueue
from posrefund.emulators.host.host import EmulatedHost
from posrefund.emulators.host.ledger import Entry, Ledger, Refusal, Totals
from posrefund.emulators.host.profile import Codes, HostProfile
from posrefund.emulators.host.server import HostServer
from posrefund.emulators.host.terminals import TerminalRecord

__all__ = [
    "DIALECT_NAMES",
    "AsyncHostServer",
    "Codes",
    "Delivery",
    "EmulatedHost",
    "Entry",
    "Fault",
    "FaultQueue",
    "HostProfile",
    "HostServer",
    "HostTime",
    "Ledger",
    "Refusal",
    "TerminalRecord",
    "Totals",
]
