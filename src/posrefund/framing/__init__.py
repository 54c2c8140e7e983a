"""Bytes on the line to messages and back: ``frame`` and ``feed``. Floor 2: no I/O, no clock.

Any split of the bytes gives the same frames, in linear time, and a framer never holds more than one frame.
On a stream (length prefix, ZVT over TCP, tagged text) garbage ends in ``FramingError``; on a serial line
(STX/ETX, ZVT, ABECS) it is a ``Damaged`` among the frames, for there the next beginning can be found.
"""

from posrefund.framing.abecs import ABECS, ABECSFramer
from posrefund.framing.contract import Control, Damaged, Event, Framer, Progress
from posrefund.framing.envelope import Envelope
from posrefund.framing.length_prefix import LengthPrefix, LengthPrefixFramer, frame
from posrefund.framing.redact import Redactor, keep_only, redact_all
from posrefund.framing.stx_etx import STXETX, STXETXFramer
from posrefund.framing.tag_text import TagText, TagTextFramer
from posrefund.framing.zvt_serial import ZVTSerial, ZVTSerialFramer
from posrefund.framing.zvt_tcp import ZVTTCP, ZVTTCPFramer

__all__ = [
    "ABECS",
    "STXETX",
    "ZVTTCP",
    "ABECSFramer",
    "Control",
    "Damaged",
    "Envelope",
    "Event",
    "Framer",
    "LengthPrefix",
    "LengthPrefixFramer",
    "Progress",
    "Redactor",
    "STXETXFramer",
    "TagText",
    "TagTextFramer",
    "ZVTSerial",
    "ZVTSerialFramer",
    "ZVTTCPFramer",
    "frame",
    "keep_only",
    "redact_all",
]
