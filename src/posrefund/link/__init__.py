"""The only rooms that touch a line: ``send`` and ``receive`` of whole messages. Floor 5.

A link never sends anything twice and never reads a message's meaning. What its errors say about the
first byte decides between ``NotSent`` and ``InDoubt``.
"""

from posrefund.link.contract import Link
from posrefund.link.tcp import TCPLink

__all__ = ["Link", "TCPLink"]
