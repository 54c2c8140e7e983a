"""ISO 8583 messages: bytes to fields and back, and a picture of a message that hides what it must.

A message specification is a pyiso8583 specification, unchanged. Floor 2: no I/O, no clock; knows no
dialect. Nothing but ``CodecError`` leaves it, whatever the bytes.
"""

from posrefund.codec.check import Check
from posrefund.codec.codec import Codec, Reading
from posrefund.codec.describe import Node, describe
from posrefund.codec.field import Encoding, Field, Show, specification
from posrefund.codec.inside import Inside
from posrefund.codec.layout import Layout, Part
from posrefund.codec.nested import Nested
from posrefund.codec.record import Record, View
from posrefund.codec.strict import faults_inside
from posrefund.codec.tagged import Tag, Tagged
from posrefund.codec.tlv import BERTLV

__all__ = [
    "BERTLV",
    "Check",
    "Codec",
    "Encoding",
    "Field",
    "Inside",
    "Layout",
    "Nested",
    "Node",
    "Part",
    "Reading",
    "Record",
    "Show",
    "Tag",
    "Tagged",
    "View",
    "describe",
    "faults_inside",
    "specification",
]
