"""The only rooms that touch a line: streams of bytes, and links of whole messages over them. Floor 5.

A stream or a link never sends anything twice and never reads a message's meaning. What its errors say
about the first byte decides between ``NotSent`` and ``InDoubt``. pyserial is loaded when a serial port is opened.
"""

from posrefund.link.back_off import BackOff
from posrefund.link.contract import Link
from posrefund.link.dialling import Dial, Dialling, Pause
from posrefund.link.host_link import HostLink
from posrefund.link.keeping import Keeping, Unfit
from posrefund.link.serial import SerialStream
from posrefund.link.stream import Stream, drop_stale
from posrefund.link.stream_link import StreamLink, TCPLink, TLSLink
from posrefund.link.tally import AddressTally, LinkTally, Tally
from posrefund.link.tcp import TCPStream
from posrefund.link.tls import TLSSettings, TLSStream

__all__ = [
    "AddressTally",
    "BackOff",
    "Dial",
    "Dialling",
    "HostLink",
    "Keeping",
    "Link",
    "LinkTally",
    "Pause",
    "SerialStream",
    "Stream",
    "StreamLink",
    "TCPLink",
    "TCPStream",
    "TLSLink",
    "TLSSettings",
    "TLSStream",
    "Tally",
    "Unfit",
    "drop_stale",
]
