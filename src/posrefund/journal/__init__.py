"""What happened, durable and in order: ``commit`` before anything is sent, ``read`` after anything broke.

Floor 5: I/O and only I/O. Append-only, chained by a keyed digest; it never holds a track, a PIN block or
a clear card number. ``PostgresJournal`` needs the ``postgres`` extra; nothing here loads it before it is
used.
"""

from posrefund.journal.backup import back_up
from posrefund.journal.device_questions import DeviceQuestion
from posrefund.journal.embedded import SQLiteJournal
from posrefund.journal.feeds import FeedVerdict
from posrefund.journal.fleet import FleetJournal, SQLiteFleet
from posrefund.journal.journal import Journal
from posrefund.journal.lease import LEASE_S, Lease, claim_terminals, lease_left_s
from posrefund.journal.moment import Moment
from posrefund.journal.outbox import DeliveryState, NoticeDelivery
from posrefund.journal.postgres import PostgresJournal
from posrefund.journal.rows import Row

__all__ = [
    "LEASE_S",
    "DeliveryState",
    "DeviceQuestion",
    "FeedVerdict",
    "FleetJournal",
    "Journal",
    "Lease",
    "Moment",
    "NoticeDelivery",
    "PostgresJournal",
    "Row",
    "SQLiteFleet",
    "SQLiteJournal",
    "back_up",
    "claim_terminals",
    "lease_left_s",
]
