"""The brain: rules, states, compose and interpret. Floor 4.

Pure: no line, no file, no clock, no key. Requests and events come in, actions come out; the driver
performs them in order. Everything that could lose money is in here, and nothing else is.
"""

from posrefund.engine.actions import Action, Ask, Decide, Know, Move, Note, Open
from posrefund.engine.approval import Approval
from posrefund.engine.attempt import Attempt
from posrefund.engine.delegation import Delegation
from posrefund.engine.inquired import Inquirer, InquiryAnswer, InquiryFacts
from posrefund.engine.lookup import Candidate, FoundSales, SaleQuery
from posrefund.engine.notices import Notice, NoticeKind
from posrefund.engine.outcomes import Approved, Declined, InDoubt, NotSent, Outcome, outcome_of
from posrefund.engine.papers import Document, Signature
from posrefund.engine.people import Statement
from posrefund.engine.proposals import Dismissal, DuplicateRule, Proposal
from posrefund.engine.receipt_code import ReceiptCode, receipt_code
from posrefund.engine.requests import (
    DescribedSale,
    Original,
    OriginalRef,
    Reason,
    RefundRequest,
    SaleRequest,
)
from posrefund.engine.staff import Operator, Permissions
from posrefund.engine.table import OPEN_STATES, TABLE, Event, State
from posrefund.engine.view import TerminalView

__all__ = [
    "OPEN_STATES",
    "TABLE",
    "Action",
    "Approval",
    "Approved",
    "Ask",
    "Attempt",
    "Candidate",
    "Decide",
    "Declined",
    "Delegation",
    "DescribedSale",
    "Dismissal",
    "Document",
    "DuplicateRule",
    "Event",
    "FoundSales",
    "InDoubt",
    "Inquirer",
    "InquiryAnswer",
    "InquiryFacts",
    "Know",
    "Move",
    "NotSent",
    "Note",
    "Notice",
    "NoticeKind",
    "Open",
    "Operator",
    "Original",
    "OriginalRef",
    "Outcome",
    "Permissions",
    "Proposal",
    "Reason",
    "ReceiptCode",
    "RefundRequest",
    "SaleQuery",
    "SaleRequest",
    "Signature",
    "State",
    "Statement",
    "TerminalView",
    "outcome_of",
    "receipt_code",
]
