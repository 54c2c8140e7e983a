"""A second person's yes: asked for, given to exactly what was shown, used once. Floor 4.

An approval goes through the same table as an attempt, over the states that come before an identity is
taken: AWAITING_APPROVAL, CLEARED, and INTENT once an attempt has used it up; or CANCELLED, or EXPIRED. What is
approved is a digest of the request's content, the amount, the sale and the card. The journal makes the
digest again of what is about to be sent.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from posrefund.engine.actions import Ask, Decide, Know
from posrefund.engine.people import same_person
from posrefund.engine.refusals import refuse
from posrefund.engine.table import Event, State, next_state
from posrefund.errors import InvalidRequestError
from posrefund.values import Amount

if TYPE_CHECKING:
    from posrefund.dialects import Policy
    from posrefund.engine.actions import Action
    from posrefund.engine.attempt import Attempt
    from posrefund.engine.plan import Plan

__all__ = ["WAITING", "Approval", "ask", "digest_of", "give", "withdraw"]

WAITING = frozenset({State.AWAITING_APPROVAL, State.CLEARED})
"""An approval in one of these may still be used; a request has at most one of them."""


@dataclass(frozen=True, slots=True, repr=False)
class Approval:
    """What somebody asked a second person to say yes to.

    Attributes:
        request_id: Whose.
        number: 1 for the first time it was asked for, then up.
        state: AWAITING_APPROVAL, CLEARED, INTENT (used), CANCELLED or EXPIRED.
        terminal: DE41 of the one that asked.
        digest: 64 hexadecimal digits: what is approved.
        maker: Operator who asked.
        asked_at: When.
        expires_at: From when on it is worth nothing.
        amount: What is going to be given back.
        original_id: The sale.
        card_masked: The card, to be looked at.
        why: The reason.
        checker: Operator who said yes.
        attempt: Number of the attempt that used it.
        in_role_of: Operator in whose role the checker said yes, where it was not the own one.
    """

    request_id: str
    number: int
    state: State
    terminal: str
    digest: str
    maker: str
    asked_at: datetime
    expires_at: datetime
    amount: Amount
    original_id: str
    card_masked: str
    why: str
    checker: str | None = None
    attempt: int | None = None
    in_role_of: str | None = None

    @property
    def approval_id(self) -> str:
        """Name of it in the journal."""
        return f"{self.request_id}#{self.number}"

    def __repr__(self) -> str:
        return f"Approval({self.approval_id} {self.amount} of {self.original_id}, {self.state})"

    def after(self, event: Event, by: str, in_role_of: str = "") -> Approval:
        """Return the approval after *event*, which *by* brought about, perhaps in another one's role.

        Raises:
            LocalProtocolError: The table has no such step.
        """
        state = next_state(self.state, event)
        if event is not Event.CLEAR:
            return replace(self, state=state)
        return replace(self, state=state, checker=by, in_role_of=in_role_of or None)

    def used_by(self, attempt: int) -> Approval:
        """Return the approval once the attempt of this number has used it up.

        Raises:
            LocalProtocolError: The table has no such step.
        """
        return replace(self, state=next_state(self.state, Event.INTEND), attempt=attempt)

    def has_expired(self, now: datetime) -> bool:
        """Say whether it is worth nothing any more at *now*."""
        return now >= self.expires_at


def digest_of(content: str, attempt: Attempt) -> str:
    """Return what a second person approves: of a request's content, amount, sale and card.

    Args:
        content: Digest of the request.
        attempt: What is about to be sent for it.
    """
    amount = attempt.amount
    parts = [content, amount.minor, amount.currency, attempt.original_id, attempt.card_fingerprint]
    canonical = json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def ask(
    plan: Plan, last: Approval | None, policy: Policy, now: datetime
) -> tuple[list[Action], Plan | None]:
    """Say what to write down before *plan* may go on, and the plan with its approval; None: it may not yet.

    A request that has changed, or waited too long, is asked about anew. Asking twice changes nothing.

    Args:
        plan: What is about to be sent.
        last: The last approval of its request, in whatever state.
        policy: How long an approval waits.
        now: The time.
    """
    waiting = last if last is not None and last.state in WAITING else None
    maker = plan.attempt.facts["operator"]
    if not plan.needs_approval:
        return [Decide(waiting, Event.CANCEL, now, maker)] if waiting else [], plan
    digest = digest_of(plan.content, plan.attempt)
    if waiting is not None and waiting.digest == digest and not waiting.has_expired(now):
        is_cleared = waiting.state is State.CLEARED
        return [], plan.approved(waiting) if is_cleared else None
    actions: list[Action] = []
    if waiting is not None:
        event = Event.EXPIRE if waiting.has_expired(now) else Event.CANCEL
        actions.append(Decide(waiting, event, now, maker))
    if plan.learns is not None:
        actions.append(Know(plan.learns, now))
    number = last.number + 1 if last is not None else 1
    return [*actions, Ask(_asked(plan, digest, number, maker, policy, now))], None


def give(
    waiting: Approval | None, *, checker: str, digest: str, now: datetime, in_role_of: str = ""
) -> tuple[list[Action], str]:
    """Say what follows from *checker*'s yes to *digest*: what to write down, and why it is refused, if it is.

    The same yes a second time changes nothing. *in_role_of* is the operator whose role it is said in, if not the own.

    Raises:
        RefusedError: Nothing of the request waits (``approval_unknown``), something else does
            (``approval_changed``), or who asked cannot approve (``approval_same_person``).
        InvalidRequestError: *checker* is no operator number.
    """
    _check_operator("checker", checker)
    if waiting is None or waiting.state not in WAITING:
        raise refuse("approval_unknown")
    if waiting.has_expired(now):
        return [Decide(waiting, Event.EXPIRE, now, "")], "approval_expired"
    if waiting.digest != digest:
        raise refuse("approval_changed")
    if same_person(checker, waiting.maker):
        raise refuse("approval_same_person")
    if waiting.state is State.CLEARED:
        return [], ""
    return [Decide(waiting, Event.CLEAR, now, checker, in_role_of)], ""


def withdraw(waiting: Approval | None, *, by: str, now: datetime) -> list[Action]:
    """Take back what waits for a yes, or had one and was not sent: who asked changed his mind, or somebody says no.

    Raises:
        RefusedError: code ``approval_unknown`` — nothing of the request waits.
        InvalidRequestError: *by* is no operator number.
    """
    _check_operator("by", by)
    if waiting is None or waiting.state not in WAITING:
        raise refuse("approval_unknown")
    return [Decide(waiting, Event.CANCEL, now, by)]


def _check_operator(path: str, number: object) -> None:
    if not (isinstance(number, str) and number.isascii() and number.isalnum() and len(number) <= 3):
        raise InvalidRequestError([(path, "1 to 3 letters or digits")])


def _asked(
    plan: Plan, digest: str, number: int, maker: str, policy: Policy, now: datetime
) -> Approval:
    attempt = plan.attempt
    return Approval(
        request_id=attempt.request_id,
        number=number,
        # From CHECKED by ASK; nothing before it is written down.
        state=next_state(State.CHECKED, Event.ASK),
        terminal=attempt.terminal,
        digest=digest,
        maker=maker,
        asked_at=now.astimezone(UTC),
        expires_at=now.astimezone(UTC) + timedelta(hours=policy.approval_hours),
        amount=attempt.amount,
        original_id=attempt.original_id or "",
        card_masked=attempt.card_masked,
        why=attempt.facts.get("why", ""),
    )
