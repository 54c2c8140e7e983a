"""The back office on top of a journal: what the settlement file says, the cases, the slips, and the answers that were nobody's. Floor 8."""

from posrefund.office.batch_slip import batch_slip
from posrefund.office.cases import (
    Case,
    ageing,
    cases,
    close_case,
    find_case,
    keep_file_fault,
    watch,
)
from posrefund.office.explain import Unmatched, explain
from posrefund.office.findings import CategorySum, Finding, Reconciliation, Side
from posrefund.office.holidays import holidays_of
from posrefund.office.reconcile import reconcile
from posrefund.office.reconcile_text import reconcile_text
from posrefund.office.settlement_file import read_settlement_file
from posrefund.office.slip import slip

__all__ = [
    "Case",
    "CategorySum",
    "Finding",
    "Reconciliation",
    "Side",
    "Unmatched",
    "ageing",
    "batch_slip",
    "cases",
    "close_case",
    "explain",
    "find_case",
    "holidays_of",
    "keep_file_fault",
    "read_settlement_file",
    "reconcile",
    "reconcile_text",
    "slip",
    "watch",
]
