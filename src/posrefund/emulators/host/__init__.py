"""An emulated UnionPay acquirer host: sign-in, sale, void, refund, reversal, books and faults.

``EmulatedHost`` is the core, bytes in and bytes out; ``HostServer`` puts it on a TCP port;
``control.run`` steers it from another process. It speaks with pyiso8583 and its own tables, and
shares no code with the engine it is a witness against. Floor 9.
"""

from posrefund.emulators.host.clock import HostTime
from posrefund.emulators.host.faults import Delivery, Fault, FaultQueue
from posrefund.emulators.host.host import EmulatedHost
from posrefund.emulators.host.ledger import Entry, Ledger, Refusal, Totals
from posrefund.emulators.host.profile import Codes, HostProfile
from posrefund.emulators.host.server import HostServer
from posrefund.emulators.host.terminals import TerminalRecord

__all__ = [
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
