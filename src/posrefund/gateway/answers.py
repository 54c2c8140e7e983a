"""What the door answers: the shapes that are published; tests hold every answer against them. Floor 10.

The data itself is made where the command line's is (``office.outcome_data``), and goes out as it is.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

__all__ = [
    "ApprovalData",
    "ApprovalList",
    "AskedData",
    "BatchData",
    "BoundsData",
    "CandidateData",
    "CaseData",
    "CaseList",
    "DoneData",
    "ErrorAnswer",
    "ErrorData",
    "EventData",
    "FaultData",
    "FaultList",
    "FaultPath",
    "FoundData",
    "HealthData",
    "HostRequestData",
    "HostRequestList",
    "OutcomeData",
    "PreviewData",
    "RefusalData",
    "SelfCheckData",
    "SignatureData",
    "SignedInData",
    "SlipData",
    "TerminalList",
    "UnreadData",
    "UploadedData",
    "WaitingData",
]


class FaultPath(Struct):
    """Where something is wrong; never what stands there."""

    path: str
    expected: str


class RefusalData(Struct):
    """A rule that says no."""

    code: str
    owner: str
    hint_zh: str
    hint_en: str
    not_before: str | None
    contact: str | None
    others: list[RefusalData]


class ErrorData(Struct):
    """What went wrong. *effect*: whether money may have moved; *retry_is_safe*: whether the same may simply be asked again."""

    code: str
    effect: Literal["nothing_sent", "in_doubt"]
    retry_is_safe: bool
    text_zh: str
    text_en: str
    faults: list[FaultPath]
    refusal: RefusalData | None


class ErrorAnswer(Struct):
    """The one form of everything that is no success."""

    error: ErrorData


class OutcomeData(Struct):
    """How a request stands. Look at *type* first."""

    type: Literal["Approved", "Declined", "InDoubt", "NotSent"]
    request_id: str
    attempt_id: str
    kind: str
    state: str
    amount_minor: int
    currency: str
    card_masked: str
    wallet: str | None
    voucher: str | None
    original_id: str | None
    rrn: str | None
    batch: str
    stan: str
    host_day: str
    code: str | None
    reason: str | None
    confirmed: bool | None
    authenticated: bool | None
    may_retry: bool | None
    sign_in_first: bool | None
    needs_people: bool | None
    text_zh: str | None
    text_en: str | None
    clerk_zh: str | None
    clerk_en: str | None
    contact: str | None
    expected_by: str | None
    is_overdue: bool | None
    is_training: bool


class ApprovalData(Struct):
    """What a second person is asked; the digest stands for all of it."""

    type: Literal["Approval"]
    request_id: str
    number: int
    state: str
    amount_minor: int
    currency: str
    original_id: str
    card_masked: str
    why: str
    maker: str
    asked_at: str
    expires_at: str
    checker: str | None
    in_role_of: str | None
    digest: str


class ApprovalList(Struct):
    """What waits."""

    approvals: list[ApprovalData]


class AskedData(Struct):
    """Whether a second person is needed, and what is asked of him."""

    needed: bool
    approval: ApprovalData | None


class BoundsData(Struct):
    """The least and the most that may be asked for."""

    least_minor: int
    most_minor: int
    alone_minor: int
    currency: str


class PreviewData(Struct):
    """What a refund would come to now."""

    would_be_sent: bool
    faults: list[RefusalData]
    reviews: list[RefusalData]
    route: Literal["void", "refund"] | None
    amount_minor: int | None
    currency: str | None
    needs_approval: bool
    bounds: BoundsData | None
    outcome: OutcomeData | None


class CandidateData(Struct):
    """A sale that fits, and why."""

    rank: int
    why: list[str]
    sale: str
    code: str | None
    terminal: str
    batch: str
    stan: str
    rrn: str
    auth_code: str | None
    card_last4: str
    order_ref: str
    ceiling: str
    date: str
    settlement_date: str
    time: str | None
    amount_minor: int
    currency: str
    remaining_minor: int
    is_voided: bool
    has_open_attempt: bool
    has_case: bool


class FoundData(Struct):
    """Sales that fit, the best first; *only* is the one, where there is exactly one."""

    candidates: list[CandidateData]
    is_complete: bool
    only: str | None


class SignedInData(Struct):
    """What a sign-in brought."""

    batch: str
    batch_changed: bool
    clock_offset_s: float
    keys: Literal["new", "same", "earlier"]


class BatchData(Struct):
    """A batch that was closed."""

    batch: str
    next_batch: str
    closed_at: str
    verdict: str
    uploaded: int
    refused: dict[str, str]
    doubts: list[str]
    late: list[str]
    slip_zh: str
    slip_en: str


class SelfCheckData(Struct):
    """Everything a refund stands on."""

    at: str
    verdict: Literal["ok", "warn", "block", "skipped"]
    checks: list[dict[str, Any]]


class FaultData(Struct):
    """A fault of the terminal."""

    fault: str
    kind: str
    detail: str
    opened_at: str
    closed_at: str
    closed_by: str
    done: str


class FaultList(Struct):
    """Faults, oldest first."""

    faults: list[FaultData]


class EventData(Struct):
    """What stands in the data of each event; more follows by its name: attempt, approval, fault, batch, case, complaint."""

    terminal: str
    seq: int
    at: str


class UnreadData(Struct):
    """The event ``unread``: this terminal cannot be read here now. *code*: as of an error; *seq*: how far it was read."""

    terminal: str
    seq: int | None
    at: str
    code: str
    retry_after_s: int | None


class CaseData(Struct):
    """What somebody has to look at."""

    case: str
    category: str
    owner: str
    loser: str
    severity: str
    opened_at: str
    age_days: int
    age: str
    attempt_id: str
    subject: str
    day: str
    next_zh: str
    next_en: str
    facts: dict[str, str]
    closed_at: str | None
    closed_by: str
    how: str


class CaseList(Struct):
    """Cases, oldest first."""

    cases: list[CaseData]


class SlipData(Struct):
    """A slip, as data and as text; a notice where nothing was accepted."""

    content: dict[str, Any]
    text: str


class HostRequestData(Struct):
    """Something that the host asked for in a header."""

    name: str
    since: str


class HostRequestList(Struct):
    """What nobody has done yet, the weightiest first."""

    host_requests: list[HostRequestData]


class WaitingData(Struct):
    """Requests whose signature has still to go up."""

    waiting: list[str]


class SignatureData(Struct):
    """What became of one signature; *code* is what the host said last."""

    attempt_id: str
    result: Literal["uploaded", "refused", "unanswered", "no_card", "no_picture", "does_not_fit"]
    code: str | None


class UploadedData(Struct):
    """What became of all that waited, and what waits still."""

    signatures: list[SignatureData]
    waiting: list[str]


class DoneData(Struct):
    """It was done."""

    done: Literal[True]


class TerminalList(Struct):
    """The terminals that this token may speak to."""

    terminals: list[str]


class HealthData(Struct):
    """The door is open."""

    status: Literal["up"]
