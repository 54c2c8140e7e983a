"""The back office on top of a journal: what the settlement file says, the cases, the slips, and the answers that were nobody's. Floor 8."""

from posrefund.office.archive import Archive, unpack
from posrefund.office.batch_slip import batch_slip
from posrefund.office.bundle import Bundle, support_bundle
from posrefund.office.cases import (
    Case,
    ageing,
    cases,
    close_case,
    find_case,
    keep_file_fault,
    watch,
)
from posrefund.office.complaints import (
    answer_complaint,
    close_complaint,
    complaints,
    feedback_on,
    find_complaint,
    give_feedback,
    open_complaint,
    tell_late,
)
from posrefund.office.day_result import DayComparison, Difference
from posrefund.office.day_text import day_text
from posrefund.office.dossier import Dossier, dossier
from posrefund.office.explain import Unmatched, explain
from posrefund.office.feed import Imported, Refusal, import_sales
from posrefund.office.findings import CategorySum, Finding, Reconciliation, Side
from posrefund.office.fleet_day import compare_day
from posrefund.office.follow_up import FollowUp, Undecided, follow_up
from posrefund.office.health import Health, health
from posrefund.office.holidays import holidays_of
from posrefund.office.paper import TRAINING
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
from posrefund.office.reconcile import reconcile
from posrefund.office.reconcile_text import reconcile_text
from posrefund.office.retention import Retained, Retention, apply_retention, records_until
from posrefund.office.scan import CardData, find_card_data, find_in_database
from posrefund.office.settlement_file import read_settlement_file
from posrefund.office.slip import slip
from posrefund.office.status import RefundStatus, ShopStatus, refund_status

__all__ = [
    "TRAINING",
    "Archive",
    "Bundle",
    "CardData",
    "Case",
    "CategorySum",
    "DayComparison",
    "Difference",
    "Dossier",
    "Finding",
    "FollowUp",
    "Health",
    "Imported",
    "Proposed",
    "Reconciliation",
    "RefundStatus",
    "Refusal",
    "Retained",
    "Retention",
    "ShopStatus",
    "Side",
    "Standing",
    "Undecided",
    "Unmatched",
    "ageing",
    "answer_complaint",
    "apply_retention",
    "batch_slip",
    "cases",
    "close_case",
    "close_complaint",
    "compare_day",
    "complaints",
    "day_text",
    "dismiss_proposal",
    "dossier",
    "explain",
    "feedback_on",
    "find_card_data",
    "find_case",
    "find_complaint",
    "find_in_database",
    "follow_up",
    "give_feedback",
    "health",
    "holidays_of",
    "import_sales",
    "keep_file_fault",
    "list_proposals",
    "open_complaint",
    "propose_cancelled",
    "propose_duplicates",
    "read_order_refs",
    "read_settlement_file",
    "reconcile",
    "reconcile_text",
    "records_until",
    "refund_status",
    "slip",
    "support_bundle",
    "take_proposal",
    "tell_late",
    "unpack",
    "watch",
]
