"""What integrators and our own tests share: a clock that stands still, links and streams without a line. Floor 10."""

from posrefund.testing.acquirer import EmulatedAcquirer
from posrefund.testing.clock import ManualClock
from posrefund.testing.faulty import FaultyStream, StreamFaults
from posrefund.testing.memory_link import MemoryLink
from posrefund.testing.memory_pipe import pipe
from posrefund.testing.pty_pair import PTYPair
from posrefund.testing.recording import RecordingStream
from posrefund.testing.served import ServedDevice

__all__ = [
    "EmulatedAcquirer",
    "FaultyStream",
    "ManualClock",
    "MemoryLink",
    "PTYPair",
    "RecordingStream",
    "ServedDevice",
    "StreamFaults",
    "pipe",
]
