"""A terminal that builds its own message, relayed to its host over our line: we are its modem. Floor 6.

It never sees a MAC key, so nothing it says is an approval: what came back is ``Relayed``, with the host's code as it
stands in bytes that anybody on the way could have written.
"""

from posrefund.devices.passthrough.messages import Question, redact
from posrefund.devices.passthrough.relay import PassThrough
from posrefund.devices.passthrough.results import (
    Relayed,
    RelayInDoubt,
    RelayNotSent,
    RelayRefused,
    RelayResult,
    told_relay,
)
from posrefund.devices.passthrough.settings import RelaySettings

__all__ = [
    "PassThrough",
    "Question",
    "RelayInDoubt",
    "RelayNotSent",
    "RelayRefused",
    "RelayResult",
    "RelaySettings",
    "Relayed",
    "redact",
    "told_relay",
]
