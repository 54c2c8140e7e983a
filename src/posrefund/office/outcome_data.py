"""What is said of a request, as data for a program: one form for every way it can stand. Floor 8.

No card number is in it: the card is masked as on the merchant's slip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from posrefund.engine import Approval, Outcome
    from posrefund.errors import RefusedError
    from posrefund.office.status import RefundStatus

__all__ = ["approval_as_data", "outcome_as_data", "refusal_as_data"]

_SAID = (
    "code",
    "reason",
    "confirmed",
    "authenticated",
    "may_retry",
    "sign_in_first",
    "needs_people",
    "text_zh",
    "text_en",
    "clerk_zh",
    "clerk_en",
)
"""What some outcomes say and others do not: null there."""


def outcome_as_data(
    outcome: Outcome, *, contact: str = "", status: RefundStatus | None = None
) -> dict[str, Any]:
    """Return how a request stands; every key is there whatever the outcome, null where it says nothing.

    Args:
        outcome: ``type`` is its class: Approved, Declined, InDoubt or NotSent.
        contact: Whom to call about it.
        status: Of a refund, for the day the customer may expect it.
    """
    attempt = outcome.attempt
    expected = status.expected if status is not None else None
    return {
        "type": type(outcome).__name__,
        "request_id": attempt.request_id,
        "attempt_id": attempt.attempt_id,
        "kind": str(attempt.kind),
        "state": str(attempt.state),
        "amount_minor": attempt.amount.minor,
        "currency": attempt.amount.currency,
        "card_masked": attempt.card_masked,
        "wallet": attempt.facts.get("wallet") or None,
        "voucher": attempt.facts.get("voucher") or None,
        "original_id": attempt.original_id,
        "rrn": attempt.facts.get("rrn"),
        "batch": str(attempt.batch),
        "stan": str(attempt.stan),
        "host_day": attempt.host_day.isoformat(),
        **{name: getattr(outcome, name, None) for name in _SAID},
        "contact": contact or None,
        "expected_by": expected.latest.isoformat() if expected else None,
        "is_overdue": status.is_overdue if status is not None else None,
    }


def approval_as_data(approval: Approval) -> dict[str, Any]:
    """Return what a second person is asked, or was; the digest stands for all of it."""
    return {
        "type": "Approval",
        "request_id": approval.request_id,
        "number": approval.number,
        "state": str(approval.state),
        "amount_minor": approval.amount.minor,
        "currency": approval.amount.currency,
        "original_id": approval.original_id,
        "card_masked": approval.card_masked,
        "why": approval.why,
        "maker": approval.maker,
        "asked_at": approval.asked_at.isoformat(),
        "expires_at": approval.expires_at.isoformat(),
        "checker": approval.checker,
        "in_role_of": approval.in_role_of,
        "digest": approval.digest,
    }


def refusal_as_data(refusal: RefusedError) -> dict[str, Any]:
    """Return what a rule said, for a program and in both languages, and everything else that says no."""
    return {
        "code": refusal.code,
        "owner": refusal.owner,
        "hint_zh": refusal.hint_zh,
        "hint_en": refusal.hint_en,
        "not_before": refusal.not_before.isoformat() if refusal.not_before else None,
        "contact": refusal.contact or None,
        "others": [refusal_as_data(other) for other in refusal.others],
    }
