"""Bytes on the line to messages and back: ``frame`` and ``feed``. Floor 2: no I/O, no clock.

Any split of the bytes gives the same bodies; garbage ends in ``FramingError``, never in a crash, and a
framer never holds more than one frame.
"""

from posrefund.framing.envelope import Envelope
from posrefund.framing.length_prefix import LengthPrefixFramer, frame

__all__ = ["Envelope", "LengthPrefixFramer", "frame"]
