"""The back office on top of a journal: what files say, what rules propose, the slips, and the answers that were nobody's. Floor 8."""

from posrefund.office.batch_slip import batch_slip
from posrefund.office.explain import Unmatched, explain
from posrefund.office.feed import Imported, Refusal, import_sales
from posrefund.office.holidays import holidays_of
from posrefund.office.proposals import (
    Proposed,
    Standing,
    dismiss_proposal,
    list_proposals,
    propose_cancelled,
    propose_duplicates,
    read_order_refs,
    take_proposal,
)
from posrefund.office.reconcile import Finding, Reconciliation, reconcile
from posrefund.office.settlement_file import read_settlement_file
from posrefund.office.slip import slip

__all__ = [
    "Finding",
    "Imported",
    "Proposed",
    "Reconciliation",
    "Refusal",
    "Standing",
    "Unmatched",
    "batch_slip",
    "dismiss_proposal",
    "explain",
    "holidays_of",
    "import_sales",
    "list_proposals",
    "propose_cancelled",
    "propose_duplicates",
    "read_order_refs",
    "read_settlement_file",
    "reconcile",
    "slip",
    "take_proposal",
]
