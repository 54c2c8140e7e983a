"""What passed over a line, kept for those who have to explain it: redacted, and replayable. Floor 6.

A ``WireLog`` has sinks (JSON lines, pcap); a ``LoggedStream`` is any stream with a watch of it. Nothing reaches a sink
before a redactor has seen it, a log that fails stops, and the line never notices.
"""

from posrefund.wirelog.entry import Entry, Way, What
from posrefund.wirelog.json_lines import as_line, read_lines
from posrefund.wirelog.log import Sink, WireLog
from posrefund.wirelog.replay import Replayed, read_log, replay
from posrefund.wirelog.sinks import JSONLinesFile, MemorySink, PcapFile
from posrefund.wirelog.stream import LoggedStream
from posrefund.wirelog.watch import NOT_KEPT, Watch

__all__ = [
    "NOT_KEPT",
    "Entry",
    "JSONLinesFile",
    "LoggedStream",
    "MemorySink",
    "PcapFile",
    "Replayed",
    "Sink",
    "Watch",
    "Way",
    "What",
    "WireLog",
    "as_line",
    "read_lines",
    "read_log",
    "replay",
]
