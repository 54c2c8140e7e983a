"""What customers and back office are told of a refund: written once, delivered at least once. Floor 8.

The journal's outbox holds what is to be told; a ``Relay`` hands it to channels, as a ``Writer`` words it.
"""

from posrefund.office.notices.by_apprise import AppriseChannel
from posrefund.office.notices.calls import Call, CallChannel, CallOutcome, calls, close_call
from posrefund.office.notices.channel import Channel, FileChannel, PrintChannel, Reach, reaches
from posrefund.office.notices.letters import LETTERS, VARIABLES, Letter, Pattern, read_letters
from posrefund.office.notices.message import Message, Writer
from posrefund.office.notices.receiving import Seen, WebhookNotice, verify_webhook
from posrefund.office.notices.relay import CLAIM, RETRIES, Relay, Relayed, Retries
from posrefund.office.notices.webhook import WebhookChannel, signature_of

__all__ = [
    "CLAIM",
    "LETTERS",
    "RETRIES",
    "VARIABLES",
    "AppriseChannel",
    "Call",
    "CallChannel",
    "CallOutcome",
    "Channel",
    "FileChannel",
    "Letter",
    "Message",
    "Pattern",
    "PrintChannel",
    "Reach",
    "Relay",
    "Relayed",
    "Retries",
    "Seen",
    "WebhookChannel",
    "WebhookNotice",
    "Writer",
    "calls",
    "close_call",
    "reaches",
    "read_letters",
    "signature_of",
    "verify_webhook",
]
