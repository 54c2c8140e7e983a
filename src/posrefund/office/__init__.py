"""The back office on top of a journal: what the settlement file says, the slips, and the answers that were nobody's. Floor 8."""

from posrefund.office.archive import Archive, unpack
from posrefund.office.batch_slip import batch_slip
from posrefund.office.bundle import Bundle, support_bundle
from posrefund.office.dossier import Dossier, dossier
from posrefund.office.explain import Unmatched, explain
from posrefund.office.health import Health, health
from posrefund.office.holidays import holidays_of
from posrefund.office.reconcile import Finding, Reconciliation, reconcile
from posrefund.office.scan import CardData, find_card_data, find_in_database
from posrefund.office.settlement_file import read_settlement_file
from posrefund.office.slip import slip

__all__ = [
    "Archive",
    "Bundle",
    "CardData",
    "Dossier",
    "Finding",
    "Health",
    "Reconciliation",
    "Unmatched",
    "batch_slip",
    "dossier",
    "explain",
    "find_card_data",
    "find_in_database",
    "health",
    "holidays_of",
    "read_settlement_file",
    "reconcile",
    "slip",
    "support_bundle",
    "unpack",
]
