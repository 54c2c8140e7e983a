"""The back office on top of a journal: what the settlement file says, the slips, and the answers that were nobody's. Floor 8."""

from posrefund.office.batch_slip import batch_slip
from posrefund.office.explain import Unmatched, explain
from posrefund.office.reconcile import Finding, Reconciliation, reconcile
from posrefund.office.scan import CardData, find_card_data, find_in_database
from posrefund.office.settlement_file import read_settlement_file
from posrefund.office.slip import slip

__all__ = [
    "CardData",
    "Finding",
    "Reconciliation",
    "Unmatched",
    "batch_slip",
    "explain",
    "find_card_data",
    "find_in_database",
    "read_settlement_file",
    "reconcile",
    "slip",
]
