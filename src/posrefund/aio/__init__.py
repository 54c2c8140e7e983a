"""Many terminals in one process: the procedures of ``Terminal`` and links to a host, in asyncio. Floor 8.

Everything here belongs to one event loop. What is said about money, written down and believed is that of
``Terminal``, to the line: only the waiting is another.
"""

from posrefund.aio.contract import AsyncLink
from posrefund.aio.pipeline import Matcher, Pipeline, Request, acquirer_matcher
from posrefund.aio.shared import SharedConnection, SharedLink
from posrefund.aio.tcp import AsyncTCPLink
from posrefund.aio.terminal import AsyncTerminal

__all__ = [
    "AsyncLink",
    "AsyncTCPLink",
    "AsyncTerminal",
    "Matcher",
    "Pipeline",
    "Request",
    "SharedConnection",
    "SharedLink",
    "acquirer_matcher",
]
